"""The page of a household, from what is known of it: pure functions, one language at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from features.wording import text
from models.judgement.tiers import SEVERITY
from serving.households import chart, words
from serving.households.proof import Known, Proof, known, proofs
from serving.households.records import Document, Seen, Standing
from serving.households.verdict import Verdict, raised_said, verdict
from serving.households.why import (
    ReasonRow,
    RuleRow,
    SourceRow,
    UnknownRow,
    group_said,
    reason_rows,
    rule_rows,
    source_rows,
    unknown_rows,
)

# Rows of lists and of decisions that one page tells, the latest; the API tells all.
SHOWN = 12
# The latest moments that are drawn: two years of months.
DRAWN = 24


@dataclass(frozen=True)
class ListRow:
    """One list: ``raised`` is what its line was raised by, in words; empty where it does not stand there."""

    list: str
    period: str
    as_of: date
    rank: int | None
    planned: bool | None
    tier: str
    raised: str
    probability: float | None
    at_risk: bool


@dataclass(frozen=True)
class DecisionRow:
    """One stored decision."""

    id: str
    as_of: date
    tier: str
    raised: str
    probability: float | None
    months: int
    reason: str
    model: str
    address: str
    shown: bool
    current: bool


@dataclass(frozen=True)
class ChartRow:
    """One moment of the score, for those who read the table."""

    day: date
    probability: float | None
    tier: str
    floors: list[tuple[str, float]]
    model: str


@dataclass(frozen=True)
class Score:
    """The score over time: a drawing for each size, or none where there is one point or none."""

    months: int
    drawings: list[chart.Drawing]
    events: list[chart.Event]
    rows: list[ChartRow]
    gaps: bool


@dataclass(frozen=True)
class View:
    """All that the template writes down. ``state`` is current, older, outdated or none."""

    household: str
    address: str
    area: str
    members: int | None
    origin: list[tuple[str, str]]
    as_of: str | None
    state: str
    decision: str | None
    model: str
    synthetic: bool
    verdict: Verdict | None
    reasons: list[ReasonRow]
    lowering: list[ReasonRow]
    unknown: list[UnknownRow]
    rules: list[RuleRow]
    sources: list[SourceRow]
    proofs: list[Proof]
    known: list[Known]
    silent: str
    score: Score | None
    lists: list[ListRow]
    decisions: list[DecisionRow]
    lists_held: int
    lists_all: int
    decisions_all: int


def address(household: str, **query: str | None) -> str:
    """The address of a household's page, or of one of its decisions."""
    kept = {key: value for key, value in query.items() if value}
    return f"/households/{household}{'?' + urlencode(kept) if kept else ''}"


def view(seen: Seen, lang: str) -> View:
    """The page of what was seen."""
    document, frozen = seen.decision, seen.frozen
    list_ = seen.place.list if seen.place else None
    rows = reason_rows(document, frozen, seen.declared, lang) if document and frozen else []
    members = seen.values.get("members")
    return View(
        household=seen.household,
        address=address(seen.household, list=list_),
        area=words.area_said(seen.area, seen.setting, lang),
        members=None if members is None else round(members),
        origin=_origin(seen, lang),
        as_of=document["as_of"] if document else None,
        state=_state(seen),
        decision=document["id"] if document else None,
        model=document["bundle"] if document else "",
        synthetic=bool(seen.setting.get("synthetic", document["synthetic"] if document else False)),
        verdict=verdict(seen, document, frozen, lang) if document and frozen else None,
        reasons=[row for row in rows if row.bar.raises],
        lowering=[row for row in rows if not row.bar.raises],
        unknown=unknown_rows(document, frozen, seen.declared, lang) if document and frozen else [],
        rules=rule_rows(document, frozen, lang) if document and frozen else [],
        sources=source_rows(document, seen.declared, lang) if document else [],
        proofs=proofs(seen.evidence, [row.indicator for row in rows], lang),
        known=known(seen.facts, lang),
        silent=seen.silent.text(lang) if seen.silent else "",
        score=_score(seen, lang),
        lists=[_list_row(standing, lang) for standing in seen.stood[:SHOWN]],
        decisions=[_decision_row(each, seen, list_, lang) for each in _told(seen)],
        lists_all=len(seen.stood),
        decisions_all=len(seen.kept),
        lists_held=sum(standing.listed for standing in seen.stood),
    )


