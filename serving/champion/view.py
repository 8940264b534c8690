"""The page of promotion, from what was read of the bundles: pure functions, one language at a time.

A part that a bundle's evidence does not hold is None, and the page says that it is not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from features.wording import N_, text
from serving.champion import charts, said
from serving.champion.evidence import Evidence
from serving.champion.gate import Verdict as Judged
from serving.champion.said import METRICS, OURS, Figure, Verdict
from serving.scope import Scope
from serving.web.formats import number

CHAMPION, CHALLENGER, RIVAL = "champion", "challenger", "rival"
# Households whose tier changes that the page tells of; the document holds more.
SHOWN = 12
TIERS = ("red", "orange", "yellow", "blue", "none")
# The share of a list that is ringed in precision and recall.
RINGED = 0.10
BASES = {
    "served": N_(
        "The champion as it stands, on days from which it learned nothing; the challenger refitted as of then."
    ),
    "recipe": N_("Both by their own backtests, on the blocks of days that both were tested on."),
}


@dataclass(frozen=True)
class Face:
    """One of the two models, as it stands at the top of the page."""

    mark: str
    sha: str
    until: date | None
    first_day: date | None
    last_day: date | None
    rows: int | None
    events: int | None
    households: int | None
    columns: int
    added: int | None
    dropped: int | None
    since: datetime | None
    by: str
    reason: str
    gate: str
    damaged: Sequence[str]
    shuffled: bool


@dataclass(frozen=True)
class BacktestRow:
    """One model of the backtest: its interval on the common axis, and its five figures."""

    mark: str
    name: str
    basis: str
    drawn: charts.Interval | None
    figures: Sequence[tuple[str, Figure]]
    applies: bool


@dataclass(frozen=True)
class Backtest:
    """The interval plot with its table; ``axis`` holds the champion's dashed line."""

    axis: charts.Axis
    rows: Sequence[BacktestRow]
    other: bool


@dataclass(frozen=True)
class Pair:
    metric: str
    champion: str
    challenger: str
    difference: Figure


@dataclass(frozen=True)
class Side:
    """The paired comparison on the same household-days, by one of its two bases."""

    basis: str
    rows: int
    events: int
    households: int
    days: Sequence[str]
    pairs: Sequence[Pair]
    counts: bool


@dataclass(frozen=True)
class Curves:
    """A chart drawn for each width, and the same figures in a table by model."""

    drawings: Sequence[charts.Plot]
    tables: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]
    notes: Sequence[str]


@dataclass(frozen=True)
class GateRow:
    requirement: str
    limit: str
    result: str
    verdict: Verdict


@dataclass(frozen=True)
class Gate:
    """The requirements as judged now; ``verdict`` is the gravest, ``counts`` say how many passed and did not."""

    rows: Sequence[GateRow]
    verdict: str
    passed: int
    explain: Sequence[GateRow]
    failed: Sequence[GateRow]
    findings: Sequence[str]


@dataclass(frozen=True)
class Mover:
    household: str
    area: str
    before: str
    after: str
    probability_before: float | None
    probability_after: float | None
    why: str


@dataclass(frozen=True)
class Movers:
    """Whose tier would change: a matrix from the champion's tier to the challenger's, and the largest changes."""

    as_of: date
    population: int
    changed: int
    up: int
    down: int
    tiers: Sequence[str]
    matrix: Sequence[tuple[str, Sequence[int]]]
    rows: Sequence[Mover]


def face(seen: Evidence, mark: str, record: Mapping[str, Any] | None, other: Evidence | None) -> Face:
    """How one model presents itself; ``other`` is the champion beside which inputs are counted."""
    known = seen.fingerprint
    record = record or {}
    added = dropped = None
    if other is not None:
        added = len(set(seen.columns) - set(other.columns))
        dropped = len(set(other.columns) - set(seen.columns))

    def day(name: str) -> date | None:
        return date.fromisoformat(known[name]) if known.get(name) else None

    return Face(
        mark=mark,
        sha=seen.model_sha256,
        until=seen.until,
        first_day=day("first_day"),
        last_day=day("last_day"),
        rows=known.get("rows_at_risk", known.get("rows")),
        events=known.get("events"),
        households=known.get("households"),
        columns=len(seen.columns),
        added=added,
        dropped=dropped,
        since=record.get("at"),
        by=record.get("by", ""),
        reason=record.get("reason", ""),
        gate=record.get("gate", ""),
        damaged=seen.damaged,
        shuffled=bool(known.get("shuffled")),
    )


