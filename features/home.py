"""The home folder: everything a county owns in one place, with its clock and its keys.

``home.json`` says what kind of home it is and never changes; ``clock.json`` holds what moves: the
simulated day, the last closed day and whether a list was ever issued.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from features.errors import Refusal
from features.wording import both

FORMAT = 1
FOLDERS = (
    "parameters", "areas", "capacities", "mappings", "deliveries", "quarantine", "facts", "snapshots",
    "bundles", "evaluations", "mlflow", "store",
)  # fmt: skip
CLOCKS = ("real", "simulated")
# Published on purpose: two simulated homes give the same pseudonyms, row order and model hash.
TEST_KEY = b"fangpin published test key: simulated homes only"

# Of the pseudonyms; of the register of names: what encrypts it, and what makes its index.
KEYS = ("pseudonym.key", "register.key", "index.key")

# Homes this process holds for writing, and how often it entered.
_held: dict[str, int] = {}


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` so that ``path`` holds either the old bytes or all of the new ones, also after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with scratch.open("wb") as sink:
            sink.write(content)
            sink.flush()
            os.fsync(sink.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_json(path: Path) -> dict[str, object]:
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, OSError) as problem:
        raise Refusal("home_damaged", file=path.name, reason=type(problem).__name__) from problem
    if not isinstance(document, dict):
        raise Refusal("home_damaged", file=path.name, reason=both("it is no object of named values"))
    return document


@dataclass(frozen=True)
class Home:
    """A county's folder. Make it with `Home.create`, use it with `Home.open`."""

    path: Path
    clock: str
    key: bytes

    @classmethod
    def create(cls, path: Path | str, *, clock: str = "real") -> Home:
        """Make a home whose clock is ``real`` or ``simulated`` for its whole life.

        Raises `Refusal` ``home_exists`` where there is one, ``unknown_name`` for another clock.
        """
        path = Path(path)
        if clock not in CLOCKS:
            raise Refusal("unknown_name", what=both("clock"), name=clock, known=", ".join(CLOCKS))
        if (path / "home.json").exists():
            raise Refusal("home_exists", path=str(path))
        path.mkdir(parents=True, exist_ok=True)
        for folder in FOLDERS:
            (path / folder).mkdir(exist_ok=True)
        if clock == "real":
            _make_keys(_keys_folder(path))
        write_atomically(path / "home.json", json.dumps({"format": FORMAT, "clock": clock}).encode())
        return cls.open(path)

    @classmethod
    def open(cls, path: Path | str) -> Home:
        """Open a home. Raises `Refusal` ``home_missing``, ``home_damaged`` or ``key_missing``."""
        path = Path(path)
        if not (path / "home.json").exists():
            raise Refusal("home_missing", path=str(path))
        document = _read_json(path / "home.json")
        clock = document.get("clock")
        if document.get("format") != FORMAT or clock not in CLOCKS:
            raise Refusal("home_damaged", file="home.json", reason=both("its format or clock is not known"))
        keys = _keys_folder(path)
        if (keys / "pseudonym.key").exists():
            key = (keys / "pseudonym.key").read_bytes()
        elif clock == "simulated":
            key = TEST_KEY
        else:
            raise Refusal("key_missing", file="pseudonym.key")
        return cls(path, str(clock), key)

    @property
    def keys(self) -> Path:
        """The folder of the keys, which is never inside the home: ``FANGPIN_KEYS``, else ``NAME.keys`` beside it."""
        return _keys_folder(self.path)

    def folder(self, name: str) -> Path:
        """One of `FOLDERS`, made when missing."""
        assert name in FOLDERS, name
        folder = self.path / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the home for writing: one process at a time, others wait. May be entered again within."""
        path = str(self.path.resolve())
        if _held.get(path):
            _held[path] += 1
        else:
            descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _held[path] = 1
        try:
            yield
        finally:
            _held[path] -= 1
            if not _held[path]:
                os.close(descriptor)

    # --- clock

    def _state(self) -> dict[str, object]:
        path = self.path / "clock.json"
        return _read_json(path) if path.exists() else {}

    def _store(self, **changes: object) -> None:
        state = {**self._state(), **changes}
        write_atomically(self.path / "clock.json", json.dumps(state, sort_keys=True).encode())

    def _day(self, name: str) -> date | None:
        value = self._state().get(name)
        return date.fromisoformat(str(value)) if value else None

    def today(self) -> date:
        """The system's day in a real home; in a simulated one the latest declared arrival or closed day."""
        return date.today() if self.clock == "real" else self._day("day") or date.min

    def advance(self, day: date) -> None:
        """Move a simulated clock forward to ``day``; it never runs backwards. A real clock moves itself."""
        if self.clock == "simulated" and day > self.today():
            self._store(day=day.isoformat())

    def closed(self) -> date | None:
        """The last closed day: what is delivered later is recorded after it."""
        return self._day("closed")

    def close(self, day: date) -> None:
        """Close ``day``: a snapshot of it was made. Refused (``clock_backwards``) for a day still to come."""
        if self.clock == "real" and day > self.today():
            raise Refusal("clock_backwards", day=day.isoformat(), today=self.today().isoformat())
        self.advance(day)
        closed = self.closed()
        if closed is None or day > closed:
            self._store(closed=day.isoformat())

    def recording_day(self, arrival: date | None) -> date:
        """The day on which a delivery that declares ``arrival`` is recorded.

        Simulated: the declared arrival or the clock, whichever is later. Real: today; before the first
        issued list a declared arrival sets it too (snapshots made until then are void), afterwards
        declaring one is refused (``arrival_after_first_list``). Never on a closed day of a living home.
        """
        if self.clock == "real":
            if arrival is None:
                return self._after_closed(date.today())
            if self.first_list_issued:
                raise Refusal("arrival_after_first_list")
            if arrival > date.today():
                raise Refusal("clock_backwards", day=arrival.isoformat(), today=date.today().isoformat())
            return arrival
        return self._after_closed(max(arrival or date.min, self.today()))

    def _after_closed(self, day: date) -> date:
        closed = self.closed()
        return day if closed is None or day > closed else closed + timedelta(days=1)

    @property
    def first_list_issued(self) -> bool:
        return bool(self._state().get("first_list_issued"))

    def mark_list_issued(self) -> None:
        if not self.first_list_issued:
            self._store(first_list_issued=True)

    # --- pseudonyms

    def pseudonym(self, source_key: str) -> str:
        """Household id: HMAC-SHA256 of the source key ("k1|k2|k3") under the home's key, 64 hex digits."""
        return hmac.digest(self.key, source_key.encode(), "sha256").hex()

    def person_pseudonym(self, source_key: str) -> str:
        """Person id; kept apart from households by its prefix, so that equal numbers never meet."""
        return hmac.digest(self.key, f"person|{source_key}".encode(), "sha256").hex()


def _make_keys(folder: Path) -> None:
    """Make what is missing of a real home's keys; a key that is there is never touched."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in KEYS:
        if not (folder / name).exists():
            write_atomically(folder / name, secrets.token_bytes(32))
            (folder / name).chmod(0o600)


def _keys_folder(path: Path) -> Path:
    configured = os.environ.get("FANGPIN_KEYS")
    return Path(configured) if configured else path.parent / f"{path.name}.keys"
