"""How an indicator is computed, in words that its record warrants."""

from __future__ import annotations

import re

import pytest

from features.declarations import Declarations
from features.facts.store import FactStore
from features.home import Home
from features.indicators.catalogue import Catalogue, assemble
from features.indicators.computed import computed, name_of
from features.policy.parameters import ParameterSet


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    store = FactStore(Home.create(tmp_path_factory.mktemp("home") / "home", clock="simulated"))
    nothing = Declarations({}, {}, None, {}, {}, (), {}, False)
    return assemble(store, nothing, ParameterSet.load(store.home))


def said(catalogue: Catalogue, name: str) -> tuple[str, str]:
    found = computed(catalogue, catalogue.store.kinds(), catalogue.columns[name])
    return found["zh"], found["en"]


def test_every_column_is_explained_in_both_languages(catalogue: Catalogue) -> None:
    known = {column.name for column in catalogue.columns.values()} | set(catalogue.parameters.ids())
    for name in catalogue.columns:
        zh, en = said(catalogue, name)
        assert re.search(r"[一-鿿]", zh), name
        assert not re.search(r"[一-鿿]", en), name
        assert not re.search(r"[{}]", zh + en), name
        # No name of a column or parameter is left in the sentence: people read names, not ids.
        assert not set(re.findall(r"[a-z]+(?:_[a-z0-9]+)+", zh + en)) & known, name
        assert zh.count("(") == zh.count(")"), name


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        (
            "income_wage_12m",
            "金额合计，取自“收入”，限收入项目为工资性收入；截至上月的12个月",
            "sum of amount, from income where part of income is wages; the 12 months up to the month before",
        ),
        ("self_paid_per_person", "医疗合规自付支出（截至当日的12个月） ÷ 家庭人口数", "self-paid medical spending (the last 12 months up to the day) ÷ members"),
        ("guarantee_housing_fails", "住房安全等级为C级/D级之一", "dwelling safety grade is one of grade C/grade D"),
        ("below_line_now", "任一记录中“是否低于参照线”是否为是，取自“人均收入与同期监测线”；当月", "whether any record has: below the line, from income and line of the same months; the month of the day"),
        ("gap_to_line", "近12个月人均纯收入 − 监测线", "net income per person of the last 12 months − the line"),
    ],
)  # fmt: skip
def test_what_is_said(catalogue: Catalogue, name: str, zh: str, en: str) -> None:
    assert said(catalogue, name) == (zh, en)


def test_a_column_of_a_village_says_so(catalogue: Catalogue) -> None:
    assert "所在村" in said(catalogue, "area_welfare_4m")[0]
    assert "village" not in said(catalogue, "members")[1]


def test_a_family_of_windows_is_told_apart(catalogue: Catalogue) -> None:
    names = [name for name in catalogue.columns if name.startswith("income_sum_")]
    assert len(names) > 1
    for lang in ("zh", "en"):
        assert len({name_of(catalogue, name)[lang] for name in names}) == len(names)


def test_brackets_are_left_only_where_they_tell(catalogue: Catalogue) -> None:
    zh, _ = said(catalogue, "wage_share")
    assert zh.startswith("工资性收入 ÷ (工资性收入 + ")
    assert zh.count("(") == 1
