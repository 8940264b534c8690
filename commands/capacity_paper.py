"""The answer of `capacity` on paper: one table of visits, one of floors."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commands.tables import pairs
from features.wording import N_, text

SYNTHETIC = N_(
    "Synthetic data: these figures describe a county that does not exist; no evidence of accuracy."
)
POLICIES = {"rules": N_("rules alone"), "score": N_("score alone"), "both": N_("as a list is issued")}
TIERS = {"orange": N_("orange"), "yellow": N_("yellow"), "blue": N_("blue")}
SHARED = (
    N_("Precision"),
    N_("Recall"),
    N_("Months of lead"),
    N_("Found"),
    N_("Of these, no rule raised"),
)


def _share(figure: Any) -> str:
    """A share with its interval, in per cent."""
    if figure is None:
        return "–"
    return f"{100 * figure.value:.1f} % [{100 * figure.low:.1f}, {100 * figure.high:.1f}]"


def _lead(lead: Any) -> str:
    return "–" if lead is None else f"{lead.median:g} ({lead.q1:g}–{lead.q3:g})"


def _cells(figures: Any) -> list[str]:
    quiet = f"{figures.no_rule_finds}"
    if figures.no_rule_share is not None:
        quiet += f" ({100 * figures.no_rule_share.value:.0f} %)"
    return [
        _share(figures.precision),
        _share(figures.recall),
        _lead(figures.lead_months),
        str(figures.finds),
        quiet,
    ]


def draw_capacity(document: Any, lang: str, out: Console) -> None:
    """What was tested, then each number of visits under three policies, then each floor."""
    out.print(text(N_("What visits and floors would have found"), lang), style="bold")
    if document.synthetic:
        out.print(text(SYNTHETIC, lang), style="italic")
    out.print(
        pairs(
            {"outcome": document.outcome, "area": document.area, "bundle": document.bundle},
            lang,
        )
    )
    said = N_(
        "{days} as-of days, {first_day} to {last_day}; {rows} household-days at risk, {events} with the event within "
        "{months} months: {cases} cases"
    )
    known = {
        name: getattr(document, name) for name in ("days", "first_day", "last_day", "rows", "events", "cases")
    }
    out.print(text(said, lang, months=document.tier_horizon, **known))
    out.print()
    out.print(_visits(document, lang))
    out.print()
    out.print(_floors(document, lang))
    out.print(
        text(
            N_(
                "95 % intervals, households drawn anew. Precision: of visits to households at risk. As a list is "
                "issued, every rule hit is planned, also of households in need already."
            ),
            lang,
        ),
        style="dim",
    )


def _visits(document: Any, lang: str) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for heading in (N_("Share"), N_("A day"), N_("By"), N_("Visits"), *SHARED):
        table.add_column(text(heading, lang), justify="left" if heading == "By" else "right")
    for part in document.shares:
        for number, (name, heading) in enumerate(POLICIES.items()):
            figures = getattr(part.policies, name)
            first = [f"{100 * part.share:g} %", f"{part.visits_a_day:g}"] if number == 0 else ["", ""]
            table.add_row(*first, text(heading, lang), str(figures.visits), *_cells(figures))
    return table


def _floors(document: Any, lang: str) -> Table:
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for heading in (N_("Floor"), N_("Tier"), N_("Households a day"), *SHARED):
        table.add_column(text(heading, lang), justify="left" if heading == "Tier" else "right")
    for part in sorted(document.floors, key=lambda part: -part.floor):
        tier = escape(text(TIERS[part.tier], lang)) if part.tier else ""
        table.add_row(f"{100 * part.floor:.1f} %", tier, f"{part.households_a_day:g}", *_cells(part))
    return table
