"""The rolling origin: nothing overlaps, everything is tested once, nobody stands on both sides."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.training.panels import quarter_ends
from training.periods import FOLDS, MOST_BLOCKS, fold_of, known_by, months_later, rolling, single

MONTHS = [months_later(date(2005, 1, 31), number) for number in range(120)]


@given(
    st.sets(st.sampled_from(MONTHS), min_size=1, max_size=60),
    st.integers(min_value=1, max_value=12),
    st.integers(min_value=0, max_value=90),
)
def test_training_outcomes_are_known_before_the_block_begins(
    days: set[date], months: int, delay: int
) -> None:
    ordered = sorted(days)
    blocks = rolling(ordered, months, delay)
    assert len(blocks) <= MOST_BLOCKS or len({day.year for day in ordered}) > MOST_BLOCKS
    for block in blocks:
        before = [day for day in ordered if day < block.test[0]]
        assert block.cutoff == before[-1], "a wave begins on the day after the as-of day before it"
        assert block.train
        for day in block.train:
            assert known_by(day, months, delay) <= block.cutoff < block.test[0]
        late = [day for day in ordered if day not in block.train]
        assert all(known_by(day, months, delay) > block.cutoff for day in late), (
            "all that was known may train"
        )


@given(st.sets(st.sampled_from(MONTHS), min_size=2, max_size=60), st.integers(min_value=1, max_value=12))
def test_every_day_is_in_at_most_one_block_and_none_with_something_to_train_on_is_left_out(
    days: set[date], months: int
) -> None:
    ordered = sorted(days)
    blocks = rolling(ordered, months)
    tested = Counter(day for block in blocks for day in block.test)
    assert set(tested.values()) <= {1}
    if blocks:
        first = blocks[0].test[0]
        assert set(tested) == {day for day in ordered if day >= first}


def test_a_panel_of_quarters_is_tested_in_years() -> None:
    blocks = rolling(quarter_ends(39, date(2003, 9, 30)), 12)
    assert [block.name for block in blocks] == [str(year) for year in range(2005, 2014)]
    last = blocks[-2]
    assert last.test[0] == date(2012, 3, 31)
    assert last.train[-1] == date(2010, 12, 31), "no training outcome reaches into the test"


def test_few_waves_are_tested_one_by_one_and_months_in_quarters() -> None:
    waves = [date(2020, 4, 30), date(2020, 6, 30), date(2020, 8, 31), date(2020, 10, 31)]
    assert [block.test for block in rolling(waves, 2)] == [(waves[2],), (waves[3],)]
    assert {len(block.test) for block in rolling(MONTHS[:24], 6)} <= {1, 2, 3}


def test_a_reporting_delay_costs_training_days() -> None:
    days = quarter_ends(20)
    prompt, late = rolling(days, 3), rolling(days, 3, 60)
    assert len(prompt[-1].train) == len(late[-1].train) + 1
    assert known_by(date(2010, 3, 31), 3, 60) == date(2010, 6, 30) + timedelta(days=60)


def test_single_is_the_last_block_that_has_its_share_of_days() -> None:
    days = quarter_ends(60)
    assert single(days, 3) == rolling(days, 3)[-1:]
    begun = quarter_ends(61)
    assert len(rolling(begun, 3)[-1].test) == 1
    assert single(begun, 3) == single(days, 3)
    assert single(days[:1], 3) == []


def test_a_household_is_always_in_the_same_fold_and_folds_are_of_like_size() -> None:
    sizes = Counter(fold_of(f"household {number}") for number in range(5000))
    assert set(sizes) == set(range(FOLDS))
    assert max(sizes.values()) < 1.15 * min(sizes.values())
    assert fold_of("household 7") == fold_of("household 7")
