"""Corrections, retractions and retrospective deliveries, in simulated and in real homes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from features.errors import Refusal
from features.facts.asof import visible_rows
from features.facts.store import FactStore
from features.home import Home
from features.intake.delivery import ingest
from tests.features.intake.conftest import Take, balanced, facts, files_of, row, write_csv


def incomes(home: Home, day: date) -> dict[int, object]:
    """Amounts visible as of a day, by line of the first file that said them (household n stands in line n + 1)."""
    return {
        (fact["household"], fact["period"]): fact["amount"]
        for fact in visible_rows(FactStore(home), "income", day)
    }  # type: ignore[misc]


def amounts(home: Home, day: date) -> list[object]:
    return sorted(incomes(home, day).values())  # type: ignore[type-var]


def test_a_changed_row_corrects_and_an_equal_one_writes_nothing(
    tmp_path: Path, home: Home, take: Take
) -> None:
    first = take(write_csv(tmp_path / "visits_a.csv", [row(1), row(2), row(3)]))
    assert first.facts == {"household": 3, "income": 3, "dwelling": 3, "trait_visits": 3, "line": 1}
    again = take(
        write_csv(tmp_path / "visits_b.csv", [row(1), row(2, INCOME="250"), row(3, OP="x"), row(4)]),
        arrived=date(2024, 3, 1),
    )
    assert (again.rows_in, again.rows_accepted, again.rows_unchanged) == (4, 2, 2)
    # Of row 2 only what differs; the line of the wave moves from 200.50 to 250.00 (place 2 of 4 in ascending order).
    assert again.facts == {"household": 1, "income": 2, "dwelling": 1, "trait_visits": 1, "line": 1}
    assert amounts(home, date(2024, 2, 28)) == [10050, 20050, 30050]
    assert amounts(home, date(2024, 3, 1)) == [10050, 25000, 30050, 40050]
    revisions = [(fact["row"], fact["revision"]) for fact in facts(home, "income") if fact["delivery"] == 2]
    assert sorted(revisions) == [(3, 2), (5, 1)]
    lines = [(fact["amount"], fact["revision"], fact["known_at"]) for fact in facts(home, "line")]
    assert lines == [(10050, 1, date(2024, 2, 5)), (25000, 2, date(2024, 3, 1))]


def test_a_file_of_unchanged_rows_is_unchanged(tmp_path: Path, home: Home, take: Take) -> None:
    take(write_csv(tmp_path / "visits_a.csv", [row(1), row(2)]))
    result = take(write_csv(tmp_path / "visits_b.csv", [row(2), row(1, ROOF="2.0")]))
    assert (result.status, result.rows_unchanged, result.facts) == ("unchanged", 2, {})
    assert len(facts(home, "income")) == 2


def test_what_a_corrected_row_no_longer_says_is_taken_back(tmp_path: Path, home: Home, take: Take) -> None:
    take(write_csv(tmp_path / "visits_a.csv", [row(1), row(2)]))
    take(write_csv(tmp_path / "visits_b.csv", [row(2, INCOME="")]), arrived=date(2024, 4, 1))
    assert amounts(home, date(2024, 3, 31)) == [10050, 20050]
    assert amounts(home, date(2024, 4, 1)) == [10050]
    # Said again, it is there again.
    take(write_csv(tmp_path / "visits_c.csv", [row(2, INCOME="7")]), arrived=date(2024, 5, 1))
    assert amounts(home, date(2024, 5, 1)) == [700, 10050]
    assert [f["revision"] for f in facts(home, "income")] == [1, 1, 2, 3]


def test_a_retraction_takes_back_every_fact_of_its_row(tmp_path: Path, home: Home, take: Take) -> None:
    take(write_csv(tmp_path / "visits_a.csv", [row(1), row(2), row(2, month="2024-02")]))
    result = take(
        write_csv(tmp_path / "visits_b.csv", [row(2, OP="D", INCOME="nonsense"), row(9, OP="D")]),
        arrived=date(2024, 4, 1),
    )
    assert (result.rows_accepted, result.rows_quarantined, result.cells_quarantined) == (1, 1, 0)
    # The line of the wave stays what it was: the value that goes was not at its place.
    assert result.facts == {"household": 1, "income": 1, "dwelling": 1, "trait_visits": 1}
    store = FactStore(home)
    for kind in ("household", "income", "dwelling", "trait_visits"):
        assert len(visible_rows(store, kind, date(2024, 3, 31))) == 3
        assert len(visible_rows(store, kind, date(2024, 4, 1))) == 2
    again = take(write_csv(tmp_path / "visits_c.csv", [row(2, OP="D", ROOF="7")]))
    assert (again.rows_unchanged, again.facts) == (1, {})


def test_the_next_period_is_no_correction(tmp_path: Path, home: Home, take: Take) -> None:
    take(write_csv(tmp_path / "visits_a.csv", [row(1), row(2)]))
    take(write_csv(tmp_path / "visits_b.csv", [row(1, month="2024-02"), row(2, month="2024-02")]))
    assert len(amounts(home, date(2024, 3, 5))) == 4
    assert {fact["revision"] for fact in facts(home, "income")} == {1}


def test_files_of_one_call_are_taken_in_order_of_arrival(tmp_path: Path, home: Home, mapping: Path) -> None:
    months = ["2024-03", "2024-01", "2024-02"]
    paths = [write_csv(tmp_path / f"visits_{n}.csv", [row(1, month=month)]) for n, month in enumerate(months)]
    results = ingest(home, paths, mapping)
    assert [result.file for result in results] == ["visits_1.csv", "visits_2.csv", "visits_0.csv"]
    assert [d.recorded_at for d in FactStore(home).deliveries()] == [
        date(2024, 2, 5),
        date(2024, 3, 5),
        date(2024, 4, 5),
    ]
    assert home.today() == date(2024, 4, 5)


def test_a_back_filled_period_does_not_change_earlier_days(tmp_path: Path, home: Home, take: Take) -> None:
    take(write_csv(tmp_path / "visits_a.csv", [row(1, month="2024-03")]))
    before = amounts(home, date(2024, 4, 5))
    take(write_csv(tmp_path / "visits_b.csv", [row(1, month="2024-01")]), arrived=date(2024, 6, 1))
    assert amounts(home, date(2024, 4, 5)) == before
    assert len(amounts(home, date(2024, 6, 1))) == 2


def test_a_retrospective_delivery_is_invisible_before_its_recording(
    tmp_path: Path, home: Home, take: Take
) -> None:
    take(write_csv(tmp_path / "visits_a.csv", [row(1, month="2024-06")]))
    home.close(date(2024, 7, 5))
    take(write_csv(tmp_path / "visits_b.csv", [row(2, month="2024-01")]))
    (late,) = [fact for fact in facts(home, "income") if fact["delivery"] == 2]
    assert (late["known_at"], late["recorded_at"]) == (date(2024, 2, 5), date(2024, 7, 6))
    assert len(amounts(home, date(2024, 7, 5))) == 1
    assert len(amounts(home, date(2024, 7, 6))) == 2
    assert home.today() == date(2024, 7, 6)


def test_one_file_of_many_waves_is_recorded_wave_by_wave(tmp_path: Path, home: Home, take: Take) -> None:
    months = [f"2024-{month:02d}" for month in range(1, 7)]
    result = take(
        write_csv(tmp_path / "visits_a.csv", [row(n, month=month) for month in months for n in range(1, 5)])
    )
    assert result.facts["line"] == 6
    assert [len(amounts(home, date(2024, month, 5))) for month in range(2, 8)] == [4, 8, 12, 16, 20, 24]
    assert home.today() == date(2024, 7, 5)


def test_a_crash_before_the_commit_leaves_nothing(
    tmp_path: Path, home: Home, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(write_csv(tmp_path / "visits_a.csv", [row(1)]))
    committed = {name for name in files_of(home) if name.startswith("facts/deliveries")}
    path = write_csv(tmp_path / "visits_b.csv", [row(2)])
    monkeypatch.setattr("features.facts.store.write_atomically", _crash)
    with pytest.raises(OSError, match="power"):
        take(path)
    monkeypatch.undo()
    assert {name for name in files_of(home) if name.startswith("facts/deliveries")} == committed
    assert len(amounts(home, date(2024, 12, 31))) == 1
    assert take(path).status == "accepted"
    assert amounts(home, date(2024, 12, 31)) == [10050, 20050]


def _crash(path: Path, content: bytes) -> None:
    raise OSError("power is gone")


@pytest.fixture
def real_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("FANGPIN_KEYS", raising=False)
    return Home.create(tmp_path / "real", clock="real")


def test_a_real_home_loads_history_until_its_first_list(
    tmp_path: Path, real_home: Home, mapping: Path
) -> None:
    history = write_csv(tmp_path / "visits_a.csv", [row(1)])
    (result,) = ingest(real_home, [history], mapping)
    assert result.status == "accepted"
    (fact,) = facts(real_home, "income")
    assert (fact["known_at"], fact["recorded_at"]) == (date(2024, 2, 5), date(2024, 2, 5))
    (result,) = ingest(
        real_home, [write_csv(tmp_path / "visits_b.csv", [row(2)])], mapping, date(2024, 2, 20)
    )
    assert facts(real_home, "income")[1]["recorded_at"] == date(2024, 2, 20)
    real_home.mark_list_issued()
    path = write_csv(tmp_path / "visits_c.csv", [row(3)])
    with pytest.raises(Refusal) as refused:
        ingest(real_home, [path], mapping, date(2024, 2, 20))
    assert (refused.value.code, refused.value.exit_code) == ("arrival_after_first_list", 4)
    (result,) = ingest(real_home, [path], mapping)
    late = facts(real_home, "income")[2]
    assert (late["known_at"], late["recorded_at"]) == (date(2024, 2, 5), date.today())
    assert balanced(result)


def test_a_real_home_knows_nothing_of_tomorrow(tmp_path: Path, real_home: Home, mapping: Path) -> None:
    month = (date.today() + timedelta(days=40)).strftime("%Y-%m")
    (result,) = ingest(real_home, [write_csv(tmp_path / "visits_a.csv", [row(1, month=month)])], mapping)
    assert result.error is not None
    assert result.error["code"] == "clock_backwards"


def test_without_files_what_is_new_under_deliveries_is_taken(
    tmp_path: Path, home: Home, mapping: Path
) -> None:
    (home.folder("mappings") / "visits.yaml").write_bytes(mapping.read_bytes())
    folder = home.folder("deliveries") / "visits"
    folder.mkdir()
    write_csv(folder / "anything.csv", [row(1)])
    assert [result.file for result in ingest(home)] == ["anything.csv"]
    write_csv(folder / "later.csv", [row(1, month="2024-02")])
    assert [(r.file, r.status) for r in ingest(home, mapping="visits")] == [("later.csv", "accepted")]
    assert ingest(home) == []
    assert [name for name, _ in FactStore(home).mappings()] == ["visits"]
