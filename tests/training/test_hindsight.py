"""Appending the future changes nothing: not the scores of earlier blocks, not the labels that train them."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.home import Home
from features.intake.delivery import ingest
from tests.training.homes import HEADER, WAVES, Hamlet, write
from training import assembly, evaluation, hindsight
from training.frame import Frame
from training.periods import Block, months_later, rolling

CHEAP = ("welfare", "vep", "vep_panel", "logistic", "lightgbm_default")
# Two years: the blocks of both homes are single quarters.
EARLIER = 9
CORRECTED = 6


@pytest.fixture(scope="module")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Hamlet:
    return write(tmp_path_factory.mktemp("hamlet"), households=240)


@pytest.fixture(scope="module")
def earlier(hamlet: Hamlet) -> Frame:
    return built(hamlet.home("earlier", waves=EARLIER))


@pytest.fixture(scope="module")
def later(hamlet: Hamlet) -> Frame:
    """The same home, a year on: every wave since, and another file of a wave long past, with other incomes."""
    home = hamlet.home("later")
    results = ingest(home, [corrected(hamlet)], hamlet.mapping, arrived=date(2012, 12, 31))
    assert [result.status for result in results] == ["accepted"]
    return built(home)


def corrected(hamlet: Hamlet) -> Path:
    """The file of a wave with the incomes of its households exchanged, some blanked, and every roof renewed."""
    year, quarter = WAVES[CORRECTED]
    with hamlet.files[CORRECTED].open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    incomes = [row["INCOME"] for row in rows]
    generator = np.random.default_rng(5)
    path = hamlet.folder / f"hamlet_{year}q{quarter}_again.csv"
    with path.open("w", newline="", encoding="utf-8") as sink:
        writer = csv.DictWriter(sink, HEADER)
        writer.writeheader()
        for row, place in zip(rows, generator.permutation(len(rows)), strict=True):
            writer.writerow({**row, "INCOME": incomes[place], "ROOF": "9"})
    return path


def built(home: Home) -> Frame:
    frame = assembly.build(home, "falls", home.today())
    return hindsight.undone(home, frame, home.today())


def shared(one: Frame, other: Frame) -> list[Block]:
    """Blocks that both frames test by the same rows of the calendar, with a name that does not depend on it."""
    others = {(b.test, b.train, b.cutoff) for b in rolling(other.days, other.tier_horizon, other.delay_days)}
    return [block for block in evaluation.plan(one) if (block.test, block.train, block.cutoff) in others]


def scores(table: pa.Table) -> pa.Table:
    return table.select(["household", "as_of", "block", "fold", "model", "score"])


def test_the_future_changes_no_earlier_block(earlier: Frame, later: Frame) -> None:
    blocks = shared(earlier, later)
    assert len(blocks) >= 3
    before, after = (evaluation.backtest(frame, blocks, models=CHEAP) for frame in (earlier, later))
    assert set(before["model"].to_pylist()) == set(CHEAP)
    assert len(later) > len(earlier)
    # What is tested keeps the last word, so a row can be withdrawn, and a product of fewer rows may end in another
    # last bit; nothing else moves.
    keys = ["household", "as_of", "block", "fold", "model"]
    joined = scores(before).join(scores(after), keys, right_suffix="_after", join_type="inner")
    assert joined.num_rows > 0.9 * before.num_rows
    np.testing.assert_allclose(
        joined["score"].to_numpy(), joined["score_after"].to_numpy(), rtol=0, atol=1e-14
    )
    untouched = [block for block in blocks if ends(block) < date(*first_day(WAVES[CORRECTED]))]
    assert untouched
    for block in untouched:
        one, two = (t.filter(pc.equal(t["block"], block.name)) for t in (before, after))
        assert one.equals(two), "rows and outcomes too"


def test_our_model_is_not_moved_either(earlier: Frame, later: Frame) -> None:
    block = shared(earlier, later)[-1:]
    before, after = (
        evaluation.backtest(frame, block, models=("fangpin",), folds=(0,)) for frame in (earlier, later)
    )
    keys = ["household", "as_of", "block", "fold", "model"]
    joined = scores(before).join(scores(after), keys, right_suffix="_after", join_type="inner")
    assert joined.num_rows > 0.9 * before.num_rows
    assert joined["score"].equals(joined["score_after"])


def test_labels_that_train_are_those_known_by_the_cutoff(earlier: Frame, later: Frame) -> None:
    touched = 0
    for block in shared(earlier, later):
        known = later.as_known(block.cutoff)
        mine, then, now = (labels(frame, block) for frame in (earlier, known, later))
        common = mine.keys() & then.keys()
        assert len(common) > 0.9 * len(mine)
        assert all(same(mine[key], then[key]) for key in common)
        touched += sum(not same(mine[key], now[key]) for key in common)
    assert touched > 50, "the correction did change what had trained"


def test_without_corrections_the_frame_is_the_same_object(hamlet: Hamlet) -> None:
    home = hamlet.home("plain")
    frame = assembly.build(home, "falls", home.today())
    assert hindsight.undone(home, frame, home.today()) is frame
    assert frame.as_known(date(2010, 12, 31)) is frame


def test_shuffled_outcomes_are_not_undone(later: Frame) -> None:
    assert later.revisions
    assert not later.shuffled(1).revisions


def labels(frame: Frame, block: Block) -> dict[tuple[str, date], tuple[float, float, float]]:
    rows = np.flatnonzero(frame.on(block.train))
    values = np.column_stack([frame.event, frame.labels.state[frame.tier_horizon], frame.welfare_later])[rows]
    keys = zip(frame.ids(rows).tolist(), frame.as_of[rows].astype(object).tolist(), strict=True)
    return {key: tuple(row) for key, row in zip(keys, values.tolist(), strict=True)}


def same(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return bool(np.array_equal(one, other, equal_nan=True))


def ends(block: Block) -> date:
    """The last day on which an outcome of the block can have happened."""
    return max(months_later(day, 3) for day in block.test)


def first_day(wave: tuple[int, int]) -> tuple[int, int, int]:
    year, quarter = wave
    return year, 3 * quarter - 2, 1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_block_trains_on_what_a_home_of_its_cutoff_would_have_known(hamlet: Hamlet, seed: int) -> None:
    """Files come late at random, some a second time with other incomes: each cut-off against a home that stops there."""
    generator = np.random.default_rng(seed)
    arrivals = []
    for number, path in enumerate(hamlet.files):
        # The corrected wave answers for the one before it, so both are there to be corrected.
        late = 0 if number in (CORRECTED - 1, CORRECTED) else int(generator.choice([0, 0, 0, 20, 120]))
        arrivals.append((ends_on(WAVES[number]) + timedelta(days=late), path))
    again = ends_on(WAVES[CORRECTED]) + timedelta(days=int(generator.integers(200, 400)))
    arrivals.append((again, corrected(hamlet)))
    everything = took_in(hamlet, arrivals, f"all{seed}")
    frame = built(everything)
    checked = changed = 0
    for block in rolling(frame.days, frame.tier_horizon, frame.delay_days)[1::2]:
        stopped = took_in(
            hamlet, [a for a in arrivals if a[0] <= block.cutoff], f"{seed}-{block.cutoff.isoformat()}"
        )
        then = teaching(assembly.build(stopped, "falls", block.cutoff), block)
        known = teaching(frame.as_known(block.cutoff), block)
        assert known.keys() == then.keys()
        assert all(same(known[key], then[key]) for key in known)
        checked += len(known)
        last = teaching(frame, block)
        changed += sum(key not in last or not same(known[key], last[key]) for key in known)
    assert checked > 500
    assert changed > 0


def took_in(hamlet: Hamlet, arrivals: list[tuple[date, Path]], name: str) -> Home:
    home = Home.create(hamlet.folder / f"late-{name}", clock="simulated")
    for day, path in sorted(arrivals):
        [result] = ingest(home, [path], hamlet.mapping, arrived=day)
        assert result.status == "accepted", result
    return home


def teaching(frame: Frame, block: Block) -> dict[tuple[str, date], tuple[float, ...]]:
    """Labels of the rows that teach the block: at risk with an event, or held with a state."""
    taught = ~np.isnan(frame.target)
    found = labels(frame, block)
    rows = np.flatnonzero(frame.on(block.train) & taught)
    keys = zip(frame.ids(rows).tolist(), frame.as_of[rows].astype(object).tolist(), strict=True)
    return {key: found[key] for key in keys}


def ends_on(wave: tuple[int, int]) -> date:
    year, quarter = wave
    return months_later(date(year, 1, 31), 3 * quarter - 1)
