"""Explained scoring, side by side: tables against SHAP on the same trees and on an ordinary large booster.

    python benchmarks/explain.py --home HOME [--outcome ID] [--until DAY]
    python benchmarks/explain.py                       an invented frame of the same shape, and says so

One thread each. Every repeat runs all contenders in turn on the same rows; a ratio is taken within each
repeat, and the median of the ratios is printed. Values must be equal to 1e-9, or it ends with 1.
"""

# ruff: noqa: E402 (threads are limited before numpy is loaded)
from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lightgbm
import numpy as np
import shap

from models.risk import estimator
from models.risk.columns import ColumnSpec
from models.risk.estimator import FittedRisk
from models.risk.margin import total
from models.risk.tables import feature_matrix
from training import metrics

LARGE = {"objective": "binary", "num_leaves": 31, "verbosity": -1, "num_threads": 1, "seed": 1}
LARGE_ROUNDS = 500


class Rows:
    """Columns, labels and households of some rows; `judged` are those at risk with a known event."""

    def __init__(self, columns: dict[str, Any], y: Any, at_risk: Any, household: Any) -> None:
        self.columns, self.y, self.at_risk, self.household = columns, y, at_risk, household


def from_home(
    path: Path, outcome: str | None, until: date | None, folds: int
) -> tuple[Any, list[tuple[Rows, Rows]]]:
    """Specs, and training and test rows of the last block, for each fold of households."""
    from features.home import Home
    from training import assembly, evaluation

    home = Home.open(path)
    frame = assembly.build(home, outcome, until or home.today())
    block = evaluation.plan(frame, "single")[0]
    print(f"home {path}: outcome {frame.outcome}, training days to {block.train[-1]}, tested {block.name}")

    def taken(places: Any) -> Rows:
        return Rows(frame.columns(places), frame.target[places], frame.at_risk[places], frame.ids(places))

    cells = (evaluation.cell(frame, block, fold, 1, 1) for fold in range(folds))
    return frame.specs, [(taken(cell.train), taken(cell.test)) for cell in cells]


def invented(rows: int = 70_000) -> tuple[Any, list[tuple[Rows, Rows]]]:
    """A frame of the shape of a quarterly household panel: 14 numbers, 46 categories, half of the lags missing."""
    print("SYNTHETIC frame: the speed is that of a panel of this shape, the accuracy means nothing")
    rng = np.random.default_rng(1)
    lasting = rng.normal(size=rows)
    now = 0.6 + 0.5 * lasting + rng.normal(scale=0.4, size=rows)
    columns: dict[str, Any] = {"now": now}
    before = 0.6 + 0.5 * lasting + rng.normal(scale=0.4, size=rows)
    columns["before"] = np.where(rng.random(rows) < 0.5, np.nan, before)
    specs = [
        ColumnSpec("now", "number", "income", "now", -1, "now"),
        ColumnSpec("before", "number", "income", "before", -1, "before"),
    ]
    pull = np.zeros(rows)
    for i in range(12):
        values = np.round(rng.lognormal(size=rows), 0 if i < 8 else 4)
        columns[f"n{i}"] = np.where(rng.random(rows) < 0.03, np.nan, values)
        specs.append(ColumnSpec(f"n{i}", "number", "make_up", f"n{i}"))
        pull += 0.04 * (values > 2) * (-1) ** i
    for i in range(46):
        levels = np.array([f"{k}" for k in range(2 + (i % 5))] + [None], dtype=object)
        codes = rng.integers(0, len(levels) - 1, rows)
        codes[rng.random(rows) < 0.01] = len(levels) - 1
        columns[f"c{i}"] = levels[codes]
        specs.append(ColumnSpec(f"c{i}", "category", "housing", f"c{i}"))
        pull += 0.03 * (codes == 1)
    y = ((0.6 + 0.6 * lasting - pull + rng.normal(scale=0.5, size=rows)) < 0).astype(float)
    household = np.array([f"h{i}" for i in range(rows)], dtype=object)
    whole = Rows(columns, y, now >= 0, household)

    def taken(places: Any) -> Rows:
        return Rows(
            {k: v[places] for k, v in columns.items()}, y[places], whole.at_risk[places], household[places]
        )

    first, last = np.arange(rows) < 56_000, (np.arange(rows) >= 56_000) & whole.at_risk
    return tuple(specs), [(taken(np.flatnonzero(first)), taken(np.flatnonzero(last)))]


