"""What the mappings of a home call their sources and outcomes: words for pages, never part of a decision.

The mappings that facts were made with lie frozen beside the facts, as ``<id>.<beginning of their hash>.yaml``.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from features import plain_yaml
from features.home import Home
from serving.households.records import Declared


def declared(home: Home) -> Declared:
    """The names; of a mapping that was changed, those of its latest text."""
    folder = home.folder("facts") / "mappings"
    files = sorted(folder.glob("*.yaml"), key=lambda path: path.stat().st_mtime_ns) if folder.is_dir() else []
    return _read(tuple(files))


@lru_cache(maxsize=4)
def _read(files: tuple[Path, ...]) -> Declared:
    sources: dict[str, Any] = {}
    outcomes: dict[str, Any] = {}
    components: dict[str, Any] = {}
    given: dict[str, str] = {}
    for path in files:
        document = plain_yaml.load(path.read_bytes())
        sources[document["id"]] = document["name"]
        for outcome in document.get("outcomes") or ():
            outcomes[outcome["id"]] = outcome["name"]
            components[outcome["id"]] = tuple(outcome["components"])
            if outcome.get("given"):
                given[outcome["id"]] = outcome["given"]
    return Declared(sources, outcomes, components, given)
