"""Dated parameters: the most specific area, the latest day, the overlay; and what is refused."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import Refusal
from features.home import Home
from features.policy.parameters import DEFAULTS, VOCABULARIES, Dated, ParameterSet

LINE = """
- id: monitoring_line
  name: {zh: 监测线, en: line}
  unit: yuan_per_person_year
  at_least: 0
  values:
    - {from: 2020-01-01, area: "/", value: 5000, source: a}
    - {from: 2022-01-01, area: "/", value: 6300, source: b}
    - {from: 2021-01-01, area: "52", value: 6500, source: c}
    - {from: 2021-06-01, area: "52/5201", value: 7000, source: d}
"""


def made(tmp_path: Path, defaults: str = LINE, overlay: str | None = None) -> ParameterSet:
    folder = tmp_path / "defaults"
    folder.mkdir(exist_ok=True)
    (folder / "lines.yaml").write_text(defaults, encoding="utf-8")
    home = None
    if overlay is not None:
        home = Home.create(tmp_path / "home", clock="simulated")
        (home.folder("parameters") / "county.yaml").write_text(overlay, encoding="utf-8")
    return ParameterSet.load(home, defaults=folder)


@pytest.mark.parametrize(
    ("day", "area", "value"),
    [
        (date(2019, 12, 31), "/", None),
        (date(2020, 1, 1), "/", 5000),
        (date(2021, 12, 31), "33/1", 5000),
        (date(2022, 1, 1), "33/1", 6300),
        (date(2020, 6, 1), "52/5201", 5000),
        (date(2021, 1, 1), "52/5201", 6500),
        (date(2021, 6, 1), "52/5201", 7000),
        (date(2023, 6, 1), "52/5201/520101", 7000),
        (date(2023, 6, 1), "52/5202", 6500),
        (date(2023, 6, 1), "520/1", 6300),
    ],
)
def test_the_most_specific_area_then_the_latest_day(
    tmp_path: Path, day: date, area: str, value: int | None
) -> None:
    assert made(tmp_path).value("monitoring_line", day, area) == value


def test_an_overlay_wins_in_its_area_from_its_day_on(tmp_path: Path) -> None:
    overlay = """
- id: monitoring_line
  values:
    - {from: 2021-07-01, area: "/", value: 5500, source: county order}
