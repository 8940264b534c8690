"""Names of areas: for the eye, by path or by last code, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import Refusal
from features.home import Home
from features.policy.places import Places, read


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.create(tmp_path / "home", clock="simulated")


def _write(home: Home, name: str, body: str) -> None:
    (home.folder("areas") / name).write_text(body, encoding="utf-8")


def test_a_home_without_names_shows_codes(home: Home) -> None:
    places = Places(read(home))
    assert places.name("41/a/v3", "zh") == "v3"
    assert places.name("/", "zh") == "/"
    assert places.names_of("41/a", "en") == ["41", "a"]
    assert places.names_of("/", "en") == []


def test_the_path_wins_over_the_last_code(home: Home) -> None:
    _write(
        home,
        "a.yaml",
        "41: {zh: 县, en: County}\nv3: {zh: 三村, en: Third}\n41/a/v3: {zh: 甲三村, en: A Third}\n",
    )
    places = Places(read(home))
    assert places.names_of("41/a/v3", "zh") == ["县", "a", "甲三村"]
    assert places.name("41/b/v3", "en") == "Third"
    assert Places({"41": {"zh": "县", "en": "County"}}).top("zh") == "县"
    assert Places({"41": {"zh": "县", "en": "A"}, "42": {"zh": "州", "en": "B"}}).top("zh") == ""


@pytest.mark.parametrize(
    "body",
    [
        "- a\n- b\n",
        "41: 县\n",
        "41: {zh: 县}\n",
        "41: {zh: 县, en: County, fr: Comté}\n",
        "41: {zh: '', en: County}\n",
        "41: {zh: 5, en: County}\n",
        '41: {zh: "县\\n", en: County}\n',
        "41//a: {zh: 县, en: County}\n",
        f"41: {{zh: {'县' * 41}, en: County}}\n",
    ],
)
def test_what_is_no_name_is_refused_with_its_file(home: Home, body: str) -> None:
    _write(home, "wrong.yaml", body)
    with pytest.raises(Refusal) as refused:
        read(home)
    assert (refused.value.code, refused.value.file) == ("bad_record", "wrong.yaml")
