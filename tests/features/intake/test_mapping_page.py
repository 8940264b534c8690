"""docs/mapping.md is true: each of its mappings takes in a generator's tables, and every key of the grammar is on it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.facts.kinds import kinds
from features.facts.store import FactStore
from features.home import Home
from features.intake import bindings, declared, periods
from features.intake import mapping as grammar
from features.intake.delivery import ingest
from features.intake.mapping import Mapping
from features.intake.quarantine import REASONS
from features.intake.register import Introduction
from tests.features.intake.generator import Cells, Generator, expected, interviews

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
IDS = [Mapping.parse(block.encode(), "page").id for block in BLOCKS]


def made(home: Home, kind: str, mapping: Mapping) -> list[tuple[object, ...]]:
    """Facts as `expected` tells them."""
    table = pa.concat_tables([pq.read_table(path) for path in FactStore(home).paths(kind)])
    names = (
        [trait.id for trait in mapping.traits] if kind.startswith("trait_") else list(kinds()[kind].columns)
    )
    own = [name for name in names if name != "area"]
    return sorted(
        ((row["row"], row["slot"], *(row[name] for name in own)) for row in table.to_pylist()),
        key=lambda t: t[:2],
    )


def check_file(home: Home, mapping_file: Path, path: Path, rows: list[Cells], mapping: Mapping) -> None:
    (result,) = ingest(
        home, [path], mapping_file, None if mapping.arrival.rule != "delivery" else date(2026, 9, 30)
    )
    assert result.error is None
    assert (result.status, result.rows_in, result.rows_accepted, result.cells_quarantined) == (
        "accepted",
        len(interviews(rows, mapping)),
        len(interviews(rows, mapping)),
        0,
    )
    told = expected(rows, mapping)
    assert {kind: len(facts) for kind, facts in told.items()} == {
        k: n for k, n in result.facts.items() if k != "line"
    }


@pytest.mark.parametrize("block", BLOCKS, ids=IDS)
def test_each_mapping_of_the_page_takes_in_a_generated_table(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FANGPIN_KEYS", raising=False)
    home = Home.create(tmp_path / "home", clock="simulated")
    mapping_file = tmp_path / "copied.yaml"
    mapping_file.write_text(block, encoding="utf-8")
    mapping = Mapping.load(mapping_file)
    generator = Generator(mapping, seed=len(block))
    name = mapping.files[-1].replace("*", "x").replace("??", "01")
    rows = generator.rows()
    path = generator.write(tmp_path / name, rows)
    assert mapping.matches(path.name)
    check_file(home, mapping_file, path, rows, mapping)
    for kind, facts in expected(rows, mapping).items():
        assert made(home, kind, mapping) == sorted(facts, key=lambda t: t[:2]), kind
    if mapping.line and mapping.line.quantile is not None:
        lines = pa.concat_tables([pq.read_table(p) for p in FactStore(home).paths("line")]).to_pylist()
        assert len(lines) == 2
        for line in lines:
            wave = sorted(
                row["amount"]
                for p in FactStore(home).paths("income")
                for row in pq.read_table(p).to_pylist()
                if row["part"] == "total" and row["per"] == "person" and row["valid_to"] == line["valid_to"]
            )
            place = math.ceil(mapping.line.quantile * len(wave))
            assert line["amount"] == round(wave[place - 1] * float(mapping.line.times))
            assert (line["household"], line["area"]) == ("", "/")


def test_the_names_behind_a_register_never_reach_the_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FANGPIN_KEYS", raising=False)
    home = Home.create(tmp_path / "home", clock="simulated")
    block = BLOCKS[IDS.index("clinic_bills")]
    (tmp_path / "m.yaml").write_text(block, encoding="utf-8")
    generator = Generator(Mapping.load(tmp_path / "m.yaml"))
    path = generator.write(tmp_path / "医保结算_1.csv", generator.rows())
    told: list[Introduction] = []

    class Ear:
        def remember(self, introductions: Sequence[Introduction], *, source: str, delivery: int) -> None:
            assert (source, delivery) == ("clinic_bills", 1)
            told.extend(introductions)

    ingest(home, [path], tmp_path / "m.yaml", register=Ear())
    assert len(told) == 60
    assert all(home.pseudonym(one.key) == one.household for one in told)
    assert {one.person for one in told} == {
        home.person_pseudonym(f"h{n}|p{p}") for n in range(30) for p in range(2)
    }
    assert {tuple(one.details.items()) for one in told} == {(("name", f"someone {n}"),) for n in range(30)}
    for file in home.folder("facts").rglob("*.parquet"):
        assert b"someone" not in file.read_bytes()
        for column in pq.read_table(file).columns:
            if pa.types.is_string(column.type):
                assert not {"h1", "someone 1"} & set(column.to_pylist())


@pytest.mark.parametrize(
    "keys",
    [
        grammar.KEYS, declared.FORMAT_KEYS, declared.OUTCOME_KEYS, declared.REGISTER_KEYS, bindings.BINDING_KEYS, bindings.FACT_KEYS,
        bindings.TRAIT_KEYS, periods.KEYS, ("columns", "levels", "visits", "concept", "now", "before", "quantile", "times",
        "amount", "parameter", "lasting", "after_wave", "wave_end", "delivery"), tuple(REASONS), tuple(kinds()),
    ],
)  # fmt: skip
def test_every_key_of_the_grammar_is_on_the_page(keys: tuple[str, ...]) -> None:
    assert not [key for key in keys if not re.search(rf"[`{{ ]{key}[`:,]", PAGE)]


def test_every_column_of_every_kind_is_on_the_page() -> None:
    for kind in kinds().values():
        for column in kind.columns.values():
            if (kind.id, column.name) != ("household", "area"):
                line = next(
                    line
                    for line in PAGE.splitlines()
                    if line.startswith(f"| `{kind.id}`") and f"| `{column.name}`" in line
                )
                assert all(f"`{value}`" in line for value in column.values or ())


@pytest.mark.parametrize("name", grammar.available())
def test_shipped_mappings_are_well_formed(name: str) -> None:
    assert Mapping.load(name).id == name
