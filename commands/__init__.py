"""The command line: one noun a file, each verb a function that answers with one document."""
