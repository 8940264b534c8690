"""Outcomes: what happened, when it happened, and only once it can be known."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from features.declarations import Declarations
from features.errors import Refusal
from features.facts.kinds import kinds
from features.facts.store import Delivery, FactStore
from features.home import Home
from features.indicators.catalogue import Catalogue, assemble
from features.outcomes import choose, mature, months_later, outcome_frame, population_days
from features.policy.parameters import ParameterSet

RECORDS = """
- {id: below_line_now, shape: windowed, name: &n {zh: 低于参照线, en: below the line}, group: income, level: micro, owner: t,
   unit: yes_no, rhythm: wave, kind: welfare, column: below, windows: {months: 1}, aggregate: last, may_predict: all,
   valid_from: 2000-01-01, source: test, reason: *n, examples: []}
- {id: below_line_3_months_ago, shape: windowed, name: &m {zh: 三个月前低于参照线, en: below three months ago}, group: income,
   level: micro, owner: t, unit: yes_no, rhythm: wave, kind: welfare, column: below, windows: {months: [3, 4]},
   aggregate: last, may_predict: all, valid_from: 2000-01-01, source: test, reason: *m, examples: []}
"""
LINE = 100
WAVES = [months_later(date(2010, 3, 31), 3 * n) for n in range(9)]


def outcome(**changes: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "id": "falls",
        "name": {"zh": "跌落", "en": "falls"},
        "kind": "at",
        "horizons": [12],
        "components": ["below_line_now"],
    }
    return {**plain, **changes}


def catalogue(
    path: Path,
    incomes: dict[str, list[int | None]],
    declared: dict[str, object],
    late: int = 0,
    recorded: date = date.min,
) -> Catalogue:
    """A panel of quarterly incomes; ``late`` days pass until a wave is known, none is recorded before ``recorded``."""
    (path / "records").mkdir(parents=True)
    (path / "records" / "r.yaml").write_text(RECORDS)
    store = FactStore(Home.create(path / "home", clock="simulated"))
    for number, wave in enumerate(WAVES):
        known = wave + timedelta(days=late)
        common = {
            "source": "m", "entry": "", "period": wave, "slot": 0, "valid_from": months_later(wave, -3) + timedelta(days=1),
            "valid_to": wave, "known_at": known, "recorded_at": max(known, recorded), "row": 2, "revision": 1, "retracted": False,
        }  # fmt: skip
        seen = {h: values[number] for h, values in incomes.items() if values[number] is not None}
        income = [
            {
                **common,
                "household": h,
                "part": "total",
                "per": "person",
                "concept": "c",
                "months": 1,
                "amount": amount,
            }
            for h, amount in seen.items()
            if amount
        ]
        tables = {
            "household": [{**common, "household": h, "area": "1/2"} for h in seen],
            "income": income,
            "line": [{**common, "household": "", "area": "/", "concept": "c", "months": 1, "amount": LINE}],
        }
        store.append(
            Delivery("m", "", f"{number}.csv", "", wave, known, 0, 0, 0, 0, 0),
            {kind: pa.Table.from_pylist(rows, schema=kinds()[kind].schema) for kind, rows in tables.items()},
        )
    declarations = Declarations(
        mappings={}, populations={"m": "interviewed"}, concept="c", welfare={"concept": "c"}, line={"quantile": 0.3},
        outcomes=(declared,), covariates={}, synthetic=True,
    )  # fmt: skip
    return assemble(store, declarations, ParameterSet.load(), folder=path / "records")


def labels(found: Catalogue, day: date, until: date, *names: str) -> dict[str, tuple[object, ...]]:
    rows = outcome_frame(found, choose(found, None), [day], until).to_pylist()
    return {row["household"]: tuple(row[name] for name in names) for row in rows}


INCOMES: dict[str, list[int | None]] = {
    "falls": [150, None, None, None, 50, None, None, None, None],
    "stays": [150, None, None, None, 150, None, None, None, None],
    "dips between": [150, 50, None, None, 150, None, None, None, None],
    "poor now": [50, None, None, None, 60, None, None, None, None],
    "never seen again": [150, None, None, None, None, None, None, None, None],
    "gave no answer now": [0, None, None, None, 50, None, None, None, None],
    "on the line": [100, None, None, None, 99, None, None, None, None],
}


def test_the_state_at_the_horizon(tmp_path: Path) -> None:
    found = labels(
        catalogue(tmp_path, INCOMES, outcome()), WAVES[0], WAVES[8], "at_risk", "holds_now", "y_12"
    )
    assert found == {
        "falls": (True, False, True),
        "stays": (True, False, False),
        "dips between": (True, False, False),
        "poor now": (False, True, True),
        "never seen again": (True, False, None),
        "gave no answer now": (None, None, True),
        "on the line": (True, False, True),
    }


def test_some_time_within_the_horizon(tmp_path: Path) -> None:
    panel = catalogue(tmp_path, INCOMES, outcome(kind="by", horizons=[3, 12]))
    found = labels(panel, WAVES[0], WAVES[8], "y_3", "y_12", "event_on")
    assert found["dips between"] == (True, True, WAVES[1])
    assert found["falls"] == (None, True, WAVES[4]), "not seen after three months: not known, never a no"
    assert found["stays"] == (None, False, None)
    assert found["never seen again"] == (None, None, None)


def test_what_must_be_given_narrows_who_is_at_risk(tmp_path: Path) -> None:
    incomes: dict[str, list[int | None]] = {
        "came back up": [50, 150, None, None, 50, *[None] * 4],
        "was never down": [150, 150, None, None, 50, *[None] * 4],
        "not seen before": [None, 150, None, None, 50, *[None] * 4],
    }
    panel = catalogue(tmp_path, incomes, outcome(id="relapse", horizons=[9], given="below_line_3_months_ago"))
    found = labels(panel, WAVES[1], WAVES[8], "at_risk", "y_9")
    assert found == {
        "came back up": (True, True),
        "was never down": (False, True),
        "not seen before": (None, True),
    }


def test_an_immature_outcome_is_no_negative_and_the_future_does_not_reach_back(tmp_path: Path) -> None:
    panel = catalogue(tmp_path, INCOMES, outcome(delay_days=30))
    ripe = WAVES[4] + timedelta(days=30)
    assert labels(panel, WAVES[0], ripe, "y_12")["falls"] == (True,)
    before = labels(panel, WAVES[0], ripe - timedelta(days=1), "y_12")
    assert set(before.values()) == {(None,)}
    assert mature(choose(panel, None), WAVES[0], ripe)
    assert not mature(choose(panel, None), WAVES[0], ripe - timedelta(days=1))


def test_only_what_was_known_on_the_day_decides_who_is_at_risk(tmp_path: Path) -> None:
    panel = catalogue(tmp_path, INCOMES, outcome(), late=45)
    assert outcome_frame(panel, choose(panel, None), [WAVES[0]], WAVES[8]).num_rows == 0, (
        "the wave was not known yet"
    )


def test_a_history_handed_over_late_teaches_only_where_that_is_asked_for(tmp_path: Path) -> None:
    """Waves known in time but recorded together, after the third: two directions, and the cut-off holds."""
    recorded = WAVES[2] + timedelta(days=1)
    panel = catalogue(tmp_path, INCOMES, outcome(horizons=[3]), recorded=recorded)
    chosen = choose(panel, None)

    def rows(until: date, *, retrospective: bool) -> int:
        return outcome_frame(panel, chosen, [WAVES[0]], until, retrospective=retrospective).num_rows

    assert rows(WAVES[8], retrospective=False) == 0, "nobody had this on the day"
    assert rows(WAVES[8], retrospective=True) == len([v for v in INCOMES.values() if v[0] is not None])
    assert rows(WAVES[2], retrospective=True) == 0, "recorded after the cut-off: not read"
    assert population_days(panel, WAVES[8]) == [WAVES[4]]
    assert population_days(panel, WAVES[8], retrospective=True) == [WAVES[0], WAVES[1], WAVES[4]]
    assert population_days(panel, WAVES[2], retrospective=True) == []


def test_an_outcome_that_nobody_declares_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as problem:
        choose(catalogue(tmp_path, INCOMES, outcome()), "hunger")
    assert "falls" in problem.value.remedy()["zh"]
