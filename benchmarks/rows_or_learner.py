"""Is the lead in the rows or in the learner? A logistic regression given the rows and weights of our estimator.

    python benchmarks/rows_or_learner.py --mapping eph --data FOLDER [--outcome ID]

Our estimator also learns from households below the line now, at half weight; the rivals of the benchmark do
not. Here `logistic_all_rows` does too (ridge, C = .01, the strength of our scorecard).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from features.indicators.catalogue import load
from features.outcomes import declared
from models.risk.logistic import ridge, sigmoid
from training import assembly, evaluation
from training.benchmark import markdown, prepared
from training.frame import Floats
from training.periods import FOLDS
from training.rivals import MODELS, Cell
from training.rivals.design import Design

JUDGED = ("fangpin", "logistic", "logistic_all_rows")


def logistic_all_rows(cell: Cell) -> Floats:
    """Ridge logistic regression on every row that may teach, weighted as ours are."""
    frame, rows = cell.frame, cell.train
    design = Design.fit(frame, rows, [spec.name for spec in frame.specs])
    beta, _ = ridge(design.matrix(frame, rows), frame.target[rows], frame.weight[rows], 0.01)
    return sigmoid(beta[0] + design.matrix(frame, cell.test) @ beta[1:])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mapping", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--outcome")
    options = parser.parse_args()
    MODELS["logistic_all_rows"] = logistic_all_rows  # type: ignore[index]
    home = prepared(options.mapping, options.data)
    for outcome in [one.id for one in declared(load(home))]:
        if options.outcome in (None, outcome):
            frame = assembly.build(home, outcome, home.today())
            blocks = evaluation.plan(frame)
            table = evaluation.backtest(frame, blocks, models=JUDGED)
            judged = evaluation.summary(table, models=JUDGED)
            print(
                markdown({"outcomes": [{**judged, "id": outcome, "splits": FOLDS * len(blocks)}]}), flush=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
