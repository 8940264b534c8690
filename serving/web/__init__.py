"""What every route shares: who calls, in which language, how errors are answered, how pages are drawn."""
