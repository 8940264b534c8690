"""Homes for the models pages: a champion without evidence, and challengers whose evidence training itself wrote."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.home import Home
from features.indicators import catalogue as catalogues
from models.risk import bundle as bundles
from models.risk.archive import canonical
from tests.serving.pages.conftest import Issued
from tests.serving.panel import Panel, written
from training import assembly, challenge, evaluation, evidence, fit
from training.trial import Trial

MODELS = ("fangpin", "welfare")


@dataclass(frozen=True)
class Judged:
    """A home with a champion, a challenger with all its evidence, and one that learned exchanged outcomes and was never tested."""

    issued: Issued
    champion: str
    challenger: str
    shuffled: str


def make(issued: Issued, panel: Panel, folder: Path) -> Judged:
    """From a copy of the pages' home; the backtest is one block of days, one rival."""
    shutil.copytree(issued.path, folder)
    home = Home.open(folder)
    champion = panel.bundle.model_sha256
    # Older than what follows, so that the challenger is the newest.
    shutil.rmtree(home.folder("bundles") / panel.other.model_sha256)
    shuffled = _made(home, champion, seed=5, shuffle=True)
    challenger = _made(home, champion, seed=4, shuffle=False)
    moved = Issued(folder, issued.first, issued.second)
    return Judged(moved, champion, challenger, shuffled)


def _made(home: Home, champion: str, *, seed: int, shuffle: bool) -> str:
    catalogue, until = catalogues.load(home), home.today()
    frame = assembly.build(home, None, until)
    frame = frame.shuffled(seed) if shuffle else frame
    fitted = fit.fit(frame, seed=seed, threads=1)
    known: dict[str, Any] = {
        "until": until.isoformat(),
        "first_day": frame.days[0].isoformat(),
        "last_day": frame.days[-1].isoformat(),
        "days": len(frame.days),
        "rows": len(frame),
        "rows_at_risk": int(frame.judged.sum()),
        "events": int(frame.event[frame.judged].sum()),
        "households": len(frame.households),
        "sha256": frame.fingerprint,
        "seed": seed,
        "shuffled": shuffle,
    }
    bundle = written(home, frame, fitted, known)
    if shuffle:
        # It fails by what it learned; nobody has tested it or compared it with the champion.
        return bundle.model_sha256
    blocks = evaluation.plan(frame, "single")
    table = evaluation.backtest(frame, blocks, models=MODELS, seed=seed, threads=1)
    proof = {
        "evaluation": evaluation.summary(table, models=MODELS, seed=seed),
        "blocks": [
            {
                "name": block.name,
                "test": [day.isoformat() for day in block.test],
                "train": [day.isoformat() for day in block.train],
                "cutoff": block.cutoff.isoformat(),
            }
            for block in blocks
        ],
        "rounds": fitted.risk.rounds,
        "losses": fitted.risk.losses,
    }
    files = evidence.documents(catalogue, frame, table, fitted.margin(frame), seed=seed)
    bundle = bundles.attach(bundle, {"evidence.json": canonical(proof), **files})
    trial = Trial(home, catalogue, bundle, champion, until, frame, blocks, table, None, seed)
    return bundles.attach(bundle, challenge.documents(trial)).model_sha256


def with_document(home: Path, model_sha256: str, name: str, change: Any) -> None:
    """Replace a document of a bundle's evidence by what ``change`` makes of it, through the bundle's writer."""
    bundle = bundles.load(Home.open(home).folder("bundles") / model_sha256)
    document = json.loads(bundle.read_evidence(name))
    bundles.attach(bundle, {name: canonical(change(document))})
