"""How a risk model is fitted: a ridge scorecard and a small monotone booster, half and half.

Every training row teaches; rounds, the weights of the parts and all judgement look at the rows at risk
only. Everything tuned is tuned by three inner folds of the training rows, by household.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.risk.columns import MIN_ROWS, Columns, ColumnSpec, Encoding, Floats
from models.risk.design import design, scorecard
from models.risk.logistic import line, log_loss, ridge
from models.risk.margin import Margin, Parts
from models.risk.tables import Feature, feature_matrix, features
from models.risk.trees import compile_trees

C = 0.01
FOLDS = 3
ROUNDS = tuple(range(10, 101, 10))
BOOSTER: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 6,
    "learning_rate": 0.1,
    "min_data_in_leaf": 40,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.6,
    "lambda_l2": 5.0,
    "monotone_constraints_method": "intermediate",
    "zero_as_missing": False,
    "linear_tree": False,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True)
class FittedRisk:
    """A fitted margin and what its fitting leaves behind.

    Attributes
    ----------
    model : the margin, as it is served
    booster : the tree part as LightGBM holds it; only its text is kept, as evidence
    out_of_fold : margin of each training row by parts that have not seen its household (how the parts are
        weighted, five numbers, was chosen on these same rows)
    rounds : trees chosen; losses : out-of-fold log loss of the booster by rounds, and of each part
    """

    model: Margin
    booster: Any
    out_of_fold: Floats
    rounds: int
    losses: dict[str, float]

    @property
    def booster_text(self) -> str:
        """LightGBM's text of the booster, without the one parameter that does not shape it: its threads."""
        return re.sub(r"^\[num_threads: \d+\]\n", "", str(self.booster.model_to_string()), flags=re.MULTILINE)

    def margin(self, columns: Columns) -> Floats:
        return self.model.margin(columns)

    def contributions(self, columns: Columns) -> tuple[float, dict[str, Floats]]:
        return self.model.contributions(columns)

    def booster_contributions(self, columns: Columns) -> Floats:
        """LightGBM's own answer for the tree part, summed to columns: columns × rows, then its base."""
        matrix = feature_matrix(self.model.encoding.encode(columns), self.model.inputs)
        raw = np.asarray(self.booster.predict(matrix, pred_contrib=True, num_threads=1), dtype=np.float64)
        summed = np.zeros((len(self.model.specs) + 1, len(raw)))
        for i, output in enumerate(outputs(self.model.specs, self.model.inputs)):
            summed[output] += raw[:, i]
        summed[-1] = raw[:, -1]
        return summed


