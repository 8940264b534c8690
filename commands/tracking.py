"""What MLflow is told after a promotion. It mirrors the record of the home; it decides nothing."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

from commands.desk import Desk

ALIAS = "champion"


def set_champion(desk: Desk, home: Any, model_sha256: str) -> None:
    """Put the alias on the registered version of a bundle; without MLflow, or its run, say so and go on."""
    database = home.folder("mlflow") / "mlflow.db"
    elsewhere = os.environ.get("MLFLOW_TRACKING_URI")
    if find_spec("mlflow") is None or not (elsewhere or database.exists()):
        desk.tell("MLflow knows no run of this bundle: its alias was not moved.")
        return
    from training.tracking import ENVIRONMENT

    os.environ.update(ENVIRONMENT)
    from mlflow import MlflowClient

    uri = elsewhere or f"sqlite:///{database.resolve()}"
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, f"tags.model_sha256 = '{model_sha256}'", max_results=1)
    versions = client.search_model_versions(f"run_id = '{runs[0].info.run_id}'") if runs else []
    if not versions:
        desk.tell("MLflow knows no run of this bundle: its alias was not moved.")
        return
    client.set_registered_model_alias(versions[0].name, ALIAS, versions[0].version)
