"""The current population: every household as it was known on the newest snapshot at or before a day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features import snapshots
from features.home import Home
from features.lines import line_on
from models.judgement.meaning import meanings
from models.judgement.policy import Policy, policy_document
from models.record.decision import Judge, Row, Setting
from models.risk.bundle import Bundle
from models.risk.columns import ColumnSpec

_KEYS = ("household", "as_of", "area")


@dataclass(frozen=True)
class Population:
    """A snapshot with the documents that give it meaning, and today's policy of the home.

    table : household, area, one column an indicator and window, at_risk_<outcome>; sorted by household
    sources : (fact kind, source, ISO day known) by household
    """

    snapshot: str
    as_of: date
    catalogue: str
    table: pa.Table
    sources: dict[str, list[tuple[str, str, str]]]
    setting: Setting
    policy: Policy
    catalogue_document: dict[str, Any]

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def judge(self, bundle: Bundle) -> Judge:
        """The judge that would score these households if ``bundle`` were the champion."""
        return Judge(
            setting=self.setting,
            bundle=bundle,
            policy=self.policy,
            meanings=meanings(self.catalogue_document),
        )

    def rows(self) -> Iterator[Row]:
        """The households as the judge takes them, in order."""
        names = [name for name in self.table.column_names if name not in _KEYS]
        columns = [[None if v != v else v for v in self.table[name].to_pylist()] for name in names]
        for household, area, *values in zip(
            self.table["household"].to_pylist(), self.table["area"].to_pylist(), *columns, strict=True
        ):
            yield Row(household, area, dict(zip(names, values, strict=True)), self.sources.get(household, []))

    def columns(self, specs: tuple[ColumnSpec, ...]) -> dict[str, NDArray[Any]]:
        """Columns as a model reads them: numbers with NaN where nothing is known, else objects with None.

        KeyError where the snapshot lacks one.
        """
        found: dict[str, NDArray[Any]] = {}
        for spec in specs:
            values = self.table[spec.name].to_pylist()
            found[spec.name] = np.array(values, dtype=np.float64 if spec.type == "number" else object)
        return found


def current(home: Home, until: date, catalogue: str) -> Population | None:
    """The newest snapshot at or before ``until`` that was computed with ``catalogue``; None where there is none.

    Nothing is computed here: a snapshot closes its day, and who trains must not.
    """
    found: list[tuple[date, str]] = []
    for path in home.folder("snapshots").glob("*/snapshot.json"):
        facts = json.loads(path.read_bytes())
        as_of = date.fromisoformat(facts["as_of"])
        if as_of <= until and facts["catalogue"] == catalogue:
            found.append((as_of, path.parent.name))
    if not found:
        return None
    snapshot = snapshots.load(home, max(found)[1])
    seen = snapshot.provenance
    sources: dict[str, list[tuple[str, str, str]]] = {}
    for household, kind, source, day in zip(
        *(seen[name].to_pylist() for name in ("household", "kind", "source", "known_at")), strict=True
    ):
        sources.setdefault(household, []).append((kind, source, day.isoformat()))
    table, documents = snapshot.table, snapshot.documents
    setting = Setting(
        snapshot=snapshot.id,
        as_of=snapshot.as_of,
        catalogue=snapshot.catalogue,
        line=line_on(home, documents["line"], snapshot.as_of),
        clock=documents["clock"],
        synthetic=documents["synthetic"],
        silent=frozenset(n for n in snapshot.columns if table[n].null_count == table.num_rows),
    )
    return Population(
        snapshot.id,
        snapshot.as_of,
        snapshot.catalogue,
        table,
        sources,
        setting,
        Policy.from_document(policy_document(home)),
        documents["catalogue_document"],
    )
