"""The rolling origin: nothing overlaps, everything is tested once, nobody stands on both sides."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.training.panels import quarter_ends
from training.periods import (
    FOLDS,
    MOST_BLOCKS,
    SHORT,
    Block,
    fold_of,
    known_by,
    months_later,
    rolling,
    single,
)

MONTHS = [months_later(date(2005, 1, 31), number) for number in range(120)]
# Waves of a register end with their month; those of a survey end on whatever day they end.
CALENDARS = st.one_of(
    st.sets(st.sampled_from(MONTHS), min_size=1, max_size=60),
    st.sets(st.dates(date(2005, 1, 1), date(2014, 12, 31)), min_size=1, max_size=40),
    st.sets(st.dates(date(2005, 1, 1), date(2008, 12, 31)), min_size=1, max_size=SHORT),
)
HORIZONS = st.integers(min_value=1, max_value=12)
DELAYS = st.integers(min_value=0, max_value=90)


def window(day: date, months: int) -> tuple[date, date]:
    """First and last day on which what is asked of an as-of day can happen."""
    return day + timedelta(days=1), months_later(day, months)


@given(CALENDARS, HORIZONS, DELAYS)
def test_training_outcomes_are_known_before_the_block_begins(
    days: set[date], months: int, delay: int
) -> None:
    ordered = sorted(days)
    blocks = rolling(ordered, months, delay)
    assert len(blocks) <= MOST_BLOCKS or len({day.year for day in ordered}) > MOST_BLOCKS
    for block in blocks:
        before = [day for day in ordered if day < block.test[0]]
        if len(ordered) > SHORT:
            assert block.cutoff == before[-1], "a wave begins on the day after the as-of day before it"
        else:
            assert block.test == (block.cutoff,), "few waves: what is known on the day itself"
        assert block.train
        for day in block.train:
            assert known_by(day, months, delay) <= block.cutoff <= block.test[0]
            assert day < block.test[0]
        late = [day for day in ordered if day not in block.train]
        assert all(known_by(day, months, delay) > block.cutoff for day in late), (
            "all that was known may train"
        )


@given(CALENDARS, HORIZONS, DELAYS)
def test_outcome_windows_of_training_and_test_never_overlap(days: set[date], months: int, delay: int) -> None:
    for block in rolling(sorted(days), months, delay):
        closed = max(window(day, months)[1] + timedelta(days=delay) for day in block.train)
        opens = min(window(day, months)[0] for day in block.test)
        assert closed < opens, "with the reporting delay between them"


@given(CALENDARS, HORIZONS, DELAYS)
def test_every_day_is_in_at_most_one_block_and_none_with_something_to_train_on_is_left_out(
    days: set[date], months: int, delay: int
) -> None:
    ordered = sorted(days)
    blocks = rolling(ordered, months, delay)
    tested = Counter(day for block in blocks for day in block.test)
    assert set(tested.values()) <= {1}
    if blocks:
        first = blocks[0].test[0]
        assert set(tested) == {day for day in ordered if day >= first}
    elif len(ordered) > SHORT:
        assert all(known_by(ordered[0], months, delay) > before for before in ordered[:-1])
    else:
        assert all(known_by(ordered[0], months, delay) > day for day in ordered)


@given(CALENDARS, HORIZONS, DELAYS)
def test_blocks_follow_each_other_and_later_ones_know_no_less(
    days: set[date], months: int, delay: int
) -> None:
    for one, other in pairwise(rolling(sorted(days), months, delay)):
        assert one.test[-1] < other.test[0]
        assert one.cutoff < other.cutoff
        assert set(one.train) <= set(other.train)


@given(CALENDARS, HORIZONS, DELAYS, st.integers(min_value=1, max_value=12))
def test_later_waves_change_no_earlier_block(days: set[date], months: int, delay: int, more: int) -> None:
    ordered = sorted(days)
    later = [ordered[-1] + timedelta(days=30 * number) for number in range(1, more + 1)]
    before, after = (
        {block.test: (block.train, block.cutoff) for block in rolling(d, months, delay)}
        for d in (ordered, ordered + later)
    )
    # A panel that is no longer short keeps the gap of a wave.
    same_rule = len(ordered) > SHORT or len(ordered) + more <= SHORT
    kept = [test for test in before if test in after and same_rule]
    assert [before[test] for test in kept] == [after[test] for test in kept]


def test_a_panel_of_quarters_is_tested_in_years() -> None:
    blocks = rolling(quarter_ends(39, date(2003, 9, 30)), 12)
    assert [block.name for block in blocks] == [str(year) for year in range(2005, 2014)]
    last = blocks[-2]
    assert last.test[0] == date(2012, 3, 31)
    assert last.train[-1] == date(2010, 12, 31), "no training outcome reaches into the test"


def test_months_are_tested_in_quarters() -> None:
    assert {len(block.test) for block in rolling(MONTHS[:24], 6)} <= {1, 2, 3}


def test_five_yearly_waves_are_tested_from_the_second_on() -> None:
    # Of five waves four have an outcome a year later.
    waves = [date(year, 12, 31) for year in range(1984, 1988)]
    assert rolling(waves, 12) == [
        Block("1985-12-31", (waves[1],), (waves[0],), waves[1]),
        Block("1986-12-31", (waves[2],), (waves[0], waves[1]), waves[2]),
        Block("1987-12-31", (waves[3],), (waves[0], waves[1], waves[2]), waves[3]),
    ]


def test_three_rounds_have_their_last_transition_tested() -> None:
    rounds = [date(2020, 6, 15), date(2020, 8, 15)]
    assert rolling(rounds, 2) == [Block("2020-08-15", (rounds[1],), (rounds[0],), rounds[1])]
    assert rolling(rounds, 2, 10) == [], "reported ten days after the second round ended"


def test_uneven_rounds_train_what_was_known_on_the_day() -> None:
    rounds = [date(2020, 4, 30), date(2020, 5, 31), date(2020, 8, 31), date(2020, 9, 30)]
    found = rolling(rounds, 2)
    assert [(block.test, block.train) for block in found] == [
        ((rounds[2],), tuple(rounds[:2])),
        ((rounds[3],), tuple(rounds[:2])),
    ]


def test_one_transition_alone_cannot_be_tested() -> None:
    assert rolling([date(2020, 4, 30)], 2) == []


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
