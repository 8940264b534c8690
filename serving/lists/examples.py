"""The list that stands as example in the description of the service. Every name and value is invented."""

from __future__ import annotations

from typing import Any

from serving.decisions import examples as decisions

LIST = decisions.SNAPSHOT[::-1]
LINE: dict[str, Any] = {
    "rank": 1,
    "household": decisions.HOUSEHOLD,
    "area": decisions.AREA,
    "tier": "yellow",
    "raised_by": "both",
    "planned": True,
    "probability": 0.41,
    "reasons": [decisions.RULE_REASON, decisions.REASON],
    "decision": decisions.ID,
}
PAGE: dict[str, Any] = {
    "list": LIST,
    "area": "990101000000",
    "period": "2026-10",
    "as_of": "2026-09-30",
    "snapshot": decisions.SNAPSHOT,
    "bundle": decisions.BUNDLE,
    "parameters": decisions.PARAMETERS,
    "line": decisions.LINE,
    "synthetic": True,
    "capacity": {"990101000000/990101101000": {"visits": 6, "rule": 4, "score": 1, "check": 1}},
    "lines": [LINE],
    "next": None,
}
