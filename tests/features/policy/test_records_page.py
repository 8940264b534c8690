"""docs/records.md: its blocks are records that load, its tables name every key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from features.facts.kinds import kinds
from features.indicators import record
from features.indicators.expression import FUNCTIONS
from features.policy.parameters import ParameterSet
from models.judgement.rules import make_rule

PAGE = (Path(__file__).parents[3] / "docs" / "records.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block)[0] for block in re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)]


def test_every_block_is_a_record_that_loads(tmp_path: Path) -> None:
    parameter, windowed, derived, rule = BLOCKS
    (tmp_path / "lines.yaml").write_text(yaml.safe_dump([parameter], allow_unicode=True), encoding="utf-8")
    assert ParameterSet.load(defaults=tmp_path).ids() == {parameter["id"]}
    made = [
        record.make_record(document, file="records.md", kinds=kinds()) for document in (windowed, derived)
    ]
    assert [m.shape for m in made] == ["windowed", "derived"]
    assert all(made[1].expression.evaluate(e["values"]) == e["expect"] for e in derived["examples"])  # type: ignore[union-attr]
    assert all(make_rule(rule).judge(example["values"]) == example["gives"] for example in rule["examples"])


@pytest.mark.parametrize("name", sorted({key for keys in record._KEYS.values() for key in keys}))
def test_every_key_of_a_record_is_told(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", [*record.AGGREGATES, *record.ROLLUPS])
def test_every_aggregate_and_rollup_is_told(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_told(name: str) -> None:
    assert f"`{name}(" in PAGE