def backtest(champion: Evidence | None, challenger: Evidence | None, lang: str) -> Backtest | None:
    """Challenger, champion, then the rivals of the challenger's backtest; None where neither was tested."""
    first = challenger or champion
    if first is None or first.evaluation is None:
        return None
    told: list[tuple[str, str, str, Mapping[str, Any]]] = []
    reference = None
    if challenger is not None:
        own = _ours(challenger)
        told.append((CHALLENGER, text("Challenger {model}", lang, model=said.short(challenger.model_sha256)),
                     _basis(challenger, lang), own or {}))  # fmt: skip
    if champion is not None:
        own = _ours(champion)
        told.append((CHAMPION, text("Champion {model}", lang, model=said.short(champion.model_sha256)),
                     _basis(champion, lang), own or {}))  # fmt: skip
        reference = ((own or {}).get("ap") or {}).get("value")
    rivals = [each for each in first.evaluation["models"] if each["model"] != OURS]
    rivals.sort(key=lambda each: -((each.get("ap") or {}).get("value") or -1.0))
    told += [(RIVAL, said.model(each["model"], lang), "", each) for each in rivals]
    figures = [
        [(text(name, lang), said.figure(each.get(metric), digits, lang)) for metric, name, digits in METRICS]
        for _, _, _, each in told
    ]
    drawn_from = [
        (mark, cells[0][1].at) if cells[0][1].at else None
        for (mark, _, _, _), cells in zip(told, figures, strict=True)
    ]
    axis, drawn = charts.intervals(drawn_from, reference, charts.ROW_WIDE)
    rows = [
        BacktestRow(mark, name, basis, interval, cells, cells[0][1].at is not None or bool(each.get("ap")))
        for (mark, name, basis, each), cells, interval in zip(told, figures, drawn, strict=True)
    ]
    return Backtest(axis, rows, champion is not None and challenger is not None)


def _ours(seen: Evidence) -> Mapping[str, Any] | None:
    models = (seen.evaluation or {}).get("models", ())
    return next((each for each in models if each["model"] == OURS), None)


def _basis(seen: Evidence, lang: str) -> str:
    judged = seen.evaluation
    if judged is None:
        return text("not judged: the bundle holds no backtest", lang)
    return text(
        "{events} events in {rows}", lang, events=number(judged["events"]), rows=number(judged["rows"])
    )


def sides(challenger: Evidence | None, champion: Evidence | None, lang: str) -> list[Side]:
    """The paired comparisons that hold figures, the one that counts first; none without a comparison."""
    document = (challenger.found.get("comparison") if challenger else None) or {}
    if champion is None or document.get("champion") != champion.model_sha256:
        return []
    return [
        Side(
            text(BASES[view["basis"]], lang) if view["basis"] in BASES else view["basis"],
            view["rows"],
            view["events"],
            view["households"],
            view["days"] or (),
            [
                Pair(
                    text(name, lang),
                    number(pair["champion"], digits),
                    number(pair["challenger"], digits),
                    said.difference(pair, digits),
                )
                for metric, name, digits in METRICS
                for pair in view["metrics"]
                if pair["metric"] == metric
            ],
            view["basis"] == document.get("basis"),
        )
        for view in document.get("views", ())
    ]


