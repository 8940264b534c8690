"""Decisions: one scoring each, stored before it is answered, and replayable."""
