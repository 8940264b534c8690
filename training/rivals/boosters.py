"""Gradient boosting as others ship it: LightGBM with nothing set, CatBoost and XGBoost at sensible settings.

All three get the same table (`Cell.table`), train on the rows at risk and answer with their own probabilities.
CatBoost and XGBoost are needed to measure against them, not to run the product: where one is not installed it
does not apply.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from training.frame import Floats
from training.rivals.cell import Cell


def lightgbm_default(cell: Cell) -> Floats | None:
    """LightGBM with nothing set but the objective; categories as the numbers they are coded by."""
    import lightgbm

    options: dict[str, Any] = {
        "objective": "binary", "verbose": -1, "num_threads": cell.threads, "seed": cell.seed,
        "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    data = lightgbm.Dataset(cell.table(cell.at_risk), cell.y, params={"verbose": -1})
    booster = lightgbm.train(options, data)
    return np.asarray(booster.predict(cell.table(cell.test)), float)


def catboost(cell: Cell) -> Floats | None:
    """CatBoost: 400 symmetric trees of depth 4, rate .03, 64 borders; missing values its own way.

    Categories go in by their codes: its own treatment of them was no better on EPH and twenty times slower.
    """
    if find_spec("catboost") is None:
        return None
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(
        iterations=400,
        depth=4,
        learning_rate=0.03,
        border_count=64,
        random_seed=cell.seed,
        thread_count=cell.threads,
        allow_writing_files=False,
        verbose=False,
    )
    model.fit(cell.table(cell.at_risk), cell.y)
    return np.asarray(model.predict_proba(cell.table(cell.test))[:, 1], float)


def xgboost(cell: Cell) -> Floats | None:
    """XGBoost: histogram trees of depth 4, rate .05, four fifths of rows and columns a tree.

    As many as are best for the households of one inner fold, 500 at most; then all rows teach that many.
    """
    if find_spec("xgboost") is None:
        return None
    import xgboost as library

    options = {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "max_depth": 4,
        "eta": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "seed": cell.seed,
        "nthread": cell.threads,
    }
    table, held = cell.table(cell.at_risk), cell.inner == 0
    inside, outside = (library.DMatrix(table[rows], cell.y[rows]) for rows in (~held, held))
    tried = library.train(
        options, inside, 500, evals=[(outside, "held")], early_stopping_rounds=30, verbose_eval=False
    )
    booster = library.train(options, library.DMatrix(table, cell.y), tried.best_iteration + 1)
    return np.asarray(booster.predict(library.DMatrix(cell.table(cell.test))), float)
