"""Whether the service can work: the store answers, a champion is promoted and verifies, a day is published."""

from __future__ import annotations

import time
from pathlib import Path

from features.errors import Refusal
from features.home import Home
from models.risk import bundle as bundles
from serving.champion.repository import ChampionRepository
from serving.decisions.judging import bench
from serving.scope import scope_of
from serving.store import Store

Stamp = tuple[tuple[str, int, int, int], ...]


class Readiness:
    """Asks for real: sets the champion before the latest published day, and its files against their hashes.

    Files are read again only where one of them looks changed (size, time, inode). A champion whose files
    were changed while the service runs makes it not ready, although the one in memory is the one that was
    promoted: it could not be started again, nor its decisions replayed.
    """

    # Seconds for which an answer counts where many ask.
    KEPT = 2.0

    def __init__(self, home: Home, store: Store) -> None:
        self.home, self.store = home, store
        self.found: Refusal | None = None
        self._asked_at = float("-inf")
        self._verified: tuple[Path, Stamp] | None = None

    def lacking(self) -> Refusal | None:
        """Why the service cannot work now; None if it can."""
        try:
            self._try()
            found = None
        except Refusal as refusal:
            found = refusal
        self.found, self._asked_at = found, time.monotonic()
        return found

    def fresh(self) -> bool:
        """Does what was found last still count?"""
        return time.monotonic() - self._asked_at < self.KEPT

    def _try(self) -> None:
        whole = scope_of("/")
        with self.store.reading() as reading:
            bench(reading, self.home, whole, None)
            champion = ChampionRepository(reading).champion(whole)
        assert champion is not None
        folder = self.home.folder("bundles") / champion.folder
        stamp = _stamp(folder)
        if self._verified != (folder, stamp):
            found = bundles.load(folder)
            if found.model_sha256 != champion.model_sha256:
                raise Refusal("bundle_damaged", file=bundles.MANIFEST, reason="model_sha256 differs")
            self._verified = (folder, stamp)


def _stamp(folder: Path) -> Stamp:
    files = []
    for path in sorted(folder.rglob("*")):
        try:
            stat = path.stat()
        except OSError:
            continue
        files.append((str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino))
    return tuple(files)
