"""What every file of this repository keeps to."""

from __future__ import annotations

import re

from tests.house.tree import ROOT, files

LONGEST = 400
TEXT = (".py", ".md", ".toml", ".yaml", ".po", ".in", ".txt", ".ipynb", ".html", ".css", ".svg", "")
# Written so that this file does not contain what it looks for.
MACHINE = re.compile(r"(?<![\w.}/-])/(?:wor" r"k|roo" r"t|farm|hom" r"e/[a-z]+)/")
REGISTRY = re.compile(r"pythonhos" r"ted|pypi\.o" r"rg|index-u" r"rl|npm" r"js|deb\.deb" r"ian")


def _texts() -> list[tuple[str, str]]:
    return [(str(p.relative_to(ROOT)), p.read_text(encoding="utf-8")) for p in files(*TEXT)]


def test_no_machine_path_and_no_registry_address() -> None:
    assert not [name for name, text in _texts() if MACHINE.search(text) or REGISTRY.search(text)]


def test_no_python_file_is_long() -> None:
    assert not [
        (str(path.relative_to(ROOT)), lines)
        for path in files(".py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    ]


def test_no_template_and_no_style_sheet_is_long() -> None:
    assert not [
        (str(path.relative_to(ROOT)), lines)
        for path in files(".html", ".css")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    ]


def test_templates_hold_no_style_and_no_script() -> None:
    """The security policy of the pages allows neither, so such a page would be drawn wrong."""
    inline = re.compile(r"\sstyle=|<style|<script|\son[a-z]+=|javascript:", re.IGNORECASE)
    assert not [
        str(p.relative_to(ROOT)) for p in files(".html") if inline.search(p.read_text(encoding="utf-8"))
    ]


def test_style_sheets_load_nothing() -> None:
    loads = re.compile(r"@import|url\(|@font-face|expression\(", re.IGNORECASE)
    assert not [
        str(p.relative_to(ROOT)) for p in files(".css") if loads.search(p.read_text(encoding="utf-8"))
    ]


def test_no_drawer_for_odds_and_ends() -> None:
    assert not [p for p in files(".py") if p.stem in {"utils", "util", "helpers", "helper", "misc", "common"}]


def test_the_lock_names_no_address_and_hashes_every_pin() -> None:
    for path in sorted((ROOT / "requirements").iterdir()):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path.name
        if path.suffix == ".txt":
            pins = re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.MULTILINE)[1:]
            assert len(pins) > 100
            assert not [pin.split()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin]


def test_nothing_is_unfinished() -> None:
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|raise NotImplemented" r"Error")
    assert not [name for name, text in _texts() if name.endswith(".py") and marks.search(text)]
