"""The closed words of policy: reason groups, departments and units, each with its zh and en name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from features import plain_yaml
from features.policy.parameters import DEFAULTS

Text = Mapping[str, str]

YES_NO: Mapping[bool, Text] = {True: {"zh": "是", "en": "yes"}, False: {"zh": "否", "en": "no"}}


@dataclass(frozen=True)
class Group:
    """A reason group; `official` ones are risk causes of the national forms."""

    id: str
    name: Text
    official: bool


@dataclass(frozen=True)
class Unit:
    """How a value is said.

    Attributes
    ----------
    digits : after the point
    scale : multiplies the value
    form : ``plain``; ``ratio`` and ``growth`` make a percentage of a logarithm, of the whole or of the rise
    words : what the codes of a category are called
    """

    id: str
    name: Text
    digits: int
    scale: float = 1.0
    form: str = "plain"
    words: Mapping[str, Text] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """All of it as plain JSON values; ``Unit(**document)`` is the same unit."""
        return {
            "id": self.id,
            "name": dict(self.name),
            "digits": self.digits,
            "scale": self.scale,
            "form": self.form,
            "words": {code: dict(word) for code, word in self.words.items()},
        }

    def say(self, value: float | bool | str) -> Text:
        """The value with its unit in every language.

        >>> dict(units()["share"].say(0.25)), dict(units()["yes_no"].say(True))
        ({'zh': '25%', 'en': '25 %'}, {'zh': '是', 'en': 'yes'})
        """
        if isinstance(value, bool):
            return YES_NO[value]
        if isinstance(value, str):
            word = self.words.get(value, {})
            return {lang: form.format(value=word.get(lang, value)) for lang, form in self.name.items()}
        number = value * self.scale
        if self.form in ("ratio", "growth"):
            # Beyond e^20 a ratio says "very much" however it is written.
            number = math.exp(min(value, 20.0)) * 100 - (100 if self.form == "growth" else 0)
        # Adding zero turns a rounded -0 into 0.
        shown = f"{round(number, self.digits) + 0.0:,.{self.digits}f}"
        return {lang: form.format(value=shown) for lang, form in self.name.items()}


def _read(name: str) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = plain_yaml.load((DEFAULTS / f"{name}.yaml").read_bytes())
    return records


@cache
def groups() -> Mapping[str, Group]:
    """The reason groups by id, in the order in which they are shown."""
    return MappingProxyType({r["id"]: Group(**r) for r in _read("groups")})


@cache
def departments() -> Mapping[str, Text]:
    """Names of the departments that own indicators, by id."""
    return MappingProxyType({r["id"]: r["name"] for r in _read("departments")})


@cache
def units() -> Mapping[str, Unit]:
    """The units of indicators and parameters by id."""
    return MappingProxyType({r["id"]: Unit(**r) for r in _read("units")})
