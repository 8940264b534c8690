"""Every verb, run."""
