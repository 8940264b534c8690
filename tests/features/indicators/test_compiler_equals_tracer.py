"""The fast compiler equals the slow tracer on random histories: corrections, retractions, late arrivals."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.declarations import Declarations
from features.facts.kinds import Kind, kinds
from features.facts.store import Delivery, FactStore
from features.home import Home
from features.indicators.catalogue import Catalogue, assemble
from features.indicators.compile import PAIRS, Compiler
from features.indicators.trace import trace
from features.outcomes import months_later
from features.policy.parameters import ParameterSet

RECORDS = Path(__file__).parent / "every_aggregate"
HOUSEHOLDS = [f"{n:064x}" for n in range(5)]
START = date(2019, 1, 31)


def declarations(line: dict[str, object]) -> Declarations:
    return Declarations(
        mappings={},
        populations={"m": "registered"},
        concept="net",
        welfare={"concept": "net"},
        line=line,
        outcomes=(),
        covariates={},
        synthetic=True,
    )


def manifest(day: date) -> Delivery:
    return Delivery("m", "", "f.csv", "", day, day, 0, 0, 0, 0, 0)


def random_table(
    kind: Kind, rng: random.Random, revisions: dict[tuple[object, ...], int], day: date
) -> pa.Table:
    rows = []
    for number in range(rng.randint(0, 25)):
        period = months_later(START, rng.randint(0, 30))
        known = period + timedelta(days=rng.randint(0, 70))
        row: dict[str, object] = {
            "household": rng.choice(HOUSEHOLDS),
            "person": rng.choice(["p1", "p2", None]) if kind.subject == "person" else None,
            "source": "m",
            "entry": "" if kind.id != "shock" else str(rng.randint(0, 3)),
            "period": period,
            "slot": rng.randint(0, 1),
            "valid_from": None if kind.clock == "event" else period.replace(day=1),
            "valid_to": period if kind.clock == "span" and rng.random() < 0.8 else None,
            "happened_on": period - timedelta(days=rng.randint(0, 20)) if kind.clock == "event" else None,
            "known_at": known,
            "recorded_at": max(known, day),
            "delivery": 0,
            "row": number + 2,
        }
        chain = (*(row[name] for name in ("household", "person", "entry", "period", "slot")), kind.id)
        revisions[chain] = revisions.get(chain, 0) + 1
        row |= {"revision": revisions[chain], "retracted": rng.random() < 0.1}
        for column in kind.columns.values():
            if rng.random() < 0.15:
                value: object = None
            elif column.type in ("money", "integer", "decimal"):
                value = rng.choice([rng.randint(-2000, 200_000), 0, 500])
            elif column.type == "boolean":
                value = rng.random() < 0.5
            elif column.values:
                value = rng.choice(column.values)
            else:
                value = rng.choice(["loan", "savings"])
            row[column.name] = value
        if kind.id == "income":
            row |= {
                "per": rng.choice(["person", "household"]),
                "concept": rng.choice(["net", "other"]),
                "months": rng.choice([1, 3]),
            }
        if kind.id == "line":
            row |= {"household": "", "amount": rng.randint(1, 300_000)}
        if kind.id == "household":
            row |= {"area": rng.choice(["9/1", "9/2", None])}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=kind.schema)


def history(path: Path, seed: int) -> FactStore:
    rng = random.Random(seed)
    store = FactStore(Home.create(path, clock="simulated"))
    revisions: dict[tuple[object, ...], int] = {}
    day = START
    for _ in range(5):
        day += timedelta(days=rng.randint(0, 200))
        chosen = [
            kinds()[k]
            for k in ("income", "coping", "shock", "person", "household", "line")
            if rng.random() < 0.8
        ]
        store.append(manifest(day), {k.id: random_table(k, rng, revisions, day) for k in chosen})
    return store


def same(fast: object, slow: object) -> bool:
    if isinstance(fast, float) and isinstance(slow, float | int) and not isinstance(slow, bool):
        return math.isclose(fast, slow, rel_tol=1e-9, abs_tol=1e-9)
    return fast == slow and type(fast) is type(slow)


def differences(catalogue: Catalogue, days: list[date]) -> list[str]:
    found = []
    with Compiler(catalogue) as compiler:
        pairs = compiler.population(days)
        outsiders = [h for h in HOUSEHOLDS if h not in set(pairs["household"].to_pylist())]
        assert pairs.schema == PAIRS
        assert len(outsiders) < len(HOUSEHOLDS)
        for row in compiler.compute(pairs).to_pylist():
            for column in catalogue.columns:
                slow = trace(catalogue, column, row["household"], row["as_of"])
                if not same(row[column], slow.value):
                    found.append(
                        f"{column} {row['household'][-1]} {row['as_of']}: {row[column]!r}, {slow.value!r}"
                    )
    return found


@pytest.mark.parametrize("seed", range(6))
def test_every_value_of_a_random_history_is_the_same(tmp_path: Path, seed: int) -> None:
    store = history(tmp_path / "home", seed)
    line: dict[str, object] = {"parameter": "monitoring_line"} if seed % 2 else {"quantile": 0.3}
    catalogue = assemble(store, declarations(line), ParameterSet.load(), folder=RECORDS)
    days = [months_later(START, n) for n in (18, 31)]
    assert differences(catalogue, days) == []


def test_what_is_asked_of_few_is_what_is_asked_of_all(tmp_path: Path) -> None:
    store = history(tmp_path / "home", 1)
    catalogue = assemble(store, declarations({"quantile": 0.3}), ParameterSet.load(), folder=RECORDS)
    with Compiler(catalogue) as compiler:
        pairs = compiler.population([months_later(START, 31), months_later(START, 18)])
        everyone = compiler.compute(pairs)
        for household in set(pairs["household"].to_pylist()):
            few = pairs.filter(pc.equal(pairs["household"], household))
            assert compiler.compute(few).equals(everyone.filter(pc.equal(everyone["household"], household)))
