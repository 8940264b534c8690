"""A bundle: the folder that holds a risk model as it is served, with the evidence for it.

::

    tables.npz        the trees, compiled (read without unpickling; shapes and ranges checked)
    scorecard.json    columns, levels, the linear part, and how the parts are put together
    calibration.json  horizons, intercepts, slope; floors of the tiers
    bundle.json       outcome, kind, tier horizon, norms, reference statistics, hashes of what it was made from
    golden.json       rows with the answers given when it was written, and LightGBM's own
    evidence/…        LightGBM's text model, evaluation, pictures; never read when scoring
    manifest.json     SHA-256 of each file

``model_sha256`` is the SHA-256 of the served files' hashes: no time, path or run is in it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from features.errors import Refusal
from models.risk import golden as golden_rows
from models.risk.archive import canonical, pack_arrays, read_file, sha256, unpack_arrays
from models.risk.calibration import FLOOR_SHARES, Calibration, floors
from models.risk.columns import Columns, ColumnSpec, Floats
from models.risk.margin import Margin, Parts, total
from models.risk.reference import golden_columns, medians, reference

if TYPE_CHECKING:
    from models.risk.estimator import FittedRisk

SCHEMA = "fangpin-bundle-1"
SERVED = ("bundle.json", "calibration.json", "golden.json", "scorecard.json", "tables.npz")
MANIFEST = "manifest.json"
EVIDENCE = "evidence/"
KINDS = ("by", "at")


@dataclass(frozen=True)
class Scores:
    """Answers of a model: margin = base + Σ terms (each an array over rows), probabilities by horizon."""

    margin: Floats
    base: float
    terms: dict[str, Floats]
    probability: dict[int, Floats]


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle; see the module for what each part is.

    Attributes
    ----------
    folder : where it was read from
    model_sha256 : its identity
    outcome, kind (``by`` or ``at``), horizons (months), tier_horizon (months)
    floors : lowest probability at the tier horizon of orange, yellow and blue
    medians : training median of each number, most frequent level of each category
    catalogue, parameters : hashes of the indicator catalogue and the parameter set
    fingerprint : of the training rows; reference : statistics of each training column
    golden : rows and answers; evidence : SHA-256 of each file of evidence
    """

    folder: Path
    model_sha256: str
    model: Margin
    calibration: Calibration
    outcome: str
    kind: str
    tier_horizon: int
    floors: dict[str, float]
    medians: dict[str, float | str | None]
    catalogue: str
    parameters: str
    fingerprint: dict[str, Any]
    reference: dict[str, Any]
    golden: dict[str, Any]
    evidence: dict[str, str]

    @property
    def horizons(self) -> tuple[int, ...]:
        return self.calibration.horizons

    @property
    def specs(self) -> tuple[ColumnSpec, ...]:
        return self.model.specs

    def score(self, columns: Columns) -> Scores:
        """Margin, contributions and probabilities of each row; ValueError for columns that do not fit."""
        base, terms = self.model.contributions(columns)
        margin = total(base, terms)
        return Scores(margin, base, terms, self.calibration.probability(margin))

    def read_evidence(self, name: str) -> bytes:
        """A file of evidence, by its name below ``evidence/``."""
        if EVIDENCE + name not in self.evidence:
            raise KeyError(name)
        return read_file(self.folder, EVIDENCE + name)


def write(
    parent: Path,
    fitted: FittedRisk,
    columns: Columns,
    *,
    calibration: Calibration,
    at_risk: npt.NDArray[np.bool_],
    outcome: str,
    kind: str,
    tier_horizon: int,
    catalogue: str,
    parameters: str,
    fingerprint: Mapping[str, Any],
    evidence: Mapping[str, Any] | None = None,
    evidence_files: Mapping[str, bytes] | None = None,
) -> Bundle:
    """Write the bundle to ``parent/<model_sha256>`` and load it from there.

    The folder appears at once and whole; one of the same model that is there already is replaced (its
    served files are the same; the evidence is the newer).

    Parameters
    ----------
    fitted, columns : the fitted estimator and the table it was fitted on
    calibration, at_risk : fitted on ``fitted.out_of_fold[at_risk]``; the floors come from the same rows
    outcome, kind, tier_horizon : the outcome's id, ``by`` or ``at``, one of the calibration's horizons
    catalogue, parameters : hashes of what the columns were computed with
    fingerprint : of the training rows, free of times and paths (JSON)
    evidence, evidence_files : anything (JSON), and files by name, not part of ``model_sha256``
    """
    if kind not in KINDS or tier_horizon not in calibration.horizons:
        raise ValueError("the kind is by or at, and the tier horizon one of the horizons")
    model = fitted.model
    rows = golden_columns(columns, model.encoding)
    chance = calibration.probability(fitted.out_of_fold[np.asarray(at_risk, dtype=bool)])[tier_horizon]
    served = {
        "tables.npz": pack_arrays(model.tables.arrays()),
        "scorecard.json": canonical(model.parts.document()),
        "calibration.json": canonical({"calibration": calibration.document(), "floors": floors(chance)}),
        "golden.json": canonical(
            golden_rows.record(model, calibration, rows, fitted.booster_contributions(rows))
        ),
        "bundle.json": canonical(
            {
                "schema": SCHEMA,
                "outcome": outcome,
                "kind": kind,
                "tier_horizon": tier_horizon,
                "medians": medians(columns, model.encoding),
                "catalogue": catalogue,
                "parameters": parameters,
                "fingerprint": dict(fingerprint),
                "reference": reference(columns, model.encoding),
            }
        ),
    }
    proof = {"model.txt": fitted.booster_text.encode("utf-8"), **(evidence_files or {})}
    proof["evidence.json"] = canonical(dict(evidence or {}))
    return _write_folder(parent, served, {EVIDENCE + name: data for name, data in proof.items()})


