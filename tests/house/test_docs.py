"""What docs/ promises, the code keeps; what the code offers, docs/ tells."""

from __future__ import annotations

import re

import pytest

from commands import reference
from features.error_kinds import KINDS
from tests.house.tree import ROOMS, ROOT, files, modules

DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_written_pages_are_fresh(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == reference.page(name), "make fix writes it anew"


def test_every_verb_and_option_is_documented() -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    for name, command in reference.verbs().items():
        assert f"### {name}\n" in page
        assert command.help, f"{name} says nothing about itself"
        for parameter in command.params:
            assert parameter.name == "help" or parameter.help, f"{name} {parameter.name} says nothing"
            assert parameter.param_type_name == "argument" or any(option in page for option in parameter.opts)


def test_every_error_code_is_documented_and_used() -> None:
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    sources = "\n".join(path.read_text(encoding="utf-8") for room in ROOMS for path in modules(room).values())
    assert not [code for code in KINDS if f"| `{code}` |" not in page]
    # Its own entry names a code once.
    assert not [code for code in KINDS if sources.count(f'"{code}"') < 2]


def test_every_code_that_is_raised_is_declared() -> None:
    raised = re.compile(r'Refusal\(\s*"(\w+)"')
    for room in ROOMS:
        for path in modules(room).values():
            for code in raised.findall(path.read_text(encoding="utf-8")):
                assert code in KINDS, f"{path.name} raises {code}"


def test_every_setting_is_documented() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    setting = re.compile(r'"((?:FANGPIN|MLFLOW_TRACKING)_[A-Z_]+)"')
    used = {name for path in files(".py") for name in setting.findall(path.read_text(encoding="utf-8"))}
    assert used
    assert not [name for name in sorted(used) if f"`{name}`" not in page]
    listed = set(re.findall(r"^\| `((?:FANGPIN|MLFLOW)_[A-Z_]+)`", page, flags=re.MULTILINE))
    assert not listed - used, "documented, but nothing reads it"


def test_links_between_pages_lead_somewhere() -> None:
    link = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
    lost = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in files(".md")
        for target in link.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not lost


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert not [
        page.name for page in DOCS.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index
    ]


def test_decisions_say_context_decision_and_consequences() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert len({page.name[:4] for page in pages}) == len(pages) >= 8, "one number, one decision"
    for page in pages:
        assert re.match(r"\d{4}-[a-z0-9-]+\.md$", page.name)
        text = page.read_text(encoding="utf-8")
        for heading in ("## Context", "## Decision", "## Consequences"):
            assert heading in text, f"{page.name} lacks {heading}"
