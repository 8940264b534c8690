"""The catalogue of a home: traits are columns like any other, what is protected never predicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.declarations import Declarations
from features.errors import Refusal
from features.facts.kinds import trait_kind
from features.facts.store import FactStore
from features.home import Home, write_atomically
from features.indicators.catalogue import Catalogue, assemble
from features.policy.parameters import ParameterSet

RECORD = """
- {{id: {id}, shape: derived, name: {{zh: 试, en: test}}, group: income, level: micro, owner: t, unit: {unit},
   rhythm: wave, expression: "{expression}", may_predict: {may}, valid_from: 2000-01-01, source: test, reason: {{zh: 试, en: test}}, examples: []}}
"""


def made(path: Path, records: list[str], covariates: dict[str, dict[str, object]] | None = None) -> Catalogue:
    import json

    (path / "records").mkdir(parents=True)
    (path / "records" / "r.yaml").write_text("".join(records))
    store = FactStore(Home.create(path / "home", clock="simulated"))
    given = covariates or {}
    if given:
        trait_kind("m", given)
        document = {
            "id": "trait_m", "name": {"zh": "特征", "en": "traits"}, "clock": "span", "subject": "household",
            "columns": {name: {"type": entry["type"], "name": entry["name"]} for name, entry in given.items()},
        }  # fmt: skip
        write_atomically(store.folder / "kinds" / "trait_m.json", json.dumps(document).encode())
    declarations = Declarations({}, {}, None, {}, {}, (), {"m": given}, False)
    return assemble(store, declarations, ParameterSet.load(), folder=path / "records")


def record(id_: str, expression: str, unit: str = "number", may: str = "all") -> str:
    return RECORD.format(id=id_, expression=expression, unit=unit, may=may)


def trait(**changes: object) -> dict[str, object]:
    return {"type": "integer", "name": {"zh": "房龄", "en": "age of the house"}, **changes}


def test_a_protected_trait_is_a_column_but_never_predicts(tmp_path: Path) -> None:
    catalogue = made(tmp_path, [], {"age": trait(), "creed": trait(type="code", protected=True)})
    assert set(catalogue.columns) == {"age", "creed"}
    assert [column.name for column in catalogue.predictors("falls")] == ["age"]
    assert catalogue.columns["creed"].type == "category"


def test_may_predict_is_by_outcome(tmp_path: Path) -> None:
    catalogue = made(tmp_path, [record("a", "1 + 1", may="[relapse]"), record("b", "a + 1")])
    assert [column.name for column in catalogue.predictors("needs_help")] == ["b"]
    assert [column.name for column in catalogue.predictors("relapse")] == ["a", "b"]


def test_a_derived_column_stands_after_what_it_reads(tmp_path: Path) -> None:
    catalogue = made(tmp_path, [record("a", "b + c"), record("b", "c + 1"), record("c", "1 + 1")])
    assert list(catalogue.columns) == ["c", "b", "a"]
    assert [column.name for column in catalogue.needed(["b"])] == ["c", "b"]


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([record("a", "b"), record("b", "a")], "bad_expression"),
        ([record("a", "nobody + 1")], "bad_expression"),
        ([record("a", "1 < 2")], "bad_expression"),
        ([record("a", "1 + 1"), record("a", "1 + 2")], "bad_record"),
        ([record("monitoring_line", "1 + 1")], "bad_record"),
        ([record("a", "1 + 1", unit="miles")], "bad_record"),
    ],
)
def test_a_wrong_record_is_refused_by_name(tmp_path: Path, records: list[str], code: str) -> None:
    with pytest.raises(Refusal) as problem:
        made(tmp_path, records)
    assert problem.value.code == code
    assert problem.value.params["record"] in ("a", "b", "monitoring_line")


def test_the_hash_is_that_of_the_meaning(tmp_path: Path) -> None:
    one = made(tmp_path / "1", [record("a", "1 + 1")])
    same = made(tmp_path / "2", [record("a", "1 + 1")])
    other = made(tmp_path / "3", [record("a", "1 + 2")])
    assert one.hash == same.hash != other.hash
