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
    """CatBoost: 400 symmetric trees of depth 4, rate .03; missing values its own way."""
    if find_spec("catboost") is None:
        return None
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(
        iterations=400,
        depth=4,
        learning_rate=0.03,
        random_seed=cell.seed,
        thread_count=cell.threads,
        allow_writing_files=False,
        verbose=False,
    )
    model.fit(cell.table(cell.at_risk), cell.y)
    return np.asarray(model.predict_proba(cell.table(cell.test))[:, 1], float)


def xgboost(cell: Cell) -> Floats | None:
    """XGBoost: 300 histogram trees of depth 4, rate .05, four fifths of rows and columns a tree."""
    if find_spec("xgboost") is None:
        return None
    import xgboost as library

    options = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": 4,
        "eta": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "seed": cell.seed,
        "nthread": cell.threads,
    }
    booster = library.train(options, library.DMatrix(cell.table(cell.at_risk), cell.y), 300)
    return np.asarray(booster.predict(library.DMatrix(cell.table(cell.test))), float)
