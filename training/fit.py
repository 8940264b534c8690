"""Training: from a home and a cut-off day to a bundle with its evidence, logged and registered.

It writes a bundle and stops there: whether it is used is decided elsewhere, by a named person.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import Refusal
from features.home import Home, write_atomically
from features.indicators import catalogue as catalogues
from features.policy.parameters import ParameterSet
from models.risk import bundle as bundles
from models.risk import calibration as calibrations
from training import assembly, challenge, evaluation, evidence, hindsight, pictures
from training.evaluation import LEAST_EVENTS, Progress, silent
from training.frame import Frame, Rows
from training.periods import FOLDS
from training.rivals import MODELS, fit_estimator
from training.trial import Trial

SHAP_ROWS = 2000
STEPS = 3  # frame, fit, register; between the last two, the cells of the backtest


@dataclass(frozen=True)
class Fitted:
    """The estimator on all rows that may teach, and its calibration by out-of-fold margins."""

    rows: Rows
    risk: Any
    calibration: calibrations.Calibration

    def judged(self, frame: Frame) -> np.ndarray:
        """Which of ``rows`` are at risk."""
        return frame.at_risk[self.rows]

    def margin(self, frame: Frame) -> np.ndarray:
        """Margins out of fold of all rows of the frame, NaN where a row does not teach."""
        margin = np.full(len(frame), np.nan)
        margin[self.rows] = self.risk.out_of_fold
        return margin


def fit(frame: Frame, *, seed: int = 0, threads: int = 1) -> Fitted:
    """Fit the estimator on the whole frame and calibrate every horizon by the margins out of fold.

    Raises `Refusal` ``too_few_events`` below `LEAST_EVENTS` events among the rows at risk.
    """
    rows = np.flatnonzero(~np.isnan(frame.target))
    events = int(np.nansum(frame.event[frame.judged]))
    quiet = int(frame.judged.sum()) - events
    if min(events, quiet) < LEAST_EVENTS:
        last = frame.days[-1] if len(frame) else date.min
        raise Refusal(
            "too_few_events", outcome=frame.outcome, events=events, until=last.isoformat(), least=LEAST_EVENTS
        )
    risk = fit_estimator(frame, rows, seed=seed, threads=threads)
    judged = frame.at_risk[rows]
    outcomes = {h: frame.labels.event[h][rows][judged] for h in frame.horizons}
    matured = {h: labels for h, labels in outcomes.items() if not np.isnan(labels).all()}
    return Fitted(rows, risk, calibrations.fit(risk.out_of_fold[judged], matured, nested=frame.kind == "by"))


def train(
    home: Home,
    *,
    until: date,
    outcome: str | None = None,
    seed: int = 0,
    threads: int = 1,
    shuffle: bool = False,
    retrospective: bool = False,
    progress: Progress = silent,
    evaluate: str = "single",
    models: Sequence[str] = tuple(MODELS),
    champion: str | None = None,
) -> dict[str, Any]:
    """Train, judge and register a model with what was known on ``until``.

    Parameters
    ----------
    until : knowledge cut-off; as-of days train whose outcomes are mature by then
    outcome : its id; default the first declared
    seed : of inner folds, booster and shuffling
    threads : processes of the backtest, threads of the booster; the model does not depend on it
    shuffle : exchange outcomes between households of the same day: a challenger that must fail
    retrospective : deliveries recorded by ``until`` count from the day they claim: for a home whose history was
        handed over late; the lists of that home still see only what had been recorded
    progress : called with (done, total, label)
    evaluate : ``single`` (the last block of as-of days alone) or ``rolling`` (all of them)
    models : who is judged beside it
    champion : ``model_sha256`` of the bundle that judges now, to be compared with; who calls knows the record

    Returns
    -------
    {bundle, model_sha256, outcome, kind, horizons, tier_horizon, rows, events, run_id}

    Raises
    ------
    Refusal : ``unknown_outcome``, ``no_training_rows``, ``too_few_events``
    """
    from training import tracking

    progress(0, STEPS, "frame")
    catalogue, parameters = catalogues.load(home), ParameterSet.load(home)
    frame = assembly.build(home, outcome, until, retrospective=retrospective)
    if shuffle:
        frame = tested = frame.shuffled(seed)
    else:
        tested = hindsight.undone(home, frame, until, mode=evaluate, retrospective=retrospective)
    blocks = evaluation.plan(tested, evaluate)
    total = STEPS + FOLDS * len(blocks)
    progress(1, total, "fit")
    fitted = fit(frame, seed=seed, threads=threads)

    def told(done: int, _: int, label: str) -> None:
        progress(2 + done, total, f"evaluate {label}")

    table = evaluation.backtest(tested, blocks, models=models, seed=seed, threads=threads, progress=told)
    judged = evaluation.summary(table, models=models, seed=seed)
    progress(total - 1, total, "register")
    columns = frame.columns(fitted.rows)
    fingerprint = _fingerprint(frame, until=until, seed=seed, shuffle=shuffle, retrospective=retrospective)
    files = _pictures(frame, fitted, table)
    files |= evidence.documents(
        catalogue,
        frame,
        table,
        fitted.margin(frame),
        retrospective=until if retrospective else None,
        seed=seed,
    )
    if evaluate == "rolling":
        files |= evidence.areas(catalogue, tested, blocks, table, seed=seed, threads=threads)
    bundle = bundles.write(
        home.folder("bundles"),
        fitted.risk,
        columns,
        calibration=fitted.calibration,
        at_risk=fitted.judged(frame),
        outcome=frame.outcome,
        kind=frame.kind,
        tier_horizon=frame.tier_horizon,
        catalogue=catalogue.hash,
        parameters=parameters.hash,
        fingerprint=fingerprint,
        evidence={
            "evaluation": judged,
            "blocks": [_block(block) for block in blocks],
            "rounds": fitted.risk.rounds,
            "losses": fitted.risk.losses,
        },
        evidence_files=files,
    )
    trial = Trial(
        home,
        catalogue,
        bundle,
        champion,
        until,
        frame,
        blocks,
        table,
        until if retrospective else None,
        seed,
    )
    proof = challenge.documents(trial)
    bundle = bundles.attach(bundle, proof)
    content = _parquet(table)
    write_atomically(home.folder("evaluations") / f"{bundle.model_sha256}.{evaluate}.parquet", content)
    run = tracking.record(
        home,
        outcome=frame.outcome,
        params={**fingerprint, "threads": threads, "evaluate": evaluate, "columns": len(frame.specs)},
        metrics=_figures(judged) | {f"loss.{name}": value for name, value in fitted.risk.losses.items()},
        tags={
            "model_sha256": bundle.model_sha256,
            "outcome": frame.outcome,
            "until": until.isoformat(),
            "champion": champion or "",
            "gate": json.loads(proof["comparison.json"])["verdict"],
        },
        files={**files, "evaluation.parquet": content},
        bundle=bundle.folder,
        booster=fitted.risk.booster,
    )
    progress(total, total, "register")
    return {
        "bundle": bundle.folder.name,
        "model_sha256": bundle.model_sha256,
        "outcome": frame.outcome,
        "kind": frame.kind,
        "horizons": list(bundle.horizons),
        "tier_horizon": frame.tier_horizon,
        "rows": int(frame.judged.sum()),
        "events": int(np.nansum(frame.event[frame.judged])),
        "run_id": run,
    }


def evaluate(
    home: Home, bundle: str, *, view: str = "household", threads: int = 1, progress: Progress = silent
) -> dict[str, Any]:
    """The rolling backtest behind a bundle: same outcome, cut-off, seed, every model.

    view : ``household`` or ``area``, what is held out (`training.evaluation.backtest`)

    Returns {table, view, rows, events, models}.

    Raises `Refusal` ``unknown_bundle``, ``bundle_damaged``, or ``training_data_changed`` where the home no
    longer gives the rows that the bundle was trained on.
    """
    found = [path for path in home.folder("bundles").glob(f"{bundle}*") if path.is_dir()] if bundle else []
    if len(found) != 1:
        raise Refusal("unknown_bundle", bundle=bundle)
    loaded = bundles.load(found[0])
    known = loaded.fingerprint
    until, late = date.fromisoformat(known["until"]), bool(known.get("retrospective"))
    frame = assembly.build(home, loaded.outcome, until, retrospective=late)
    frame = frame.shuffled(int(known["seed"])) if known["shuffled"] else frame
    if frame.fingerprint != known["sha256"]:
        raise Refusal("training_data_changed", bundle=found[0].name)
    if not known["shuffled"]:
        frame = hindsight.undone(home, frame, until, retrospective=late)
    table = evaluation.backtest(
        frame,
        evaluation.plan(frame),
        view=view,
        seed=int(known["seed"]),
        threads=threads,
        progress=progress,
    )
    name = "rolling" if view == "household" else view
    path = home.folder("evaluations") / f"{loaded.model_sha256}.{name}.parquet"
    write_atomically(path, _parquet(table))
    judged = evaluation.summary(table)
    return {"table": str(path), "view": view, **{k: judged[k] for k in ("rows", "events", "models")}}


def _fingerprint(
    frame: Frame, *, until: date, seed: int, shuffle: bool, retrospective: bool
) -> dict[str, Any]:
    """What the bundle was made from, free of times and paths."""
    days = frame.days
    return {
        "sha256": frame.fingerprint,
        "until": until.isoformat(),
        "first_day": days[0].isoformat(),
        "last_day": days[-1].isoformat(),
        "days": len(days),
        "rows": len(frame),
        "rows_at_risk": int(frame.judged.sum()),
        "events": int(np.nansum(frame.event[frame.judged])),
        "households": len(frame.households),
        "seed": seed,
        "shuffled": shuffle,
        **({"retrospective": True} if retrospective else {}),
    }


def _block(block: Any) -> dict[str, Any]:
    return {
        "name": block.name,
        "test": [day.isoformat() for day in block.test],
        "train": [day.isoformat() for day in block.train],
        "cutoff": block.cutoff.isoformat(),
    }


def _figures(judged: Mapping[str, Any]) -> dict[str, float]:
    """Every metric of every model as MLflow wants them: flat, names of letters and dots."""
    figures = {"test.rows": float(judged["rows"]), "test.events": float(judged["events"])}
    for model in judged["models"]:
        for metric, figure in model.items():
            if isinstance(figure, Mapping):
                figures |= {
                    f"{model['model']}.{metric}{'' if k == 'value' else '.' + k}": v
                    for k, v in figure.items()
                }
    return figures


def _parquet(table: pa.Table) -> bytes:
    target = io.BytesIO()
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()


def _pictures(frame: Frame, fitted: Fitted, table: pa.Table) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    scores, outcome, _ = evaluation.aligned(table)
    if scores and 0 < outcome.sum() < len(outcome):
        files["pictures/reliability.png"] = pictures.reliability(scores, outcome)
        files["pictures/precision_recall.png"] = pictures.precision_recall(scores, outcome)
        files["pictures/recall_by_size.png"] = pictures.recall_by_size(scores, outcome)
    step = max(1, len(fitted.rows) // SHAP_ROWS)
    matrix, names = tree_inputs(fitted.risk, frame, fitted.rows[::step])
    files["pictures/shap_summary.png"] = pictures.shap_summary(fitted.risk.booster, matrix, names)
    return files


def tree_inputs(risk: Any, frame: Frame, rows: Rows) -> tuple[np.ndarray, list[str]]:
    """The inputs of the tree part for ``rows`` and their names ("column=level" for a level)."""
    from models.risk.tables import feature_matrix

    encoding, inputs = risk.model.encoding, risk.model.inputs
    matrix = feature_matrix(encoding.encode(frame.columns(rows)), inputs)
    names = []
    for feature in inputs:
        levels = encoding.levels.get(feature.column, ())
        if feature.level < 0:
            names.append(feature.column)
        else:
            names.append(f"{feature.column}={levels[feature.level] if feature.level < len(levels) else '-'}")
    return matrix, names
