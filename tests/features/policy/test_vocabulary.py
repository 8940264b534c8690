"""Reason groups, departments and units."""

from __future__ import annotations

import pytest

from features.facts.kinds import kinds
from features.indicators.catalogue import RECORDS
from features.indicators.record import UNITS, read_records
from features.policy.parameters import ParameterSet
from features.policy.vocabulary import Unit, departments, groups, units


def test_groups_are_the_official_risk_causes_and_four_of_ours() -> None:
    assert [g.id for g in groups().values() if not g.official] == ["income", "make_up", "place", "data"]
    assert {"illness", "schooling", "disability", "disaster", "accident", "industry", "work", "labour", "housing",
            "water", "other"} == {g.id for g in groups().values() if g.official}  # fmt: skip


def test_every_name_is_in_both_languages() -> None:
    names = (
        [g.name for g in groups().values()]
        + list(departments().values())
        + [u.name for u in units().values()]
    )
    assert all(set(name) == {"zh", "en"} and all(name.values()) for name in names)


def test_every_unit_in_use_can_be_said() -> None:
    assert set(UNITS) <= set(units())
    spoken = {p.unit for p in ParameterSet.load().parameters.values()}
    assert spoken - set(units()) <= {"level"}


def test_every_closed_code_of_a_category_column_has_a_word() -> None:
    words = units()["level"].words
    for record in read_records(RECORDS, kinds()):
        if record.type == "category" and not record.protected and record.kind != "welfare":
            column = kinds()[record.kind].columns[str(record.column)]
            assert set(column.values or ()) <= set(words), record.id


def test_a_unit_is_made_again_from_its_document() -> None:
    assert all(Unit(**unit.document()) == unit for unit in units().values())


@pytest.mark.parametrize(
    ("unit", "value", "zh", "en"),
    [
        ("yuan", 12345.6, "12,346元", "12,346 yuan"),
        ("share", 0.25, "25%", "25 %"),
        ("members", 3.0, "3人", "3 people"),
        ("yes_no", True, "是", "yes"),
        ("yes_no", False, "否", "no"),
        ("number", -0.001, "0.00", "0.00"),
        ("level", "C", "C级", "grade C"),
        ("level", "43", "43", "43"),
        ("log_ratio", 0.0, "监测线的100%", "100 % of the line"),
        ("log_ratio_per_month", 0.0, "每月0.0%", "0.0 % a month"),
    ],
)
def test_a_value_is_said_with_its_unit(unit: str, value: float | bool | str, zh: str, en: str) -> None:
    assert dict(units()[unit].say(value)) == {"zh": zh, "en": en}
