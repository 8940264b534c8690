"""The answers that deserve their own shape on paper: a list, a decision, a household, a record of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commands.capacity_paper import draw_capacity
from commands.promotion_paper import draw_promotion, draw_promotions
from commands.tables import cell, label, pairs, rows_table
from features.wording import N_, text

TIERS = {
    "red": N_("red"),
    "orange": N_("orange"),
    "yellow": N_("yellow"),
    "blue": N_("blue"),
    "none": N_("no tier"),
}
STYLES = {"red": "bold red", "orange": "dark_orange", "yellow": "yellow", "blue": "blue"}
RAISED_BY = {
    "rule": N_("rule"),
    "score": N_("score"),
    "both": N_("rule and score"),
    "check": N_("random check"),
    "unknown": N_("not known"),
    "none": N_("nothing"),
}
SYNTHETIC = N_("Synthetic data: no household of this home exists.")
# A pseudonym is 64 digits; this many tell households apart on paper, and every verb that takes one says so.
SHORT = 12
# Reasons on a line; the decision has them all.
REASONS_ON_A_LINE = 3
# Planned visits of a township on paper, beside those by score and the checks; --json and --csv have them all.
LINES_OF_A_TOWNSHIP = 8


def _tier(tier: str, lang: str) -> str:
    shown = text(TIERS[tier], lang)
    return f"[{STYLES[tier]}]{shown}[/]" if tier in STYLES else shown


def _percent(probability: float | None) -> str:
    return "–" if probability is None else f"{100 * probability:.1f} %"


def draw_list(document: Any, lang: str, out: Console) -> None:
    """A list: what it stands on, then each township's planned visits, its capacity line and how many follow."""
    from features.policy.vocabulary import units

    out.print(text(N_("Visiting list {list}"), lang, list=document.list[:SHORT]), style="bold")
    if document.synthetic:
        out.print(text(SYNTHETIC, lang), style="italic")
    head: dict[str, Any] = {
        "area": document.area,
        "period": document.period,
        "as_of": document.as_of.isoformat(),
    }
    head |= {"snapshot": document.snapshot, "bundle": document.bundle}
    if document.line is not None:
        head["line"] = (
            f"{units()[document.line.unit].say(document.line.value)[lang]} ({document.line.source})"
        )
    out.print(pairs(head, lang))
    tiers = [line.tier for line in document.lines]
    out.print(", ".join(f"{_tier(t, lang)} {tiers.count(t)}" for t in TIERS if t in tiers))
    for township, grouped in groupby(
        document.lines, key=lambda line: _township(line.area, document.capacity)
    ):
        lines = list(grouped)
        planned = [line for line in lines if line.planned]
        out.print()
        out.print(f"[bold]{escape(township)}[/] · {_plan(document.capacity.get(township), lang)}")
        # The first by rank; of the rest, those that the score alone raised, and the random checks.
        by_score = ("score", "check")
        shown = [n for n, line in enumerate(planned) if n < LINES_OF_A_TOWNSHIP or line.raised_by in by_score]
        out.print(_visits([planned[n] for n in shown], township, lang))
        if len(planned) > len(shown):
            more = len(planned) - len(shown)
            out.print(
                text(N_("and {n} more planned visits (all of them: --json or --csv)"), lang, n=more),
                style="dim",
            )
        out.print(text(N_("capacity line; below it: {n}"), lang, n=len(lines) - len(planned)), style="dim")


def _plan(capacity: Any, lang: str) -> str:
    """What a township plans, and how it is filled."""
    if capacity is None:
        return ""
    said = N_("visits {visits}, planned: by rule {rule}, by score {score}, random checks {check}")
    return text(said, lang, **capacity.model_dump())


def _visits(lines: list[Any], township: str, lang: str) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold", expand=True)
    table.add_column("#", justify="right", no_wrap=True)
    for msgid in (N_("Household"), N_("Area"), N_("Tier"), N_("Raised by"), N_("Probability")):
        table.add_column(text(msgid, lang), no_wrap=True)
    table.add_column(text(N_("Reasons"), lang), ratio=1)
    for line in lines:
        reasons = [getattr(reason.sentence, lang) for reason in line.reasons[:REASONS_ON_A_LINE]]
        table.add_row(
            str(line.rank),
            line.household[:SHORT],
            escape(line.area.removeprefix(township).lstrip("/")),
            _tier(line.tier, lang) if line.raised_by != "check" else "–",
            text(RAISED_BY[line.raised_by], lang),
            _percent(line.probability),
            escape("\n".join(reasons)),
        )
    return table


