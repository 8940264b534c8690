"""The fact store: a delivery is there as a whole or not at all, and as-of reading obeys both clocks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from features.errors import Refusal
from features.facts.asof import first_visible, visible_rows
from features.facts.kinds import kinds
from features.facts.store import Delivery, FactStore
from features.home import Home

HOUSEHOLD = "a" * 64


def manifest(**changes: object) -> Delivery:
    plain: dict[str, object] = {
        "mapping": "m", "mapping_sha256": "", "file": "f.csv", "sha256": "", "arrived": None,
        "recorded_at": date(2020, 1, 1), "rows_in": 1, "rows_accepted": 1, "rows_quarantined": 0,
        "rows_unchanged": 0, "cells_quarantined": 0,
    }  # fmt: skip
    return Delivery(**{**plain, **changes})  # type: ignore[arg-type]


def wage(
    amount: int | None, known: date, recorded: date, revision: int = 1, retracted: bool = False
) -> pa.Table:
    row = {
        "household": HOUSEHOLD, "source": "m", "entry": "", "period": date(2019, 12, 31), "slot": 0,
        "valid_from": date(2019, 12, 1), "valid_to": date(2019, 12, 31), "known_at": known, "recorded_at": recorded,
        "row": 2, "revision": revision, "retracted": retracted, "part": "wage", "amount": amount,
    }  # fmt: skip
    return pa.Table.from_pylist([row], schema=kinds()["income"].schema)


@pytest.fixture
def store(tmp_path: Path) -> FactStore:
    return FactStore(Home.create(tmp_path / "home", clock="simulated"))


def amounts(store: FactStore, day: date) -> list[object]:
    return [row["amount"] for row in visible_rows(store, "income", day, HOUSEHOLD)]


def test_a_correction_counts_from_the_day_it_is_known_and_a_retraction_takes_the_fact_back(
    store: FactStore,
) -> None:
    first, second, third = date(2020, 1, 10), date(2020, 3, 10), date(2020, 5, 10)
    store.append(manifest(), {"income": wage(100, first, first)})
    store.append(manifest(), {"income": wage(200, second, second, revision=2)})
    store.append(manifest(), {"income": wage(None, third, third, revision=3, retracted=True)})
    assert amounts(store, date(2020, 1, 9)) == []
    assert amounts(store, first) == [100], "as of a day includes that day"
    assert amounts(store, date(2020, 3, 9)) == [100]
    assert amounts(store, second) == [200]
    assert amounts(store, third) == []
    assert first_visible(store, "income") == first


def test_a_retrospective_delivery_is_invisible_before_it_was_recorded(store: FactStore) -> None:
    store.append(manifest(), {"income": wage(100, date(2019, 1, 1), date(2020, 6, 1))})
    assert amounts(store, date(2020, 5, 31)) == []
    assert amounts(store, date(2020, 6, 1)) == [100]


def test_a_crash_before_the_manifest_leaves_nothing_to_read(
    store: FactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr("features.facts.store.write_atomically", breaks)
        with pytest.raises(OSError, match="no space left"):
            store.append(manifest(), {"income": wage(100, date(2020, 1, 1), date(2020, 1, 1))})
    assert list(store.folder.glob("income/*.parquet")), "the litter of the crash is there"
    assert store.deliveries() == []
    assert store.paths("income") == []
    done = store.append(manifest(), {"income": wage(300, date(2020, 1, 1), date(2020, 1, 1))})
    assert done.sequence == 1
    assert amounts(store, date(2020, 1, 1)) == [300]


def test_a_manifest_that_cannot_be_read_is_named(store: FactStore) -> None:
    store.append(manifest(), {"income": wage(1, date(2020, 1, 1), date(2020, 1, 1))})
    (store.folder / "deliveries" / "000001.json").write_text("{}")
    with pytest.raises(Refusal) as problem:
        store.deliveries()
    assert problem.value.file == "000001.json"
