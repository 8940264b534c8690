"""The decision that stands as example in the description of the service. Every name and value is invented."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from models.record.decision import SCHEMA, identity


def _named(name: str) -> str:
    return sha256(f"example {name}".encode()).hexdigest()


HOUSEHOLD, SNAPSHOT, BUNDLE, PARAMETERS = map(_named, ("household", "snapshot", "bundle", "parameters"))
UNKNOWN = _named("unknown household")
AREA = "990101000000/990101101000/990101101202"
LINE = {
    "value": 8700.0,
    "unit": "yuan_per_person_year",
    "valid_from": "2026-01-01",
    "source": "合成县，虚构 · Synthetic county: invented",
}
RULE_REASON = {
    "group": "income",
    "official": False,
    "contribution": None,
    "indicator": None,
    "value": None,
    "unit": None,
    "norm": None,
    "norm_kind": None,
    "known_at": None,
    "sentence": {
        "zh": "收入较上年同期明显下降且接近监测线，请了解下降原因",
        "en": "Income is clearly down on the year before and near the line; ask why",
    },
}
REASON = {
    "group": "illness",
    "official": True,
    "contribution": 1.5,
    "indicator": "self_paid_12m",
    "value": 12620.0,
    "unit": "yuan",
    "norm": 120.0,
    "norm_kind": "median",
    "known_at": "2026-09-05",
    "sentence": {
        "zh": "近12个月医疗合规自付12,620元（参照：通常为120元），请了解治疗和借款情况",
        "en": "Self-paid medical spending of the last 12 months: 12,620 yuan (compared with the usual 120 yuan); ask about treatment and how it is paid",
    },
}
LOWERING = {
    "group": "housing",
    "official": True,
    "contribution": -0.125,
    "indicator": "floor_area",
    "value": 180.0,
    "unit": "m2",
    "norm": 126.0,
    "norm_kind": "median",
    "known_at": "2026-07-15",
    "sentence": {
        "zh": "住房面积180平方米（参照：通常为126平方米），请了解居住是否拥挤",
        "en": "Floor area: 180 m² (compared with the usual 126 m²); ask whether it is crowded",
    },
}
ID = identity(HOUSEHOLD, SNAPSHOT, BUNDLE, PARAMETERS)
DECISION: dict[str, Any] = {
    "schema": SCHEMA,
    "id": ID,
    "household": HOUSEHOLD,
    "area": AREA,
    "as_of": "2026-09-30",
    "snapshot": SNAPSHOT,
    "bundle": BUNDLE,
    "catalogue": _named("catalogue"),
    "parameters": PARAMETERS,
    "outcome": "needs_help",
    "at_risk": True,
    "kind": "by",
    "horizons": [
        {"months": 3, "probability": 0.24},
        {"months": 6, "probability": 0.41},
        {"months": 12, "probability": 0.58},
    ],
    "tier_horizon": 6,
    "line": LINE,
    "margin": -0.375,
    "tier": "yellow",
    "raised_by": "both",
    "floors": {"orange": 0.43, "yellow": 0.28, "blue": 0.11},
    "rules": [
        {
            "id": "income_fallen",
            "min_tier": "yellow",
            "values": {"income_fall": 0.5, "income_fall_share": 0.3},
        }
    ],
    "contributions": {"base": -1.75, "terms": {"self_paid_12m": 1.5, "floor_area": -0.125}},
    "reasons": [REASON],
    "lowering": [LOWERING],
    "unknown": [{"indicator": "most_severe_disability", "source": "disabled_federation"}],
    "sources": [
        {"source": "county_housing", "known_at": "2026-07-15", "age_days": 77},
        {"source": "county_medical", "known_at": "2026-09-05", "age_days": 25},
    ],
    "synthetic": True,
    "clock": "simulated",
}
