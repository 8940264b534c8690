"""Reading the page of a list."""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakKeyDictionary

from features.errors import Refusal
from features.home import Home
from features.policy.places import Places
from serving.households.declared import declared
from serving.register import service as register
from serving.scope import Scope, scope_of
from serving.sheets.records import Asked, Figures, Header, Month, Sheet, alike
from serving.sheets.repository import SheetRepository
from serving.snapshots.frozen import frozen
from serving.snapshots.repository import SnapshotRepository
from serving.store import Store
from serving.store.record import log_access

MONTHS = 12


def read(*, home: Home, store: Store, scope: Scope, name: str, asked: Asked, by: str) -> Sheet:
    """A page of a list (``latest``: the one issued last), as far as it lies in the scope; it is logged.

    A page beyond the last is the last.

    Raises `Refusal` ``unknown_list``, ``out_of_scope``, ``bad_area``.
    """
    here = scope_of(asked.area, within=scope) if asked.area else scope
    with store.reading() as reading:
        repository, snapshots = SheetRepository(reading), SnapshotRepository(reading)
        header = repository.header(here, name)
        if header is None:
            raise Refusal("unknown_list")
        document = header.document
        published = snapshots.of_snapshot(here, document["snapshot"], document["parameters"])
        assert published is not None, "a list is made of a published snapshot"
        figures = _figures(store, repository, here, header)
        matching = [mark for mark in figures.marks if mark.chosen(asked)]
        sheet = Sheet(
            header=header,
            asked=asked,
            scope=scope.area,
            places=Places(published.setting.get("places", {})),
            visit_depth=published.setting["visit_depth"],
            frozen=frozen(snapshots, here, document["parameters"], published.catalogue),
            capacity={
                place: planned
                for place, planned in document["capacity"].items()
                if scope.holds(place) or scope_of(place).holds(scope.area)
            },
            figures=figures,
            matching=alike(matching) if asked.filtered else figures.counts,
            shown=[mark for mark in matching if not (asked.folds_blue and mark.folded)],
            lines=(),
            before=None,
            decisions={},
            values={},
            names={},
            outcome=declared(home).outcomes.get(header.outcome, {}),
        )
        number = min(asked.number, sheet.last_page)
        start = (number - 1) * sheet.most
        # The line above the page tells whether the page begins a group or goes on with one.
        lines = repository.lines(
            here, header.id, [m.position for m in sheet.shown[start : start + sheet.most]]
        )
        before = sheet.shown[start - 1] if start else None
        sheet = replace(
            sheet,
            asked=replace(asked, number=number),
            lines=lines,
            before=before,
            decisions=repository.decisions(here, [line.decision for line in lines]),
            values=repository.values(
                here, document["snapshot"], published.columns, [line.household for line in lines]
            ),
        )
    households = [line.household for line in sheet.lines]
    sheet = replace(sheet, names=register.masked(home=home, store=store, scope=here, households=households))
    with store.writing() as writing:
        log_access(
            writing,
            "view_list",
            subject=header.id,
            area=here.area,
            by=by,
            filters=asked.query(area="", number=1),
            page=number,
        )
    return sheet


# A list and what was issued before it never change: counted once, it is right for good.
_KEPT = 64
_counted: WeakKeyDictionary[Store, dict[tuple[str, str], Figures]] = WeakKeyDictionary()


def _figures(store: Store, repository: SheetRepository, here: Scope, header: Header) -> Figures:
    known, key = _counted.setdefault(store, {}), (header.id, here.area)
    found = known.get(key)
    if found is None:
        periods = repository.periods(here, header, MONTHS)
        marks = repository.marks(here, header.id)
        found = Figures(
            repository.judged(here, header.id),
            marks,
            alike(marks),
            [Month(id_, period, repository.tiers(here, id_)) for period, id_ in reversed(periods.items())],
        )
        while len(known) >= _KEPT:
            known.pop(next(iter(known)), None)
        known[key] = found
    return found
