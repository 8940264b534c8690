"""Finding and loading bundles of a home."""

from __future__ import annotations

import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from features.errors import Refusal
from features.home import Home
from models.risk import bundle as bundles
from models.risk.bundle import Bundle
from serving.champion.records import Known

# What people type of a hash when they shorten it.
SHORTEST = 8


def find(home: Home, name: str) -> Path:
    """The folder of a bundle, by its SHA-256, a unique beginning of it, or its path.

    Raises `Refusal` ``unknown_bundle``.
    """
    parent = home.folder("bundles")
    if len(name) >= SHORTEST and name.isalnum():
        found = [p for p in sorted(parent.glob(f"{name}*")) if p.is_dir()]
        if len(found) == 1:
            return found[0]
    path = Path(name)
    if (path / bundles.MANIFEST).is_file():
        return path
    raise Refusal("unknown_bundle", bundle=name)


def adopt(home: Home, folder: Path, bundle: Bundle) -> Path:
    """The bundle's place under ``home/bundles``; copied there, at once and whole, if it lies elsewhere."""
    parent = home.folder("bundles")
    place = parent / bundle.model_sha256
    if place.exists() or folder.resolve().parent == parent.resolve():
        return place if place.exists() else folder
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=parent))
    try:
        shutil.copytree(folder, draft / "bundle")
        (draft / "bundle").rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return place


def known(bundle: Bundle, folder: Path) -> Known:
    return Known(
        bundle.model_sha256,
        folder.name,
        bundle.outcome,
        bundle.kind,
        list(bundle.horizons),
        bundle.tier_horizon,
        bundle.catalogue,
    )


def load(home: Home, bundle: Known) -> Bundle:
    """The bundle as it was promoted, kept in memory.

    Raises `Refusal` ``bundle_damaged`` if its folder does not verify or holds another model by now.
    """
    return _load(home.folder("bundles") / bundle.folder, bundle.model_sha256)


@lru_cache(maxsize=4)
def _load(folder: Path, model_sha256: str) -> Bundle:
    loaded = bundles.load(folder)
    if loaded.model_sha256 != model_sha256:
        raise Refusal("bundle_damaged", file=bundles.MANIFEST, reason="model_sha256 differs")
    return loaded


def load_as_found(home: Home, folder: str) -> Bundle:
    """Whatever verifies in the folder now, read anew: for replay, which looks for changes."""
    return bundles.load(home.folder("bundles") / folder)
