"""Documents of `init`, `county` and `ingest`."""

from __future__ import annotations

from typing import Literal

from features.documents import Clock, Document, ErrorBody, Part, Sha256


class HomeDocument(Document):
    """`init`"""

    home: str
    """The folder."""
    clock: Clock


class CountyDocument(Document):
    """`county`"""

    deliveries: str
    """The folder with the extracts, a folder a mapping."""
    truth: str
    """The folder with what the simulator knows and intake never reads."""


class DeliveryPart(Part):
    """One file and what became of it: rows_in = rows_accepted + rows_quarantined + rows_unchanged."""

    delivery: int | None
    """The sequence number of the delivery; none for a refused file."""
    file: str
    sha256: Sha256 | None
    status: Literal["accepted", "unchanged", "refused"]
    error: ErrorBody | None = None
    """Why the file was refused."""
    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    rows_unchanged: int
    cells_quarantined: int
    """Cells set aside while their row was accepted."""
    facts: dict[str, int]
    """Facts written, by kind."""
    quarantine: str | None = None
    """A CSV of what was set aside: file, row, column, code, reasons and remedies, the columns as received."""


class IngestDocument(Document):
    """`ingest`"""

    deliveries: list[DeliveryPart]
