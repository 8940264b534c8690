"""Reasons: contributions summed by reason group, told by the strongest indicator of each.

The groups are the official risk codes and four of our own (income, make-up, place, data), which are
marked as not official. What raises the risk, what lowers it and what is not known are kept apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from features.policy.vocabulary import Text, Unit
from features.wording import N_, both
from models.judgement.meaning import Meaning

Value = float | bool | str | None

# Staff read six reasons; a seventh hides the first.
MOST = 6
_NORMS = {"parameter": N_("the threshold of {value}"), "median": N_("the usual {value}")}
_WITHOUT_NORM = N_("{name}: {value}")
_NOT_KNOWN = N_("{name}: not known")
_NEVER = N_("{name}: none on record")


@dataclass(frozen=True)
class Norm:
    """What a value is compared with: a dated parameter, or the median of the training rows."""

    value: Value
    kind: Literal["parameter", "median"] | None
    # One norm is said to thousands of households, always the same.
    _said: dict[str, Text] = field(default_factory=dict, compare=False, repr=False)

    def said(self, unit: Unit) -> Text | None:
        """The norm with its unit; None where there is none."""
        if self.value is None:
            return None
        if unit.id not in self._said:
            self._said[unit.id] = unit.say(self.value)
        return self._said[unit.id]

    def compared(self, unit: Unit) -> Text:
        """The norm as a sentence names it: a threshold, or what is usual."""
        key = f"{unit.id} compared"
        if key not in self._said:
            shown = self.said(unit)
            assert shown is not None
            self._said[key] = both(_NORMS[self.kind or "median"], value=dict(shown))
        return self._said[key]


NO_NORM = Norm(None, None)


@dataclass(frozen=True)
class Explained:
    """The two blocks of a decision that come from contributions."""

    reasons: list[dict[str, Any]]
    lowering: list[dict[str, Any]]


def explain(
    terms: Mapping[str, float],
    values: Mapping[str, Value],
    *,
    meanings: Mapping[str, Meaning],
    norms: Mapping[str, Norm],
    known: Mapping[str, str],
    official: Mapping[str, bool],
    units: Mapping[str, Unit],
    silent: Set[str] = frozenset(),
) -> Explained:
    """Group the contributions of one household.

    The strongest indicator that tells something speaks for its group. One that is not known, or whose value is
    what it is compared with, tells nothing; a group in which none tells anything is left out.

    Parameters
    ----------
    terms : contribution to the margin, by column
    values : the household's indicators, by column
    norms : by column; a column that is absent has none
    known : the latest day (ISO) on which something of a fact kind became known of this household
    official : by reason group, whether it is an official risk code
    units : how a value is said
    silent : columns that no household of the snapshot has a value of
    """
    groups: dict[str, list[tuple[str, float]]] = {}
    for column in sorted(terms):
        groups.setdefault(meanings[column].group, []).append((column, terms[column]))
    sums = {group: _sum(members) for group, members in groups.items()}

    def tells(column: str, contribution: float, sign: int) -> bool:
        if sign * contribution <= 0:
            return False
        meaning, value, norm = meanings[column], values.get(column), norms.get(column, NO_NORM)
        if value is None:
            return sign < 0 and meaning.event and column not in silent
        unit = units[meaning.unit]
        return norm.value is None or unit.say(value) != norm.said(unit)

    def speaker(group: str, sign: int) -> str | None:
        # The strongest first; ties go to the column that comes first by name.
        ordered = sorted(groups[group], key=lambda member: -sign * member[1])
        return next((column for column, share in ordered if tells(column, share, sign)), None)

    def entry(group: str, column: str) -> dict[str, Any]:
        meaning, value, norm = meanings[column], values.get(column), norms.get(column, NO_NORM)
        return {
            "group": group,
            "official": official.get(group, False),
            "contribution": sums[group],
            "indicator": column,
            "value": value,
            "unit": meaning.unit,
            "norm": norm.value,
            "norm_kind": norm.kind if norm.value is not None else None,
            "known_at": known_at(meaning, known),
            "sentence": sentence(
                meaning, value, norm, units[meaning.unit], never=meaning.event and column not in silent
            ),
        }

    raising = sorted((g for g in sums if sums[g] > 0), key=lambda g: (-sums[g], g))
    lowering = sorted((g for g in sums if sums[g] < 0), key=lambda g: (sums[g], g))

    def block(ordered: list[str], sign: int) -> list[dict[str, Any]]:
        spoken = ((group, speaker(group, sign)) for group in ordered)
        told = ((group, column) for group, column in spoken if column is not None)
        return [entry(group, column) for group, column in islice(told, MOST)]

    return Explained(block(raising, 1), block(lowering, -1))


def _sum(members: Sequence[tuple[str, float]]) -> float:
    total = 0.0
    for _, contribution in members:  # in order of the columns' names, so that it is the same everywhere
        total += contribution
    return total


def known_at(meaning: Meaning, known: Mapping[str, str]) -> str | None:
    """The day from which all that the value rests on was known; None where nothing was.

    Of each fact kind the latest word counts; a value of several kinds is as old as the oldest of them.
    """
    return min((known[kind] for kind in meaning.kinds if kind in known), default=None)


def sentence(
    meaning: Meaning, value: Value, norm: Norm, unit: Unit, *, never: bool = False
) -> dict[str, str]:
    """The reason in words, with value and norm in their units; ``never``: no value means that it never was."""
    if value is None:
        return both(_NEVER if never else _NOT_KNOWN, name=dict(meaning.name))
    value_shown = unit.say(value)
    if norm.value is None:
        return both(_WITHOUT_NORM, name=dict(meaning.name), value=dict(value_shown))
    compared = norm.compared(unit)
    return {
        lang: text.replace("{value}", value_shown[lang]).replace("{norm}", compared[lang])
        for lang, text in meaning.reason.items()
    }


def unknown(
    values: Mapping[str, Value],
    columns: Iterable[str],
    meanings: Mapping[str, Meaning],
    silent: Set[str] = frozenset(),
) -> list[dict[str, str]]:
    """Which of ``columns`` are not known of this household, and whose feed would tell."""
    return [
        {"indicator": column, "source": meanings[column].owner}
        for column in sorted(columns)
        if values.get(column) is None and not (meanings[column].event and column not in silent)
    ]
