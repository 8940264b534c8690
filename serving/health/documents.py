"""Documents of ``/livez`` and ``/readyz``."""

from __future__ import annotations

from features.documents import Document


class LiveDocument(Document):
    """``GET /livez``: the process answers."""

    live: bool


class ReadyDocument(Document):
    """``GET /readyz``: the store answers, a day is published, and a champion of its catalogue verifies."""

    ready: bool
