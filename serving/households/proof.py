"""The facts behind the reasons, as the page tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from features.wording import text
from serving.households import words
from serving.households.evidence import Evidence, FactLine, KindFacts


@dataclass(frozen=True)
class Line:
    """One fact row: when, of whom, what it says, from where, and where it stands in what was delivered."""

    when: str
    what: str
    source: str
    known_at: date
    age: int
    file: str
    row: int


@dataclass(frozen=True)
class Proof:
    """One indicator: name and value, how it is computed, and its rows.

    ``span`` and ``sources`` are of the rows that are shown; ``known_at`` and ``age`` of the latest of them.
    ``village`` is over how many households it is computed where it is no value of this household alone.
    """

    column: str
    name: str
    value: str
    computed: str
    parts: list[tuple[str, str]]
    lines: list[Line]
    more: int
    village: int | None
    agrees: bool
    span: str
    sources: list[str]
    known_at: date | None
    age: int | None


@dataclass(frozen=True)
class Known:
    """All that is known of one kind."""

    kind: str
    name: str
    lines: list[Line]
    more: int
    latest: date


def proofs(found: Mapping[str, Evidence], order: Sequence[str], lang: str) -> list[Proof]:
    """The evidence in the order of the reasons."""
    return [_proof(found[column], lang) for column in order if column in found]


def known(found: Sequence[KindFacts], lang: str) -> list[Known]:
    """All kinds, those with the latest word first."""
    made = [
        Known(
            each.kind,
            words.tidy(each.name[lang], lang),
            [_line(line, lang) for line in each.facts],
            each.more,
            max(line.known_at for line in each.facts),
        )
        for each in found
        if each.facts
    ]
    return sorted(made, key=lambda each: each.latest, reverse=True)


def _proof(one: Evidence, lang: str) -> Proof:
    newest = max(one.facts, key=lambda line: line.known_at, default=None)
    return Proof(
        column=one.indicator,
        name=words.tidy(one.name[lang], lang),
        value=words.tidy(one.said[lang], lang) if one.said else text("not known", lang),
        computed=words.tidy(one.computed[lang], lang),
        parts=[
            (words.tidy(name[lang], lang), words.tidy(said[lang], lang) if said else text("not known", lang))
            for name, said in one.parts
        ],
        lines=[_line(line, lang) for line in one.facts],
        more=one.more,
        village=one.households,
        agrees=one.agrees,
        span=_span(one.facts, lang),
        sources=list(dict.fromkeys(words.tidy(line.source_name[lang], lang) for line in one.facts)),
        known_at=newest.known_at if newest else None,
        age=newest.age_days if newest else None,
    )


def _line(line: FactLine, lang: str) -> Line:
    said = [
        f"{words.tidy(name[lang], lang)}{'：' if lang == 'zh' else ': '}{words.small(value[lang], lang)}"
        for name, value in line.what
    ]
    if line.person is not None:
        said.insert(0, words.tidy(line.person[lang], lang))
    return Line(
        when=line.when[lang],
        what=("；" if lang == "zh" else "; ").join(said),
        source=words.tidy(line.source_name[lang], lang),
        known_at=line.known_at,
        age=line.age_days,
        file=line.file,
        row=line.row,
    )


def _span(lines: Sequence[FactLine], lang: str) -> str:
    """From the earliest to the latest that the rows speak of."""
    if not lines:
        return "—"
    first, last = lines[-1].when[lang], lines[0].when[lang]
    if first == last:
        return last
    days = sorted(day for when in (first, last) for day in words.DAY.findall(when))
    return text("{first} to {last}", lang, first=days[0], last=days[-1]) if days else last
