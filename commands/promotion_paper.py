"""The record of promotions as people read it: one act a paragraph, the newest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape

from commands.tables import cell, pairs
from features.wording import N_, text

# Enough of a hash for any verb that takes one.
SHORT = 12
ACTIONS = {"promote": N_("promotion"), "rollback": N_("rollback")}
MARKS = {"fail": "✕", "explain": "△"}


def draw_promotion(document: Any, lang: str, out: Console) -> None:
    """Who judges now and who did before; below it what failed (✕) and what the reason stands for (△)."""
    told = document.model_dump(mode="json", exclude={"findings"})
    out.print(pairs(told, lang))
    _findings(document.findings or (), lang, out)


def draw_promotions(document: Any, lang: str, out: Console) -> None:
    """When, who, what, why; below it what failed (✕) and what the reason stands for (△)."""
    if not document.promotions:
        out.print(text(N_("No model has been promoted yet."), lang))
    for act in document.promotions:
        out.print(
            text(
                N_("{at}  {action} of {bundle} by {by}: {gate}"),
                lang,
                at=act.at.isoformat(sep=" ", timespec="minutes"),
                action=text(ACTIONS[act.action], lang),
                bundle=act.bundle[:SHORT],
                by=escape(act.by),
                gate=cell("gate", act.gate, lang),
            ),
            style="bold",
        )
        before = act.previous[:SHORT] if act.previous else "–"
        out.print(
            text(
                N_("  before: {previous}; record {record}"), lang, previous=before, record=act.record[:SHORT]
            )
        )
        out.print(text(N_("  reason: {reason}"), lang, reason=escape(act.reason)))
        _findings(act.findings, lang, out)


def _findings(findings: Iterable[Any], lang: str, out: Console) -> None:
    for finding in findings:
        out.print(f"  {MARKS[finding.verdict]} {escape(getattr(finding.said, lang))}")
