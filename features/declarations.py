"""What the mappings of a home declare beyond their columns: the population, the welfare concept and its line,
the outcomes, the traits. Read from the texts that were frozen beside the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features import plain_yaml
from features.errors import Refusal
from features.facts.store import FactStore


@dataclass(frozen=True)
class Declarations:
    """Of all mappings of a home, in order of their first delivery.

    ``populations`` is by mapping id (``interviewed`` or ``registered``); ``line`` is the record of the
    mapping that names the welfare concept: ``{quantile, times}`` or ``{parameter}``.
    """

    mappings: Mapping[str, Mapping[str, Any]]
    populations: Mapping[str, str]
    concept: str | None
    welfare: Mapping[str, Any]
    line: Mapping[str, Any]
    outcomes: tuple[Mapping[str, Any], ...]
    covariates: Mapping[str, Mapping[str, Mapping[str, Any]]]
    synthetic: bool

    def visit_depth(self) -> int | None:
        """How many parts of an area path name the place that plans visits; None: all of them."""
        for mapping in self.mappings.values():
            area = mapping.get("area")
            if isinstance(area, Mapping) and "levels" in area and "household" in _kinds(mapping):
                levels = list(area["levels"])
                return levels.index(area["visits"]) + 1 if area.get("visits") else None
        return None


def _kinds(mapping: Mapping[str, Any]) -> set[str]:
    return {fact["kind"] for fact in mapping.get("facts", [])}


def declared(store: FactStore) -> Declarations:
    """Read them. Raises `Refusal` ``welfare_conflict`` where two mappings name different concepts."""
    mappings = {name: plain_yaml.load(text) for name, text in store.mappings()}
    welfare = {name: m["welfare"] for name, m in mappings.items() if m.get("welfare")}
    concepts = {w["concept"] for w in welfare.values()}
    if len(concepts) > 1:
        raise Refusal("welfare_conflict", concepts=", ".join(sorted(concepts)))
    spokesman = next(iter(welfare), None)
    populations = {
        name: m["population"] for name, m in mappings.items() if m.get("population", "none") != "none"
    }
    return Declarations(
        mappings=mappings,
        populations=populations,
        concept=next(iter(concepts), None),
        welfare=welfare[spokesman] if spokesman else {},
        line=(mappings[spokesman].get("line") or {}) if spokesman else {},
        outcomes=tuple(outcome for m in mappings.values() for outcome in m.get("outcomes") or ()),
        covariates={name: m["covariates"] for name, m in mappings.items() if m.get("covariates")},
        synthetic=any(m.get("synthetic") for m in mappings.values()),
    )
