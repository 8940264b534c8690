"""A bundle's copy with one number changed, and its hashes set right again: it loads, and answers otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from models.risk.archive import canonical, pack_arrays, sha256, unpack_arrays
from models.risk.bundle import MANIFEST


def alter_leaf(folder: Path, array: str, place: int, by: float) -> None:
    """Add ``by`` to one number of ``tables.npz``."""
    arrays = {
        name: np.array(values) for name, values in unpack_arrays((folder / "tables.npz").read_bytes()).items()
    }
    arrays[array].reshape(-1)[place] += by
    (folder / "tables.npz").write_bytes(pack_arrays(arrays))
    settle(folder)


def alter_json(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    """Change one of the bundle's JSON files."""
    document = json.loads((folder / name).read_bytes())
    change(document)
    (folder / name).write_bytes(canonical(document))
    settle(folder)


def settle(folder: Path) -> None:
    """Make the manifest fit the files again, so that nothing but the answers tells."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["served"] = {name: sha256((folder / name).read_bytes()) for name in manifest["served"]}
    manifest["model_sha256"] = sha256(canonical(manifest["served"]))
    (folder / MANIFEST).write_bytes(canonical(manifest))
