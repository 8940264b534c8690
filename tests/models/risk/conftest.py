from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.risk import bundle as bundles
from models.risk import calibration, estimator
from models.risk.bundle import Bundle
from models.risk.estimator import FittedRisk
from tests.models.risk.panel import panel


@pytest.fixture(scope="session")
def taught() -> dict[str, Any]:
    return panel()


@pytest.fixture(scope="session")
def fitted(taught: dict[str, Any]) -> FittedRisk:
    return estimator.fit(**taught, seed=3)


def write_bundle(parent: Path, fitted: FittedRisk, taught: dict[str, Any], **more: Any) -> Bundle:
    at_risk, y = taught["at_risk"], taught["y"]
    told = calibration.fit(fitted.out_of_fold[at_risk], {6: y[at_risk], 12: y[at_risk]}, nested=True)
    facts: dict[str, Any] = {
        "outcome": "falls",
        "kind": "by",
        "tier_horizon": 6,
        "catalogue": "c" * 64,
        "parameters": "d" * 64,
        "fingerprint": {"rows": len(y)},
        "evidence": {"note": "a test"},
    }
    return bundles.write(
        parent, fitted, taught["columns"], calibration=told, at_risk=at_risk, **(facts | more)
    )


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory, fitted: FittedRisk, taught: dict[str, Any]) -> Bundle:
    return write_bundle(tmp_path_factory.mktemp("bundles"), fitted, taught)
