"""Reasons: sums by group, told by the strongest indicator, with value, norm and date."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.policy.vocabulary import groups, units
from models.judgement.meaning import Meaning, columns_of, meanings
from models.judgement.reasons import MOST, Norm, explain, known_at, sentence, unknown

GROUPS = list(groups())
OFFICIAL = {g.id: g.official for g in groups().values()}


def meaning(
    column: str, group: str = "income", unit: str = "yuan", kinds: tuple[str, ...] = ("income",)
) -> Meaning:
    name = {"zh": "工资性收入", "en": "wage income"}
    reason = {"zh": "工资性收入{value}（参照：{norm}）", "en": "wage income {value} (compared with {norm})"}
    return Meaning(column, column, name, group, unit, "agriculture", reason, frozenset(kinds))


def told(terms: dict[str, float], by_group: dict[str, str], **more: object):  # type: ignore[no-untyped-def]
    given = {
        "meanings": {column: meaning(column, by_group[column]) for column in terms},
        "norms": {},
        "known": {"income": "2026-09-05"},
        "official": OFFICIAL,
        "units": units(),
        **more,
    }
    return explain(terms, dict.fromkeys(terms, 100.0), **given)  # type: ignore[arg-type]


@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.floats(-3, 3), max_size=40), st.randoms()
)
def test_groups_sum_and_the_largest_come_first(terms: dict[str, float], random) -> None:  # type: ignore[no-untyped-def]
    by_group = {column: random.choice(GROUPS) for column in terms}
    found = told(terms, by_group)
    sums = {g: sum(terms[c] for c in terms if by_group[c] == g) for g in set(by_group.values())}
    for block, sign in ((found.reasons, 1), (found.lowering, -1)):
        assert len(block) == min(
            MOST, sum(sign * total > 0 for total in found_sums(terms, by_group).values())
        )
        strength = [(-sign * entry["contribution"], entry["group"]) for entry in block]
        assert strength == sorted(strength)
        for entry in block:
            assert entry["contribution"] == pytest.approx(sums[entry["group"]], abs=1e-9)
            members = {c: terms[c] for c in terms if by_group[c] == entry["group"]}
            assert sign * members[entry["indicator"]] == max(sign * value for value in members.values())
            assert entry["official"] == OFFICIAL[entry["group"]]


def found_sums(terms: dict[str, float], by_group: dict[str, str]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for column in sorted(terms):
        sums[by_group[column]] = sums.get(by_group[column], 0.0) + terms[column]
    return sums


def test_ties_go_by_id() -> None:
    found = told({"b": 0.5, "a": 0.5, "c": 0.5}, {"a": "work", "b": "illness", "c": "illness"})
    assert [(r["group"], r["indicator"]) for r in found.reasons] == [("illness", "b"), ("work", "a")]


def test_the_order_in_which_contributions_come_does_not_matter() -> None:
    terms = {"a": 0.1, "b": 0.2, "c": 0.3}
    by_group = dict.fromkeys(terms, "income")
    assert told(terms, by_group) == told(dict(reversed(terms.items())), by_group)


def test_a_sentence_has_value_and_norm_in_both_languages() -> None:
    said = sentence(meaning("wage"), 12345.6, Norm(20000.0, "parameter"), units()["yuan"])
    assert said == {
        "zh": "工资性收入12,346元（参照：标准为20,000元）",
        "en": "wage income 12,346 yuan (compared with the threshold of 20,000 yuan)",
    }


def test_a_value_without_norm_is_told_plainly() -> None:
    assert sentence(meaning("wage"), 5.0, Norm(None, None), units()["yuan"])["zh"] == "工资性收入：5元"


def test_what_is_not_known_is_said_to_be_so() -> None:
    assert sentence(meaning("wage"), None, Norm(1.0, "median"), units()["yuan"]) == {
        "zh": "工资性收入：不详",
        "en": "wage income: not known",
    }


def test_a_norm_that_is_absent_has_no_kind() -> None:
    (entry,) = told({"a": 1.0}, {"a": "income"}).reasons
    assert (entry["norm"], entry["norm_kind"]) == (None, None)
    (entry,) = told({"a": 1.0}, {"a": "income"}, norms={"a": Norm(3.0, "median")}).reasons
    assert (entry["norm"], entry["norm_kind"]) == (3.0, "median")


def test_a_value_is_as_old_as_the_oldest_it_rests_on() -> None:
    known = {"income": "2026-09-05", "household": "2026-03-01"}
    assert known_at(meaning("x", kinds=("income", "household")), known) == "2026-03-01"
    assert known_at(meaning("x", kinds=("income", "work")), known) == "2026-09-05"
    assert known_at(meaning("x", kinds=("work",)), known) is None


def test_unknown_names_the_department() -> None:
    by_name = {"a": meaning("a"), "b": meaning("b")}
    assert unknown({"a": None, "b": 0.0}, {"b", "a"}, by_name) == [
        {"indicator": "a", "source": "agriculture"}
    ]


def test_no_event_on_record_is_no_gap_in_knowledge() -> None:
    event = replace(meaning("since", unit="months"), event=True)
    assert unknown({"since": None}, {"since"}, {"since": event}) == []
    assert unknown({"since": None}, {"since"}, {"since": event}, {"since"}) != [], "no feed at all"
    found = {
        sign: explain(
            {"since": sign * 0.1},
            {"since": None},
            meanings={"since": event},
            norms={},
            known={},
            official=OFFICIAL,
            units=units(),
        )
        for sign in (1, -1)
    }
    assert found[1].reasons == [], "that nothing happened is no reason to visit"
    (entry,) = found[-1].lowering
    assert entry["sentence"]["zh"] == "工资性收入：无记录"


def test_what_is_usual_or_not_known_is_no_reason() -> None:
    def speakers(values: dict[str, float | None]) -> list[str]:
        found = explain(
            {"a": 0.3, "b": 0.2},
            values,
            meanings={name: meaning(name) for name in "ab"},
            norms={name: Norm(12.0, "median") for name in "ab"},
            known={},
            official=OFFICIAL,
            units=units(),
        )
        return [entry["indicator"] for entry in found.reasons]

    assert speakers({"a": 11.0, "b": 11.0}) == ["a"]
    assert speakers({"a": 12.0, "b": 11.0}) == ["b"], "the next one that tells something speaks for the group"
    assert speakers({"a": None, "b": 11.0}) == ["b"]
    assert speakers({"a": None, "b": 12.2}) == [], "12.2 yuan is said as 12 yuan"


def test_meanings_come_from_the_frozen_catalogue() -> None:
    common = {
        "name": {"zh": "甲", "en": "a"},
        "group": "income",
        "unit": "yuan",
        "owner": "agriculture",
        "reason": {},
    }
    catalogue = {
        "indicators": [
            {
                "id": "wage",
                "shape": "windowed",
                "kind": "income",
                "windows": {"12m": {"months": 12}, "24m": {}},
                **common,
            },
            {"id": "gap", "shape": "windowed", "kind": "welfare", "windows": {"months": 3}, **common},
            {"id": "size", "shape": "windowed", "kind": "household", **common},
            {"id": "each", "shape": "derived", "expression": "wage_12m / size + line", **common},
            {"id": "twice", "shape": "derived", "expression": "each + gap", **common},
        ]
    }
    found = meanings(catalogue)
    assert set(found) == {"wage_12m", "wage_24m", "gap", "size", "each", "twice"}
    assert found["each"].kinds == {"income", "household"}
    assert found["twice"].kinds == {"income", "household"}
    assert found["gap"].kinds == {"income"}
    assert columns_of(catalogue["indicators"][0]) == ("wage_12m", "wage_24m")
