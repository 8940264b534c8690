"""The verdict: what to do, how probable, and where the household stands, from a decision document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from features.wording import N_, text
from models.judgement.tiers import SEVERITY
from serving.households import words
from serving.households.records import Declared, Document, Seen, Standing
from serving.snapshots.frozen import Frozen

# The scale of the bars: to a half, or to the whole where a half is not enough; pixels.
HALF, WHOLE, BAR = 0.5, 1.0, 116
# What is said of 100 households like this one. What an outcome is called by its mapping is no verb; these are.
_NATURAL = {
    ("needs_help", "by"): N_("Of 100 households like this one, about {n} will need help within {months} months."),
    ("relapse", "by"): N_("Of 100 households like this one, about {n} will fall back within {months} months."),
    ("falls", "at"): N_("Of 100 households like this one, about {n} will be below the line in {months} months."),
}  # fmt: skip
_ANY = {
    "by": N_("Of 100 households like this one, about {n} will come to “{outcome}” within {months} months."),
    "at": N_("Of 100 households like this one, about {n} will be at “{outcome}” in {months} months."),
}
_RAISED = {
    "score": N_("the score"),
    "unknown": N_("data is missing"),
    "none": N_("nothing"),
}
GUARANTEES = {
    "guarantee_schooling_fails": N_("compulsory schooling"),
    "guarantee_medical_fails": N_("basic medical care"),
    "guarantee_housing_fails": N_("safe housing"),
    "guarantee_water_fails": N_("safe drinking water"),
}


@dataclass(frozen=True)
class Horizon:
    """One probability: label, figure, and a bar in pixels; the tier horizon has the ticks of the floors."""

    label: str
    probability: float
    width: float
    main: bool
    ticks: list[tuple[str, float]]


@dataclass(frozen=True)
class Verdict:
    """The three cells. ``instead`` says why there is no probability."""

    tier: str
    because: str
    due: date | None
    days: int | None
    planned: bool | None
    check: bool
    raised: str
    horizons: list[Horizon]
    scale: int
    natural: str
    floors: list[tuple[str, float]]
    instead: str
    standing: list[tuple[str, str]]


def verdict(seen: Seen, document: Document, frozen: Frozen, lang: str) -> Verdict:
    """The verdict of the shown decision."""
    days, due = _due(document, frozen)
    standing = on_list(seen, document)
    horizons, scale = _horizons(document, lang)
    return Verdict(
        tier=document["tier"],
        because=_because(document, frozen, lang),
        due=due,
        days=days,
        planned=standing.planned if standing and standing.listed else None,
        check=standing is not None and standing.line_raised_by == "check",
        raised=raised_said(document["raised_by"], len(document["rules"]), lang),
        horizons=horizons,
        scale=round(scale * 100),
        natural=_natural(document, seen.declared, lang),
        floors=[
            (tier, document["floors"][tier]) for tier in ("orange", "yellow") if tier in document["floors"]
        ],
        instead="" if horizons else _instead(document, seen, frozen, lang),
        standing=_standing(document, seen.values, frozen, lang),
    )


def _because(document: Document, frozen: Frozen, lang: str) -> str:
    """In one sentence what brings somebody to the door: the gravest rule, else the strongest reason."""
    hits = sorted(document["rules"], key=lambda hit: -SEVERITY[hit["min_tier"]])
    for hit in hits:
        if hit["id"] in frozen.policy.rules:
            told = frozen.policy.rules[hit["id"]].sentence[lang]
            return words.sentence(words.tidy(words.without_request(told, lang), lang), lang)
    if document["tier"] == "none" or not document["reasons"]:
        return ""
    told = words.without_norm(document["reasons"][0]["sentence"][lang], lang)
    return words.sentence(words.tidy(words.without_request(told, lang), lang), lang)


def on_list(seen: Seen, document: Document) -> Standing | None:
    """The latest list that was made of the same judgement."""
    for standing in seen.stood:
        same = (standing.as_of.isoformat(), standing.bundle, standing.parameters)
        if same == (document["as_of"], document["bundle"], document["parameters"]):
            return standing
    return None


def raised_said(raised_by: str, rules: int, lang: str) -> str:
    """What raised a tier, in words."""
    one = text("1 rule", lang) if rules == 1 else text("{n} rules", lang, n=rules)
    if raised_by == "rule":
        return one
    if raised_by == "both":
        return text("{rules} and the score", lang, rules=one)
    return text(_RAISED.get(raised_by, _RAISED["none"]), lang)


def _due(document: Document, frozen: Frozen) -> tuple[int | None, date | None]:
    """The earliest deadline: of the rules that hit, and of the tier that the score raised."""
    policy, as_of = frozen.policy, date.fromisoformat(document["as_of"])
    parameters = {policy.rules[hit["id"]].days for hit in document["rules"] if hit["id"] in policy.rules}
    if document["raised_by"] in ("score", "both"):
        parameters.add(f"visit_days_{document['tier']}")
    found = [
        int(days)
        for parameter in parameters & policy.parameters.ids()
        if (days := policy.parameters.value(parameter, as_of, document["area"])) is not None
    ]
    return (min(found), as_of + timedelta(days=min(found))) if found else (None, None)


def _horizons(document: Document, lang: str) -> tuple[list[Horizon], float]:
    known = [(h["months"], h["probability"]) for h in document["horizons"] if h["probability"] is not None]
    scale = HALF if max((p for _, p in known), default=0.0) <= HALF else WHOLE
    within = N_("within {n} months") if document["kind"] == "by" else N_("in {n} months")
    made = []
    for months, probability in known:
        main = months == document["tier_horizon"]
        floors = document["floors"] if main else {}
        ticks = [(tier, _pixels(floors[tier], scale)) for tier in ("orange",) if tier in floors]
        made.append(
            Horizon(
                text(within, lang, n=months),
                probability,
                _pixels(probability, scale),
                main,
                [(tier, x) for tier, x in ticks if x <= BAR],
            )
        )
    return made, scale


def _pixels(probability: float, scale: float) -> float:
    return round(max(probability / scale * BAR, 1.0), 1)


def natural_count(probability: float) -> str:
    """How many of a hundred, never none and never all.

    >>> natural_count(0.263), natural_count(0.002), natural_count(0.998)
    ('26', '<1', '>99')
    """
    return "<1" if probability < 0.005 else ">99" if probability > 0.995 else str(round(probability * 100))


def _natural(document: Document, declared: Declared, lang: str) -> str:
    months = document["tier_horizon"]
    probability = next((h["probability"] for h in document["horizons"] if h["months"] == months), None)
    if probability is None:
        return ""
    outcome, kind = document["outcome"], document["kind"]
    named = declared.outcomes.get(outcome)
    return text(
        _NATURAL.get((outcome, kind)) or _ANY[kind],
        lang,
        n={"<1": text("fewer than 1", lang), ">99": text("more than 99", lang)}.get(
            natural_count(probability), natural_count(probability)
        ),
        months=months,
        outcome=named[lang] if named else outcome,
    )


def _instead(document: Document, seen: Seen, frozen: Frozen, lang: str) -> str:
    """Why there is no probability: what already holds, or for whom the outcome is not meant."""
    outcome = document["outcome"]
    named = seen.declared.outcomes.get(outcome)
    called = named[lang] if named else outcome
    holds = [
        frozen.meanings[column].name[lang]
        for column in seen.declared.components.get(outcome, ())
        if seen.values.get(column) is True and column in frozen.meanings
    ]
    if holds:
        return text(
            "No probability: the household is already at “{outcome}” ({which}). Nothing is left to predict; the "
            "tier comes from the rules.",
            lang,
            outcome=called,
            which=words.enumerated(holds, lang),
        )
    given = frozen.meanings.get(seen.declared.given.get(outcome, ""))
    if given is not None and seen.values.get(given.column) is False:
        return text(
            "No probability: “{outcome}” is asked only of households for whom this holds: {which}.",
            lang,
            outcome=called,
            which=given.name[lang],
        )
    return text(
        "No probability: the household is already at “{outcome}”. Nothing is left to predict; the tier comes from "
        "the rules.",
        lang,
        outcome=called,
    )


def _standing(
    document: Document, values: Mapping[str, Any], frozen: Frozen, lang: str
) -> list[tuple[str, str]]:
    """Income against the line, guarantees, and how old the sources are."""
    rows = [(text("Income per person", lang), _income(document, values, frozen, lang))]
    if document["line"]:
        rows.append((text("Line", lang), _line(document["line"], frozen, lang)))
    after = values.get("income_after_self_paid")
    if after is not None and document["line"] and values.get("income_12m") not in (None, after):
        told = _over(after, document["line"], frozen, lang)
        rows.insert(1, (text("After medical costs", lang), told))
    guarantees = _guarantees(values, lang)
    if guarantees:
        rows.append((text("Guarantees and water", lang), guarantees))
    days = [source["known_at"] for source in document["sources"]]
    if days:
        told = text("latest {last}, oldest {first}", lang, last=max(days), first=min(days))
        rows.append((text("Data arrived", lang), told))
    return rows


def _income(document: Document, values: Mapping[str, Any], frozen: Frozen, lang: str) -> str:
    income, line = values.get("income_12m"), document["line"]
    units = frozen.policy.units
    # The line counts by the person and year; a panel's wave is told as a part of its own line.
    if income is not None and line and line["unit"] == "yuan_per_person_year":
        return _over(income, line, frozen, lang)
    for column in ("income_12m_log", "welfare_log", "welfare_log_before"):
        if values.get(column) is not None:
            return words.said(values[column], units.get("log_ratio"), lang)
    return text("not known", lang)


def _over(income: float, line: Mapping[str, Any], frozen: Frozen, lang: str) -> str:
    """Yuan a year, and how far above or below the line."""
    yuan, apart = frozen.policy.units.get("yuan"), income - line["value"]
    told = text("{income} a year", lang, income=words.said(income, yuan, lang))
    over, under = N_("{income}, {gap} above the line"), N_("{income}, {gap} below the line")
    return text(over if apart >= 0 else under, lang, income=told, gap=words.said(abs(apart), yuan, lang))


def _line(line: Mapping[str, Any], frozen: Frozen, lang: str) -> str:
    value = words.said(line["value"], frozen.policy.units.get(line["unit"]), lang)
    return text("{value}, since {day}", lang, value=value, day=line["valid_from"])


def _guarantees(values: Mapping[str, Any], lang: str) -> str:
    there = [column for column in GUARANTEES if column in values]
    fails = [text(GUARANTEES[column], lang) for column in there if values[column] is True]
    silent = [text(GUARANTEES[column], lang) for column in there if values[column] is None]
    if not there or len(silent) == len(there):
        return ""
    told = []
    if fails:
        told.append(text("not met: {which}", lang, which=words.enumerated(fails, lang)))
    if silent:
        told.append(text("not known: {which}", lang, which=words.enumerated(silent, lang)))
    if not told:
        return text("all hold", lang)
    return ("；" if lang == "zh" else "; ").join(told)
