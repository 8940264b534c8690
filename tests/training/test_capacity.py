"""Lists of a backtest, simulated: by hand, beside the real list, and on a home."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.errors import Refusal
from features.home import Home
from features.indicators.catalogue import load
from features.outcomes import choose, outcome_frame
from models.judgement import listing, rules
from models.judgement.tiers import SEVERITY, TIERS
from training import assembly, capacity, evaluation, leads, visits
from training.capacity import Bootstrap, Rows, planned

NAN = float("nan")
NONE = Bootstrap(np.ones((1, 5)))


def by_hand() -> Rows:
    """One place, two months, five households.

    h0 falls in month 3 and is scored high in both months; h1 falls in month 2, only a rule sees it; h2 is never in
    need and scored low; h3 is never in need and a rule sees it; h4 is in need already, and a rule says so.
    """
    return Rows(
        household=np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]),
        place=np.zeros(10, np.intp),
        day=np.array([0, 1] * 5),
        month=np.array([0, 1] * 5),
        score=np.array([0.9, 0.8, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, NAN, NAN]),
        outcome=np.array([1, 1, 1, 1, 0, 0, 0, 0, NAN, NAN]),
        event_month=np.array([3, 3, 2, 2, -1, -1, -1, -1, -1, -1]),
        severity=np.array([0, 0, 0, 2, 0, 0, 3, 3, 4, 4], np.int8),
        age=np.array([0, 0, 0, 0, 0, 0, 0, 1, 0, 1], np.int32),
        hits=np.array([0, 0, 0, 1, 0, 0, 1, 1, 2, 2], np.int8),
        draw=np.linspace(0, 0.9, 10),
    )


def test_figures_by_hand() -> None:
    rows = by_hand()
    assert rows.cases.max() == 1, "two cases, each on two days"
    one = {"floor": 0.15, "score_share": 0.25}
    score = capacity.figures(rows, planned(rows, "score", 0.2, **one), NONE)
    assert (score["visits"], score["judged"], score["right"], score["households"]) == (2, 2, 2, 1)
    assert (score["precision"]["value"], score["recall"]["value"]) == (1.0, 0.5)
    assert score["lead_months"] == {"median": 3.0, "q1": 3.0, "q3": 3.0}, "first listed in month 0, fell in 3"
    assert (score["finds"], score["no_rule_finds"], score["no_rule_share"]["value"]) == (1, 1, 1.0)

    rule = capacity.figures(rows, planned(rows, "rules", 0.2, **one), NONE)
    assert (rule["visits"], rule["right"], rule["precision"]["value"]) == (2, 0, 0.0), "h3 is graver than h1"
    assert rule["no_rule_share"] is None
    assert rule["lead_months"] is None
    more = capacity.figures(rows, planned(rows, "rules", 0.4, **one), NONE)
    assert (more["visits"], more["right"], more["finds"]) == (3, 1, 1), "two leads in month 1"
    assert more["lead_months"]["median"] == 1.0
    assert more["no_rule_finds"] == 0

    both = planned(rows, "both", 0.2, **one)
    said = capacity.figures(rows, both, NONE)
    assert (said["visits"], said["judged"], said["in_need"]) == (7, 5, 2), "5 rule hits, and one score a list"
    assert said["right"] == 3
    assert said["precision"]["value"] == pytest.approx(3 / 5)
    assert said["recall"]["value"] == 1.0


def test_the_document_by_hand() -> None:
    told = capacity.table(
        by_hand(), ["99/01"], floors={"orange": 0.85, "yellow": 0.5, "blue": 0.25}, score_share=0.25,
        shares=(0.2, 0.4), candidates=(0.15,), count=20,
    )  # fmt: skip
    assert (told["days"], told["lists"], told["rows"], told["events"], told["cases"]) == (2, 2, 8, 4, 2)
    assert told["population"] == 5.0
    assert [part["visits"] for part in told["shares"]] == [2, 4]
    assert [(part["tier"], part["households_a_day"]) for part in told["floors"]] == [
        ("orange", 0.5), ("yellow", 1.0), ("blue", 2.0), (None, 3.0),
    ]  # fmt: skip
    assert told["floors"][2]["precision"]["value"] == 0.5
    assert told["areas"] == [{"area": "99/01", "population": 5.0, "rows": 8, "events": 4}]


def population(seed: int, households: int = 400, days: int = 3) -> Rows:
    """A random population of four places of unlike size, with ties."""
    random = np.random.default_rng(seed)
    household, day = np.repeat(np.arange(households), days), np.tile(np.arange(days), households)
    place = random.choice(4, households, p=[0.5, 0.3, 0.15, 0.05])[household]
    judged = random.random(len(day)) < 0.9
    score = np.where(judged, np.round(random.beta(1, 8, len(day)), 2), NAN)
    outcome = np.where(judged, (random.random(len(day)) < np.nan_to_num(score)).astype(float), NAN)
    severity = np.where(random.random(len(day)) < 0.1, random.integers(1, 5, len(day)), 0).astype(np.int8)
    return Rows(
        household=household, place=place, day=day, month=day + 100, score=score, outcome=outcome,
        event_month=np.where(outcome == 1, day + 101 + random.integers(0, 3, len(day)), -1), severity=severity,
        age=np.where(severity > 0, random.integers(0, 2, len(day)), 0).astype(np.int32), hits=(severity > 0).astype(np.int8),
        draw=capacity.draws([f"h{n}" for n in household], [f"d{n}" for n in day]),
    )  # fmt: skip


def as_listed(
    rows: Rows, day: int, share: float, *, ruled: bool, floor: float
) -> tuple[set[int], listing.Listing]:
    """The rows that a real list of the day plans, without the random checks."""
    here = np.flatnonzero(rows.day == day)
    candidates = []
    for row in here.tolist():
        grave = int(rows.severity[row]) if ruled else 0
        scored = not np.isnan(rows.score[row]) and rows.score[row] >= floor
        tier = TIERS[len(TIERS) - 1 - grave] if grave else "blue" if scored else "none"
        by = {(True, True): "both", (True, False): "rule", (False, True): "score"}.get(
            (grave > 0, bool(scored))
        )
        known = None if np.isnan(rows.score[row]) else float(rows.score[row])
        candidates.append(
            listing.Candidate(f"h{rows.household[row]}", "", str(rows.place[row]), tier, by, known)
        )
    made = listing.build(
        candidates, visits={}, seed=f"d{day}", visits_share=share, score_share=0.25, check_share=0
    )
    names = {f"h{rows.household[row]}": row for row in here.tolist()}
    return {names[x.household] for x in made.lines if x.planned and x.raised_by != "check"}, made


@pytest.mark.parametrize("share", [0.005, 0.02, 0.11, 0.4])
def test_a_simulated_list_is_the_list_that_would_be_issued(share: float) -> None:
    rows = population(1)
    both = planned(rows, "both", share, floor=0.12, score_share=0.25)
    score = planned(rows, "score", share, floor=0.12, score_share=0.25)
    rule = planned(rows, "rules", share, floor=0.12, score_share=0.25)
    for day in range(3):
        on = rows.day == day
        listed, made = as_listed(rows, day, share, ruled=True, floor=0.12)
        assert set(np.flatnonzero(both & on).tolist()) == listed
        scored, _ = as_listed(rows, day, share, ruled=False, floor=-1.0)
        assert set(np.flatnonzero(score & on).tolist()) == scored
        for place, room in made.capacity.items():
            own = rows.judged & (rows.severity > 0) & on & (rows.place == int(place))
            ordered = sorted(
                np.flatnonzero(own).tolist(),
                key=lambda row: (-rows.severity[row], rows.age[row], rows.draw[row]),
            )
            assert set(np.flatnonzero(rule & own).tolist()) == set(ordered[: room.visits])


@pytest.mark.parametrize("policy", capacity.POLICIES)
def test_more_visits_never_find_less(policy: str) -> None:
    rows = population(2)
    before = np.zeros(len(rows), bool)
    finds = 0
    for share in (0.001, 0.005, 0.02, 0.05, 0.2, 0.6, 1.0):
        now = planned(rows, policy, share, floor=0.05, score_share=0.25)
        assert (now | before == now).all(), "whoever was visited still is"
        found = capacity.figures(rows, now, Bootstrap.of(400, 5, 0))["finds"]
        assert found >= finds
        before, finds = now, found
    assert finds > 0


def test_intervals_are_of_households() -> None:
    rows = population(3, households=300, days=2)
    visited = planned(rows, "score", 0.2, floor=0, score_share=0.25)
    said = capacity.figures(rows, visited, Bootstrap.of(300, 400, 1))["precision"]
    assert said["low"] < said["value"] < said["high"]
    # Twelve times the same households tell no more than once.
    many = np.tile(np.arange(len(rows)), 12)
    again = Rows(*(getattr(rows, name)[many] for name in Rows.__dataclass_fields__))
    wide = capacity.figures(again, visited[many], Bootstrap.of(300, 400, 1))["precision"]
    assert (wide["low"], wide["high"]) == pytest.approx((said["low"], said["high"]))


def test_the_gravest_rule_counts_and_how_new_it_is() -> None:
    graver, milder = sorted(rules.load(), key=lambda rule: SEVERITY[rule.min_tier])[-1:], rules.load()
    mild = next(rule for rule in milder if rule.min_tier == "yellow")
    # One household on four days; the mild rule holds on all, the grave one on the third and the fourth.
    held = np.array([[True, True, True, True], [False, False, True, True]])
    found = leads.leads(held, [mild, graver[0]], np.zeros(4, np.intp), np.arange(4))
    assert found.severity.tolist() == [2, 2, 4, 4]
    assert found.age.tolist() == [0, 1, 0, 1]
    assert found.hits.tolist() == [1, 1, 2, 2]


UNTIL = date(2012, 3, 31)


@pytest.fixture(scope="module")
def table(home: Home) -> pa.Table:
    frame = assembly.build(home, "falls_by", UNTIL)
    return evaluation.backtest(frame, evaluation.plan(frame)[-2:], models=("fangpin", "welfare"))


@pytest.fixture(scope="module")
def tested(home: Home, table: pa.Table) -> visits.Backtest:
    floors = {"orange": 0.5, "yellow": 0.3, "blue": 0.2}
    return visits.backtest(home, "falls_by", table, until=UNTIL, floors=floors)


def test_a_home_gives_the_rows_of_its_backtest(home: Home, table: pa.Table, tested: visits.Backtest) -> None:
    ours = table.filter(pc.equal(table["model"], "fangpin"))
    told = tested.document(candidates=(0.0,))
    assert (told["rows"], told["events"]) == (ours.num_rows, pc.sum(ours["outcome"]).as_py())
    assert tested.synthetic
    catalogue = load(home)
    everyone = outcome_frame(catalogue, choose(catalogue, "falls_by"), tested.days, UNTIL)
    assert len(tested.rows) + told["left_out"] == everyone.num_rows
    in_need = pc.sum(pc.equal(everyone["at_risk"], False)).as_py()
    assert len(tested.rows) - told["rows"] == in_need > 0
    assert told["floors"][-1]["rows"] == ours.num_rows, "everybody reaches a floor of nothing"
    assert told["floors"][-1]["recall"]["value"] == 1.0
    events = tested.rows.outcome == 1
    months = (tested.rows.event_month - tested.rows.month)[events]
    assert set(months.tolist()) == {3}, "a quarterly panel with a horizon of three months"
    # By hand: the best tenth of each place and day.
    best = right = 0
    for day in sorted(set(ours["as_of"].to_pylist())):
        for place in tested.places:
            here = [r for r in ours.to_pylist() if r["as_of"] == day and r["group"] == place]
            size = sum(
                1
                for own, number in zip(tested.place, tested.rows.day, strict=True)
                if own == place and tested.days[number] == day
            )
            top = sorted(here, key=lambda r: -r["score"])[: -(-size // 10)]
            best, right = best + len(top), right + sum(r["outcome"] for r in top)
    (share,) = [part for part in told["shares"] if part["share"] == 0.10]
    assert share["policies"]["score"]["judged"] == best
    assert share["policies"]["score"]["right"] == right


def test_an_area_is_its_own_rows(tested: visits.Backtest) -> None:
    whole = tested.document()
    parts = [tested.document(place) for place in tested.places]
    assert len(parts) == 3
    for key in ("rows", "events", "cases", "lists"):
        assert sum(part[key] for part in parts) == whole[key]
    for number, share in enumerate(whole["shares"]):
        for policy, figures in share["policies"].items():
            for key in ("visits", "judged", "right", "finds"):
                assert figures[key] == sum(p["shares"][number]["policies"][policy][key] for p in parts)
    with pytest.raises(Refusal) as refused:
        tested.document("nowhere")
    assert refused.value.code == "empty_area"


def test_the_policy_may_set_floors(tested: visits.Backtest) -> None:
    strict = replace(tested, floors={"orange": 0.9, "yellow": 0.5, "blue": 0.3}).document()
    assert [part["floor"] for part in strict["floors"][:3]] == [0.9, 0.5, 0.3]


def test_evidence_for_a_page(tested: visits.Backtest) -> None:
    told = tested.evidence(bundle="0" * 64)
    assert [part["area"] for part in told["areas"]] == ["/", *tested.places]
    assert told["areas"][0] == {"area": "/", **tested.document()}
    assert told["synthetic"]
