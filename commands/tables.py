"""Answers as tables for people: one key a line, one part a row, in one language at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from features.wording import N_, text

# Columns of a terminal that cannot say how wide it is (a file, a pipe).
WIDTH_OF_A_FILE = 132

LABELS = {
    "period": N_("Period"),
    "line": N_("Line"),
    "age_days": N_("Days old"),
    "ap": N_("Average precision"),
    "area": N_("Area"),
    "as_of": N_("As of"),
    "auc": N_("AUC"),
    "brier": N_("Brier score"),
    "bundle": N_("Bundle"),
    "catalogue": N_("Catalogue"),
    "cells_quarantined": N_("Cells quarantined"),
    "champion": N_("Champion"),
    "clock": N_("Clock"),
    "columns": N_("Columns"),
    "computed": N_("Computed as"),
    "decision": N_("Decision"),
    "deliveries": N_("Deliveries"),
    "delivery": N_("Delivery"),
    "difference": N_("Difference"),
    "different": N_("Different"),
    "equal": N_("Equal"),
    "error": N_("Error"),
    "events": N_("Events"),
    "facts": N_("Facts"),
    "file": N_("File"),
    "gate": N_("Gate"),
    "group": N_("Reason group"),
    "happened_on": N_("Happened on"),
    "home": N_("Home"),
    "horizons": N_("Horizons (months)"),
    "household": N_("Household"),
    "households": N_("Households"),
    "id": N_("Name"),
    "indicator": N_("Indicator"),
    "kind": N_("Kind"),
    "known_at": N_("Known at"),
    "known_until": N_("Known until"),
    "list": N_("List"),
    "min_tier": N_("Minimum tier"),
    "model": N_("Model"),
    "model_sha256": N_("SHA-256 of the model"),
    "name": N_("Title"),
    "ok": N_("In order"),
    "outcome": N_("Outcome"),
    "path": N_("Path"),
    "precision_10": N_("Precision of the top 10 %"),
    "previous": N_("Previous"),
    "quarantine": N_("Quarantine"),
    "ready": N_("Ready"),
    "recall_10": N_("Recall of the top 10 %"),
    "record": N_("Record"),
    "recorded_at": N_("Recorded at"),
    "remedy": N_("Remedy"),
    "replayed": N_("Replayed"),
    "row": N_("Row"),
    "rows": N_("Rows"),
    "rows_accepted": N_("Rows accepted"),
    "rows_in": N_("Rows read"),
    "rows_quarantined": N_("Rows quarantined"),
    "rows_unchanged": N_("Rows unchanged"),
    "run_id": N_("Run of MLflow"),
    "seconds": N_("Seconds"),
    "sentence": N_("Sentence"),
    "sha256": "SHA-256",
    "snapshot": N_("Snapshot"),
    "source": N_("Source"),
    "status": N_("Status"),
    "step": N_("Step"),
    "table": N_("Table"),
    "tier_horizon": N_("Horizon of the tiers (months)"),
    "truth": N_("Hidden truth"),
    "unit": N_("Unit"),
    "valid_from": N_("Valid from"),
    "valid_to": N_("Valid to"),
    "value": N_("Value"),
    "values": N_("Values"),
    "address": N_("Answers at"),
    "disabled": N_("Disabled"),
    "password": N_("Password"),
    "requests": N_("Requests"),
    "revoked": N_("Tokens revoked"),
    "token": N_("Token"),
    "token_ends": N_("Token ends"),
    "user": N_("Account"),
    "users": N_("Accounts"),
    "created_at": N_("Made at"),
    "created_by": N_("Made by"),
    "last_used": N_("Last used"),
    "role": N_("Role"),
    "sessions": N_("Sessions"),
    "tokens": N_("Tokens"),
}
WORDS = {
    "True": N_("yes"),
    "False": N_("no"),
    "real": N_("real"),
    "simulated": N_("simulated"),
    "accepted": N_("accepted"),
    "unchanged": N_("unchanged"),
    "refused": N_("refused"),
    "done": N_("done"),
    "skipped": N_("skipped"),
    "ok": N_("ok"),
    "not_applicable": N_("not applicable"),
    "passed": N_("passed"),
    "failed": N_("failed"),
    "overruled": N_("overruled"),
    "ingest": N_("ingest"),
    "snapshot": N_("snapshot"),
    "publish": N_("publish"),
    "issue": N_("issue"),
    "home": N_("home"),
    "space": N_("free space"),
    "mappings": N_("mappings of this home"),
    "facts": N_("facts"),
    "parameters": N_("parameters and rules"),
    "catalogue": N_("catalogue"),
    "store": N_("store"),
    "champion": N_("champion"),
    "published": N_("published snapshot"),
}
# Keys whose values are words of ours rather than names.
WORDY = {"clock", "status", "gate", "step", "name"}
# What a row of a table leaves to the JSON document.
LEFT_OUT = {
    "DeliveryPart": {"sha256", "delivery"},
    "IndicatorPart": {
        "examples",
        "reason",
        "source",
        "columns",
        "rhythm",
        "missing",
        "may_predict",
        "level",
        "owner",
    },
    "RulePart": {"examples", "source"},
}


def console() -> Console:
    """Standard output, wide enough for a table where it is not a terminal."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH_OF_A_FILE
    return Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False)