def reliability(champion: Evidence | None, challenger: Evidence | None, lang: str) -> Curves | None:
    """Observed over foretold, with intervals; both models on one axis, each by its own backtest."""
    curves, tables, notes = [], [], []
    for mark, seen in ((CHAMPION, champion), (CHALLENGER, challenger)):
        document = seen.found.get("reliability") if seen else None
        if seen is None or not document or not document.get("bins"):
            continue
        bins = [each for each in document["bins"] if each["rows"]]
        curves.append(
            charts.Curve(
                mark,
                [(b["mean"], b["observed"], b["observed_low"], b["observed_high"]) for b in bins],
            )
        )
        name = _called(mark, seen, lang)
        tables.append((name, bins))
        slope, ece = (
            said.figure(document.get(key), digits, lang) for key, digits in (("slope", 2), ("ece", 3))
        )
        notes.append(
            text(
                "{model}: slope {slope} {slope_interval}, expected error {ece} {ece_interval}; {events} events",
                lang,
                model=name,
                slope=slope.value,
                slope_interval=slope.interval,
                ece=ece.value,
                ece_interval=ece.interval,
                events=number(document["events"]),
            )
        )
    if not curves:
        return None
    drawings = [charts.plot(curves, width, ideal=True) for width in (charts.WIDE, charts.NARROW)]
    return Curves(drawings, tables, notes)


def precision_recall(champion: Evidence | None, challenger: Evidence | None, lang: str) -> Curves | None:
    """Precision over recall for lists of growing length; the list of a tenth is ringed."""
    curves, tables, level = [], [], None
    for mark, seen in ((CHAMPION, champion), (CHALLENGER, challenger)):
        document = seen.found.get("precision_recall") if seen else None
        own = next((m for m in (document or {}).get("models", ()) if m["model"] == OURS), None)
        if seen is None or document is None or own is None or not own["points"]:
            continue
        points = own["points"]
        ringed = [n for n, p in enumerate(points) if abs(p["share"] - RINGED) < 1e-9]
        curves.append(
            charts.Curve(mark, [(p["recall"], p["precision"], None, None) for p in points], False, ringed)
        )
        level = document["events"] / document["rows"] if document.get("rows") else None
        tables.append((_called(mark, seen, lang), points))
    if not curves:
        return None
    notes = [text("Without any model: {share}", lang, share=f"{number(100 * level, 1)}%")] if level else []
    drawings = [charts.plot(curves, width, level=level, xmax=1.0) for width in (charts.WIDE, charts.NARROW)]
    return Curves(drawings, tables, notes)


def _called(mark: str, seen: Evidence, lang: str) -> str:
    model = said.short(seen.model_sha256)
    if mark == CHAMPION:
        return text("Champion {model}", lang, model=model)
    return text("Challenger {model}", lang, model=model)


def gate(judged: Judged, lang: str) -> Gate:
    """The gate's table in one language."""
    rows = [
        GateRow(
            each["requirement"][lang],
            each["limit"][lang],
            each["result"][lang],
            said.verdict(each["verdict"], lang),
        )
        for each in judged.gate
    ]
    named = [each["verdict"] for each in judged.gate]

    def of(name: str) -> list[GateRow]:
        return [row for row, verdict in zip(rows, named, strict=True) if verdict == name]

    findings = [] if judged.gate else [finding[lang] for finding in judged.findings]
    return Gate(rows, judged.verdict, named.count("pass"), of("explain"), of("fail"), findings)


def movers(challenger: Evidence | None, champion: Evidence | None, scope: Scope, lang: str) -> Movers | None:
    """Whose tier would change, of the households in ``scope``; None where the two were not compared."""
    document = (challenger.found.get("comparison") if challenger else None) or {}
    changes = document.get("tier_changes")
    if champion is None or document.get("champion") != champion.model_sha256 or not changes:
        return None
    if not changes.get("population"):
        return None
    here = [each for each in changes.get("why", ()) if scope.holds(each["area"])]
    return Movers(
        date.fromisoformat(changes["as_of"]),
        changes["population"],
        changes["changed"],
        changes["up"],
        changes["down"],
        TIERS,
        [(tier, [changes["matrix"].get(tier, {}).get(to, 0) for to in TIERS]) for tier in TIERS],
        [
            Mover(
                each["household"],
                each["area"],
                each["from"],
                each["to"],
                each.get("probability_from"),
                each.get("probability_to"),
                each["reasons"][0]["sentence"][lang] if each.get("reasons") else "",
            )
            for each in here[:SHOWN]
        ],
    )