def fit(specs: Any, taught: Rows) -> tuple[FittedRisk, lightgbm.Booster]:
    """Our model, and a LightGBM of 500 trees × 31 leaves on the same rows and inputs."""
    weight = np.where(taught.at_risk, 1.0, 0.5)
    ours = estimator.fit(
        taught.columns,
        specs,
        taught.y,
        weight=weight,
        groups=taught.household,
        at_risk=taught.at_risk,
        seed=1,
    )
    matrix = feature_matrix(ours.model.encoding.encode(taught.columns), ours.model.inputs)
    large = lightgbm.train(LARGE, lightgbm.Dataset(matrix, label=taught.y, weight=weight), LARGE_ROUNDS)
    return ours, large


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start, cpu = time.perf_counter(), time.process_time()
    answer = work()
    wall, spent = time.perf_counter() - start, time.process_time() - cpu
    if wall > 0.05 and spent > 1.3 * wall:
        print(f"WARNING: {spent / wall:.1f} threads were at work", file=sys.stderr)
    return wall, answer


def race(ours: FittedRisk, large: lightgbm.Booster, columns: dict[str, Any], repeats: int, slow: int) -> bool:
    """Times of every contender, ratios and equality; whether the values are equal."""
    model = ours.model
    rows = len(next(iter(columns.values())))
    encoded = model.encoding.encode(columns)
    matrix = feature_matrix(encoded, model.inputs)
    same = shap.TreeExplainer(ours.booster)
    other = shap.TreeExplainer(large)
    contenders: dict[str, Callable[[], Any]] = {
        "tables alone": lambda: model.tables.contributions(encoded, model.inputs),
        "whole path: columns to base, terms, margin": lambda: total(*model.contributions(columns)),
        "shap.TreeExplainer, the same booster": lambda: same.shap_values(matrix),
        f"shap.TreeExplainer, LightGBM {LARGE_ROUNDS} × 31": lambda: other.shap_values(matrix),
    }
    tables, whole, shap_same, shap_large = contenders
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    answers: dict[str, Any] = {}
    for work in list(contenders.values())[:3]:
        work()
    for repeat in range(repeats):
        for name, work in contenders.items():
            if name != shap_large or repeat < slow:
                wall, answers[name] = timed(work)
                seconds[name].append(wall)
    print(f"\n{rows:,} households, one thread, median of {repeats} repeats ({slow} of the last)")
    for name, walls in seconds.items():
        wall = float(np.median(walls))
        print(f"  {name:48s} {wall * 1e3:10.1f} ms {rows / wall:12,.0f} households/s")
    print("\nmedian of the ratios within a repeat")
    for fast in (tables, whole):
        for slow_name, target in ((shap_same, 8), (shap_large, 150)):
            pairs = zip(seconds[fast], seconds[slow_name], strict=False)
            ratio = float(np.median([b / a for a, b in pairs]))
            print(f"  {fast:44s} is {ratio:8.1f} times as fast as {slow_name} (wanted: {target})")
    summed = np.zeros_like(answers[tables])
    for i, output in enumerate(estimator.outputs(model.specs, model.inputs)):
        summed[output] += np.asarray(answers[shap_same])[:, i]
    gap = float(np.abs(summed - answers[tables]).max())
    base_gap = abs(float(np.ravel(same.expected_value)[0]) - model.tables.base)
    base, terms = model.contributions(columns)
    sum_gap = float(np.abs(base + np.sum(list(terms.values()), axis=0) - answers[whole]).max())
    print(
        f"\nlargest difference to shap on the same booster {max(gap, base_gap):.1e}; base + terms to margin {sum_gap:.1e}"
    )
    return max(gap, base_gap, sum_gap) <= 1e-9


