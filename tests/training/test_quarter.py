"""The quarter: the same twice, compared with the champion in pairs, shadow-scored, on a card in two languages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from features import snapshots
from features.home import Home
from models.risk import bundle as bundles
from models.risk.bundle import Bundle
from tests.training.homes import Hamlet
from training import compare, fit, quarter, shadow
from training.assembly import build
from training.evaluation import backtest, plan
from training.population import Population, current
from training.tracking import remembered

CHEAP = ("fangpin", "welfare")
END = date(2012, 6, 30)
LEARNED = date(2011, 6, 30)


@pytest.fixture(scope="module")
def county(hamlet: Hamlet) -> Home:
    """A home of ten waves with a snapshot of the last day."""
    home = hamlet.home("county", waves=10)
    snapshots.build(home, END)
    return home


@pytest.fixture(scope="module")
def champion(county: Home) -> Bundle:
    return load(county, fit.train(county, until=LEARNED, models=CHEAP))


@pytest.fixture(scope="module")
def ran(county: Home, champion: Bundle) -> dict[str, Any]:
    return quarter.run(county, "2012Q2", champion=champion.model_sha256, models=CHEAP)


def load(home: Home, trained: dict[str, Any]) -> Bundle:
    return bundles.load(home.folder("bundles") / str(trained["bundle"]))


def evidence(bundle: Bundle, name: str) -> Any:
    return json.loads(bundle.read_evidence(name))


def test_a_quarter_twice_is_one_model_with_the_same_evidence(
    county: Home, champion: Bundle, ran: dict[str, Any]
) -> None:
    names = ("comparison.json", "drift.json", "card.zh.md", "card.en.md")
    first = {name: load(county, ran).read_evidence(name) for name in names}
    assert remembered(county, str(ran["model_sha256"])) == {
        "run_id": ran["run_id"],
        "tracking_uri": f"sqlite:///{(county.folder('mlflow') / 'mlflow.db').resolve()}",
    }
    assert remembered(county, "0" * 64) is None
    again = quarter.run(county, "2012Q2", champion=champion.model_sha256, models=CHEAP)
    assert again["model_sha256"] == ran["model_sha256"]
    assert {name: load(county, again).read_evidence(name) for name in names} == first


def test_the_champion_is_tested_only_where_it_learned_nothing(
    county: Home, champion: Bundle, ran: dict[str, Any]
) -> None:
    document = evidence(load(county, ran), "comparison.json")
    assert (document["champion"], document["challenger"]) == (champion.model_sha256, ran["model_sha256"])
    assert document["basis"] == "served"
    assert document["learned_until"] == champion.fingerprint["until"] == LEARNED.isoformat()
    # Its last outcomes were those of June, so the wave that began in July is the first it never saw.
    assert document["days"] == ["2011-09-30", "2012-03-31"]
    frame = build(county, "falls", END)
    days = [day for day in frame.days if day > LEARNED]
    rows = np.flatnonzero(frame.on(days) & frame.judged)
    assert (document["rows"], document["events"]) == (len(rows), np.nansum(frame.event[rows]))
    for figure in document["metrics"]:
        assert figure["difference"] == pytest.approx(figure["challenger"] - figure["champion"])
        assert figure["low"] <= figure["high"]
    recipe = document["views"][1]
    assert (recipe["basis"], recipe["metrics"]) == ("recipe", []), "18 events are a coin toss"


def test_the_champion_s_scores_are_those_that_it_serves(county: Home, champion: Bundle) -> None:
    frame = build(county, "falls", END)
    blocks = compare.untouched(plan(frame), champion, frame)
    own = backtest(frame, blocks, models=("fangpin",))
    served = compare.served(county, frame, blocks, own, champion)
    rows = np.flatnonzero(frame.on([d for b in blocks for d in b.test]) & frame.judged)
    assert served.num_rows == len(rows) == own.num_rows
    expected = champion.score(frame.columns(rows)).probability[3]
    place = {(h, d): p for h, d, p in zip(frame.ids(rows), frame.as_of[rows].tolist(), expected, strict=True)}
    keys = zip(served["household"].to_pylist(), served["as_of"].to_pylist(), strict=True)
    assert served["champion"].to_pylist() == [place[key] for key in keys]
    assert sorted(served["challenger"].to_pylist()) == sorted(own["score"].to_pylist())


def test_recipes_meet_on_the_blocks_that_both_were_tested_on(county: Home, champion: Bundle) -> None:
    kept = pq.read_table(county.folder("evaluations") / f"{champion.model_sha256}.single.parquet")
    own = kept.filter(pc.equal(kept["model"], "fangpin"))
    met = compare.recipes(county, own, champion)
    assert met.num_rows == own.num_rows > 0
    assert met["champion"].to_pylist() == met["challenger"].to_pylist()
    # A block of another name had another cut-off, so its scores knew something else.
    renamed = own.set_column(own.column_names.index("block"), "block", pa.array(["other"] * own.num_rows))
    assert compare.recipes(county, renamed, champion).num_rows == 0
    stranger = replace(champion, model_sha256="0" * 64)
    assert compare.recipes(county, own, stranger).num_rows == 0, "its table is not in this home"


def test_columns_that_the_frame_left_out_are_computed_as_known_on_the_day(
    county: Home, champion: Bundle
) -> None:
    frame = build(county, "falls", END)
    rows = np.flatnonzero(frame.on(frame.days[-2:]) & frame.judged)
    whole = compare.columns_of(county, frame, rows, champion)
    name = champion.specs[0].name
    lesser = build(county, "falls", END, [spec.name for spec in frame.specs if spec.name != name])
    assert whole is not None
    again = compare.columns_of(county, lesser, rows, champion)
    assert again is not None
    for column, values in whole.items():
        np.testing.assert_array_equal(values, again[column])


def test_a_comparison_is_paired_and_symmetric() -> None:
    random = np.random.default_rng(0)
    households = np.repeat(np.arange(150), 4)
    outcome = (random.random(600) < 0.2).astype(float)
    first = np.clip(0.2 + 0.2 * outcome + random.normal(0, 0.1, 600), 0, 1)
    second = np.clip(first + random.normal(0, 0.02, 600), 0, 1)
    there = compare.paired(first, second, outcome, households)
    back = compare.paired(second, first, outcome, households)
    for one, other in zip(there, back, strict=True):
        assert (one["champion"], one["challenger"]) == (other["challenger"], other["champion"])
        assert one["difference"] == -other["difference"]
        assert (one["low"], one["high"]) == pytest.approx((-other["high"], -other["low"]))
    same = compare.paired(first, first, outcome, households)
    assert {(f["difference"], f["low"], f["high"]) for f in same} == {(0.0, 0.0, 0.0)}
    # Two models that err on the same households differ by less than their own intervals are wide.
    ap = next(f for f in there if f["metric"] == "ap")
    strangers = compare.paired(random.permutation(first), second, outcome, households)
    loose = next(f for f in strangers if f["metric"] == "ap")
    assert ap["high"] - ap["low"] < 0.5 * (loose["high"] - loose["low"])


@pytest.fixture(scope="module")
def population(county: Home, champion: Bundle) -> Population:
    found = current(county, END, champion.catalogue)
    assert found is not None
    return found


def test_shadow_scores_are_what_each_model_would_have_listed(
    county: Home, champion: Bundle, ran: dict[str, Any], population: Population
) -> None:
    changes = evidence(load(county, ran), "comparison.json")["tier_changes"]
    assert changes["population"] == len(population) == 200
    before, after = (
        {j.row.household: j for j in population.judge(b).judge(list(population.rows()))}
        for b in (champion, load(county, ran))
    )
    changed = {h for h in before if before[h].tier != after[h].tier}
    assert set(changes["households"]) == changed
    assert sum(changes["counts"].values()) == changes["changed"] == changes["up"] + changes["down"]
    assert sum(n for row in changes["matrix"].values() for n in row.values()) == 200
    for told in changes["why"]:
        assert (told["from"], told["to"]) == (before[told["household"]].tier, after[told["household"]].tier)
        assert told["moved"]
    assert shadow.tier_changes(population, champion, champion)["changed"] == 0


def test_the_card_says_it_in_both_languages(county: Home, ran: dict[str, Any], champion: Bundle) -> None:
    bundle = load(county, ran)
    zh, en = (bundle.read_evidence(f"card.{lang}.md").decode() for lang in ("zh", "en"))
    events = str(evidence(bundle, "evidence.json")["evaluation"]["events"])
    for card in (zh, en):
        assert champion.model_sha256 in card
        assert bundle.model_sha256 in card
        assert events in card
        assert card.count("☐") >= 8, "what only people can say is marked"
        assert card.count("\n## ") == 9
        assert "{{" not in card
        assert "None" not in card
    assert zh.count("合成数据") >= 4
    assert en.count("synthetic data") >= 4
    figures = re.findall(r"\d+\.\d{3}", en)
    assert figures == re.findall(r"\d+\.\d{3}", zh), "the same figures in the same order"
