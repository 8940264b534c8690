"""MLflow: runs, their figures and files, and the registry. It keeps what happened; it decides nothing.

Runs go to the home's own SQLite store unless ``MLFLOW_TRACKING_URI`` names another; inside ``mlflow run``
they go to the run that it opened.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from features.home import Home, write_atomically

# Read by MLflow when it is imported; nothing of ours is ever unpickled, and nothing is reported anywhere.
ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"}
REQUIREMENTS = ("lightgbm", "numpy")


def _mlflow() -> Any:
    os.environ.update(ENVIRONMENT)
    import mlflow
    import mlflow.lightgbm

    return mlflow


def model_name(outcome: str) -> str:
    """Name of the registered model of an outcome."""
    return f"fangpin-{outcome}"


def record(
    home: Home,
    *,
    outcome: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    files: Mapping[str, bytes],
    bundle: Path,
    booster: Any,
) -> str:
    """Log one training run, its bundle with all its evidence, and pictures, register the model; returns the run's id.

    Parameters
    ----------
    params, metrics, tags : as MLflow keeps them
    files : further artefacts by path
    bundle : folder of the bundle, logged as it is
    booster : LightGBM's booster, logged in its native text form; the bundle is what is served
    """
    mlflow = _mlflow()
    inside = os.environ.get("MLFLOW_RUN_ID")
    with _store(mlflow, home) as own:
        if not inside:
            _experiment(mlflow, home if own else None, outcome)
        run = _log(mlflow, model_name(outcome), params, metrics, tags, files, bundle, booster)
        _remember(home, tags["model_sha256"], run, mlflow.get_tracking_uri())
        return run


def remembered(home: Home, model_sha256: str) -> dict[str, str] | None:
    """Where the newest run of a bundle was logged, {run_id, tracking_uri}; None where no run is known."""
    path = home.folder("mlflow") / "runs" / f"{model_sha256}.json"
    return dict(json.loads(path.read_bytes())) if path.exists() else None


def _remember(home: Home, model_sha256: str, run: str, uri: str) -> None:
    """Keep in the home where a run went: ``mlflow run`` opens its own store, wherever it was started from.

    An address that holds a password is left out, so that none is ever written down.
    """
    address = urlsplit(uri)
    if address.password is not None:
        return
    if address.scheme == "sqlite" and not uri.startswith("sqlite:////"):
        uri = f"sqlite:///{Path(uri.removeprefix('sqlite:///')).resolve()}"
    known = json.dumps({"run_id": run, "tracking_uri": uri}, sort_keys=True).encode()
    write_atomically(home.folder("mlflow") / "runs" / f"{model_sha256}.json", known)


@contextmanager
def _store(mlflow: Any, home: Home) -> Iterator[bool]:
    """Whether runs go to the home's own store.

    MLflow keeps the address it is given for the whole process, and in its environment: both are put back,
    or the next home's run would go to this one's store.
    """
    if os.environ.get("MLFLOW_TRACKING_URI"):
        yield False
        return
    mlflow.set_tracking_uri(f"sqlite:///{(home.folder('mlflow') / 'mlflow.db').resolve()}")
    try:
        yield True
    finally:
        mlflow.set_tracking_uri(None)


def _log(
    mlflow: Any,
    name: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    files: Mapping[str, bytes],
    bundle: Path,
    booster: Any,
) -> str:
    with mlflow.start_run() as run:
        mlflow.log_params(dict(params))
        mlflow.log_metrics({name: value for name, value in metrics.items() if value == value})
        mlflow.set_tags(dict(tags))
        with tempfile.TemporaryDirectory() as scratch:
            for file, content in files.items():
                path = Path(scratch) / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            mlflow.log_artifacts(scratch)
        mlflow.log_artifacts(str(bundle), artifact_path="bundle")
        mlflow.lightgbm.log_model(
            booster,
            name="booster",
            registered_model_name=name,
            signature=_signature(booster),
            # Named, so that MLflow does not import everything again to guess them.
            pip_requirements=[f"{package}=={version(package)}" for package in REQUIREMENTS],
            metadata={key: str(value) for key, value in tags.items()},
        )
        return str(run.info.run_id)


def _signature(booster: Any) -> Any:
    """What the tree part takes and gives: every column by name, a number that may be missing, and one margin."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    columns: list[Any] = [ColSpec("double", name, required=False) for name in booster.feature_name()]
    return ModelSignature(Schema(columns), Schema([ColSpec("double")]))


def _experiment(mlflow: Any, home: Home | None, outcome: str) -> None:
    """Choose the experiment of an outcome; in the home's own store, artefacts lie beside the database."""
    name = model_name(outcome)
    # MLflow's default would be the folder one happens to stand in.
    if home is not None and mlflow.get_experiment_by_name(name) is None:
        mlflow.create_experiment(
            name, artifact_location=(home.folder("mlflow") / "artifacts").resolve().as_uri()
        )
    mlflow.set_experiment(name)