def attach(bundle: Bundle, files: Mapping[str, bytes]) -> Bundle:
    """The same bundle with further evidence, ``files`` by name below ``evidence/``; what has a name is replaced.

    ``model_sha256`` and the folder stay: the evidence may be written with the model at hand.
    """
    served = {name: read_file(bundle.folder, name) for name in SERVED}
    evidence = {name: read_file(bundle.folder, name) for name in bundle.evidence}
    return _write_folder(
        bundle.folder.parent, served, {**evidence, **{EVIDENCE + name: data for name, data in files.items()}}
    )


def _write_folder(parent: Path, served: Mapping[str, bytes], evidence: Mapping[str, bytes]) -> Bundle:
    parent.mkdir(parents=True, exist_ok=True)
    hashes = {name: sha256(data) for name, data in served.items()}
    identity = sha256(canonical(hashes))
    manifest = {
        "schema": SCHEMA,
        "model_sha256": identity,
        "served": hashes,
        "evidence": {name: sha256(data) for name, data in evidence.items()},
    }
    target = parent / identity
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=parent))
    try:
        for name, data in {**served, **evidence, MANIFEST: canonical(manifest)}.items():
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        draft.chmod(0o755)
        load(draft)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=".old-", dir=parent))
            os.rename(target, old / "bundle")
            os.rename(draft, target)
            shutil.rmtree(old)
        else:
            os.rename(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return load(target)


def load(folder: Path) -> Bundle:
    """The bundle of a folder, every file verified.

    Raises
    ------
    Refusal : ``bundle_damaged`` (exit 4), naming the file, if a file is missing, a hash differs, or a
        shape, a type or a range does not hold
    """
    folder = Path(folder)
    with _whole(MANIFEST):
        manifest = json.loads(read_file(folder, MANIFEST))
        served, evidence = dict(manifest["served"]), dict(manifest["evidence"])
        if manifest["schema"] != SCHEMA or set(served) != set(SERVED):
            raise ValueError("not the files of a bundle")
        if sha256(canonical(served)) != manifest["model_sha256"]:
            raise ValueError("model_sha256 differs")
        if not all(isinstance(n, str) and n.startswith(EVIDENCE) for n in evidence):
            raise ValueError("evidence lies outside its folder")
    content: dict[str, bytes] = {}
    for name, expected in {**served, **evidence}.items():
        with _whole(name):
            data = read_file(folder, name)
            if sha256(data) != expected:
                raise ValueError("SHA-256 differs")
            if name in SERVED:
                content[name] = data
    with _whole("scorecard.json"):
        parts = Parts.from_document(json.loads(content["scorecard.json"]))
    with _whole("tables.npz"):
        model = Margin.of(parts, unpack_arrays(content["tables.npz"]))
    with _whole("calibration.json"):
        stored = json.loads(content["calibration.json"])
        calibration = Calibration.from_document(stored["calibration"])
        limits = {str(k): float(v) for k, v in stored["floors"].items()}
        ordered = [limits[tier] for tier in FLOOR_SHARES]
        if (
            set(limits) != set(FLOOR_SHARES)
            or ordered != sorted(ordered, reverse=True)
            or not 0 <= ordered[-1] <= 2
        ):
            raise ValueError("the floors do not fall from orange to blue")
    with _whole("golden.json"):
        golden = json.loads(content["golden.json"])
        golden_rows.check(golden, model.specs, calibration.horizons)
    with _whole("bundle.json"):
        facts = json.loads(content["bundle.json"])
        names = {spec.name for spec in model.specs}
        if (
            facts["schema"] != SCHEMA
            or facts["kind"] not in KINDS
            or facts["tier_horizon"] not in calibration.horizons
        ):
            raise ValueError("schema, kind or tier horizon is unknown")
        if set(facts["medians"]) != names or set(facts["reference"]) != names:
            raise ValueError("norms or reference statistics are missing")
        return Bundle(
            folder=folder,
            model_sha256=str(manifest["model_sha256"]),
            model=model,
            calibration=calibration,
            outcome=str(facts["outcome"]),
            kind=str(facts["kind"]),
            tier_horizon=int(facts["tier_horizon"]),
            floors=limits,
            medians=dict(facts["medians"]),
            catalogue=str(facts["catalogue"]),
            parameters=str(facts["parameters"]),
            fingerprint=dict(facts["fingerprint"]),
            reference=dict(facts["reference"]),
            golden=golden,
            evidence=evidence,
        )


def verify_golden(bundle: Bundle) -> list[str]:
    """Names of the golden answers that come out otherwise now; empty if all are as recorded.

    Our terms, margins and probabilities are compared to the bit, LightGBM's contributions within 1e-9.
    """
    try:
        return golden_rows.differences(bundle.golden, bundle.model, bundle.calibration)
    except (ValueError, TypeError, KeyError) as error:
        return [f"golden.json: {error}"]


@contextmanager
def _whole(name: str) -> Iterator[None]:
    """Turn whatever a damaged file provokes into the one refusal that names it."""
    try:
        yield
    except OSError as error:
        raise Refusal("bundle_damaged", file=name, reason=error.strerror or "cannot be read") from error
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise Refusal("bundle_damaged", file=name, reason=str(error) or type(error).__name__) from error