def where_the_time_goes(ours: FittedRisk, columns: dict[str, Any], repeats: int) -> None:
    """Shares of our whole path, and one household alone."""
    model = ours.model
    encoded = model.encoding.encode(columns)
    trees = model.tables
    base, terms = model.contributions(columns)
    steps: dict[str, Callable[[], Any]] = {
        "texts to codes, checks": lambda: model.encoding.encode(columns),
        "scorecard: curves": lambda: model.scorecard.contributions(encoded),
        "trees: questions, look-ups, sums": lambda: trees.contributions(encoded, model.inputs),
        "sum of the terms": lambda: total(base, terms),
    }
    print(
        f"\nwhere the time goes ({trees.trees} trees, {trees.questions} questions, {len(trees.slot_tree)} tables)"
    )
    for name, work in steps.items():
        print(f"  {name:48s} {np.median([timed(work)[0] for _ in range(repeats)]) * 1e3:10.2f} ms")
    one = {name: values[:1] for name, values in columns.items()}
    matrix = feature_matrix(model.encoding.encode(one), model.inputs)
    alone = np.median([timed(lambda: total(*model.contributions(one)))[0] for _ in range(200)])
    bare = np.median([timed(lambda: ours.booster.predict(matrix, pred_contrib=True))[0] for _ in range(200)])
    print(
        f"  one household alone: ours {alone * 1e3:.2f} ms, LightGBM's contributions of the same booster {bare * 1e3:.2f} ms"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path)
    parser.add_argument("--outcome")
    parser.add_argument(
        "--until", type=date.fromisoformat, help="knowledge cut-off; default: the home's today"
    )
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument(
        "--folds", type=int, default=5, help="folds of households over which accuracy is pooled"
    )
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--slow-repeats", type=int, default=3)
    asked = parser.parse_args()
    specs, folds = (
        from_home(asked.home, asked.outcome, asked.until, asked.folds) if asked.home else invented()
    )
    scores: dict[str, list[Any]] = {"ours": [], "large": [], "y": []}
    tested: list[Rows] = []
    for number, (taught, later) in enumerate(folds, 1):
        print(
            f"fold {number} of {len(folds)}: {len(taught.y):,} rows teach, {len(later.y):,} are tested",
            flush=True,
        )
        ours, large = fit(specs, taught)
        matrix = feature_matrix(ours.model.encoding.encode(later.columns), ours.model.inputs)
        scores["ours"].append(ours.margin(later.columns))
        scores["large"].append(large.predict(matrix, raw_score=True))
        scores["y"].append(later.y)
        tested.append(later)
    joined = {s.name: np.concatenate([t.columns[s.name] for t in tested]) for s in specs}
    available = len(np.concatenate(scores["y"]))
    places = np.resize(np.arange(available), asked.rows)
    if available < asked.rows:
        print(f"{available:,} test rows, repeated to {asked.rows:,}")
    columns = {name: values[places] for name, values in joined.items()}
    equal = race(ours, large, columns, asked.repeats, asked.slow_repeats)
    where_the_time_goes(ours, columns, asked.repeats)
    y = np.concatenate(scores["y"])
    print(f"\naverage precision, {len(y):,} test rows, {int(y.sum()):,} events")
    for name, label in (("ours", "this model"), ("large", f"LightGBM {LARGE_ROUNDS} × 31")):
        print(f"  {label:48s} {average_precision(np.concatenate(scores[name]), y):.4f}")
    return 0 if equal else 1


def average_precision(score: Any, y: Any) -> float:
    """As in every evaluation of ours."""
    return metrics.ap(metrics.Sample.of(score, y))


if __name__ == "__main__":
    raise SystemExit(main())
