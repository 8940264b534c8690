"""How the page of a household says what a decision document holds.

A decision's sentences are frozen with it; what reads badly in them is mended here, where they are told.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from features.indicators.expression import syntax
from features.policy.places import Places
from features.policy.vocabulary import Unit, departments
from features.wording import N_, text
from models.judgement.policy import Policy
from serving.households.records import Declared

# What a count of one is called in English.
_ONE = {
    "people": "person",
    "households": "household",
    "rooms": "room",
    "months": "month",
    "days": "day",
    "years": "year",
    "points": "point",
}
_PLURAL = re.compile(rf"(?<![\d.,−-])1 ({'|'.join(_ONE)})\b")
# Not the dash of a day or a number of a record.
_MINUS = re.compile(r"(?<![A-Za-z0-9-])-(?=\d)")
_PERCENT = re.compile(r"(?<=\d) %")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Where a reason names what its value is compared with.
_COMPARED = {"zh": re.compile(r"（参照[^（）]*）"), "en": re.compile(r" \(compared with [^()]*\)")}
_NORMS = {"parameter": N_("threshold {value}"), "median": N_("usually {value}")}
# A request that ends a sentence: "，请核实各项收入", "; ask about work".
_REQUEST = {"zh": re.compile(r"，请[^，]*$"), "en": re.compile(r"; [^;]*$")}
# The line itself is what a value over the line is compared with.
_OVER_THE_LINE = "log_ratio"


def tidy(sentence: str, lang: str) -> str:
    """The sentence as it is printed.

    >>> tidy("members: 1 people (-3 %)", "en"), tidy("每月-528元", "zh")
    ('Members: 1 person (−3%)', '每月−528元')
    """
    sentence = _MINUS.sub("−", sentence)
    if lang == "en":
        sentence = _PERCENT.sub("%", _PLURAL.sub(lambda found: f"1 {_ONE[found[1]]}", sentence))
        sentence = sentence[:1].upper() + sentence[1:]
    return sentence


def without_norm(sentence: str, lang: str) -> str:
    """The sentence without what its value is compared with, which stands below it.

    >>> without_norm("在校3人（参照：通常为0人），请了解上学开支", "zh")
    '在校3人，请了解上学开支'
    """
    return _COMPARED[lang].sub("", sentence)


def without_request(sentence: str, lang: str) -> str:
    """What happened, without what to ask.

    >>> without_request("家中有人新患大病，请了解治疗安排和费用负担", "zh")
    '家中有人新患大病'
    """
    return _REQUEST[lang].sub("", sentence)


def said(value: float | bool | str | None, unit: Unit | None, lang: str) -> str:
    """A value in its unit; what is not known is said so."""
    if value is None:
        return text("not known", lang)
    if unit is None:
        return str(value)
    return small(unit.say(value)[lang], lang)


def small(words: str, lang: str) -> str:
    """As `tidy`, in the middle of a line: a first letter stays as it is."""
    return words[:1] + tidy(words, lang)[1:] if words else words


def days_marked(words: str) -> Markup:
    """The words with each day in it as ``<time>``, which is never broken.

    >>> str(days_marked("since 2026-01-01"))
    'since <time datetime="2026-01-01">2026-01-01</time>'
    """
    marked = Markup("")
    end = 0
    for found in DAY.finditer(words):
        marked += words[end : found.start()] + Markup('<time datetime="{0}">{0}</time>').format(found[0])
        end = found.end()
    return marked + words[end:]


def norm_said(reason: Mapping[str, Any], policy: Policy, lang: str) -> str | None:
    """What the value of a reason is compared with, and how it lies to it where that could mislead."""
    if reason["norm"] is None or reason["norm_kind"] is None or reason["unit"] is None:
        return None
    norm = said(reason["norm"], policy.units.get(reason["unit"]), lang)
    told = text(_NORMS[reason["norm_kind"]], lang, value=norm)
    past = _past(reason, policy)
    if past is False and reason["contribution"] > 0:
        return text("{norm}, not passed, but it raises the risk", lang, norm=told)
    if past is True and reason["contribution"] < 0:
        return text("{norm}, already passed", lang, norm=told)
    return told


def _past(reason: Mapping[str, Any], policy: Policy) -> bool | None:
    """Does the value lie on the harmful side of the threshold? None where no threshold says which side it is."""
    value, norm = reason["value"], reason["norm"]
    if (
        reason["norm_kind"] != "parameter"
        or isinstance(value, str | bool | None)
        or isinstance(norm, str | bool)
    ):
        return None
    if reason["unit"] == _OVER_THE_LINE:
        return bool(value < norm)
    for rule, parameter in policy.compared.get(reason["indicator"], ()):
        for node in ast.walk(syntax(rule.condition)):
            match node:
                case ast.Compare(left=ast.Name(id=a), ops=[op], comparators=[ast.Name(id=b)]):
                    if {a, b} == {reason["indicator"], parameter}:
                        more = isinstance(op, ast.Gt | ast.GtE) == (a == reason["indicator"])
                        return bool(value >= norm if more else value <= norm)
    return None


def owner_said(owner: str, declared: Declared, lang: str) -> str:
    """A department, or the mapping that brought a trait; the id where it has no name."""
    named = departments().get(owner) or declared.sources.get(owner)
    return tidy(named[lang], lang) if named else owner


def source_said(source: str, declared: Declared, lang: str) -> str:
    named = declared.sources.get(source)
    return tidy(named[lang], lang) if named else source


def area_said(area: str, setting: Mapping[str, Any], lang: str) -> str:
    """The last two steps of an area, each by its name where it has one, else by its code."""
    named = Places(setting.get("places") or {}).names_of(area, lang)[-2:]
    if lang == "en":
        return ", ".join(reversed(named))
    # Names run on, codes would run together.
    return ("" if not any(name.isascii() for name in named) else " ").join(named)


def enumerated(names: list[str], lang: str) -> str:
    """Names in one line; a semicolon parts those that have commas of their own."""
    comma, semicolon = ("、", "；") if lang == "zh" else (", ", "; ")
    return (semicolon if any(comma in name for name in names) else comma).join(names)


def sentence(words: str, lang: str) -> str:
    return words + ("。" if lang == "zh" else ".")


def sentences(parts: list[str], lang: str) -> str:
    return ("" if lang == "zh" else " ").join(parts)
