"""Document of `serve`."""

from __future__ import annotations

from features.documents import Document


class ServedDocument(Document):
    """`serve`, printed when the service has stopped."""

    address: str
    requests: int
    """How many were answered."""
