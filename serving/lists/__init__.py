"""Visiting lists: issued once, never changed."""
