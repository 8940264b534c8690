"""The pages of fairness, drift and capacity, from a bundle's documents: pure functions, one language at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from features.wording import N_, text
from serving.champion import charts, said
from serving.champion.evidence import Evidence
from serving.champion.said import Figure, Verdict
from serving.scope import Scope
from serving.web.formats import NOTHING, number

POLICIES = (
    ("both", N_("As a list is issued: rules, then score"), "challenger"),
    ("score", N_("By score alone"), "champion"),
    ("rules", N_("By the rules alone"), "rival"),
)
# What fairness is judged by; an attribute that the home does not have is named as left out.
ATTRIBUTES = {
    "head_sex": N_("Sex of the head"),
    "elderly_only": N_("Only members of 60 and over"),
    "disabled_member": N_("A member with a disability certificate"),
    "head_ethnicity": N_("Ethnic group of the head"),
    "remote": N_("Remote: the quarter farthest from the road"),
    "relocated": N_("Relocated household"),
    "data_poor": N_("Poor in data: the tenth with the most unknown"),
}
MOVED_OF = {
    "values": N_("values"),
    "missing": N_("missing"),
    "both": N_("values and missing"),
}


@dataclass(frozen=True)
class GroupRow:
    """A group of households: whom the visits miss (exclusion), and who is visited without need (inclusion)."""

    group: str
    rows: int
    events: int
    exclusion: Figure
    inclusion: Figure
    difference: Figure
    drawn: charts.Interval | None
    verdict: Verdict


@dataclass(frozen=True)
class Fairness:
    """Groups by attribute, in the document's order."""

    verdict: Verdict
    visits_share: float
    rows: int
    events: int
    axis: charts.Axis
    attributes: Sequence[tuple[str, Sequence[GroupRow]]]
    left_out: Sequence[str]
    least_events: int
    least_quiet: int
    judged: bool


@dataclass(frozen=True)
class DriftRow:
    name: str
    column: str
    effect: Figure
    drawn: charts.Interval | None
    missing_then: float | None
    missing_now: float | None
    of: str
    verdict: Verdict


@dataclass(frozen=True)
class Drift:
    """Inputs that moved or that cannot be judged, with their plots, and the steady ones, folded."""

    as_of: date
    households: int
    counts: Mapping[str, int]
    note: str
    axis: charts.Axis
    told: Sequence[DriftRow]
    steady: Sequence[DriftRow]


@dataclass(frozen=True)
class PolicyRow:
    policy: str
    visits: int
    in_need: int
    precision: Figure
    recall: Figure
    finds: int
    no_rule_finds: int
    lead: str


@dataclass(frozen=True)
class ShareRows:
    """One number of visits, filled in three ways."""

    share: float
    visits_a_day: float
    rows: Sequence[PolicyRow]


@dataclass(frozen=True)
class FloorRow:
    tier: str | None
    floor: float
    a_day: float
    precision: Figure
    recall: Figure
    finds: int
    no_rule_finds: int
    lead: str


@dataclass(frozen=True)
class Capacity:
    """One area of the document, of those that may be seen (``areas``: code and chosen or not)."""

    area: str
    areas: Sequence[str]
    population: float
    rows: int
    events: int
    cases: int
    days: int
    lists: int
    drawings: Sequence[charts.Plot]
    shares: Sequence[ShareRows]
    floors: Sequence[FloorRow]


def fairness(seen: Evidence, lang: str) -> Fairness | None:
    """None where the bundle was not judged for fairness."""
    document = seen.found.get("fairness")
    if not document:
        return None
    groups = document["groups"]
    figures = [said.figure(each["exclusion"], 3, lang, share=True) for each in groups]
    axis, drawn = charts.intervals(
        [("rival" if each["verdict"] == "fine" else "champion", figure.at) if figure.at else None
         for each, figure in zip(groups, figures, strict=True)],
        None,
        charts.ROW_WIDE,
        zero=True,
        share=True,
    )  # fmt: skip
    attributes: dict[str, list[GroupRow]] = {}
    for each, exclusion, interval in zip(groups, figures, drawn, strict=True):
        apart = each.get("difference")
        row = GroupRow(
            each["group_name"][lang],
            each["rows"],
            each["events"],
            exclusion,
            said.figure(each["inclusion"], 3, lang, share=True),
            _points(apart),
            interval,
            said.verdict(each["verdict"], lang),
        )
        attributes.setdefault(each["name"][lang], []).append(row)
    limit = document.get("limit") or {}
    return Fairness(
        said.verdict(document["verdict"], lang),
        document["visits_share"],
        document["rows"],
        document["events"],
        axis,
        list(attributes.items()),
        [
            text(ATTRIBUTES[name], lang) if name in ATTRIBUTES else name
            for name in document.get("left_out", ())
        ],
        limit.get("events", 30),
        limit.get("quiet", 100),
        any(each["verdict"] != "not_enough_evidence" for each in groups),
    )


