"""Fairness: errors worked out by hand, verdicts by the declared rule, attributes as known on the day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.facts.kinds import kinds
from features.indicators.compile import Compiler
from features.indicators.record import Record, read_records
from features.wording import both
from tests.features.indicators.example_home import catalogue_of, expected
from tests.training.test_reliability import evaluation
from training import attributes, fairness
from training.attributes import ATTRIBUTES, RECORDS, UNKNOWN_SHARE, Groups

OWN = read_records(RECORDS, kinds())


def groups(values: list[str | None], attribute: str = "letter") -> Groups:
    known = sorted({value for value in values if value is not None})
    name = {"zh": attribute, "en": attribute}
    return Groups({attribute: values}, {attribute: name}, {(attribute, value): name for value in known}, ())


def judged(
    found_a: int, found_b: int, events: int = 60, quiet: int = 2000, share: float = 0.05
) -> tuple[dict[str, dict[str, object]], dict[str, object]]:
    """Two groups of equal size; so many of the events of each have the highest scores of all."""
    outcome = np.r_[np.ones(events), np.zeros(quiet), np.ones(events), np.zeros(quiet)]
    score = np.full(len(outcome), 0.1)
    score[:found_a] = score[events + quiet : events + quiet + found_b] = 0.9
    # A list of the right length: the rest of it are quiet rows, half in each group.
    visits = round(share * len(outcome))
    spare = visits - found_a - found_b
    score[events : events + spare // 2] = 0.8
    score[2 * events + quiet : 2 * events + quiet + spare - spare // 2] = 0.8
    document = fairness.fairness(
        evaluation(score, outcome),
        groups(["a"] * (events + quiet) + ["b"] * (events + quiet)),
        visits_share=share,
    )
    return {row["group"]: row for row in document["groups"]}, document


def test_errors_worked_out_by_hand() -> None:
    found, document = judged(found_a=45, found_b=30)
    a, b = found["a"], found["b"]
    assert (a["rows"], a["events"]) == (2060, 60)
    assert a["exclusion"]["value"] == pytest.approx(15 / 60)
    assert b["exclusion"]["value"] == pytest.approx(30 / 60)
    # 206 visits, 75 of them events.
    assert a["inclusion"]["value"] == pytest.approx(65 / 2000)
    assert b["inclusion"]["value"] == pytest.approx(66 / 2000)
    assert b["difference"]["value"] == pytest.approx(0.25)
    assert a["difference"]["value"] == pytest.approx(-0.25)
    for row in (a, b):
        for figure in ("exclusion", "inclusion", "difference"):
            assert row[figure]["low"] <= row[figure]["value"] <= row[figure]["high"]
    assert a["others"]["exclusion"] == b["exclusion"]
    assert b["others"] == {k: a[k] for k in ("rows", "events", "exclusion", "inclusion")}
    assert (a["verdict"], b["verdict"], document["verdict"]) == ("fine", "concern", "concern")


def test_alike_is_fine_and_a_gap_that_may_be_chance_is_not_enough_evidence() -> None:
    assert {row["verdict"] for row in judged(40, 40)[0].values()} == {"fine"}
    found, document = judged(44, 39)
    assert found["b"]["difference"]["low"] < 0 < found["b"]["difference"]["high"]
    assert (found["a"]["verdict"], found["b"]["verdict"]) == ("fine", "not_enough_evidence")
    assert document["verdict"] == "fine"


def test_where_few_can_be_found_a_fifth_fewer_is_a_concern() -> None:
    # Four points apart, but one group's events are found not half as often.
    found, _ = judged(42, 14, events=700, quiet=7000, share=0.01)
    assert found["b"]["difference"]["value"] == pytest.approx(0.04)
    assert found["b"]["verdict"] == "concern"


@pytest.mark.parametrize(
    ("events", "quiet", "told"), [(29, 2000, False), (30, 2000, True), (40, 99, False), (40, 100, True)]
)
def test_below_thirty_events_or_a_hundred_others_there_is_no_figure(
    events: int, quiet: int, told: bool
) -> None:
    found, _ = judged(10, 10, events=events, quiet=quiet, share=0.2)
    for row in found.values():
        assert (row["exclusion"] is not None) is told
        assert (row["inclusion"] is not None) is told
        assert told or row["verdict"] == "not_enough_evidence"


def test_a_group_is_not_judged_by_others_too_few_to_compare_with() -> None:
    outcome = np.r_[np.ones(50), np.zeros(500), np.ones(5), np.zeros(500)]
    document = fairness.fairness(
        evaluation(np.linspace(1, 0, 1055), outcome), groups(["many"] * 550 + ["few"] * 505)
    )
    assert {row["verdict"] for row in document["groups"]} == {"not_enough_evidence"}
    assert document["verdict"] == "not_enough_evidence"


def test_a_row_of_unknown_group_is_in_no_group_and_no_others() -> None:
    outcome = np.tile([1.0, 0, 0, 0, 0], 300)
    names: list[str | None] = ["a", "b", None]
    document = fairness.fairness(
        evaluation(np.linspace(1, 0, 1500), outcome), groups([names[n % 3] for n in range(1500)])
    )
    assert [row["rows"] for row in document["groups"]] == [500, 500]
    assert document["rows"] == 1500


@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.floats(0, 1))
def test_visits_are_the_share_of_each_day_and_go_to_the_highest(seed: int, rows: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    score = generator.integers(0, 5, rows) / 4
    day = np.datetime64("2020-01-01") + generator.integers(0, 3, rows)
    visited = fairness.planned(score, day, share)
    assert ((visited >= 0) & (visited <= 1)).all()
    for one in np.unique(day):
        inside = day == one
        assert visited[inside].sum() == pytest.approx(share * inside.sum())
        order = np.argsort(-score[inside])
        assert (np.diff(visited[inside][order]) <= 1e-12).all(), "never more for a lower score"


@pytest.mark.parametrize("record", OWN, ids=lambda record: record.id)
def test_an_attribute_gives_what_its_examples_say(record: Record, tmp_path: Path) -> None:
    assert record.protected
    assert record.may_predict == "none"
    for number, example in enumerate(record.examples):
        catalogue = catalogue_of(record, example, tmp_path / str(number))
        with Compiler(catalogue, threads=1) as compiler:
            table = compiler.compute(compiler.population([example["as_of"]]))
        found = {row["household"]: row for row in table.to_pylist()}
        for (household, column), wanted in expected(record, example).items():
            assert found[household][column] == wanted, (household, column)


def test_attributes_are_read_as_known_on_the_day(tmp_path: Path) -> None:
    record = next(record for record in OWN if record.id == "head_sex")
    facts = [
        {"household": h, "person": f"p{h}", "relation": "head", "sex": sex, "valid_to": day, "known_at": day}
        for h, sex, day in (
            ("a", "female", date(2024, 6, 30)),
            ("b", "male", date(2024, 6, 30)),
            ("b", "female", date(2025, 3, 31)),
        )
    ]
    catalogue = catalogue_of(
        record,
        {"as_of": date(2024, 12, 31), "facts": facts, "expect": {"a": "female", "b": "male"}},
        tmp_path,
    )
    pairs = pa.table(
        {
            "household": ["a", "a", "b", "b"],
            "as_of": pa.array([date(2024, 12, 31), date(2025, 3, 31)] * 2, pa.date32()),
            "area": ["/"] * 4,
        }
    )
    found = attributes.read(catalogue, pairs, np.array([0.1, 0.2, 0.3, 0.9]))
    assert found.values["head_sex"] == ["female", "female", "male", "female"]
    assert found.names["head_sex"] == {"zh": "户主性别", "en": "Sex of the head"}
    assert found.group_names["head_sex", "female"] == {"zh": "女", "en": "woman"}
    assert found.values["data_poor"] == ["no", "no", "no", "yes"]
    assert set(found.left_out) == {a.id for a in ATTRIBUTES} - {"head_sex", "data_poor"}


def test_groups_come_from_values_and_what_a_panel_lacks_is_left_out_by_name() -> None:
    nan = np.nan
    found = attributes.of_values(
        {
            "elderly": np.array([2.0, 1, 0, nan]),
            "members": np.array([2.0, 3, 4, 2]),
            "disabled_members": np.array([0.0, 2, nan, 1]),
            "road_distance": np.array([1.0, 2, 3, 9]),
            "relocated": np.array([0.0, 0, 0, nan]),
            UNKNOWN_SHARE: np.zeros(4),
        }
    )
    assert found.values["elderly_only"] == ["yes", "no", "no", None]
    assert found.values["disabled_member"] == ["no", "yes", None, "yes"]
    assert found.values["remote"] == ["no", "no", "no", "yes"]
    assert set(found.left_out) == {"head_sex", "head_ethnicity", "relocated", "data_poor"}
    assert found.unjudged == {("elderly_only", "no"), ("disabled_member", "no"), ("remote", "no")}


def test_who_lacks_what_an_attribute_is_about_is_compared_with_and_not_judged() -> None:
    values: list[str | None] = ["yes", "no"] * 500
    name = {"zh": "搬迁", "en": "relocated"}
    asked = Groups(
        {"relocated": values},
        {"relocated": name},
        {("relocated", group): name for group in ("yes", "no")},
        (),
        frozenset({("relocated", "no")}),
    )
    document = fairness.fairness(
        evaluation(np.linspace(1, 0, 1000), np.tile([1.0, 1, 0, 0], 250)), asked, visits_share=0.1
    )
    assert [row["group"] for row in document["groups"]] == ["yes"]
    assert (document["groups"][0]["rows"], document["groups"][0]["others"]["rows"]) == (500, 500)


def test_every_attribute_and_group_is_named_in_both_languages() -> None:
    for attribute in ATTRIBUTES:
        for word in (attribute.name, *attribute.names.values()):
            named = both(word)
            assert named["zh"] != named["en"], word