def label(key: str, lang: str) -> str:
    """The heading of a key."""
    return text(LABELS[key], lang) if key in LABELS else key


def number(value: float) -> str:
    """A number as people write it: at most four digits after the point, no trailing zeros."""
    return f"{value:,.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def cell(key: str, value: Any, lang: str) -> str:
    """A value as one cell."""
    if value is None:
        return "–"
    if isinstance(value, bool) or (key in WORDY and isinstance(value, str)):
        return text(WORDS.get(str(value), str(value)), lang)
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, dict):
        if {"zh", "en"} <= value.keys():
            return str(value[lang])
        if {"value", "low", "high"} <= value.keys():
            shown = [
                number(float(f"{value[k]:.4g}")) if value[k] is not None else "–"
                for k in ("value", "low", "high")
            ]
            return f"{shown[0]} [{shown[1]}, {shown[2]}]"
        if "code" in value and "message" in value:
            return f"{value['message'][lang]} {value['remedy'][lang]}"
        return ", ".join(f"{k} {cell('', v, lang)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(cell("", v, lang) for v in value)
    return str(value)


def rows_table(rows: list[Any], lang: str, *, left_out: Iterable[str] = ()) -> Table:
    """A table of parts: a column for each key that any of them has a value for."""
    dumped = [row if isinstance(row, dict) else row.model_dump(mode="json", by_alias=True) for row in rows]
    keys = [k for k in (dumped[0] if dumped else ()) if k not in left_out]
    keys = [k for k in keys if any(row[k] not in (None, [], {}) for row in dumped)]
    table = Table(show_edge=False, pad_edge=False, header_style="bold")
    for key in keys:
        numeric = all(
            isinstance(row[key], int | float | None) and not isinstance(row[key], bool) for row in dumped
        )
        table.add_column(label(key, lang), justify="right" if numeric else "left", overflow="fold")
    for row in dumped:
        table.add_row(*(cell(key, row[key], lang) for key in keys))
    return table


def pairs(values: dict[str, Any], lang: str) -> Table:
    """Keys and values, a line each."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for key, value in values.items():
        grid.add_row(label(key, lang), cell(key, value, lang))
    return grid


def draw(document: Any, lang: str) -> None:
    """Print an answer for people."""
    from commands import papers

    out = console()
    special = papers.DRAWN.get(type(document).__name__)
    if special is not None:
        special(document, lang, out)
        return
    plain: dict[str, Any] = {}
    tables: list[Table] = []
    for key in type(document).model_fields:
        value = getattr(document, key)
        if isinstance(value, list) and value and hasattr(value[0], "model_dump"):
            tables.append(rows_table(value, lang, left_out=LEFT_OUT.get(type(value[0]).__name__, ())))
        elif value is not None or key != "known_until":
            plain[key] = document.model_dump(mode="json")[key]
    if plain:
        out.print(pairs(plain, lang))
    for table in tables:
        out.print(table)
