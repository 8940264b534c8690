"""Households as the service knows them: what was decided, and on which lists they stood."""