def fit(
    columns: Columns,
    specs: Sequence[ColumnSpec],
    y: npt.NDArray[Any],
    *,
    weight: npt.NDArray[Any] | None = None,
    groups: npt.NDArray[Any],
    at_risk: npt.NDArray[np.bool_] | None = None,
    seed: int = 0,
    threads: int = 1,
) -> FittedRisk:
    """Fit the estimator.

    Parameters
    ----------
    columns : training table, see `models.risk.columns`
    specs : its columns; only these are read
    y : outcome, 0 or 1
    weight : of each row (rows for which the outcome holds already count half); default 1
    groups : household of each row; a household is never on both sides of an inner fold
    at_risk : rows by which rounds and calibration are chosen; default all
    seed : of folds and booster; threads : of LightGBM (the result does not depend on it)

    Raises
    ------
    ValueError : no row at risk, an outcome that is the same for all of them, or too few households
    """
    import scipy.linalg  # noqa: F401  (loaded before its threads are limited, or they would not be)
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    y = np.asarray(y, dtype=np.float64)
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    at_risk = np.ones(len(y), dtype=bool) if at_risk is None else np.asarray(at_risk, dtype=bool)
    if not at_risk.any() or len(np.unique(y[at_risk])) < 2:
        raise ValueError("the rows at risk hold only one outcome; there is nothing to learn")
    if not np.isin(y, (0.0, 1.0)).all():
        raise ValueError("outcomes must be 0 or 1")
    encoding = Encoding.of(columns, specs)
    encoded = encoding.encode(columns)
    flagged = frozenset(
        name
        for name, levels in encoding.levels.items()
        if np.sum(encoded[name] == len(levels) + 1) >= MIN_ROWS
    )
    fold = inner_folds(groups, seed)
    if len(np.unique(fold)) < FOLDS:
        raise ValueError("there are too few households for the inner folds")
    with threadpool_limits(limits=1, user_api="blas"):
        variables, matrix = design(encoded, encoding)
        beta, factor = ridge(matrix, y, weight, C)
        linear = np.zeros(len(y))
        for k in range(FOLDS):
            held = fold == k
            own, _ = ridge(matrix, y, np.where(held, 0.0, weight), C, beta, factor)
            linear[held] = own[0] + matrix[held] @ own[1:]
        del matrix
        inputs = features(encoding, flagged)
        trees = _Trees(feature_matrix(encoded, inputs), y, weight, encoding.specs, inputs, seed, threads)
        by_rounds = np.zeros((len(ROUNDS), len(y)))
        for k in range(FOLDS):
            held = fold == k
            by_rounds[:, held] = trees.staged(~held, held)
        y_risk, w_risk = y[at_risk], weight[at_risk]
        losses = [log_loss(m[at_risk], y_risk, w_risk) for m in by_rounds]
        best = int(np.argmin(losses))
        halves = [linear, by_rounds[best]]
        lines = [line(m[at_risk], y_risk, w_risk) for m in halves]
        mixed = sum((0.5 * (a + b * m) for (a, b), m in zip(lines, halves, strict=True)), np.zeros(len(y)))
        last_a, last_b = line(mixed[at_risk], y_risk, w_risk)
        booster = trees.train(np.ones(len(y), dtype=bool), ROUNDS[best])
    parts = Parts(
        encoding,
        flagged,
        scorecard(encoding, variables, float(beta[0]), beta[1:]),
        offset=last_a + last_b * 0.5 * (lines[0][0] + lines[1][0]),
        linear_weight=last_b * 0.5 * lines[0][1],
        tree_weight=last_b * 0.5 * lines[1][1],
    )
    tables = compile_trees(booster.dump_model(), outputs(encoding.specs, inputs), len(encoding.specs))
    model = Margin(parts, tables)
    out_of_fold = last_a + last_b * mixed
    said = {f"trees_{n}": loss for n, loss in zip(ROUNDS, losses, strict=True)}
    said["scorecard"] = log_loss(lines[0][0] + lines[0][1] * linear[at_risk], y_risk, w_risk)
    said["both"] = log_loss(out_of_fold[at_risk], y_risk, w_risk)
    return FittedRisk(model, booster, out_of_fold, ROUNDS[best], said)


def inner_folds(groups: npt.NDArray[Any], seed: int) -> npt.NDArray[np.intp]:
    """Fold of each row, from its household's id and the seed alone."""
    ids, place = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    salt = f"{seed}|".encode()
    of_id = [
        int.from_bytes(hashlib.sha256(salt + i.encode()).digest()[:8], "big") % FOLDS for i in ids.tolist()
    ]
    return np.array(of_id, dtype=np.intp)[place]


def outputs(specs: Sequence[ColumnSpec], inputs: Sequence[Feature]) -> list[int]:
    """Place of each tree input's column among the specs."""
    place = {spec.name: i for i, spec in enumerate(specs)}
    return [place[feature.column] for feature in inputs]


class _Trees:
    """The booster's training rows, binned once; folds are subsets of them."""

    def __init__(
        self,
        matrix: Floats,
        y: Floats,
        weight: Floats,
        specs: Sequence[ColumnSpec],
        inputs: Sequence[Feature],
        seed: int,
        threads: int,
    ) -> None:
        import lightgbm

        directions: Mapping[str, int] = {s.name: -1 if s.welfare else s.monotone for s in specs}
        self._lightgbm = lightgbm
        self._matrix = matrix
        self._parameters = BOOSTER | {"seed": seed, "num_threads": threads}
        monotone = [directions[f.column] if f.level < 0 else 0 for f in inputs]
        if any(monotone):
            self._parameters["monotone_constraints"] = monotone
        else:
            del self._parameters["monotone_constraints_method"]
        self._data = lightgbm.Dataset(matrix, label=y, weight=weight, params=self._parameters).construct()

    def train(self, rows: npt.NDArray[np.bool_], rounds: int) -> Any:
        data = self._data if rows.all() else self._data.subset(np.flatnonzero(rows).tolist())
        return self._lightgbm.train(self._parameters, data, num_boost_round=rounds)

    def staged(self, rows: npt.NDArray[np.bool_], held: npt.NDArray[np.bool_]) -> Floats:
        """Margin of the held rows after each of `ROUNDS`."""
        booster = self.train(rows, ROUNDS[-1])
        matrix = self._matrix[held]
        stages, done, margin = [], 0, np.zeros(len(matrix))
        threads = self._parameters["num_threads"]
        for rounds in ROUNDS:
            margin = margin + booster.predict(
                matrix, raw_score=True, start_iteration=done, num_iteration=rounds - done, num_threads=threads
            )
            stages.append(margin)
            done = rounds
        return np.stack(stages)
