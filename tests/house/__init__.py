"""Tests about the code itself: what the rooms may import, and what the pages promise."""
