"""Outcomes at the next wave that asked: rounds unevenly apart, one of which did not ask."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from features.errors import Refusal
from features.home import Home
from features.indicators.catalogue import load
from features.intake.delivery import ingest
from features.intake.mapping import Mapping
from features.outcomes import answered_on, asking_waves, choose, mature, outcome_frame, training_days

MAPPING = """
id: calls
name: {zh: 宽表, en: calls}
household: [hh]
wave:
  rounds:
    "0": [2019-01-01, 2019-06-30]
    "1": [2020-05-04, 2020-05-29]
    "2": [2020-07-01, 2020-07-20]
    "3": [2020-08-01, 2020-08-09]
    "4": [2020-12-01, 2020-12-20]
arrival: wave_end
population: interviewed
welfare: {concept: food_security_score, now: welfare_log}
line: {amount: 0.5}
facts:
  - kind: household
    columns: {members: size}
  - kind: income
    set: {part: total, per: person, concept: food_security_score, months: 1}
    columns: {amount: {from: "secure_{round}", codes: {"1": 1, "2": 0}}}
outcomes:
  - id: insecure
    name: {zh: 不安全, en: insecure}
    horizons: [3]
    observed: next_wave
    components: [below_line_now]
"""
# Rounds 0, 2 and 4 asked. b answers nothing in round 2; c is never secure; d falls at last.
ROWS = {"a": "1 1 2", "b": "1 - 2", "c": "2 2 2", "d": "1 1 2", "e": "1 2 1"}
R0, R1, R2, R3, R4 = (
    date(2019, 6, 30),
    date(2020, 5, 29),
    date(2020, 7, 20),
    date(2020, 8, 9),
    date(2020, 12, 20),
)


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("FANGPIN_KEYS", raising=False)
    home = Home.create(tmp_path / "home", clock="simulated")
    (tmp_path / "calls.yaml").write_text(MAPPING, encoding="utf-8")
    path = tmp_path / "calls.csv"
    with path.open("w", newline="") as sink:
        writer = csv.writer(sink)
        writer.writerow(["hh", "size", "secure_0", "secure_2", "secure_4"])
        writer.writerows([key, 3, *(c.replace("-", "") for c in told.split())] for key, told in ROWS.items())
    (result,) = ingest(home, [path], tmp_path / "calls.yaml")
    assert result.rows_accepted == 25
    return home


def labels(home: Home, until: date) -> dict[tuple[str, date], tuple[bool | None, bool | None]]:
    catalogue = load(home)
    table = outcome_frame(catalogue, choose(catalogue, None), [R0, R1, R2, R3, R4], until)
    names = {home.pseudonym(key): key for key in ROWS}
    return {
        (names[one["household"]], one["as_of"]): (one["at_risk"], one["y_3"]) for one in table.to_pylist()
    }


def test_the_next_wave_that_asked_answers(panel: Home) -> None:
    told = labels(panel, R4)
    assert [told[key, R0] for key in "abcde"] == [(True, False), (True, None), (False, True), (True, False), (True, True)]  # fmt: skip
    assert [told[key, R2] for key in "abcde"] == [(True, True), (None, True), (False, True), (True, True), (False, False)]  # fmt: skip
    assert {told[key, R4][1] for key in "abcde"} == {None}, "nothing came after"
    assert {told[key, day][0] for key in "abcde" for day in (R1, R3)} == {None}, "those rounds did not ask"


def test_an_answer_is_known_with_its_wave_and_not_before(panel: Home) -> None:
    catalogue = load(panel)
    outcome = choose(catalogue, None)
    assert asking_waves(catalogue, outcome, R4) == [R0, R2, R4]
    assert asking_waves(catalogue, outcome, date(2020, 12, 19)) == [R0, R2]
    assert {label for _, label in labels(panel, date(2020, 7, 19)).values()} == {None}
    early = labels(panel, R3)
    assert [early[key, R0][1] for key in "acde"] == [False, True, False, True]
    assert {early[key, R2][1] for key in "abcde"} == {None}
    assert training_days(panel, outcome, R3) == [R0, R1]
    assert training_days(panel, outcome, R4) == [R0, R1, R2, R3]


def test_the_day_that_answers(panel: Home) -> None:
    outcome = choose(load(panel), None)
    assert answered_on(outcome, R0, 3, [R0, R2, R4]) == R2
    assert answered_on(outcome, R2, 3, [R0, R2, R4]) == R4
    assert answered_on(outcome, R4, 3, [R0, R2, R4]) is None
    assert mature(outcome, R0, R2, None, [R0, R2])
    assert not mature(outcome, R2, R4, None, [R0, R2])


@pytest.mark.parametrize("wrong", ["kind: by", "horizons: [3, 6]", "observed: later"])
def test_only_the_state_at_one_horizon_is_observed_at_the_next_wave(wrong: str) -> None:
    key = wrong.split(":")[0]
    lines = [line for line in MAPPING.splitlines() if not line.strip().startswith(f"{key}:") or key == "kind"]
    with pytest.raises(Refusal) as refused:
        Mapping.parse("\n".join([*lines, f"    {wrong}"]).encode(), "calls.yaml")
    assert refused.value.params["key"] == "outcomes[0].observed"
