"""What a list promises, whatever the households, rules and capacities."""

from __future__ import annotations

from hashlib import sha256
from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from models.judgement.listing import Candidate, Line, Listing, build
from models.judgement.tiers import SEVERITY, TIERS

PLACES = ("01/a", "01/b", "02/a")


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    found = []
    for number in range(draw(st.integers(1, 60))):
        raised_by = draw(st.sampled_from([None, None, None, "score", "score", "rule", "both", "unknown"]))
        tier = draw(st.sampled_from(TIERS[1:-1])) if raised_by in ("score", "both") else "none"
        if raised_by in ("rule", "both"):
            tier = draw(st.sampled_from(TIERS[:-1]))
        # Few different probabilities, so that there are ties.
        probability = (
            draw(st.sampled_from([None, 0.01, 0.3, 0.30000000001, 0.9]))
            if raised_by != "score"
            else draw(st.sampled_from([0.3, 0.9]))
        )
        place = draw(st.sampled_from(PLACES))
        household = sha256(str(number).encode()).hexdigest()
        found.append(Candidate(household, f"{place}/v", place, tier, raised_by, probability))
    return found


plans = st.dictionaries(st.sampled_from(PLACES), st.integers(0, 30))


def of_place(listing: Listing, place: str) -> list[Line]:
    return [line for line in listing.lines if line.place == place]


@settings(max_examples=150, deadline=None)
@given(candidates(), plans)
def test_every_promise_of_a_list(households: list[Candidate], visits: dict[str, int]) -> None:
    made = build(households, visits=visits, seed="s")
    by_id = {c.household: c for c in households}
    assert len({line.household for line in made.lines}) == len(made.lines)
    for place in {c.place for c in households}:
        here = [c for c in households if c.place == place]
        lines = of_place(made, place)
        capacity = made.capacity[place]
        c = visits.get(place, ceil(len(here) / 100))
        assert capacity.visits == c
        planned = [line for line in lines if line.planned]

        # Rule hits are always planned, and who is flagged is always on the list.
        assert {h.household for h in here if h.raised_by in ("rule", "both")} <= {
            x.household for x in planned
        }
        assert {h.household for h in here if h.raised_by} == {
            x.household for x in lines if x.raised_by != "check"
        }

        # The score fills what is left, and never gets less than a quarter.
        scored = [h for h in here if h.raised_by == "score"]
        by_score = [x for x in planned if x.raised_by == "score"]
        rules = sum(h.raised_by in ("rule", "both") for h in here)
        assert len(by_score) == min(len(scored), max(c - rules, ceil(c / 4)))
        assert (capacity.rule, capacity.score) == (rules, len(by_score))

        # Checks come from households that nothing flagged, and show neither tier nor probability.
        checks = [x for x in lines if x.raised_by == "check"]
        unflagged = [h for h in here if h.raised_by is None]
        assert len(checks) == capacity.check == min(len(unflagged), max(1, ceil(c * 5 / 100)))
        assert all(by_id[x.household].raised_by is None for x in checks)
        assert all((x.tier, x.probability, x.planned) == ("none", None, True) for x in checks)

        # Order: planned by tier and probability, checks, the capacity line, the rest in the same order.
        assert [x.rank for x in lines] == list(range(1, len(lines) + 1))
        kinds = [0 if x.planned and x.raised_by != "check" else 1 if x.planned else 2 for x in lines]
        assert kinds == sorted(kinds)
        for kind in (0, 2):
            part = [x for x, k in zip(lines, kinds, strict=True) if k == kind and x.raised_by != "unknown"]
            keys = [(-SEVERITY[x.tier], -(x.probability if x.probability is not None else -1)) for x in part]
            assert keys == sorted(keys)
        # A score line above the capacity line is never weaker than one below it.
        above = [-SEVERITY[x.tier] for x in by_score]
        below = [-SEVERITY[x.tier] for x in lines if x.raised_by == "score" and not x.planned]
        assert not above or not below or max(above) <= min(below)
        # Who is listed only because a feed is overdue comes beyond capacity.
        assert all(not x.planned for x in lines if x.raised_by == "unknown")


@given(candidates(), plans, st.randoms())
@settings(max_examples=50, deadline=None)
def test_the_list_does_not_depend_on_the_order_of_households(
    households: list[Candidate], visits: dict[str, int], random: object
) -> None:
    shuffled = list(households)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert build(households, visits=visits, seed="s") == build(shuffled, visits=visits, seed="s")


def _unflagged(n: int) -> list[Candidate]:
    return [Candidate(sha256(str(i).encode()).hexdigest(), "1/2", "1", "none", None, 0.01) for i in range(n)]


def test_another_list_draws_another_check_sample() -> None:
    first = build(_unflagged(400), visits={"1": 100}, seed="a")
    other = build(_unflagged(400), visits={"1": 100}, seed="b")
    assert len(first.lines) == len(other.lines) == 5
    assert {x.household for x in first.lines} != {x.household for x in other.lines}


def test_a_place_without_capacity_plans_one_in_a_hundred() -> None:
    assert build(_unflagged(401), visits={}, seed="a").capacity["1"].visits == 5


def test_not_at_risk_comes_last_within_its_tier() -> None:
    one = Candidate("a" * 64, "1", "1", "yellow", "rule", None)
    two = Candidate("b" * 64, "1", "1", "yellow", "rule", 0.001)
    assert [x.household[0] for x in build([one, two], visits={}, seed="s").lines] == ["b", "a"]
