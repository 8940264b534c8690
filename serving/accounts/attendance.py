"""When sessions and tokens were last used.

A request that only reads must write nothing, and yet a session ends when it is not used. So uses are noted
in memory as they happen, and written down together by `serving.accounts.service.note_uses`, which the
running service calls once a minute and at its end. What a process knows and what the store knows are both
looked at, the later counts: several workers agree to within that minute, and a crash forgets at most one.
"""

from __future__ import annotations

from datetime import datetime
from threading import Lock


class Attendance:
    """The uses that are not written down yet, and those that this process has seen."""

    def __init__(self) -> None:
        self._seen: dict[str, datetime] = {}
        self._waiting: dict[str, datetime] = {}
        self._turn = Lock()

    def note(self, digest: str, moment: datetime) -> None:
        with self._turn:
            self._seen[digest] = self._waiting[digest] = moment

    def last(self, digest: str, stored: datetime) -> datetime:
        """The last use of a session, as far as this process or the store knows."""
        seen = self._seen.get(digest)
        return stored if seen is None or seen < stored else seen

    def take(self) -> dict[str, datetime]:
        """What waits to be written, which then waits no longer."""
        with self._turn:
            taken, self._waiting = self._waiting, {}
            # The store knows them from now on; what is kept here is only what is in use.
            self._seen = dict(taken)
        return taken

    def put_back(self, taken: dict[str, datetime]) -> None:
        """What could not be written waits again."""
        with self._turn:
            self._waiting = {**taken, **self._waiting}
            self._seen = {**taken, **self._seen}
