"""Whether the service can work: the store answers, a champion is promoted and verifies, a day is published."""

from __future__ import annotations

from features.errors import Refusal
from features.home import Home
from serving.decisions.judging import bench
from serving.scope import scope_of
from serving.store import Store


class Readiness:
    """Asks for real each time: sets the champion before the latest published day."""

    def __init__(self, home: Home, store: Store) -> None:
        self.home, self.store = home, store

    def lacking(self) -> Refusal | None:
        """Why the service cannot work now; None if it can."""
        try:
            with self.store.reading() as reading:
                bench(reading, self.home, scope_of("/"), None)
        except Refusal as refusal:
            return refusal
        return None
