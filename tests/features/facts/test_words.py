"""Facts in words: every code of a closed vocabulary has its words, and amounts have their units."""

from __future__ import annotations

from datetime import date
from typing import Any

from features import plain_yaml
from features.facts import words
from features.facts.kinds import kinds
from features.intake.mapping import SHIPPED

# Kept from all judgement, and so not shown as facts either.
NOT_SHOWN = {"ethnicity", "political_status"}


def row(kind: str, **values: Any) -> dict[str, Any]:
    return {**dict.fromkeys(kinds()[kind].schema.names), **values}


def test_every_code_of_a_closed_vocabulary_has_words() -> None:
    wordless = [
        (kind.id, column.name, code)
        for kind in kinds().values()
        for column in kind.columns.values()
        for code in column.values or ()
        if words.word(kind.id, column.name, code) is None
    ]
    assert wordless == []


def test_every_code_that_a_county_mapping_makes_has_words() -> None:
    wordless = []
    for path in sorted(SHIPPED.glob("county_*.yaml")):
        for fact in plain_yaml.load(path.read_bytes())["facts"]:
            kind = kinds()[fact["kind"]]
            for name, entry in fact["columns"].items():
                codes = entry.get("codes", {}).values() if isinstance(entry, dict) else ()
                texts = [code for code in codes if isinstance(code, str)]
                wordless += [
                    (path.name, name, code)
                    for code in texts
                    if not words.unsaid(name) and words.word(kind.id, name, code) is None
                ]
            wordless += [
                (path.name, name, code)
                for name, code in fact.get("set", {}).items()
                if isinstance(code, str)
                and not words.unsaid(name)
                and words.word(kind.id, name, code) is None
            ]
    assert wordless == []


def test_both_languages_everywhere() -> None:
    lacking = [
        (kind.id, column.name, code)
        for kind in kinds().values()
        for column in kind.columns.values()
        for code in column.values or ()
        if set(words.word(kind.id, column.name, code) or ()) != {"zh", "en"}
    ]
    assert lacking == []


def said(kind: str, **values: Any) -> list[tuple[str, str, str, str]]:
    found = words.says(kinds()[kind], row(kind, **values))
    return [(name["zh"], value["zh"], name["en"], value["en"]) for name, value in found]


def test_money_is_said_in_yuan_and_fen_only_where_there_are_any() -> None:
    assert said("income", amount=123_456_00)[0][1::2] == ("123,456元", "123,456 yuan")
    assert said("income", amount=35_942)[0][1::2] == ("359.42元", "359.42 yuan")
    assert said("income", amount=-50)[0][1] == "-0.50元"
    assert said("income", amount=35_942, currency="ARS")[0][1::2] == ("ARS 359.42", "ARS 359.42")


def test_decimals_codes_years_and_yes_or_no() -> None:
    assert said("household", arable_land=321, members=2, relocated=True, industry="pig") == [
        ("家庭人口数", "2人", "members", "2 people"),
        ("是否易地搬迁", "是", "relocated household", "yes"),
        ("耕地面积（亩）", "3.21亩", "arable land (mu)", "3.21 mu"),
        ("主要产业", "生猪", "main industry", "pigs"),
    ]
    assert said("person", birth_year=1954)[0][1::2] == ("1954年", "1954")
    assert said("household", industry="其他作物")[0][1::2] == ("其他作物", "其他作物")


def test_what_may_not_be_judged_by_is_not_shown() -> None:
    for name in NOT_SHOWN:
        assert said("person", **{name: "miao"}) == []


def test_when_a_fact_holds() -> None:
    first, last = date(2026, 6, 1), date(2026, 6, 30)
    assert words.when(row("shock", happened_on=first))["zh"] == "2026-06-01"
    assert words.when(row("income", valid_from=first, valid_to=last)) == {
        "zh": "2026-06-01至2026-06-30",
        "en": "2026-06-01 to 2026-06-30",
    }
    assert words.when(row("income", valid_to=last))["en"] == "2026-06-30"
    assert words.when(row("income", valid_from=first)) == {"zh": "2026-06-01起", "en": "since 2026-06-01"}


def test_a_member_is_named_by_relation_never_by_number() -> None:
    relation = words.word("person", "relation", "spouse")
    assert relation is not None
    assert words.member(relation, 1953) == {"zh": "配偶（1953年生）", "en": "spouse, born 1953"}
    assert words.member(relation, None) == relation
