"""The copy by household says exactly what the deliveries say, whatever happens to it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.facts import by_household, regroup
from features.facts.asof import HouseholdFacts, visible_rows
from features.facts.kinds import CHAIN, kinds, make_kind, trait_kind
from features.facts.store import Delivery, FactStore
from features.home import Home

HOUSEHOLDS = [f"{n:064x}" for n in (1, 2, 16**63, 2 * 16**63 + 5, 15 * 16**63)]
START = date(2020, 1, 31)
DAYS = [START + timedelta(days=70 * n) for n in range(12)]
KINDS = ("income", "shock", "person")
# So small that a household is spread over groups and files.
SMALL = {"rows_a_group": 3, "rows_a_file": 6}


def deliver(store: FactStore, rng: random.Random, day: date, seen: dict[Any, int]) -> Delivery:
    """One delivery of random facts; some correct or take back what an earlier one said."""
    tables = {}
    for name in KINDS:
        kind, rows = kinds()[name], []
        for number in range(rng.randint(0, 30)):
            ended = START + timedelta(days=30 * rng.randint(0, 12))
            known = ended + timedelta(days=rng.randint(0, 60))
            row: dict[str, Any] = dict.fromkeys(kind.schema.names)
            row |= {
                "household": rng.choice(HOUSEHOLDS), "source": "m", "entry": str(rng.randint(0, 1)), "slot": rng.randint(0, 1),
                "person": rng.choice(["p", "q"]) if kind.subject == "person" else None,
                "period": ended, "valid_to": ended if kind.clock == "span" else None, "happened_on": ended if kind.clock == "event" else None,
                "known_at": known, "recorded_at": max(known, day), "row": number, "retracted": rng.random() < 0.2,
            }  # fmt: skip
            chain = (name, *(row[part] for part in CHAIN))
            seen[chain] = row["revision"] = seen.get(chain, 0) + 1
            for column in kind.columns.values():
                if column.type in ("money", "integer"):
                    row[column.name] = rng.choice([None, rng.randint(-500, 500)])
                elif column.type in ("category", "text"):
                    row[column.name] = rng.choice([None, "某", "other"])
            rows.append(row)
        tables[name] = pa.Table.from_pylist(rows, schema=kind.schema)
    return store.append(Delivery("m", "", f"f{day}.csv", "", day, day, 0, 0, 0, 0, 0), tables)


def home_of(path: Path, seed: int, deliveries: int = 5) -> FactStore:
    rng = random.Random(seed)
    store = FactStore(Home.create(path, clock="simulated"))
    seen: dict[Any, int] = {}
    for number in range(deliveries):
        deliver(store, rng, DAYS[number], seen)
    return store


def spoken(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(repr(sorted(row.items(), key=lambda pair: pair[0])) for row in rows)


def by_delivery(store: FactStore, kind: str, day: date, household: str) -> list[str]:
    """The reference: everything of the kind, read from the deliveries alone."""
    return spoken([row for row in visible_rows(store, kind, day) if row["household"] == household])


def agree(store: FactStore) -> int:
    """Compare every household, kind and day; returns how many rows were compared."""
    compared = 0
    fresh = FactStore(store.home)
    for day in DAYS[2::4]:
        everyone = {kind: visible_rows(fresh, kind, day) for kind in KINDS}
        for household in [*HOUSEHOLDS, "f" * 64, "0" * 64]:
            facts = HouseholdFacts(fresh, household, day)
            for kind in KINDS:
                wanted = spoken([row for row in everyone[kind] if row["household"] == household])
                assert spoken(facts.of(kind)) == wanted
                compared += len(wanted)
    return compared


def parts(store: FactStore) -> list[tuple[int, int]]:
    fresh = FactStore(store.home)
    return [(part.first, part.last) for part in by_household.parts_of(fresh, fresh.deliveries())]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32), covered=st.integers(0, 5), group=st.integers(1, 9), files=st.integers(1, 3)
)
def test_a_random_history_reads_the_same_however_much_of_it_is_copied(
    tmp_path_factory: pytest.TempPathFactory, seed: int, covered: int, group: int, files: int
) -> None:
    rng, seen = random.Random(seed), {}  # type: ignore[var-annotated]
    store = FactStore(Home.create(tmp_path_factory.mktemp("home") / "home", clock="simulated"))
    for number in range(5):
        deliver(store, rng, DAYS[number], seen)
        if number + 1 == covered:
            regroup.regroup(store, rows_a_group=group, rows_a_file=group * files)
    assert parts(store) == ([(1, covered)] if covered else [])
    agree(store)
    regroup.regroup(store, rows_a_group=group, rows_a_file=group * files)
    assert sum(last - first + 1 for first, last in parts(store)) == 5
    agree(store)


def test_the_copy_is_what_is_read(tmp_path: Path) -> None:
    store = home_of(tmp_path / "home", 1)
    assert regroup.regroup(store, **SMALL)
    before = {h: spoken(HouseholdFacts(store, h, DAYS[-1]).of("income")) for h in HOUSEHOLDS}
    assert any(before.values())
    for path in (store.folder / "income").glob("*.parquet"):
        path.unlink()
    after = {h: spoken(HouseholdFacts(FactStore(store.home), h, DAYS[-1]).of("income")) for h in HOUSEHOLDS}
    assert after == before


def test_what_is_up_to_date_is_not_written_again_and_few_new_facts_leave_the_old_part_alone(
    tmp_path: Path,
) -> None:
    store = home_of(tmp_path / "home", 2, deliveries=8)
    first = regroup.regroup(store, **SMALL)
    assert regroup.regroup(store, **SMALL) == []
    assert parts(store) == [(1, 8)]
    deliver(store, random.Random(3), DAYS[9], {})
    second = regroup.regroup(store, **SMALL)
    assert parts(store) == [(1, 8), (9, 9)]
    assert second != first
    # Two more, and what is small beside them is written together with them.
    for day in DAYS[10:12]:
        deliver(store, random.Random(day.toordinal()), day, {})
    regroup.regroup(store, **SMALL)
    assert parts(store)[-1][1] == 11
    assert len(parts(store)) <= 2
    assert len(list((store.folder / by_household.FOLDER).iterdir())) == len(parts(store))
    assert agree(store)


def pieces(store: FactStore) -> list[Path]:
    return sorted((store.folder / by_household.FOLDER).glob("*/*/*.parquet"))


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("harm", ["byte of a page", "byte of the footer", "cut short", "emptied", "gone", "another's file"])  # fmt: skip
def test_a_damaged_file_is_not_believed(tmp_path: Path, harm: str) -> None:
    store = home_of(tmp_path / "home", 4)
    regroup.regroup(store, **SMALL)
    for path in pieces(store):
        match harm:
            case "byte of a page":
                flip(path, 40)
            case "byte of the footer":
                flip(path, path.stat().st_size - 30)
            case "cut short":
                path.write_bytes(path.read_bytes()[:-7])
            case "emptied":
                path.write_bytes(b"")
            case "gone":
                path.unlink()
            case "another's file":
                others = [p for p in pieces(store) if p.parent == path.parent and p != path]
                if others:
                    shutil.copyfile(others[0], path)
    assert agree(store)


def test_a_file_damaged_after_it_was_read_is_not_believed(tmp_path: Path) -> None:
    store = home_of(tmp_path / "home", 4)
    regroup.regroup(store, **SMALL)
    assert agree(store), "all footers are in memory now"
    for path in pieces(store):
        flip(path, 40)
    assert agree(store)


@pytest.mark.parametrize("harm", ["no JSON", "fewer pieces", "another history", "no manifest", "gone"])
def test_a_manifest_that_does_not_fit_is_not_believed(tmp_path: Path, harm: str) -> None:
    store = home_of(tmp_path / "home", 5)
    regroup.regroup(store, **SMALL)
    folder = store.folder / by_household.FOLDER
    manifest = next(folder.glob("*/part.json"))
    match harm:
        case "no JSON":
            manifest.write_bytes(b"{")
        case "fewer pieces":
            document = json.loads(manifest.read_bytes())
            document["pieces"]["income"] = document["pieces"]["income"][1:]
            manifest.write_text(json.dumps(document), encoding="utf-8")
        case "another history":
            other = home_of(tmp_path / "other", 6)
            regroup.regroup(other, **SMALL)
            shutil.rmtree(folder)
            shutil.copytree(other.folder / by_household.FOLDER, folder)
        case "no manifest":
            manifest.unlink()
        case "gone":
            shutil.rmtree(folder)
    assert parts(store) == []
    assert agree(store)
    # The next snapshot puts it right.
    regroup.regroup(store, **SMALL)
    assert parts(store) == [(1, 5)]
    assert agree(store)


def test_a_damaged_part_is_written_again(tmp_path: Path) -> None:
    store = home_of(tmp_path / "home", 7)
    regroup.regroup(store, **SMALL)
    flip(pieces(store)[0], pieces(store)[0].stat().st_size - 20)
    assert regroup.regroup(FactStore(store.home), **SMALL)
    assert not regroup.regroup(FactStore(store.home), **SMALL)
    assert agree(store)


def test_a_crash_while_writing_leaves_the_old_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = home_of(tmp_path / "home", 8)
    regroup.regroup(store, **SMALL)
    deliver(store, random.Random(9), DAYS[6], {})

    def full(path: Path) -> str:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(regroup, "footer_digest", full)
        patch.setattr(regroup, "_whole", lambda part: True)
        with pytest.raises(OSError, match="no space"):
            regroup.regroup(store, **SMALL)
    assert parts(store) == [(1, 5)]
    assert not [p for p in (store.folder / by_household.FOLDER).iterdir() if p.name.startswith(".")]
    assert agree(store)


def trait(*names: str) -> tuple[Any, dict[str, Any]]:
    covariates = {name: {"type": "code", "name": {"zh": "某", "en": name}} for name in names}
    document = {
        "id": "trait_m", "name": {"zh": "其他特征", "en": "further traits"}, "clock": "span", "subject": "household",
        "columns": {name: {"type": "code", "scale": 0, "name": {"zh": "某", "en": name}} for name in names},
    }  # fmt: skip
    assert make_kind(document, file="m").schema == trait_kind("m", covariates).schema
    return make_kind(document, file="m"), document


def test_a_column_that_a_mapping_gained_is_not_known_of_older_facts(tmp_path: Path) -> None:
    store = FactStore(Home.create(tmp_path / "home", clock="simulated"))

    def take_in(day: date, **values: str) -> None:
        kind, document = trait(*values)
        row = dict.fromkeys(kind.schema.names) | {
            "household": HOUSEHOLDS[0], "source": "m", "entry": "", "slot": 0, "period": day, "valid_to": day,
            "known_at": day, "recorded_at": day, "row": 1, "revision": 1, "retracted": False, **values,
        }  # fmt: skip
        table = pa.Table.from_pylist([row], schema=kind.schema)
        store.append(
            Delivery("m", "", "f.csv", "", day, day, 0, 0, 0, 0, 0), {"trait_m": table}, trait=document
        )

    take_in(DAYS[0], roof="1")
    regroup.regroup(store)
    take_in(DAYS[1], roof="2", floor="9")
    for _ in range(2):
        found = HouseholdFacts(FactStore(store.home), HOUSEHOLDS[0], DAYS[2]).of("trait_m")
        assert [(row["roof"], row["floor"]) for row in found] == [("1", None), ("2", "9")]
        assert spoken(found) == by_delivery(store, "trait_m", DAYS[2], HOUSEHOLDS[0])
        regroup.regroup(store)
    assert parts(store) == [(1, 2)]


def test_one_view_stays_the_same_while_deliveries_come_in(tmp_path: Path) -> None:
    store = home_of(tmp_path / "home", 10)
    facts = HouseholdFacts(store, HOUSEHOLDS[0], DAYS[-1])
    wanted = by_delivery(store, "income", DAYS[-1], HOUSEHOLDS[0])
    for seed in range(4):
        deliver(store, random.Random(seed), DAYS[5], {})
    assert by_delivery(store, "income", DAYS[-1], HOUSEHOLDS[0]) != wanted
    assert spoken(facts.of("income")) == wanted


def test_many_read_while_the_copy_is_replaced(tmp_path: Path) -> None:
    store = home_of(tmp_path / "home", 11)
    regroup.regroup(store, **SMALL)
    wanted = {(h, k): by_delivery(store, k, DAYS[-1], h) for h in HOUSEHOLDS for k in KINDS}
    shared = FactStore(store.home)
    stop: list[bool] = []

    def read() -> int:
        rounds = 0
        while not stop or rounds < 3:
            for (household, kind), rows in wanted.items():
                assert spoken(HouseholdFacts(shared, household, DAYS[-1]).of(kind)) == rows
            rounds += 1
        return rounds

    with ThreadPoolExecutor(4) as readers:
        reading = [readers.submit(read) for _ in range(4)]
        for size in (2, 4, 6):
            shutil.rmtree(store.folder / by_household.FOLDER)
            regroup.regroup(FactStore(store.home), rows_a_group=size, rows_a_file=2 * size)
        stop.append(True)
        assert all(task.result() >= 3 for task in reading)


def test_footers_in_memory_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_household, "FOOTERS", 5)
    store = home_of(tmp_path / "home", 12)
    regroup.regroup(store, **SMALL)
    assert len(pieces(store)) > 5
    agree(store)
    assert 0 < len(by_household._footers) <= 5


def test_reading_one_household_needs_neither_pandas_nor_an_engine(tmp_path: Path) -> None:
    store = home_of(tmp_path / "home", 13)
    regroup.regroup(store, **SMALL)
    deliver(store, random.Random(1), DAYS[4], {})
    script = f"""
import sys
from datetime import date
from features.home import Home
from features.facts.asof import HouseholdFacts, visible_rows
from features.facts.store import FactStore
store = FactStore(Home.open({str(store.home.path)!r}))
rows = [r for h in {HOUSEHOLDS!r} for k in {KINDS!r} for r in HouseholdFacts(store, h, date(2030, 1, 1)).of(k)]
everyone = visible_rows(store, "income", date(2030, 1, 1))
print(len(rows) > 0 and len(everyone) > 0, sorted({{"pandas", "duckdb", "pyarrow.dataset"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True []"
