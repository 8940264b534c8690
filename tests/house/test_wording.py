"""Every sentence that people see has both languages, and both have the same places to fill."""

from __future__ import annotations

import ast
import re
from string import Formatter

from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from features.wording import LOCALE
from tests.house.tree import ROOMS, ROOT, files, modules

# Of features.wording, called by name; and methods of the desk that speaks to people.
MARKS = {"N_", "text", "both"}
METHODS = {"tell", "step"}


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def _marked() -> dict[str, str]:
    """Each marked message with the file that marks it."""
    found: dict[str, str] = {}
    for room in ROOMS:
        for path in modules(room).values():
            tree = ast.parse(path.read_text(encoding="utf-8"))
            ours = [
                n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "features.wording"
            ]
            marks_here = {alias.name for node in ours for alias in node.names} & MARKS
            for node in ast.walk(tree):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                called = node.func
                marks = isinstance(called, ast.Name) and called.id in marks_here
                marks |= isinstance(called, ast.Attribute) and called.attr in METHODS
                first = node.args[0]
                if marks and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found[first.value] = str(path.relative_to(ROOT))
    return found


def _marked_in(template: str) -> set[str]:
    """The messages that a template marks by ``_("…")``, in whichever block or macro."""
    calls = Environment().parse(template).find_all(nodes.Call)
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.node, nodes.Name)
        and call.node.name == "_"
        and call.args
        and isinstance(call.args[0], nodes.Const)
    }


def _on_pages() -> dict[str, str]:
    """Each message of the templates with the template that marks it."""
    return {
        message: str(path.relative_to(ROOT))
        for path in files(".html")
        for message in _marked_in(path.read_text(encoding="utf-8"))
    }


def _all_marked() -> dict[str, str]:
    return _marked() | _on_pages()


def _catalogues() -> list[tuple[str, str, str]]:
    """(room, message, Chinese) of every catalogue."""
    found = []
    for path in sorted((LOCALE / "zh" / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as source:
            messages = [m for m in read_po(source, locale="zh") if m.id and m.string]
        found += [(path.stem, str(m.id), str(m.string)) for m in messages]
    return found


def _chinese() -> dict[str, str]:
    return {message: zh for _, message, zh in _catalogues()}


def test_every_message_has_chinese() -> None:
    chinese = _chinese()
    assert not {message: file for message, file in _all_marked().items() if message not in chinese}


def test_both_languages_have_the_same_places() -> None:
    assert not {m: zh for m, zh in _chinese().items() if _places(m) != _places(zh)}


def test_a_message_has_one_translation() -> None:
    said: dict[str, set[str]] = {}
    for _, message, zh in _catalogues():
        said.setdefault(message, set()).add(zh)
    assert not {message: sorted(several) for message, several in said.items() if len(several) > 1}


def test_chinese_is_chinese() -> None:
    assert not [m for m, zh in _chinese().items() if re.search("[A-Za-z]", m) and zh == m and not m.isupper()]


def test_no_translation_is_left_over() -> None:
    marked = _all_marked()
    assert not [message for message in _chinese() if message not in marked]


def test_messages_of_templates_are_found_wherever_they_stand() -> None:
    template = """
    {% macro m(x) %}<a title="{{ _("one") }}">{% if x %}{{ _("{n} two", n=x) }}{% endif %}</a>{% endmacro %}
    {% block b %}{{ m(_("three")) }}{% for y in [_("four")] %}{{ other("five") }}{{ y | f(_("six")) }}{% endfor %}{% endblock %}
    """
    assert _marked_in(template) == {"one", "{n} two", "three", "four", "six"}
    assert "Sign in" in _on_pages()


def test_templates_say_nothing_past_the_catalogues() -> None:
    """A template is English by its message ids and Chinese by the catalogue; what it says itself is neither."""
    # The language that one can switch to, and the seal, which is a picture of a character.
    own = re.compile("中文|防|—|…|·")
    bare = {}
    for path in files(".html"):
        tree = Environment().parse(path.read_text(encoding="utf-8"))
        said = own.sub("", " ".join(data.data for data in tree.find_all(nodes.TemplateData)))
        if found := re.findall("[\u3001-\u9fff\uff00-\uffef]+", said):
            bare[str(path.relative_to(ROOT))] = found
    assert not bare
