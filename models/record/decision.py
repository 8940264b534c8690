"""The decision: the immutable document of one scoring.

Its identity is (household, snapshot, bundle, parameters); its bytes are canonical JSON; nothing in it
tells who asked or when. Judging the same row again with the same bundle and parameters gives the same
bytes on the same platform, which is what replay compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from math import fsum
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import Refusal
from models.judgement import reasons
from models.judgement.meaning import Meaning
from models.judgement.policy import Policy
from models.judgement.reasons import NO_NORM, Norm, Value
from models.judgement.rules import Found
from models.judgement.tiers import judge
from models.record.canonical import canonical
from models.risk.bundle import Bundle

SCHEMA = 1
# base + Σ terms may differ from the margin by this much, no more.
TOLERANCE = 1e-9


def identity(household: str, snapshot: str, bundle: str, parameters: str) -> str:
    """SHA-256 of the canonical JSON object of the four."""
    named = {"household": household, "snapshot": snapshot, "bundle": bundle, "parameters": parameters}
    return sha256(canonical(named)).hexdigest()


@dataclass(frozen=True)
class Row:
    """A household as a published snapshot holds it.

    ``values`` by column, null where not known; ``sources`` are (fact kind, source, known_at as ISO day).
    """

    household: str
    area: str
    values: Mapping[str, Value]
    sources: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Setting:
    """What a decision says of the snapshot and the home: all that is neither row, bundle nor policy.

    ``line`` is ``{"parameter": id}``, or ``{"value", "unit", "valid_from", "source"}`` of a derived line.
    ``silent`` are the columns that no household of the snapshot has a value of.
    """

    snapshot: str
    as_of: date
    catalogue: str
    line: Mapping[str, Any] | None
    clock: str
    synthetic: bool
    silent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judged:
    """One row, scored and judged; `Judge.document` explains it."""

    row: Row
    at_risk: bool | None
    margin: float
    base: float
    terms: Mapping[str, float]
    probabilities: Mapping[int, float | None]
    probability: float | None
    rules: Found
    tier: str
    raised_by: str | None


class Judge:
    """Judges rows of one snapshot by one bundle under one policy."""

    def __init__(
        self, *, setting: Setting, bundle: Bundle, policy: Policy, meanings: Mapping[str, Meaning]
    ) -> None:
        self.setting, self.bundle, self.policy, self.meanings = setting, bundle, policy, meanings
        self.floors = policy.floors(bundle.outcome, setting.as_of) or dict(bundle.floors)
        self.columns = [spec.name for spec in bundle.specs]
        self._lines: dict[str, dict[str, Any] | None] = {}
        self._thresholds: dict[tuple[str, Value], Norm] = {}

    def judge(self, rows: Sequence[Row]) -> Iterator[Judged]:
        """Score all rows at once, then judge them one by one."""
        if not rows:
            return
        scores = self.bundle.score(self.table(rows))
        # In the order of their names, in which reasons add them and documents hold them.
        names = sorted(scores.terms)
        matrix = np.array([scores.terms[name] for name in names]).reshape(len(names), len(rows))
        probability = {h: scores.probability[h].tolist() for h in self.bundle.horizons}
        for i, (row, margin, shares) in enumerate(
            zip(rows, scores.margin.tolist(), matrix.T.tolist(), strict=True)
        ):
            terms = dict(zip(names, shares, strict=True))
            yield self._judged(row, margin, scores.base, terms, {h: p[i] for h, p in probability.items()})

    def _judged(
        self,
        row: Row,
        margin: float,
        base: float,
        terms: Mapping[str, float],
        probability: Mapping[int, float],
    ) -> Judged:
        if abs(fsum([base, *terms.values()]) - margin) > TOLERANCE:
            raise Refusal("contributions_differ")
        at_risk = row.values.get(f"at_risk_{self.bundle.outcome}")
        known = None if at_risk is None else bool(at_risk)
        # Only who is known to be in need already is no prediction; silence never hides a household.
        asked = known is not False
        probabilities = {h: chance if asked else None for h, chance in probability.items()}
        at_tier = probabilities[self.bundle.tier_horizon]
        line = self.line(row.area)
        rules = self.policy.found(row.values, self.setting.as_of, row.area, line["value"] if line else None)
        verdict = judge(at_tier, (hit.min_tier for hit in rules.hits), self.floors)
        return Judged(
            row, known, margin, base, terms, probabilities, at_tier, rules, verdict.tier, verdict.raised_by
        )

    def table(self, rows: Sequence[Row]) -> dict[str, npt.NDArray[Any]]:
        """Columns of the rows as the bundle reads them: numbers with NaN where nothing is known."""
        names = [spec.name for spec in self.bundle.specs if spec.type == "number"]
        numbers = np.array([[row.values.get(name) for name in names] for row in rows], dtype=np.float64)
        table: dict[str, npt.NDArray[Any]] = dict(zip(names, numbers.T, strict=True))
        for spec in self.bundle.specs:
            if spec.type != "number":
                table[spec.name] = np.empty(len(rows), dtype=object)
                table[spec.name][:] = [row.values.get(spec.name) for row in rows]
        return table

    def document(self, judged: Judged) -> dict[str, Any]:
        """The decision document of one judged row."""
        row, bundle, setting = judged.row, self.bundle, self.setting
        known: dict[str, str] = {}
        heard: dict[str, str] = {}
        for kind, source, day in row.sources:
            known[kind] = max(day, known.get(kind, day))
            heard[source] = max(day, heard.get(source, day))
        explained = reasons.explain(
            judged.terms,
            row.values,
            meanings=self.meanings,
            norms=self.norms(row),
            known=known,
            official=self.policy.official,
            units=self.policy.units,
            silent=setting.silent,
        )
        return {
            "schema": SCHEMA,
            "id": identity(row.household, setting.snapshot, bundle.model_sha256, self.policy.hash),
            "household": row.household,
            "area": row.area,
            "as_of": setting.as_of.isoformat(),
            "snapshot": setting.snapshot,
            "bundle": bundle.model_sha256,
            "catalogue": setting.catalogue,
            "parameters": self.policy.hash,
            "outcome": bundle.outcome,
            "at_risk": judged.at_risk,
            "kind": bundle.kind,
            "horizons": [{"months": h, "probability": p} for h, p in judged.probabilities.items()],
            "tier_horizon": bundle.tier_horizon,
            "line": self.line(row.area),
            "margin": judged.margin,
            "tier": judged.tier,
            "raised_by": judged.raised_by or "none",
            "floors": dict(self.floors),
            "rules": [
                {"id": hit.id, "min_tier": hit.min_tier, "values": dict(hit.values)}
                for hit in judged.rules.hits
            ],
            "contributions": {"base": judged.base, "terms": dict(judged.terms)},
            "reasons": explained.reasons,
            "lowering": explained.lowering,
            "unknown": reasons.unknown(row.values, self._asked(judged), self.meanings, setting.silent),
            "sources": [
                {
                    "source": source,
                    "known_at": day,
                    "age_days": (setting.as_of - date.fromisoformat(day)).days,
                }
                for source, day in sorted(heard.items())
            ],
            "synthetic": setting.synthetic,
            "clock": setting.clock,
        }

    def line(self, area: str) -> dict[str, Any] | None:
        """The line that counts in ``area`` on the day: value, unit, first day and source."""
        rule = self.setting.line
        if rule is None or "parameter" not in rule:
            return None if rule is None else dict(rule)
        if area not in self._lines:
            self._lines[area] = self._line(rule["parameter"], area)
        return self._lines[area]

    def _line(self, parameter: str, area: str) -> dict[str, Any] | None:
        entry = self.policy.parameters.entry(parameter, self.setting.as_of, area)
        if entry is None or entry.value is None:
            return None
        return {
            "value": entry.value,
            "unit": entry.unit,
            "valid_from": entry.valid_from.isoformat(),
            "source": entry.source,
        }

    def _asked(self, judged: Judged) -> set[str]:
        """The columns that matter: the model's, and those of rules that could not be answered.

        Of the latter only what the home has a feed for: on a panel, no department delivers.
        """
        names = {name for rule in judged.rules.unknown for name in self.policy.rules[rule].names}
        return {*self.columns, *((names & self.meanings.keys()) - self.setting.silent)}

    def norms(self, row: Row) -> dict[str, Norm]:
        """What each value of a household is compared with: the line, a parameter, else the training median."""
        found = dict(self._medians)
        for column in self.policy.compared.keys() & self._medians.keys():
            parameter = self.policy.norm(column, row.values, self.setting.as_of, row.area)
            if parameter is not None:
                found[column] = self._thresholds.setdefault((column, parameter), Norm(parameter, "parameter"))
        return found

    @cached_property
    def _medians(self) -> dict[str, Norm]:
        found: dict[str, Norm] = {}
        for column in self.columns:
            unit, median = self.meanings[column].unit, self.bundle.medians.get(column)
            if unit == "log_ratio":
                found[column] = Norm(0.0, "parameter")  # the line itself
            elif isinstance(median, float | int):
                found[column] = Norm(median >= 0.5 if unit == "yes_no" else median, "median")
            else:
                # The most frequent level of a category is no yardstick; only numbers have a median.
                found[column] = NO_NORM
        return found


def difference(stored: bytes, replayed: bytes) -> dict[str, Any] | None:
    """The first field in which two documents differ, by path, with both values; None where they are equal.

    What was found comes before what it is called: the names of bundle and decision are compared last,
    so that a changed model shows in the number it changed.
    """
    if stored == replayed:
        return None
    old, new = json.loads(stored), json.loads(replayed)
    for path, a, b in _differences(old, new):
        return {"field": path, "stored": a, "replayed": b}
    return {"field": "", "stored": None, "replayed": None}


_NAMES = ("bundle", "parameters", "snapshot", "id")


def _differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(old.keys() | new.keys(), key=lambda k: (not path and k in _NAMES, k))
        for key in keys:
            below = f"{path}.{key}" if path else key
            if key in old and key in new:
                yield from _differences(old[key], new[key], below)
            else:
                yield below, old.get(key), new.get(key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for i, (a, b) in enumerate(zip(old, new, strict=True)):
            yield from _differences(a, b, f"{path}[{i}]")
    elif repr(old) != repr(new):  # also 1 and 1.0, 0.0 and -0.0, which are not the same bytes
        yield path, old, new
