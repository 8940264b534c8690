"""A list, as far as it was asked for, as a file for a spreadsheet."""

from __future__ import annotations

from features.errors import Refusal
from features.home import Home
from features.policy.places import Places
from features.wording import text
from serving.lists.export import to_csv
from serving.scope import Scope, scope_of
from serving.sheets.records import Asked
from serving.sheets.repository import SheetRepository
from serving.snapshots.repository import SnapshotRepository
from serving.store import Store
from serving.store.record import log_access
from serving.web.formats import period


def table(
    *, home: Home, store: Store, scope: Scope, name: str, asked: Asked, by: str, lang: str
) -> tuple[str, bytes]:
    """The file's name and its bytes; that it was taken, with which filters, is logged.

    Raises `Refusal` ``unknown_list``, ``out_of_scope``, ``bad_area``.
    """
    here = scope_of(asked.area, within=scope) if asked.area else scope
    with store.reading() as reading:
        repository = SheetRepository(reading)
        header = repository.header(here, name)
        if header is None:
            raise Refusal("unknown_list")
        published = SnapshotRepository(reading).of_snapshot(here, header.document["snapshot"])
        positions = [m.position for m in repository.marks(here, header.id) if m.chosen(asked)]
        lines = repository.lines(here, header.id, positions)
    places = Places(published.setting.get("places", {}) if published else {})
    with store.writing() as writing:
        log_access(
            writing,
            "export_list",
            subject=header.id,
            area=here.area,
            by=by,
            filters=asked.query(area="", blue=False),
            lines=len(lines),
        )
    document = {**header.document, "lines": [line._asdict() for line in lines]}
    where = "".join(places.names_of(here.area, lang)[-1:]) or places.top(lang)
    words = (text("Warning list", lang), period(header.period, lang), where)
    file = "-".join(word.replace(" ", "-") for word in words if word)
    return f"{file}.csv", to_csv(document, lang, places=places)
