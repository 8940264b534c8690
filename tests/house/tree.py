"""The files of this repository that people wrote."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("features", "models", "training", "serving", "county", "commands")
# Made by make, by tests or by git; never part of the tree.
MADE = {".git", ".venv", "home", "home.keys", "build", "mlruns", "__pycache__"}


def _made(name: str) -> bool:
    return name in MADE or name.endswith((".egg-info", "_cache")) or name == ".hypothesis"


@cache
def _all_files() -> tuple[Path, ...]:
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [name for name in below if not _made(name)]
        found += [Path(folder, name) for name in names]
    return tuple(sorted(found))


def files(*suffixes: str) -> list[Path]:
    """Every file below the root with one of these suffixes (all, without), in order."""
    return [path for path in _all_files() if not suffixes or path.suffix in suffixes]


def modules(room: str) -> dict[str, Path]:
    """The modules of a room by their dotted names."""
    named = {}
    for path in sorted((ROOT / room).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named
