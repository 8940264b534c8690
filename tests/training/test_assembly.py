"""The frame of a home: what may predict, and nothing of the future."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.errors import Refusal
from features.home import Home
from features.indicators.catalogue import load
from features.intake.delivery import ingest
from features.outcomes import choose
from tests.training.homes import WAVES, Hamlet
from training.assembly import build, of_welfare, specs

UNTIL = date(2012, 3, 31)


def test_rows_are_sorted_and_labelled_and_of_the_days_that_have_matured(home: Home) -> None:
    frame = build(home, "falls", UNTIL)
    keys = list(zip(frame.ids(np.arange(len(frame))), frame.as_of, strict=True))
    assert keys == sorted(keys)
    assert max(frame.days) == date(2011, 12, 31), "the state at three months is known on the cut-off day"
    assert (frame.at_risk | frame.holds_now).all()
    assert not np.isnan(frame.target).any()
    assert np.isnan(frame.event[frame.holds_now]).sum() == 0 or not frame.at_risk[frame.holds_now].any()
    assert 0 < frame.event[frame.judged].mean() < 0.5


def test_labels_are_what_the_next_wave_says(home: Home) -> None:
    frame = build(home, "falls", UNTIL)
    later = frame.welfare_later
    assert not np.isnan(later).any()
    np.testing.assert_array_equal(frame.target, (later < 0).astype(float))
    now = {
        (h, d): w for h, d, w in zip(frame.household, frame.as_of, frame.numbers["welfare_log"], strict=True)
    }
    days = np.unique(frame.as_of)
    following = dict(itertools.pairwise(days))
    compared = 0
    for household, day, value in zip(frame.household, frame.as_of, later, strict=True):
        if (household, following.get(day)) in now:
            assert value == now[household, following[day]]
            compared += 1
    assert compared > 500


def test_appending_the_future_changes_nothing(hamlet: Hamlet, home: Home) -> None:
    seen = WAVES.index((2012, 1)) + 1
    early = hamlet.home("early", waves=seen)
    assert early.today() == UNTIL
    assert build(early, "falls", UNTIL).fingerprint == build(home, "falls", UNTIL).fingerprint
    assert build(early, "falls_by", UNTIL).fingerprint == build(home, "falls_by", UNTIL).fingerprint


def test_a_late_delivery_that_claims_an_early_arrival_changes_nothing(hamlet: Hamlet, tmp_path: Path) -> None:
    home = hamlet.home("late", waves=8)
    before = build(home, "falls", date(2011, 12, 31))
    lines = hamlet.files[3].read_text().splitlines()
    changed = tmp_path / hamlet.files[3].name
    rows = [line.split(",") for line in lines[1:]]
    changed.write_text("\n".join([lines[0], *[",".join([*r[:5], "1.00", *r[6:]]) for r in rows]]) + "\n")
    ingest(home, hamlet.files[8:9], hamlet.mapping)
    (result,) = ingest(home, [changed], hamlet.mapping, arrived=date(2010, 12, 31))
    assert result.status == "accepted"
    after = build(home, "falls", date(2011, 12, 31))
    assert after.fingerprint == before.fingerprint


def test_by_a_horizon_only_the_tier_horizon_must_have_matured(home: Home) -> None:
    frame = build(home, "falls_by", UNTIL)
    assert frame.kind == "by"
    assert max(frame.days) == date(2011, 12, 31)
    newest = frame.as_of == np.datetime64("2011-12-31")
    assert np.isnan(frame.labels.event[6][newest]).all(), "six months are not over"
    both = ~np.isnan(frame.labels.event[6]) & ~np.isnan(frame.labels.event[3])
    assert (frame.labels.event[6][both] >= frame.labels.event[3][both]).all()


def test_an_input_that_may_not_predict_is_refused_by_name(home: Home) -> None:
    catalogue = load(home)
    outcome = choose(catalogue, "falls")
    allowed = {spec.name for spec in specs(catalogue, outcome)}
    forbidden = [name for name in catalogue.columns if name not in allowed]
    assert forbidden, "the catalogue keeps something from every model"
    for name in forbidden:
        with pytest.raises(Refusal) as refused:
            specs(catalogue, outcome, ["welfare_log", name])
        assert refused.value.code == "forbidden_input"
        assert refused.value.document()["error"]["column"] == name  # type: ignore[index]
    with pytest.raises(Refusal, match=forbidden[0]):
        build(home, "falls", UNTIL, columns=["welfare_log", forbidden[0]])
    protected = {name for name, column in catalogue.columns.items() if column.record.protected}
    assert not protected & allowed


def test_unknown_names_are_refused(home: Home) -> None:
    with pytest.raises(Refusal, match="no_such"):
        build(home, "falls", UNTIL, columns=["no_such"])
    with pytest.raises(Refusal) as refused:
        build(home, "no_such", UNTIL)
    assert refused.value.code == "unknown_outcome"
    with pytest.raises(Refusal) as refused:
        build(home, "falls", date(2010, 1, 1))
    assert refused.value.code == "no_training_rows"


def test_columns_can_be_chosen_and_carry_their_roles(home: Home) -> None:
    frame = build(home, "falls", UNTIL, columns=["welfare_log", "roof"])
    assert [(s.name, s.type, s.welfare) for s in frame.specs] == [
        ("welfare_log", "number", "now"),
        ("roof", "category", None),
    ]
    assert {"welfare_log", "below_line_now"} <= of_welfare(load(home))
    assert "roof" not in of_welfare(load(home))
