"""The rivals of every run, fed every column that the model is fed, and the model in the same form.

Each takes a `Cell` (one block and fold) and answers the probability of the event for its test rows, or
None where its inputs do not exist. Rivals train on the rows at risk, the population that they are judged
on; only the two VEP, whose dependent is welfare itself, are models of everyone and train on all.
"""

from __future__ import annotations

from collections.abc import Mapping

from training.rivals.boosters import catboost, lightgbm_default, xgboost
from training.rivals.cell import Cell, Model
from training.rivals.logistic import logistic
from training.rivals.ours import fangpin, fit_estimator
from training.rivals.rules import rules
from training.rivals.vep import vep_cross_section, vep_panel
from training.rivals.welfare import welfare

__all__ = ["MODELS", "NO_ANSWER", "Cell", "Model", "fit_estimator"]

MODELS: Mapping[str, Model] = {
    "fangpin": fangpin,
    "welfare": welfare,
    "vep": vep_cross_section,
    "vep_panel": vep_panel,
    "logistic": logistic,
    "lightgbm_default": lightgbm_default,
    "catboost": catboost,
    "xgboost": xgboost,
    "rules": rules,
}
# Metrics of which a model's scores say nothing: rules give an order and no probability.
NO_ANSWER: Mapping[str, frozenset[str]] = {"rules": frozenset({"brier"})}
