"""What MLflow is told after a promotion. It mirrors the record of the home; it decides nothing."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from commands.desk import Desk

ALIAS = "champion"
_SQLITE = "sqlite:///"


def set_champion(desk: Desk, home: Any, model_sha256: str) -> None:
    """Put the alias on the registered version of a bundle; without MLflow, or its run, say what to do and go on.

    Asked in turn: where the home remembers the run to have gone (``mlflow run`` opens a store of its own),
    ``MLFLOW_TRACKING_URI``, the home's own store.
    """
    if find_spec("mlflow") is None:
        desk.tell("MLflow is not installed: the alias of the champion was not moved.")
        return
    from training.tracking import ENVIRONMENT, remembered

    os.environ.update(ENVIRONMENT)
    run = remembered(home, model_sha256)
    own = f"{_SQLITE}{(home.folder('mlflow') / 'mlflow.db').resolve()}"
    asked = [run["tracking_uri"] if run else None, os.environ.get("MLFLOW_TRACKING_URI"), own]
    stores = [uri for uri in dict.fromkeys(asked) if uri]
    if any(_there(uri) and _move(uri, model_sha256) for uri in stores):
        return
    desk.tell(
        "MLflow knows no run of this bundle, so its alias was not moved; the promotion itself is on record. "
        "Looked in: {stores}. If the run is elsewhere, set MLFLOW_TRACKING_URI to it and promote again.",
        stores=", ".join(uri if "@" not in uri else "MLFLOW_TRACKING_URI" for uri in stores),
    )


def _there(uri: str) -> bool:
    """Whether a store of SQLite is there; asking MLflow for one that is not would make it."""
    return not uri.startswith(_SQLITE) or Path(uri.removeprefix(_SQLITE)).exists()


def _move(uri: str, model_sha256: str) -> bool:
    """Put the alias on the newest version of the bundle in one store; False where it knows none, or fails.

    The promotion is on record by then, whatever becomes of its mirror.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        return _moved(MlflowClient(tracking_uri=uri, registry_uri=uri), model_sha256)
    except (MlflowException, OSError):
        return False


def _moved(client: Any, model_sha256: str) -> bool:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    for run in client.search_runs(experiments, f"tags.model_sha256 = '{model_sha256}'"):
        for version in client.search_model_versions(f"run_id = '{run.info.run_id}'"):
            client.set_registered_model_alias(version.name, ALIAS, version.version)
            return True
    return False
