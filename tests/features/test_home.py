"""The home folder: its clock never runs backwards, a closed day stays closed, pseudonyms are keyed."""

from __future__ import annotations

import hmac
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import Refusal
from features.home import TEST_KEY, Home, write_atomically

DAYS = st.dates(date(2001, 1, 1), date(2030, 1, 1))


def refused(code: str) -> pytest.RaisesExc[Refusal]:
    return pytest.RaisesExc(Refusal, check=lambda problem: problem.code == code)


def test_a_home_is_made_once_and_keeps_its_clock(tmp_path: Path) -> None:
    with refused("home_missing"):
        Home.open(tmp_path / "home")
    Home.create(tmp_path / "home", clock="simulated")
    assert Home.open(tmp_path / "home").clock == "simulated"
    with refused("home_exists"):
        Home.create(tmp_path / "home", clock="real")


def test_a_damaged_home_says_which_file(tmp_path: Path) -> None:
    Home.create(tmp_path / "home", clock="simulated")
    (tmp_path / "home" / "home.json").write_text("{")
    with pytest.raises(Refusal) as problem:
        Home.open(tmp_path / "home")
    assert problem.value.document()["error"]["file"] == "home.json"  # type: ignore[index]


@given(st.lists(st.tuples(st.booleans(), DAYS), max_size=12))
def test_a_simulated_clock_never_runs_backwards_and_nothing_is_recorded_on_a_closed_day(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, date]]
) -> None:
    home = Home.create(tmp_path_factory.mktemp("clock") / "home", clock="simulated")
    before = home.today()
    for closes, day in steps:
        if closes:
            home.close(day)
        else:
            recorded = home.recording_day(day)
            closed = home.closed()
            assert recorded >= max(day, before)
            assert closed is None or recorded > closed
            home.advance(recorded)
        assert home.today() >= before
        before = home.today()


def test_a_real_home_takes_declared_arrivals_until_its_first_list(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", clock="real")
    long_ago = date.today() - timedelta(days=500)
    assert home.recording_day(long_ago) == long_ago
    assert home.recording_day(None) == date.today()
    home.close(date.today())
    assert home.recording_day(None) == date.today() + timedelta(days=1)
    home.mark_list_issued()
    with refused("arrival_after_first_list"):
        home.recording_day(long_ago)


def test_a_real_home_knows_no_tomorrow(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", clock="real")
    with refused("clock_backwards"):
        home.close(date.today() + timedelta(days=1))
    with refused("clock_backwards"):
        home.recording_day(date.today() + timedelta(days=1))


def test_pseudonyms_are_keyed_and_people_never_meet_households(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = Home.create(tmp_path / "a", clock="simulated")
    assert simulated.pseudonym("1|2|3") == hmac.new(TEST_KEY, b"1|2|3", "sha256").hexdigest()
    assert simulated.pseudonym("1|2|3") != simulated.person_pseudonym("1|2|3")
    real = Home.create(tmp_path / "b", clock="real")
    assert real.pseudonym("1|2|3") != simulated.pseudonym("1|2|3")
    assert not (tmp_path / "b.keys").is_relative_to(real.path), "the key is outside the home and its backups"
    monkeypatch.setenv("FANGPIN_KEYS", str(tmp_path / "elsewhere"))
    with refused("key_missing"):
        Home.open(tmp_path / "b")


def test_a_file_is_the_old_one_or_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "file"
    write_atomically(target, b"old")

    def breaks(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", breaks)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", clock="simulated")
    asks = f"from features.home import Home; import time; h = Home.open({str(home.path)!r})\nwith h.writing(): print(time.time())"
    with home.writing(), home.writing():
        other = subprocess.Popen([sys.executable, "-c", asks], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(timeout=1.5)
        released = time.time()
    assert float(other.communicate(timeout=20)[0]) >= released
