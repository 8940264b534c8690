"""Who may import whom. Data flows one way, and what serves needs none of what trains."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.house.tree import ROOMS, ROOT, modules

# A room may import itself and these; county may use only the vocabulary of facts.
MAY = {
    "features": (),
    "models": ("features",),
    "training": ("features", "models"),
    "serving": ("features", "models"),
    "county": ("features.facts", "features.errors", "features.wording", "features.home"),
    "commands": ROOMS,
}
# Of what it may import otherwise, serving leaves these alone: they take in files and compile queries.
NOT_SERVING = ("features.intake", "features.indicators.compile")
# Fitting, tracking, plotting and query engines; none of them is on a request's path.
HEAVY = ("lightgbm", "sklearn", "pandas", "mlflow", "shap", "duckdb", "scipy", "matplotlib", "numba")


def _inside(name: str, wall: str) -> bool:
    return name == wall or name.startswith(f"{wall}.")


def _type_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def _imports(path: Path, *, top_only: bool = False) -> set[str]:
    """Dotted names that a file imports when it runs; ``top_only``: when it is itself imported."""
    names: set[str] = set()

    def walk(node: ast.AST) -> None:
        if _type_only(node) or (
            top_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        ):
            return
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide which room they enter"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            walk(child)

    walk(ast.parse(path.read_text(encoding="utf-8")))
    return names


@cache
def _all_modules() -> dict[str, Path]:
    return {name: path for room in ROOMS for name, path in modules(room).items()}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    ours = (*ROOMS, "fangpin", "benchmarks", "tests", "notebooks")
    trespasses = [
        f"{module} imports {name}"
        for module, path in modules(room).items()
        for name in sorted(_imports(path))
        if any(_inside(name, o) for o in ours)
        and not any(_inside(name, wall) or _inside(wall, name) for wall in (room, *MAY[room]))
    ]
    assert not trespasses


def test_county_enters_only_the_named_rooms_of_features() -> None:
    # `from features import x` names a room only with its last part; the test above lets the bare package pass.
    bare = [
        f"{module} imports {name}"
        for module, path in modules("county").items()
        for name in _imports(path)
        if _inside(name, "features")
        and name != "features"
        and not any(_inside(name, wall) for wall in MAY["county"])
    ]
    assert not bare


def test_serving_takes_in_no_files_and_compiles_no_queries() -> None:
    trespasses = [
        f"{module} imports {name}"
        for module, path in modules("serving").items()
        for name in _imports(path)
        if any(_inside(name, wall) for wall in NOT_SERVING) or name.split(".")[0] in HEAVY
    ]
    assert not trespasses


def test_models_know_no_pandas() -> None:
    assert not [m for m, p in modules("models").items() if any(_inside(n, "pandas") for n in _imports(p))]


def test_nothing_heavy_is_reachable_from_serving() -> None:
    known, reached, ahead = _all_modules(), {}, dict.fromkeys(modules("serving"), "serving")
    while ahead:
        name, via = ahead.popitem()
        if name in reached or name not in known:
            continue
        reached[name] = via
        for found in _imports(known[name], top_only=True):
            assert found.split(".")[0] not in HEAVY, f"{name}, reached from {via}, imports {found}"
            ahead.setdefault(found, name)


def test_importing_serving_loads_nothing_heavy() -> None:
    names = [name for name in modules("serving") if not name.startswith("serving.store.migrations")]
    script = "import importlib, sys\n" + "".join(f"importlib.import_module({name!r})\n" for name in names)
    script += f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
