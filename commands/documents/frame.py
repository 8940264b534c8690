"""Document of `frame`."""

from __future__ import annotations

from features.documents import Day, Document, Sha256


class FrameDocument(Document):
    """`frame`: where the training frame lies, and that it is the one that `train` would read"""

    file: str
    """The Parquet file as named."""
    dictionary: str
    """JSON beside it: each column with its names, type, unit, group, source and what a gap means."""
    sha256: Sha256
    """Of the Parquet file's bytes."""
    fingerprint: Sha256
    """Of the training rows; `train` records the same in the bundle as fingerprint.sha256."""
    outcome: str
    until: Day
    synthetic: bool
    """The home took in simulated files."""
    rows: int
    rows_at_risk: int
    """Household-days that are judged: at risk, outcome known."""
    events: int
    households: int
    columns: int
    """Columns that may predict."""
    days: int
    first_day: Day
    last_day: Day
