"""The service starts light: nothing that trains, tracks or queries is loaded by any of its modules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = {
    "mlflow",
    "shap",
    "numba",
    "pyspark",
    "duckdb",
    "lightgbm",
    "sklearn",
    "pandas",
    "scipy",
    "matplotlib",
}


def test_no_module_of_serving_loads_what_trains() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((ROOT / "serving").rglob("*.py"))
        if "migrations" not in path.parts
    ]
    code = f"import importlib, json, sys\nfor name in {modules!r}: importlib.import_module(name)\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert not HEAVY & loaded
