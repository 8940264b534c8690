"""The front door itself: options, exit codes, errors, and nothing but the document on standard output."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from commands.desk import _quiet_output
from commands.documents.deliveries import HomeDocument
from features.documents import ErrorDocument
from tests.commands.front_door import fangpin
from tests.house.tree import ROOT


def test_help_is_quick() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "fangpin.py", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "promote" in done.stdout
    # Seconds of the processor, which do not grow when the machine is busy.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


def test_shared_options_stand_before_or_behind_the_verb(tmp_path: Path) -> None:
    first = fangpin("--json", "--home", tmp_path / "a", "init", "--clock", "simulated")
    second = fangpin("init", "--json", f"--home={tmp_path / 'b'}")
    assert HomeDocument.model_validate_json(first.out).clock == "simulated"
    assert HomeDocument.model_validate_json(second.out).clock == "real"


def test_home_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANGPIN_HOME", str(tmp_path / "c"))
    assert fangpin("init", "--json").document["home"] == str(tmp_path / "c")


def test_a_refusal_is_a_document_and_an_exit_code(tmp_path: Path) -> None:
    ran = fangpin("indicators", "--json", home=tmp_path / "none")
    assert ran.code == 3
    error = ErrorDocument.model_validate_json(ran.out).error
    assert error.code == "home_missing"
    assert "没有" in error.message.zh
    assert "no home" in error.message.en
    assert "fangpin init" in ran.err


def test_wrong_usage_is_two(tmp_path: Path) -> None:
    assert fangpin("snapshot", home=tmp_path).code == 2
    ran = fangpin("snapshot", "--json", home=tmp_path)
    assert (ran.code, ran.document["error"]["code"]) == (2, "usage")
    assert fangpin("nonsense", "--json").document["error"]["code"] == "usage"


def test_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "none"
    assert "没有" in fangpin("rules", home=missing).err
    assert "no home" in fangpin("rules", home=missing).err
    assert "no home" not in fangpin("rules", "--lang", "zh", home=missing).err
    monkeypatch.setenv("FANGPIN_LANG", "en")
    assert "没有" not in fangpin("rules", home=missing).err
    assert fangpin("rules", "--lang", "fr", home=missing).code == 2


def test_an_unexpected_error_is_one_and_shows_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("the value 42 of somebody")

    monkeypatch.setattr("features.home.Home.create", breaks)
    ran = fangpin("init", "--json", home=tmp_path)
    assert (ran.code, ran.document["error"]["code"]) == (1, "bug")
    assert "42" not in ran.out + ran.err
    monkeypatch.setenv("FANGPIN_DEBUG", "1")
    with pytest.raises(RuntimeError):
        fangpin("init", home=tmp_path)


def test_what_libraries_print_goes_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    with _quiet_output():
        print("from Python")
        os.write(1, b"from C\n")
    print("the document")
    seen = capfd.readouterr()
    assert seen.out == "the document\n"
    assert "from C" in seen.err


def test_output_is_utf8_whatever_the_locale(tmp_path: Path) -> None:
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "fangpin.py", "rules", "--home", str(tmp_path / "none")],
        capture_output=True,
        env=clean,
        cwd=ROOT,
    )
    assert done.returncode == 3
    assert "没有" in done.stderr.decode("utf-8")
