"""What a bundle's folder says of itself, each file checked against the manifest before anything of it is shown.

Served files give what it was made from; documents under ``evidence/`` give its figures. A document that the
bundle lacks is None, one whose bytes are not those of the manifest is named in ``damaged`` and not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from features.errors import Refusal
from features.home import Home
from models.risk.archive import canonical
from models.risk.bundle import EVIDENCE, MANIFEST, SERVED

DOCUMENTS = (
    "evidence",
    "reliability",
    "precision_recall",
    "fairness",
    "drift",
    "capacity",
    "comparison",
)
# The largest document that is read, in bytes; those of a county are some hundred thousand.
LARGEST = 32 * 1024 * 1024
_SHA256 = 64

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What one bundle shows.

    made : bundle.json without its norms and statistics; ``fingerprint`` says which rows taught it
    columns : names of its inputs
    found : its documents by name, absent where it has none that can be believed
    cards : the model card by language, Markdown
    damaged : names of the files whose bytes are not those of the manifest
    """

    folder: Path
    model_sha256: str
    made: Document
    columns: tuple[str, ...]
    found: Mapping[str, Document]
    cards: Mapping[str, str]
    damaged: tuple[str, ...] = field(default=())

    @property
    def outcome(self) -> str:
        return str(self.made["outcome"])

    @property
    def fingerprint(self) -> Document:
        found: Document = self.made["fingerprint"]
        return found

    @property
    def until(self) -> date | None:
        """The cut-off of what it learned; None where it does not say."""
        said = self.fingerprint.get("until")
        return date.fromisoformat(said) if said else None

    @property
    def evaluation(self) -> Document | None:
        """The backtest: {rows, events, households, models, paired}; None where none was made."""
        judged: Document | None = (self.found.get("evidence") or {}).get("evaluation")
        return judged if judged and judged.get("rows") else None

    @property
    def blocks(self) -> list[Document]:
        return list((self.found.get("evidence") or {}).get("blocks") or ())

    @property
    def synthetic(self) -> bool | None:
        """Do its figures rest on invented households? None where no document says."""
        said = [d["synthetic"] for d in self.found.values() if "synthetic" in d]
        return any(said) if said else None


def read(folder: Path) -> Evidence:
    """What the bundle in ``folder`` shows.

    Raises `Refusal` ``bundle_damaged`` where the manifest or what the bundle was made from cannot be believed;
    damaged documents of evidence are left out and named.
    """
    try:
        manifest = json.loads(_bytes(folder, MANIFEST))
        served, listed = dict(manifest["served"]), dict(manifest["evidence"])
        if set(served) != set(SERVED) or sha256(canonical(served)).hexdigest() != manifest["model_sha256"]:
            raise ValueError("model_sha256 differs")
        made = json.loads(_checked(folder, "bundle.json", served["bundle.json"]))
        kept = {key: value for key, value in made.items() if key not in ("medians", "reference")}
        columns = tuple(sorted(made["medians"]))
        dict(kept["fingerprint"])
        str(kept["outcome"])
    except OSError as problem:
        raise Refusal(
            "bundle_damaged", file=MANIFEST, reason=problem.strerror or "cannot be read"
        ) from problem
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Refusal("bundle_damaged", file=MANIFEST, reason=str(problem)) from problem
    found: dict[str, Document] = {}
    cards: dict[str, str] = {}
    damaged = []
    for name in [*(f"{d}.json" for d in DOCUMENTS), "card.zh.md", "card.en.md"]:
        if EVIDENCE + name not in listed:
            continue
        try:
            said = _checked(folder, EVIDENCE + name, listed[EVIDENCE + name]).decode()
            if name.endswith(".md"):
                cards[name.split(".")[1]] = said
            else:
                document = json.loads(said)
                if not isinstance(document, dict):
                    raise ValueError("no document")
                found[name.removesuffix(".json")] = document
        except (OSError, ValueError):
            damaged.append(name)
    return Evidence(folder, str(manifest["model_sha256"]), kept, columns, found, cards, tuple(damaged))


def shelf(home: Home) -> list[Evidence]:
    """Every bundle of the home that can be read, the newest first: by what it knew, then by when it was made."""
    parent = home.folder("bundles")
    found = []
    for folder in parent.iterdir() if parent.is_dir() else ():
        if len(folder.name) != _SHA256 or not (folder / MANIFEST).is_file():
            continue
        try:
            seen = cached(folder)
        except Refusal:
            continue
        made = (folder / MANIFEST).stat().st_mtime_ns
        found.append(((seen.until or date.min, made, seen.model_sha256), seen))
    return [seen for _, seen in sorted(found, key=lambda pair: pair[0], reverse=True)]


_known: dict[Path, tuple[tuple[Any, ...], Evidence]] = {}


def stamp(folder: Path) -> tuple[Any, ...]:
    """Changes when a file of the bundle is replaced or written to."""
    return tuple(
        (str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns, path.stat().st_ctime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )


def cached(folder: Path) -> Evidence:
    """`read`, again only where a file has changed since. Raises what it raises."""
    now = stamp(folder)
    before = _known.get(folder)
    if before is None or before[0] != now:
        if len(_known) >= KEPT:
            _known.pop(next(iter(_known)))
        before = _known[folder] = (now, read(folder))
    return before[1]


# Bundles whose documents stay in memory.
KEPT = 16


def _checked(folder: Path, name: str, expected: str) -> bytes:
    data = _bytes(folder, name)
    if sha256(data).hexdigest() != expected:
        raise ValueError("SHA-256 differs")
    return data


def _bytes(folder: Path, name: str) -> bytes:
    path = folder / name
    if path.is_symlink() or path.stat().st_size > LARGEST:
        raise ValueError("no file of a bundle")
    return path.read_bytes()
