"""The line of a home on a day, as a decision names it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from features.facts.asof import visible_rows
from features.facts.store import FactStore
from features.home import Home


def line_on(home: Home, rule: Mapping[str, Any], as_of: date) -> dict[str, Any] | None:
    """How the line is found: by ``{"parameter"}``, or fixed as ``{"value", "unit", "valid_from", "source"}``.

    A panel's line is a fact, derived when its wave was taken in; it is copied as known on the day.
    """
    if "parameter" in rule:
        return {"parameter": rule["parameter"]}
    seen: list[dict[str, Any]] = visible_rows(FactStore(home), "line", as_of)
    rows = [row for row in seen if row["valid_to"] <= as_of]
    latest = max(rows, key=lambda r: (r["valid_to"], r["delivery"], r["row"]), default=None)
    if latest is None:
        return None
    return {
        "value": latest["amount"] / 100,
        "unit": "yuan_per_person",
        "valid_from": latest["valid_from"].isoformat(),
        "source": str(latest["source"]),
    }