def _state(seen: Seen) -> str:
    """Is what is shown in force?"""
    if seen.decision is None:
        return "none"
    if seen.current is None or seen.decision["id"] == seen.current:
        return "current"
    # An older one was asked for, though the one in force is stored.
    return "older" if any(each["id"] == seen.current for each in seen.kept) else "outdated"


def _origin(seen: Seen, lang: str) -> list[tuple[str, str]]:
    """Type of household and state of the register, where the home knows them."""
    rows = []
    if seen.frozen is None:
        return []
    level = seen.frozen.policy.units.get("level")
    kind = seen.values.get("household_type")
    if kind is not None:
        rows.append((text("Type", lang), words.said(kind, level, lang)))
    monitored = seen.values.get("monitored")
    if monitored is not None:
        told = text("monitored", lang) if monitored else text("not monitored", lang)
        rows.append((text("Register", lang), told))
    return rows


def _told(seen: Seen) -> list[Document]:
    """The latest decisions, and the one that is shown wherever it stands."""
    return [
        each
        for place, each in enumerate(seen.kept)
        if place < SHOWN or (seen.decision is not None and each["id"] == seen.decision["id"])
    ]


def _score(seen: Seen, lang: str) -> Score | None:
    found = chart.moments(seen, lang)[-DRAWN:]
    asked = chart.of(seen)
    if not found or asked is None:
        return None
    scored = sum(moment.probability is not None for moment in found)
    numbered = chart.events(found, lang)
    drawn = len(found) > 1 and scored > 0
    sizes = (chart.WIDE, chart.NARROW, chart.LEAST) if drawn else ()
    return Score(
        months=asked[1],
        drawings=[chart.draw(found, numbered, width, lang) for width in sizes],
        events=numbered if drawn else [],
        rows=[
            ChartRow(
                moment.day,
                moment.probability,
                moment.tier,
                [(tier, moment.floors[tier]) for tier in ("orange", "yellow") if tier in moment.floors],
                moment.bundle,
            )
            for moment in reversed(found)
        ],
        gaps=drawn and scored < len(found),
    )


def _list_row(standing: Standing, lang: str) -> ListRow:
    check = standing.line_raised_by == "check"
    raised = ""
    if standing.line_raised_by and not check:
        raised = {
            "rule": text("a rule", lang),
            "both": text("a rule and the score", lang),
            "score": text("the score", lang),
            "unknown": text("data is missing", lang),
        }.get(standing.line_raised_by, standing.line_raised_by)
    return ListRow(
        list=standing.list,
        period=standing.period,
        as_of=standing.as_of,
        rank=standing.rank,
        planned=standing.planned,
        tier="check" if check else standing.line_tier or "none",
        raised=raised,
        # Whoever visits a check is not told what the model thought of it.
        probability=None if check else standing.probability,
        at_risk=standing.at_risk,
    )


def _decision_row(document: Document, seen: Seen, list_: str | None, lang: str) -> DecisionRow:
    months = document["tier_horizon"]
    return DecisionRow(
        id=document["id"],
        as_of=date.fromisoformat(document["as_of"]),
        tier=document["tier"],
        raised=raised_said(document["raised_by"], len(document["rules"]), lang),
        probability=next((h["probability"] for h in document["horizons"] if h["months"] == months), None),
        months=months,
        reason=main_reason(document, seen, lang),
        model=document["bundle"],
        address=address(seen.household, decision=document["id"], list=list_),
        shown=seen.decision is not None and document["id"] == seen.decision["id"],
        current=document["id"] == seen.current,
    )


def main_reason(document: Document, seen: Seen, lang: str) -> str:
    """The code of the gravest rule, else of the strongest reason."""
    rules = seen.frozen.policy.rules if seen.frozen else {}
    hits: Sequence[str] = [
        hit["id"]
        for hit in sorted(document["rules"], key=lambda hit: -SEVERITY[hit["min_tier"]])
        if hit["id"] in rules
    ]
    if hits:
        return group_said(rules[hits[0]].group, lang)
    return group_said(document["reasons"][0]["group"], lang) if document["reasons"] else "—"
