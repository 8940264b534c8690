"""The backtest: every household-period once, by a model that knew neither it nor the future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.panels import panel
from training import evaluation, rivals
from training.frame import Category, Frame, Labels
from training.metrics import METRICS, Sample
from training.periods import FOLDS

CHEAP = ("welfare", "logistic")


def test_every_household_period_is_tested_once() -> None:
    frame = panel(households=150)
    blocks = evaluation.plan(frame)
    table = evaluation.backtest(frame, blocks, models=("welfare",))
    days = np.concatenate([np.array(block.test, "datetime64[D]") for block in blocks])
    expected = frame.judged & np.isin(frame.as_of, days)
    pairs = list(zip(table["household"].to_pylist(), table["as_of"].to_pylist(), strict=True))
    assert len(set(pairs)) == len(pairs) == expected.sum()
    assert table.column_names == ["household", "as_of", "block", "fold", "model", "score", "outcome", "group"]


def test_training_shares_neither_household_nor_time_with_the_test() -> None:
    frame = panel(households=150)
    for block in evaluation.plan(frame):
        for fold in range(FOLDS):
            cell = evaluation.cell(frame, block, fold, seed=0, threads=1)
            assert not set(frame.household[cell.train]) & set(frame.household[cell.test])
            assert frame.as_of[cell.train].max() < frame.as_of[cell.test].min()
            assert frame.at_risk[cell.test].all()
            assert (frame.at_risk | frame.holds_now)[cell.train].all()


def test_the_future_changes_no_earlier_score() -> None:
    frame = panel(households=150, waves=14)
    block = evaluation.plan(frame)[1]
    cut = block.test[0]
    before = evaluation.backtest(frame, [block], models=CHEAP)
    later = frame.as_of >= np.datetime64(cut)
    changed = replace(
        frame,
        numbers={n: np.where(later & (n != "welfare"), 7.0, v) for n, v in frame.numbers.items()},
        labels=Labels(
            {
                h: np.where(frame.as_of >= np.datetime64(block.train[-1]) + 1, 1 - v, v)
                for h, v in frame.labels.event.items()
            },
            frame.labels.state,
        ),
    )
    cells = [evaluation.cell(f, block, 0, seed=0, threads=1) for f in (frame, changed)]
    for name in frame.numbers:
        np.testing.assert_array_equal(*[c.frame.numbers[name][c.train] for c in cells])
    np.testing.assert_array_equal(*[c.frame.target[c.train] for c in cells])
    restored = replace(changed, numbers=frame.numbers)
    after = evaluation.backtest(restored, [block], models=CHEAP)
    assert before["score"].equals(after["score"]), "labels of later days taught nothing"


@pytest.mark.parametrize("model", ["fangpin", "logistic"])
def test_shuffled_outcomes_teach_nothing(model: str) -> None:
    frame = panel(households=500, seed=2, signal=1.5).shuffled(1)
    table = evaluation.backtest(frame, evaluation.plan(frame)[-1:], models=(model,))
    auc = evaluation.summary(table, models=(model,), replicates=200)["models"][0]["auc"]
    assert auc["low"] < 0.5 < auc["high"]


def test_shuffling_moves_outcomes_within_a_day_and_a_standing_and_nothing_else() -> None:
    frame = panel(households=100)
    mixed = frame.shuffled(3)
    assert mixed.numbers is frame.numbers
    assert not np.array_equal(mixed.event, frame.event, equal_nan=True)
    for day in np.unique(frame.as_of):
        for standing in (frame.at_risk, frame.holds_now):
            rows = (frame.as_of == day) & standing
            assert np.nansum(mixed.target[rows]) == np.nansum(frame.target[rows])
    assert frame.shuffled(3).fingerprint == mixed.fingerprint != frame.fingerprint


def test_processes_do_not_change_the_table() -> None:
    frame = panel(households=150)
    block = evaluation.plan(frame)[-1:]
    one = evaluation.backtest(frame, block, models=("fangpin", "welfare"), folds=(0, 1), threads=1)
    two = evaluation.backtest(frame, block, models=("fangpin", "welfare"), folds=(0, 1), threads=2)
    assert one.equals(two)


def test_the_summary_is_computed_from_the_table_alone() -> None:
    frame = panel(households=200)
    table = evaluation.backtest(frame, evaluation.plan(frame)[-1:], models=CHEAP)
    document = evaluation.summary(table, models=CHEAP, replicates=50)
    shuffled_rows = table.take(np.random.default_rng(0).permutation(len(table))).sort_by(
        [("model", "descending"), ("household", "ascending"), ("as_of", "ascending")]
    )
    again = evaluation.summary(shuffled_rows, models=CHEAP, replicates=50)
    assert document == again
    rows = table.filter(np.array(table["model"].to_pylist()) == "welfare")
    sample = Sample.of(rows["score"].to_numpy(), rows["outcome"].to_numpy().astype(float))
    first = document["models"][0]
    for name, metric in METRICS.items():
        assert first[name]["value"] == metric(sample)
        assert first[name]["low"] <= first[name]["value"] <= first[name]["high"]
    pair = next(p for p in document["paired"] if p["metric"] == "ap")
    assert pair["against"] == "logistic"
    assert pair["difference"] == first["ap"]["value"] - document["models"][1]["ap"]["value"]
    assert pair["low"] <= pair["difference"] <= pair["high"]


def test_a_metric_that_does_not_exist_is_null_and_not_compared() -> None:
    frame = panel(households=100)
    table = evaluation.backtest(frame, evaluation.plan(frame)[-1:], models=CHEAP)
    quiet = table.filter(np.array(table["outcome"].to_pylist()) == 0)
    document = evaluation.summary(quiet, models=CHEAP, replicates=10)
    assert document["events"] == 0
    assert [document["models"][0][name] is None for name in ("auc", "ap", "recall_10", "brier")] == [
        True
    ] * 3 + [False]
    assert {pair["metric"] for pair in document["paired"]} == {"precision_10", "brier"}


def test_models_scored_on_different_rows_are_not_compared() -> None:
    frame = panel(households=100)
    table = evaluation.backtest(frame, evaluation.plan(frame)[-1:], models=CHEAP)
    with pytest.raises(ValueError, match="same rows"):
        evaluation.summary(table.slice(0, len(table) - 1), models=CHEAP)


def test_a_block_without_enough_events_to_learn_from_is_not_tested() -> None:
    frame = panel(households=12)
    events = {block.name: np.nansum(frame.event[frame.on(block.train)]) for block in evaluation.plan(frame)}
    assert all(count >= evaluation.LEAST_EVENTS for count in events.values())
    assert len(events) < len(evaluation.rolling(frame.days, 3))


def in_towns(frame: Frame, towns: int) -> Frame:
    """Each household in a town of its own county; a tenth of them move to the next town half-way."""
    moved = (frame.household % 10 == 0) & (
        frame.as_of > np.median(frame.as_of.astype(np.int64)).astype("datetime64[D]")
    )
    town = (frame.household + moved) % towns
    return replace(frame, area=Category.of([f"1/{number}" for number in town.tolist()]))


@pytest.mark.parametrize(("towns", "parts"), [(4, 4), (25, evaluation.MOST_PLACES)])
def test_areas_are_held_out_whole(towns: int, parts: int) -> None:
    frame = in_towns(panel(households=200), towns)
    blocks = evaluation.plan(frame)[-3:]
    table = evaluation.backtest(frame, blocks, models=("welfare",), view="area")
    held = table.group_by(["group"]).aggregate([("fold", "count_distinct")])
    assert set(held["fold_count_distinct"].to_pylist()) == {1}, "a place is never split"
    assert len(set(table["fold"].to_pylist())) == parts
    whole = evaluation.backtest(frame, blocks, models=("welfare",))
    keys = [("household", "ascending"), ("as_of", "ascending")]
    assert table.sort_by(keys)["as_of"].equals(whole.sort_by(keys)["as_of"]), "every household-period once"
    numbers = evaluation.places(frame.area.values(np.arange(len(frame))).tolist(), evaluation.MOST_PLACES)
    for part in range(parts):
        cell = evaluation.cell(frame, blocks[-1], part, seed=0, threads=1, parts=numbers)
        assert set(numbers[cell.test]) == {part}
        assert part not in numbers[cell.train]
        assert not set(frame.household[cell.train]) & set(frame.household[cell.test]), "nor one that moved"


def test_with_a_single_place_there_is_no_other_to_learn_in() -> None:
    frame = panel(households=100)
    assert len(evaluation.backtest(frame, evaluation.plan(frame), models=("welfare",), view="area")) == 0


def test_a_cell_sees_columns_and_levels_as_its_own_rows_show_them() -> None:
    frame = panel(households=150)
    block = evaluation.plan(frame)[0]
    later = frame.as_of > np.datetime64(block.test[-1])
    roofs = frame.categories["roof"].values(np.arange(len(frame)))
    changed = replace(
        frame,
        numbers={**frame.numbers, "members": np.where(later, frame.numbers["members"], 4.0)},
        categories={"roof": Category.of(np.where(later, "zinc", roofs).tolist())},
    )
    seen = evaluation.cell(changed, block, 0, seed=0, threads=1).frame
    assert [spec.name for spec in seen.specs] == ["welfare", "roof"], "members say nothing before the test"
    assert seen.categories["roof"].levels == ("thatch", "tile", "tin")
    rows = np.flatnonzero(~later)
    np.testing.assert_array_equal(seen.categories["roof"].values(rows), roofs[rows])


def test_a_model_that_lacks_its_inputs_somewhere_has_no_rows_at_all() -> None:
    frame = panel(households=150)
    blocks = evaluation.plan(frame)[:2]
    known = np.where(frame.on(blocks[0].train), 0.5, frame.numbers["welfare"])
    table = evaluation.backtest(
        replace(frame, numbers={**frame.numbers, "welfare": known}), blocks, models=("welfare", "logistic")
    )
    assert set(table["model"].to_pylist()) == {"logistic"}


def test_our_model_comes_first() -> None:
    assert next(iter(rivals.MODELS)) == "fangpin"
