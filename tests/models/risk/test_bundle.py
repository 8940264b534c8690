"""Bundles: whole or refused, the same bytes for the same model, and answers as recorded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.errors import Refusal
from models.risk import bundle as bundles
from models.risk import estimator
from models.risk.archive import canonical, pack_arrays, sha256, unpack_arrays
from models.risk.bundle import Bundle
from models.risk.estimator import FittedRisk
from tests.models.risk.conftest import write_bundle
from tests.models.risk.panel import rows_of


def copy(written: Bundle, to: Path) -> Path:
    return Path(shutil.copytree(written.folder, to / "copy"))


def resealed(folder: Path, name: str, data: bytes) -> Path:
    """Replace a file and make the manifest agree with it, as a careful forger would."""
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["served"][name] = sha256(data)
    manifest["model_sha256"] = sha256(canonical(manifest["served"]))
    (folder / "manifest.json").write_bytes(canonical(manifest))
    return folder


def test_answers_are_those_of_the_fit(written: Bundle, fitted: FittedRisk, taught: dict[str, Any]) -> None:
    scores = written.score(taught["columns"])
    assert scores.margin.tobytes() == fitted.margin(taught["columns"]).tobytes()
    assert np.abs(scores.base + sum(scores.terms.values()) - scores.margin).max() < 1e-12
    assert set(scores.probability) == {6, 12}
    assert (scores.probability[6] <= scores.probability[12]).all()
    assert written.horizons == (6, 12)
    assert written.outcome == "falls"
    assert written.kind == "by"
    assert written.floors["orange"] > written.floors["yellow"] > written.floors["blue"]
    assert written.folder.name == written.model_sha256
    reached = np.mean(scores.probability[6][taught["at_risk"]] >= written.floors["blue"])
    assert 0.05 < reached < 0.2


def test_norms_and_reference(written: Bundle, taught: dict[str, Any]) -> None:
    assert written.medians["members"] == np.median(taught["columns"]["members"])
    assert written.medians["roof"] == "tile"
    assert written.reference["roof"]["missing"] == np.mean([v is None for v in taught["columns"]["roof"]])
    assert written.reference["spending"]["quantiles"]["0.5"] == np.nanmedian(taught["columns"]["spending"])


def test_golden_rows_answer_as_recorded(written: Bundle) -> None:
    assert bundles.verify_golden(written) == []
    assert len(written.golden["answers"]["margin"]) >= 32
    assert all(values[-2] is None for values in written.golden["columns"].values())


def test_golden_rows_are_no_household_s(written: Bundle, taught: dict[str, Any]) -> None:
    own = set(zip(taught["columns"]["welfare"], taught["columns"]["spending"], strict=True))
    drawn = set(zip(written.golden["columns"]["welfare"], written.golden["columns"]["spending"], strict=True))
    assert not own & drawn


def test_evidence_is_not_part_of_the_identity(
    written: Bundle, fitted: FittedRisk, taught: dict[str, Any], tmp_path: Path
) -> None:
    again = write_bundle(
        tmp_path, fitted, taught, evidence={"run": 7}, evidence_files={"plots/a.svg": b"<svg/>"}
    )
    assert again.model_sha256 == written.model_sha256
    assert again.read_evidence("plots/a.svg") == b"<svg/>"
    assert again.read_evidence("model.txt").startswith(b"tree")
    third = write_bundle(tmp_path, fitted, taught)
    assert "evidence/plots/a.svg" not in third.evidence
    assert [p.name for p in tmp_path.iterdir()] == [written.model_sha256]
    other = write_bundle(tmp_path, fitted, taught, catalogue="e" * 64)
    assert other.model_sha256 != written.model_sha256


def test_the_same_bytes_from_the_same_rows(written: Bundle, taught: dict[str, Any], tmp_path: Path) -> None:
    for threads in (2, 4):
        refitted = estimator.fit(**taught, seed=3, threads=threads)
        again = write_bundle(tmp_path, refitted, taught)
        assert again.model_sha256 == written.model_sha256
        for name in bundles.SERVED:
            assert (again.folder / name).read_bytes() == (written.folder / name).read_bytes()


def test_each_file_with_one_byte_changed_is_refused_by_name(written: Bundle, tmp_path: Path) -> None:
    folder = copy(written, tmp_path)
    rng = np.random.default_rng(0)
    names = [*bundles.SERVED, *written.evidence, "manifest.json"]
    for name in names:
        whole = (folder / name).read_bytes()
        for place in rng.integers(0, len(whole), 5).tolist():
            (folder / name).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(Refusal) as refused:
                bundles.load(folder)
            assert refused.value.code == "bundle_damaged"
            assert refused.value.exit_code == 4
            # a changed hash in the manifest accuses the file that no longer agrees with it
            assert refused.value.params["file"] == name or name == "manifest.json"
        (folder / name).write_bytes(whole)
    bundles.load(folder)


def test_each_file_cut_short_or_gone_is_refused_by_name(written: Bundle, tmp_path: Path) -> None:
    folder = copy(written, tmp_path)
    for name in [*bundles.SERVED, *written.evidence, "manifest.json"]:
        whole = (folder / name).read_bytes()
        for size in (0, 1, len(whole) // 2, len(whole) - 1):
            (folder / name).write_bytes(whole[:size])
            with pytest.raises(Refusal) as refused:
                bundles.load(folder)
            assert refused.value.params["file"] == name
        (folder / name).unlink()
        with pytest.raises(Refusal) as refused:
            bundles.load(folder)
        assert refused.value.params["file"] == name
        (folder / name).write_bytes(whole)


def test_resealed_nonsense_is_refused_without_harm(written: Bundle, tmp_path: Path) -> None:
    """Damage behind an agreeing manifest: cut, or one byte changed, the structure still has to hold.

    Whatever passes the structure must at least answer without an error of its own, and be told by the
    golden rows unless the byte says the same.
    """
    rng = np.random.default_rng(1)
    for name in bundles.SERVED:
        whole = (written.folder / name).read_bytes()
        for attempt in range(25):
            folder = copy(written, tmp_path)
            place = int(rng.integers(0, len(whole)))
            flipped = whole[:place] + bytes([whole[place] ^ int(rng.integers(1, 256))]) + whole[place + 1 :]
            resealed(folder, name, whole[:place] if attempt < 5 else flipped)
            # anything but the refusal of `load` fails the test
            with suppress(Refusal):
                bundles.verify_golden(bundles.load(folder))
            shutil.rmtree(folder)


def altered_tables(change: Callable[[dict[str, Any]], None]) -> Callable[[Bundle, Path], Path]:
    def alter(written: Bundle, to: Path) -> Path:
        arrays = {k: v.copy() for k, v in unpack_arrays((written.folder / "tables.npz").read_bytes()).items()}
        change(arrays)
        return resealed(copy(written, to), "tables.npz", pack_arrays(arrays))

    return alter


def test_an_altered_leaf_is_told_by_the_golden_rows(written: Bundle, tmp_path: Path) -> None:
    def change(arrays: dict[str, Any]) -> None:
        arrays["values"][:4] += 1e-7

    loaded = bundles.load(altered_tables(change)(written, tmp_path))
    assert loaded.model_sha256 != written.model_sha256
    found = bundles.verify_golden(loaded)
    assert any(name.startswith("terms.") for name in found)
    assert any(name.startswith("lightgbm.") for name in found)


def test_altered_shapes_and_ranges_are_refused(written: Bundle, tmp_path: Path) -> None:
    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda a: a.update(values=a["values"][:-1]),
        lambda a: a["question_feature"].__setitem__(0, 10_000),
        lambda a: a["question_feature"].__setitem__(0, -1),
        lambda a: a["slot_output"].__setitem__(0, 99),
        lambda a: a["values"].__setitem__(0, np.inf),
        lambda a: a.update(values=a["values"].reshape(1, -1)),
        lambda a: a.pop("base"),
    ]
    for i, change in enumerate(changes):
        with pytest.raises(Refusal) as refused:
            bundles.load(altered_tables(change)(written, tmp_path / str(i)))
        assert refused.value.params["file"] == "tables.npz"


def test_pickles_and_bombs_are_not_opened() -> None:
    import io
    import zipfile

    pickled = io.BytesIO()
    np.savez(pickled, values=np.array([{"a": 1}], dtype=object))
    packed = io.BytesIO()
    np.savez_compressed(packed, values=np.zeros(1_000_000))
    claimed = pack_arrays({"values": np.zeros(4)}).replace(b"(4,)", b"(9**9,)"[:4])
    huge = io.BytesIO()
    with zipfile.ZipFile(huge, "w") as archive:
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            head, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
        )
        archive.writestr("values.npy", head.getvalue())
    for data in (pickled.getvalue(), packed.getvalue(), claimed, huge.getvalue(), b"", b"PK"):
        with pytest.raises(ValueError, match=r"archive|entry|array"):
            unpack_arrays(data)


def test_archives_have_no_time_in_them() -> None:
    arrays = {"b": np.arange(3.0), "a": np.arange(4, dtype=np.int32)}
    data = pack_arrays(arrays)
    assert data == pack_arrays(dict(reversed(arrays.items())))
    assert {k: v.tolist() for k, v in unpack_arrays(data).items()} == {
        "a": [0, 1, 2, 3],
        "b": [0.0, 1.0, 2.0],
    }


def test_a_manifest_cannot_lead_out_of_the_folder(written: Bundle, tmp_path: Path) -> None:
    folder = copy(written, tmp_path)
    (tmp_path / "secret").write_bytes(b"x")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["evidence"]["evidence/../../secret"] = sha256(b"x")
    (folder / "manifest.json").write_bytes(canonical(manifest))
    with pytest.raises(Refusal):
        bundles.load(folder)


def test_a_failed_write_leaves_nothing(
    fitted: FittedRisk, taught: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path) -> Bundle:
        raise OSError("disk full")

    monkeypatch.setattr(bundles, "load", fail)
    with pytest.raises(OSError, match="disk full"):
        write_bundle(tmp_path, fitted, taught)
    assert list(tmp_path.iterdir()) == []


def test_serving_needs_numpy_alone(written: Bundle, taught: dict[str, Any], tmp_path: Path) -> None:
    few = rows_of(taught["columns"], slice(0, 5))
    (tmp_path / "rows.json").write_text(
        json.dumps({k: [None if v != v else v for v in c] for k, c in few.items()})
    )
    program = f"""
import json, sys
from pathlib import Path
from models.risk import bundle
from models.risk.golden import as_columns
loaded = bundle.load(Path({str(written.folder)!r}))
rows = as_columns(json.loads(Path({str(tmp_path / "rows.json")!r}).read_text()), loaded.specs)
print(json.dumps([loaded.score(rows).margin.tolist(), bundle.verify_golden(loaded)]))
heavy = {{"lightgbm", "sklearn", "pandas", "scipy", "shap", "mlflow", "duckdb", "pyarrow"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=Path.cwd())
    assert done.returncode == 0, done.stderr
    margin, different = json.loads(done.stdout)
    assert different == []
    assert margin == written.score(few).margin.tolist()
