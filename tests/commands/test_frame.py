"""`frame` as a person types it: the rows that `train` reads, by its own fingerprint, with a word on each column."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from commands.documents.frame import FrameDocument
from features.home import Home
from features.indicators import catalogue as catalogues
from models.risk import bundle as bundles
from tests.commands.conftest import AS_OF, Made
from training import assembly
from training.periods import fold_of


@pytest.fixture(scope="module")
def given(made: Made, tmp_path_factory: pytest.TempPathFactory) -> FrameDocument:
    out = tmp_path_factory.mktemp("frame") / "rows.parquet"
    ran = made.run("frame", "--until", AS_OF, "--out", out, "--json")
    assert ran.code == 0, ran.err[-2000:]
    assert ran.out.count("\n") == 1
    return FrameDocument.model_validate_json(ran.out)


def test_it_is_what_train_reads(made: Made, given: FrameDocument) -> None:
    trained = bundles.load(made.home / "bundles" / made.answers["train"].document["bundle"])
    assert given.fingerprint == trained.fingerprint["sha256"]
    assert (given.rows, given.events) == (trained.fingerprint["rows"], trained.fingerprint["events"])
    assert sha256(Path(given.file).read_bytes()).hexdigest() == given.sha256


def test_every_column_that_may_predict_and_no_protected_one(made: Made, given: FrameDocument) -> None:
    table = pq.read_table(given.file)
    frame = assembly.build(Home.open(made.home), None, given.until)
    assert table.num_rows == given.rows == len(frame)
    assert len(table.column_names) == len(set(table.column_names))
    inputs = {spec.name for spec in frame.specs}
    assert len(inputs) == given.columns > 20
    assert inputs <= set(table.column_names)
    protected = {
        name for name, c in catalogues.load(Home.open(made.home)).columns.items() if c.record.protected
    }
    assert protected
    assert not protected & set(table.column_names)
    for spec in frame.specs:
        if spec.type == "number":
            values = table[spec.name].to_numpy(zero_copy_only=False)
            assert np.array_equal(values.astype(float), frame.numbers[spec.name], equal_nan=True), spec.name


def test_labels_folds_and_blocks(given: FrameDocument) -> None:
    table = pq.read_table(given.file)
    horizons = [int(n.removeprefix("event_")) for n in table.column_names if n.startswith("event_")]
    assert horizons
    for months in horizons:
        assert set(pc.unique(table[f"event_{months}"]).to_pylist()) <= {0.0, 1.0, None}
        assert f"state_{months}" in table.column_names
    folds = {row["household"]: row["fold"] for row in table.select(["household", "fold"]).to_pylist()}
    assert all(fold_of(household) == fold for household, fold in folds.items())
    tested = table.filter(pc.is_valid(table["block"]))
    assert 0 < tested.num_rows < table.num_rows
    assert pc.all(tested["at_risk"]).as_py()


def test_the_dictionary_explains_each_column(given: FrameDocument) -> None:
    told = json.loads(Path(given.dictionary).read_text(encoding="utf-8"))
    assert told["fingerprint"] == given.fingerprint
    assert told["synthetic"] is True
    assert [entry["column"] for entry in told["columns"]] == pq.read_table(given.file).column_names
    for entry in told["columns"]:
        assert entry["name"]["zh"]
        assert entry["name"]["en"]
        if entry["role"] == "input":
            assert entry["unit"]
            assert entry["group"]["name"]["zh"]
            assert entry["source"]
            assert entry["missing"]["zh"]


def test_a_folder_that_is_not_there_is_refused(made: Made, tmp_path: Path) -> None:
    ran = made.run("frame", "--until", AS_OF, "--out", tmp_path / "nowhere" / "rows.parquet", "--json")
    assert ran.code == 3
    assert ran.document["error"]["code"] == "file_missing"