def _points(apart: Mapping[str, Any] | None) -> Figure:
    """A difference of shares, in points."""
    if not apart or apart.get("value") is None:
        return Figure(NOTHING, "")
    value, low, high = (100 * float(apart[key]) for key in ("value", "low", "high"))
    return Figure(said.plus(value, 1), f"[{said.plus(low, 1)}, {said.plus(high, 1)}]")


def drift(seen: Evidence, lang: str) -> Drift | None:
    """None where the inputs were not compared."""
    document = seen.found.get("drift")
    if not document:
        return None
    columns = document["columns"]
    told = [each for each in columns if each["verdict"] != "steady"]
    figures = [_effect(each, lang) for each in told]
    axis, drawn = charts.intervals(
        [("champion", figure.at) if figure.at else None for figure in figures],
        document.get("least_effect"),
        charts.ROW_WIDE,
        zero=True,
    )
    return Drift(
        date.fromisoformat(document["as_of"]),
        document["households"],
        document["counts"],
        document["note"][lang],
        axis,
        [_drift_row(each, f, interval, lang) for each, f, interval in zip(told, figures, drawn, strict=True)],
        [_drift_row(e, _effect(e, lang), None, lang) for e in columns if e["verdict"] == "steady"],
    )


def _effect(each: Mapping[str, Any], lang: str) -> Figure:
    return said.figure({"value": each["effect"], "low": each["low"], "high": each["high"]}, 3, lang)


def _drift_row(each: Mapping[str, Any], effect: Figure, drawn: charts.Interval | None, lang: str) -> DriftRow:
    of = each.get("of")
    return DriftRow(
        each["name"][lang],
        each["column"],
        effect,
        drawn,
        each["missing_then"],
        each["missing_now"],
        text(MOVED_OF[of], lang) if of in MOVED_OF else NOTHING,
        said.verdict(each["verdict"], lang),
    )


def capacity(seen: Evidence, area: str | None, scope: Scope, lang: str) -> Capacity | None:
    """What each number of visits would have found, in ``area`` or the widest that ``scope`` holds."""
    document = seen.found.get("capacity")
    found = {each["area"]: each for each in (document or {}).get("areas", ())}
    seen_areas = [name for name in found if (scope.whole if name == "/" else scope.holds(name))]
    if not seen_areas:
        return None
    chosen = area if area is not None and area in seen_areas else seen_areas[0]
    each = found[chosen]
    curves = []
    for policy, _, mark in POLICIES:
        points: list[tuple[float, float, float | None, float | None]] = [
            (share["share"], share["policies"][policy]["recall"]["value"], None, None)
            for share in each["shares"]
            if share["policies"][policy]["recall"]
        ]
        if points:
            curves.append(charts.Curve(mark, points))
    drawings = [charts.plot(curves, width) for width in (charts.WIDE, charts.NARROW)] if curves else []
    return Capacity(
        chosen,
        seen_areas,
        each["population"],
        each["rows"],
        each["events"],
        each["cases"],
        each["days"],
        each["lists"],
        drawings,
        [_share(share, lang) for share in each["shares"]],
        [
            FloorRow(
                floor["tier"],
                floor["floor"],
                floor["households_a_day"],
                said.figure(floor["precision"], 3, lang, share=True),
                said.figure(floor["recall"], 3, lang, share=True),
                floor["finds"],
                floor["no_rule_finds"],
                _lead(floor["lead_months"]),
            )
            for floor in sorted(each["floors"], key=lambda f: -f["floor"])
        ],
    )


def _share(share: Mapping[str, Any], lang: str) -> ShareRows:
    rows = []
    for policy, name, _ in POLICIES:
        of = share["policies"][policy]
        rows.append(
            PolicyRow(
                text(name, lang),
                of["visits"],
                of["in_need"],
                said.figure(of["precision"], 3, lang, share=True),
                said.figure(of["recall"], 3, lang, share=True),
                of["finds"],
                of["no_rule_finds"],
                _lead(of["lead_months"]),
            )
        )
    return ShareRows(share["share"], share["visits_a_day"], rows)


def _lead(lead: Mapping[str, Any] | None) -> str:
    """Median months of lead with its quartiles."""
    if not lead:
        return NOTHING
    return f"{number(lead['median'], 1)} ({number(lead['q1'], 1)}–{number(lead['q3'], 1)})"
