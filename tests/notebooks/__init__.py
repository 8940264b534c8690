"""Notebooks run."""