def _township(area: str, capacity: dict[str, Any]) -> str:
    """The area that plans the visits of a household's area."""
    held = [code for code in capacity if area == code or area.startswith(f"{code}/")]
    return max(held, key=len, default=area)


def draw_decision(document: Any, lang: str, out: Console) -> None:
    """A decision: tier and probabilities, then what raises, what lowers, what is not known."""
    out.print(text(N_("Decision {decision}"), lang, decision=document.id[:SHORT]), style="bold")
    head: dict[str, Any] = {"household": document.household, "area": document.area}
    head |= {"as_of": document.as_of.isoformat(), "outcome": document.outcome, "bundle": document.bundle}
    out.print(pairs(head, lang))
    chances = ", ".join(
        text(
            N_("within {months} months {probability}"),
            lang,
            months=h.months,
            probability=_percent(h.probability),
        )
        for h in document.horizons
    )
    out.print(
        f"{_tier(document.tier, lang)} · {text(RAISED_BY[document.raised_by or 'none'], lang)} · {chances}"
    )
    for heading, reasons in (
        (N_("What raises the risk"), document.reasons),
        (N_("What lowers the risk"), document.lowering),
    ):
        if reasons:
            out.print(text(heading, lang), style="bold")
        for reason in reasons:
            share = "" if reason.contribution is None else f" ({reason.contribution:+.3f})"
            out.print(f"  {escape(getattr(reason.sentence, lang))}{share}")
    if document.unknown:
        names = ", ".join(part.indicator for part in document.unknown)
        out.print(text(N_("What is not known: {names}"), lang, names=escape(names)))
    if document.synthetic:
        out.print(text(SYNTHETIC, lang), style="italic")


def draw_household(document: Any, lang: str, out: Console) -> None:
    """A household: its facts as known on the day, then every indicator that has a value."""
    out.print(
        f"{text(N_('Household'), lang)} {document.household} · {document.as_of.isoformat()}", style="bold"
    )
    out.print(_facts(document.facts, lang))
    known = {column: value for column, value in document.indicators.items() if value is not None}
    out.print(pairs(known, lang))
    missing = len(document.indicators) - len(known)
    out.print(text(N_("Not known: {n} of {total} columns"), lang, n=missing, total=len(document.indicators)))


def draw_why(document: Any, lang: str, out: Console) -> None:
    """An indicator from its source text to its value and the facts behind it."""
    out.print(f"{document.indicator} = {cell('', document.value, lang)}", style="bold")
    said = document.model_dump(mode="json")
    out.print(pairs({key: said[key] for key in ("name", "unit", "source", "computed")}, lang))
    out.print(_facts(document.facts, lang))


def _facts(facts: list[Any], lang: str) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for key in ("kind", "happened_on", "known_at", "source", "file", "row", "values"):
        table.add_column(label(key, lang), overflow="fold")
    for fact in facts:
        when = fact.happened_on or fact.valid_to
        shown = {k: v[:SHORT] if k == "person" else v for k, v in fact.values.items() if v is not None}
        values = ", ".join(f"{k} {cell('', v, lang)}" for k, v in shown.items())
        days = [day.isoformat() if day else "–" for day in (when, fact.known_at)]
        table.add_row(fact.kind, *days, fact.source, fact.file, str(fact.row), escape(values))
    return table


def draw_indicators(document: Any, lang: str, out: Console) -> None:
    """The catalogue, a record a line."""
    out.print(pairs({"catalogue": document.catalogue}, lang))
    out.print(_records(document.indicators, ("id", "name", "group", "unit", "source"), lang))


def draw_rules(document: Any, lang: str, out: Console) -> None:
    """The rules, one a line."""
    out.print(_records(document.rules, ("id", "sentence", "group", "min_tier", "source"), lang))


def _records(records: list[Any], keys: tuple[str, ...], lang: str) -> Table:
    return rows_table([{k: part.model_dump(mode="json")[k] for k in keys} for part in records], lang)


DRAWN: dict[str, Callable[[Any, str, Console], None]] = {
    "PromotionDocument": draw_promotion,
    "PromotionsDocument": draw_promotions,
    "ListDocument": draw_list,
    "DecisionDocument": draw_decision,
    "HouseholdDocument": draw_household,
    "WhyDocument": draw_why,
    "IndicatorsDocument": draw_indicators,
    "RulesDocument": draw_rules,
    "CapacityDocument": draw_capacity,
}
