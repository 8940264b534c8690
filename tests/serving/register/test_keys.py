"""Keys of the register: made with a real home, outside it; missing, damaged and former ones."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from features.errors import Refusal
from features.home import KEYS, TEST_KEY, Home
from serving.register.keys import TEST_KEYS, Keys, key_id
from tests.serving.register.refusing import refuses


def test_a_real_home_gets_keys_outside_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANGPIN_KEYS", str(tmp_path / "elsewhere"))
    home = Home.create(tmp_path / "home")
    assert home.keys == tmp_path / "elsewhere"
    made = {name: (home.keys / name).read_bytes() for name in KEYS}
    assert len(set(made.values())) == 3
    assert all(len(key) == 32 for key in made.values())
    assert all(stat.S_IMODE((home.keys / name).stat().st_mode) == 0o600 for name in KEYS)
    assert not list(home.path.rglob("*.key"))
    keys = Keys.of(home)
    assert keys.current == key_id(made["register.key"])
    assert keys.indexing == (made["index.key"],)
    # Another home with the same keys folder finds them there and changes none.
    Home.create(tmp_path / "second")
    assert {name: (home.keys / name).read_bytes() for name in KEYS} == made


@pytest.mark.parametrize("lacking", ["register.key", "index.key"])
def test_a_real_home_without_a_key_says_which(tmp_path: Path, lacking: str) -> None:
    home = Home.create(tmp_path / "home")
    (home.keys / lacking).unlink()
    with pytest.raises(Refusal) as refused:
        Keys.of(home)
    assert (refused.value.code, refused.value.params["file"]) == ("key_missing", lacking)
    (home.keys / lacking).write_bytes(b"short")
    with refuses("key_damaged"):
        Keys.of(home)


def test_simulated_homes_use_published_keys(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", clock="simulated")
    assert not home.keys.exists()
    assert Keys.of(home) == Keys.of(Home.create(tmp_path / "other", clock="simulated"))
    assert len({*TEST_KEYS.values(), TEST_KEY}) == 3


def test_former_keys_stand_after_the_one_that_writes(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home")
    for name, byte in (("register-2024.key", 1), ("register-2025.key", 2), ("index-2025.key", 3)):
        (home.keys / name).write_bytes(bytes([byte]) * 32)
    keys = Keys.of(home)
    current = (home.keys / "register.key").read_bytes()
    assert list(keys.sealing.values()) == [current, bytes([2]) * 32, bytes([1]) * 32]
    assert keys.indexing[1:] == (bytes([3]) * 32,)