"""
    found = made(tmp_path, overlay=overlay)
    assert found.value("monitoring_line", date(2021, 6, 30)) == 5000
    assert found.value("monitoring_line", date(2021, 7, 1)) == 5500
    # The shipped value of 2022 is later, but the county has spoken.
    assert found.value("monitoring_line", date(2023, 1, 1)) == 5500
    assert found.value("monitoring_line", date(2023, 1, 1), "52/5202") == 6500
    entry = found.entry("monitoring_line", date(2023, 1, 1))
    assert entry == Dated(5500, "yuan_per_person_year", date(2021, 7, 1), "county order", "/", True)
    assert found.hash != made(tmp_path).hash


def test_an_overlay_may_unset_a_value(tmp_path: Path) -> None:
    overlay = "[{id: monitoring_line, values: [{from: 2022-01-01, area: '52', value: null, source: x}]}]"
    assert made(tmp_path, overlay=overlay).value("monitoring_line", date(2023, 1, 1), "52/9") is None


def test_in_force_lists_one_value_an_area_the_deepest_first(tmp_path: Path) -> None:
    found = made(tmp_path).in_force("monitoring_line", date(2023, 1, 1))
    assert [(dated.area, dated.value) for dated in found] == [("52/5201", 7000), ("52", 6500), ("/", 6300)]


@settings(max_examples=60, deadline=None)
@given(
    values=st.dictionaries(
        st.tuples(st.sampled_from(["/", "1", "1/2", "1/2/3", "12"]), st.integers(0, 400)),
        st.integers(0, 99),
        min_size=1,
    ),
    day=st.integers(0, 500),
    area=st.sampled_from(["/", "1", "1/2", "1/2/3", "12/3", "7"]),
)
def test_value_equals_a_plain_search(values: dict[tuple[str, int], int], day: int, area: str) -> None:
    start = date(2020, 1, 1)
    document = {
        "parameters": {
            "p": {
                "name": {"zh": "甲", "en": "p"},
                "unit": "yuan",
                "values": [
                    {
                        "from": (start + timedelta(n)).isoformat(),
                        "area": a,
                        "value": v,
                        "source": "s",
                        "overlay": False,
                    }
                    for (a, n), v in values.items()
                ],
            }
        }
    }
    best: tuple[int, int] | None = None
    wanted = None
    for (a, n), v in values.items():
        inside = a == "/" or (area + "/").startswith(a + "/")
        rank = (0 if a == "/" else a.count("/") + 1, n)
        if inside and n <= day and (best is None or rank > best):
            best, wanted = rank, v
    assert ParameterSet.from_document(document).value("p", start + timedelta(day), area) == wanted


def test_the_document_gives_the_same_set_again() -> None:
    shipped = ParameterSet.load()
    again = ParameterSet.from_document(json.loads(json.dumps(shipped.document())))
    assert again.hash == shipped.hash
    day = date(2025, 6, 30)
    assert all(
        again.value(id_, day, "990101000000/1") == shipped.value(id_, day, "990101000000/1")
        for id_ in shipped.ids()
    )


def test_the_shipped_defaults_name_a_source_for_every_value() -> None:
    shipped = ParameterSet.load()
    for parameter in shipped.parameters.values():
        assert set(parameter.name) == {"zh", "en"}
        assert all(len(dated.source) > 10 for dated in parameter.values)
    synthetic = [
        dated for p in shipped.parameters.values() for dated in p.values if dated.area.startswith("99")
    ]
    assert synthetic
    assert all("Synthetic" in dated.source for dated in synthetic)
    assert shipped.type_of("monitoring_line") == "number"
    assert set(VOCABULARIES) <= {path.name for path in DEFAULTS.glob("*.yaml")}


def changed(**changes: object) -> str:
    record = yaml.safe_load(LINE)[0]
    value = {**record["values"][0], **{k[6:]: v for k, v in changes.items() if k.startswith("value_")}}
    rest = {k: v for k, v in changes.items() if not k.startswith("value_")}
    return yaml.safe_dump([{**record, "values": [value], **rest}], allow_unicode=True)


@pytest.mark.parametrize(
    "defaults",
    [
        changed(value_value=-1),
        changed(value_value=float("inf")),
        changed(value_value=[1]),
        changed(value_area="52//1"),
        changed(value_area=52),
        changed(value_from="2020-01-01"),
        changed(value_source=" "),
        changed(value_note="x"),
        changed(id="not a name"),
        changed(name={"zh": "甲"}),
        changed(values=[]),
        changed(quota=3),
        LINE + LINE,
        LINE + "    - {from: 2022-01-01, area: '/', value: 6400, source: b}\n",
        LINE + "    - {from: 2023-01-01, area: '/', value: much, source: b}\n",
        "id: monitoring_line",
        "- [1",
        "- 5",
    ],
)
def test_a_wrong_record_is_refused_with_its_place(tmp_path: Path, defaults: str) -> None:
    with pytest.raises(Refusal) as refusal:
        made(tmp_path, defaults)
    assert refusal.value.code == "bad_record"
    message = refusal.value.message()
    assert "lines.yaml" in message["en"]
    assert message["zh"] != message["en"]


@pytest.mark.parametrize(
    ("overlay", "code"),
    [
        ("[{id: monitoring_lime, values: []}]", "unknown_name"),
        ("[{id: monitoring_line, unit: yuan, values: [{from: 2022-01-01, area: '/', value: 1, source: x}]}]", "bad_record"),
        ("[{id: monitoring_line, values: [{from: 2022-01-01, area: '/', value: -1, source: x}]}]", "bad_record"),
        ("[{id: monitoring_line, values: [{from: 2022-01-01, area: '/', value: 'much', source: x}]}]", "bad_record"),
        ("[{id: monitoring_line, values: [{from: 2022-01-01, area: '/', value: 1, source: x}]},"
         " {id: monitoring_line, values: [{from: 2023-01-01, area: '/', value: 2, source: x}]}]", "bad_record"),
    ],
)  # fmt: skip
def test_a_wrong_overlay_is_refused(tmp_path: Path, overlay: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        made(tmp_path, overlay=overlay)
    assert refusal.value.code == code


def test_a_parameter_that_there_is_not_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        ParameterSet.load().value("monitoring_lime", date(2024, 1, 1))
    assert refusal.value.code == "unknown_name"
