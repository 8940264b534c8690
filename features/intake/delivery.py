"""Deliveries: files in, facts and quarantine out. Each file is taken in as a whole or not at all."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Table
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import Refusal
from features.facts.store import Delivery, FactStore
from features.home import Home
from features.intake import carriers
from features.intake.jobs import Job, choose_jobs
from features.intake.lines import Lines
from features.intake.making import make_facts, quarantine_cells
from features.intake.mapping import Mapping
from features.intake.periods import NO_DAY, epoch_days
from features.intake.quarantine import Quarantine
from features.intake.register import Introductions, Register
from features.intake.revisions import (
    RowBook,
    earlier_facts,
    fact_rows,
    revised,
    row_index,
    row_numbers,
    taken_back,
)
from features.intake.rows import (
    Pseudonyms,
    Rows,
    arrivals,
    check_area,
    check_rows,
    day_of,
    glance,
    refuse_if_hopeless,
)
from features.intake.tables import RawTable, read_table

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class DeliveryResult:
    """What became of one file. ``rows_in = rows_accepted + rows_quarantined + rows_unchanged``."""

    delivery: int | None
    file: str
    sha256: str | None
    status: str
    error: Table[str, object] | None = None
    rows_in: int = 0
    rows_accepted: int = 0
    rows_quarantined: int = 0
    rows_unchanged: int = 0
    cells_quarantined: int = 0
    facts: Table[str, int] = field(default_factory=dict)
    quarantine: str | None = None
    refusal: Refusal | None = None

    def document(self) -> dict[str, object]:
        """The record of the ``ingest`` verb."""
        document = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "refusal"}
        return {**document, "facts": dict(self.facts)}


def ingest(
    home: Home,
    files: Sequence[Path | str] = (),
    mapping: Path | str | None = None,
    arrived: date | None = None,
    progress: Progress | None = None,
    register: Register | None = None,
) -> list[DeliveryResult]:
    """Take files in, in order of arrival; a file that cannot be taken in is refused and leaves nothing.

    Parameters
    ----------
    files : what to take in; none: all that is new under ``deliveries/<mapping id>/``
    mapping : path or id; none: the mapping whose ``files`` the name matches
    arrived : declared arrival of all files, instead of what the mapping says
    progress : called with a file's name, the number of files done, and of all
    register : who keeps the names behind the pseudonyms, if anyone

    Raises
    ------
    Refusal : the mapping is wrong, or an arrival was declared after the first issued list
    """
    if arrived is not None:
        home.recording_day(arrived)
    with home.writing():
        return _ingest(_Intake(home, arrived, register), [Path(file) for file in files], mapping, progress)


def _ingest(
    intake: _Intake, files: list[Path], mapping: Path | str | None, progress: Progress | None
) -> list[DeliveryResult]:
    jobs = choose_jobs(intake.home, files, mapping, intake.seen)
    results = []
    ordered = intake.by_arrival(jobs)
    # While one file becomes facts the next is unpacked and parsed.
    with ThreadPoolExecutor(1) as reader:
        reading = deque(reader.submit(intake.read, job) for job in ordered[:1])
        for done, job in enumerate(ordered):
            reading.extend(
                reader.submit(intake.read, following) for following in ordered[done + 1 : done + 2]
            )
            if progress is not None:
                progress(job.path.name, done, len(jobs))
            results.append(intake.take(job, reading.popleft().result()))
    return results


class _Intake:
    """One call's work on a home: what is kept between its files."""

    def __init__(self, home: Home, arrived: date | None, register: Register | None) -> None:
        self.home, self.arrived, self.register = home, arrived, register
        self.store = FactStore(home)
        self.pseudonyms = Pseudonyms(home)
        self.lines = Lines(self.store)
        self.books: dict[str, RowBook] = {}
        self.received: dict[tuple[str, str], Delivery] = {}
        self.introductions = Introductions()
        for delivery in self.store.deliveries():
            self.received[delivery.mapping, delivery.sha256] = delivery
            # Should a crash have come between a delivery and the clock, the clock catches up here.
            home.advance(delivery.recorded_at)

    def seen(self, mapping: Mapping, sha256: str) -> bool:
        return (mapping.id, sha256) in self.received

    def by_arrival(self, jobs: list[Job]) -> list[Job]:
        if len(jobs) < 2:
            return jobs
        return [
            job for _, job in sorted(((self._arrival(job), job) for job in jobs), key=lambda pair: pair[0])
        ]

    def _arrival(self, job: Job) -> tuple[int, str]:
        """Latest arrival among the first rows of a file (unreadable ones come last)."""
        last = np.iinfo(np.int32).max
        if job.mapping is None or self.arrived is not None or job.mapping.arrival.rule == "delivery":
            return (last if job.mapping is None else 0), job.path.name
        binding = job.mapping.arrival.binding
        columns = (*job.mapping.wave.columns, *((binding.column,) if binding else ()))
        try:
            raw = read_table(job.path, job.mapping, columns, only_first=True)
            *_, days = arrivals(raw, job.mapping, None, self.home.today())
        except Refusal:
            return last, job.path.name
        days = days[days != NO_DAY]
        return int(days.max()) if len(days) else last, job.path.name

    def read(self, job: Job) -> _Reading:
        """The file's table, or why there is none; nothing for a file that was taken in before."""
        sha256 = None
        try:
            if job.mapping is None:
                assert job.refusal is not None
                raise job.refusal
            if not job.path.is_file():
                raise Refusal("file_missing", file=job.path.name)
            sha256 = carriers.digest(job.path)
            if self.seen(job.mapping, sha256):
                return _Reading(sha256, None)
            look = partial(glance, mapping=job.mapping, file=job.path.name)
            return _Reading(sha256, read_table(job.path, job.mapping, glance=look))
        except Refusal as refusal:
            return _Reading(sha256, None, refusal)

    def take(self, job: Job, reading: _Reading) -> DeliveryResult:
        """Take a file in as a whole, or refuse it."""
        try:
            if reading.refusal is not None:
                raise reading.refusal
            assert job.mapping is not None
            assert reading.sha256 is not None
            before = self.received.get((job.mapping.id, reading.sha256))
            if before is not None:
                rows = before.rows_in
                return DeliveryResult(
                    before.sequence,
                    job.path.name,
                    before.sha256,
                    "unchanged",
                    rows_in=rows,
                    rows_unchanged=rows,
                )
            assert reading.raw is not None
            return self._take(job.path, job.mapping, reading.sha256, reading.raw)
        except Refusal as refusal:
            error = refusal.document()["error"]
            assert isinstance(error, dict)
            return DeliveryResult(None, job.path.name, reading.sha256, "refused", error, refusal=refusal)

    def _take(self, path: Path, mapping: Mapping, sha256: str, raw: RawTable) -> DeliveryResult:
        quarantine = Quarantine()
        rows = check_rows(raw, mapping, self.pseudonyms, self.arrived, self.home.today(), quarantine)
        rows_in = raw.rows + len(raw.broken)
        refuse_if_hopeless(rows_in - int(rows.usable.sum()), int(rows.usable.sum()), path.name, mapping)
        change = self._compare(rows, quarantine)
        recorded_at = self._recorded_at(rows)
        area = check_area(rows, quarantine) if mapping.area else None
        quarantine_cells(rows, quarantine)
        cells = int(rows.usable.sum()) * len(mapping.content_columns)
        refuse_if_hopeless(quarantine.cells, cells - quarantine.cells, path.name, mapping)
        tables, changed = self._facts(rows, change, recorded_at, area)
        lines = self.lines.derive(mapping, tables.get("income"))
        if lines is not None:
            tables["line"] = pa.concat_tables([tables["line"], lines]) if "line" in tables else lines
        usable = int(rows.usable.sum())
        accepted = int(change.fresh.sum()) + changed
        manifest = self._manifest(
            path, mapping, sha256, rows, recorded_at, rows_in, usable, accepted, quarantine
        )
        if manifest.quarantine is not None:
            quarantine.write(
                self.home.folder("quarantine") / manifest.quarantine, path, mapping, raw.header.names
            )
        index = row_index(rows, np.flatnonzero(rows.usable))
        # First the names: should the home fail in between, nothing is known of anybody without one.
        self._introduce(rows)
        done = self.store.append(manifest, tables, rows=index, trait=mapping.trait_record)
        self.home.advance(done.recorded_at)
        self.lines.keep(mapping, lines)
        self._book(mapping).add(done.sequence, index)
        self.received[mapping.id, sha256] = done
        return DeliveryResult(
            done.sequence, path.name, sha256,
            "unchanged" if rows_in and done.rows_unchanged == rows_in else "accepted",
            None, rows_in, accepted, done.rows_quarantined, done.rows_unchanged, done.cells_quarantined, dict(done.facts),
            str(self.home.folder("quarantine") / done.quarantine) if done.quarantine else None,
        )  # fmt: skip

    def _book(self, mapping: Mapping) -> RowBook:
        if mapping.id not in self.books:
            self.books[mapping.id] = RowBook.load(self.store, mapping.id)
        return self.books[mapping.id]

    def _compare(self, rows: Rows, quarantine: Quarantine) -> _Change:
        """Which rows are new, which may say something else than before, which take something back."""
        known, digest, retracted = self._book(rows.mapping).look_up(rows.key)
        nothing = rows.usable & rows.retracts & ~known
        quarantine.add_rows(rows.raw.lines[nothing], "nothing_to_retract", rows.mapping.household[0])
        rows.usable &= ~nothing
        speaking = rows.usable & ~rows.retracts
        same = known & ~retracted & (digest == rows.digest)
        return _Change(
            speaking & ~known, speaking & known & ~same, rows.usable & rows.retracts & known & ~retracted
        )

    def _recorded_at(self, rows: Rows) -> np.ndarray:
        """The day on which each row is recorded: a file of several arrivals is several deliveries in one."""
        real = self.home.clock == "real"
        undeclared = self.arrived is None and (
            rows.mapping.arrival.rule == "delivery" or self.home.first_list_issued
        )
        days, place = np.unique(rows.known_at[rows.usable], return_inverse=True)
        recorded = [self.home.recording_day(None if real and undeclared else day_of(day)) for day in days]
        recorded_at = np.full(rows.raw.rows, NO_DAY, np.int32)
        if len(days):
            recorded_at[rows.usable] = epoch_days(list(recorded))[place]
            # Nobody knew a thing after it was recorded.
            rows.known_at = np.where(rows.usable, np.minimum(rows.known_at, recorded_at), rows.known_at)
        return recorded_at

    def _facts(
        self, rows: Rows, change: _Change, recorded_at: np.ndarray, area: tuple[pa.Array, np.ndarray] | None
    ) -> tuple[dict[str, pa.Table], int]:
        """Facts to write, and how many of the rows that were known before do change something."""
        by_household = np.lexsort((rows.raw.lines, rows.household))
        tables = make_facts(
            rows, by_household[(change.fresh | change.differing)[by_household]], recorded_at, area
        )
        changed = 0
        candidates = np.flatnonzero(change.differing | change.retracting)
        if len(candidates):
            tables, changed = self._corrections(rows, change, candidates, tables, recorded_at)
        return tables, changed

    def _corrections(
        self,
        rows: Rows,
        change: _Change,
        candidates: np.ndarray,
        tables: dict[str, pa.Table],
        recorded_at: np.ndarray,
    ) -> tuple[dict[str, pa.Table], int]:
        households = rows.households.take(pa.array(np.unique(rows.household[candidates])))
        of_changed = row_numbers(rows.raw.lines[change.differing], rows.period[change.differing])
        touched: list[np.ndarray] = []
        written: dict[str, pa.Table] = {}
        where = self._book(rows.mapping).deliveries_with(rows.key[candidates])
        before = [delivery for delivery in self.store.deliveries() if delivery.sequence in where]
        schemas = {name: kind.schema for name, kind in self.store.kinds().items()}
        schemas |= {name: table.schema for name, table in tables.items()}
        for kind, schema in schemas.items():
            table = tables.get(kind)
            earlier = earlier_facts(self.store, kind, households, schema, before)
            parts = []
            again = None
            if table is not None:
                corrects = pa.array(np.isin(fact_rows(table), of_changed))
                again = table.filter(corrects)
                parts = [table.filter(pc.invert(corrects)), revised(again, earlier)]
                touched.append(fact_rows(parts[1]))
            if earlier is not None:
                gone = taken_back(earlier, again, rows, candidates, recorded_at)
                parts.append(gone)
                touched.append(fact_rows(gone))
            if parts:
                written[kind] = pa.concat_tables(parts)
        return written, len(np.unique(np.concatenate(touched)))

    def _manifest(
        self, path: Path, mapping: Mapping, sha256: str, rows: Rows, recorded_at: np.ndarray, rows_in: int,
        usable: int, accepted: int, quarantine: Quarantine,
    ) -> Delivery:  # fmt: skip
        known_at = rows.known_at[rows.usable]
        return Delivery(
            mapping=mapping.id,
            mapping_sha256=self.store.keep_mapping(mapping.content, mapping.id),
            file=path.name,
            sha256=sha256,
            arrived=day_of(known_at.max()) if len(known_at) else None,
            recorded_at=day_of(recorded_at[rows.usable].max()) if usable else self.home.recording_day(None),
            rows_in=rows_in,
            rows_accepted=accepted,
            rows_quarantined=rows_in - usable,
            rows_unchanged=usable - accepted,
            cells_quarantined=quarantine.cells,
            synthetic=mapping.synthetic,
            quarantine=f"{mapping.id}/{path.name}.{sha256[:12]}.csv" if quarantine.entries else None,
        )

    def _introduce(self, rows: Rows) -> None:
        """Tell the register whom the pseudonyms stand for."""
        if self.register is None or not rows.mapping.register:
            return
        news = self.introductions.of(rows)
        if news:
            self.register.remember(news, source=rows.mapping.id, delivery=self.store.next_sequence())


@dataclass(frozen=True)
class _Reading:
    """A file as read: its digest, and its table unless it was refused or is known already."""

    sha256: str | None
    raw: RawTable | None
    refusal: Refusal | None = None


@dataclass(frozen=True)
class _Change:
    """Rows by what they do: say something for the first time, something else, or take something back."""

    fresh: np.ndarray
    differing: np.ndarray
    retracting: np.ndarray
