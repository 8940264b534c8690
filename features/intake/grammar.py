"""Strict reading of a mapping file: what is not in the grammar is refused, with file, key and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

from features.errors import Refusal
from features.plain_yaml import load
from features.wording import N_, both

EXPECTED = {
    "section": N_("keys with values"),
    "text": N_("a text (in quotes if it looks like a number, a date, yes or no)"),
    "texts": N_("a list of texts"),
    "integer": N_("a whole number"),
    "number": N_("a number"),
    "flag": N_("true or false"),
    "day": N_("a day, YYYY-MM-DD"),
    "both": N_("a name in both languages: {zh: …, en: …}"),
    "choice": N_("one of: {known}"),
    "list": N_("a list"),
    "amount": N_("nothing here: only an amount or a measure is shared"),
    "round": N_("the name of a column a round, with {{round}} where the round's code stands"),
    "without_round": N_("a column without {{round}} in its name"),
    "id": N_("an id of small letters, digits and underscores that begins with a letter"),
}
_REQUIRED: Any = object()


def read_yaml(content: bytes, file: str) -> Section:
    """The whole document. Raises `Refusal` ``mapping_unreadable`` with the line where YAML stops."""
    try:
        document = load(content)
    except UnicodeDecodeError as problem:
        raise Refusal("mapping_unreadable", file=file, reason="UTF-8", line="?") from problem
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise Refusal(
            "mapping_unreadable",
            file=file,
            row=line,
            line=line or "?",
            reason=getattr(problem, "problem", None) or "YAML",
        ) from problem
    return Section(document, "", file)


def as_text(value: object) -> str | None:
    """A scalar as the text that stands in a file (1 → "1"); None for what is no plain scalar."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    return None


class Section:
    """A part of the document with its path, so that every complaint can name the key."""

    def __init__(self, value: object, key: str, file: str) -> None:
        self.file, self.key = file, key
        if not isinstance(value, Mapping):
            raise self.wrong("", "section")
        self.value: Mapping[object, object] = value

    def path(self, key: object) -> str:
        return ".".join(str(part) for part in (self.key, key) if part != "")

    def wrong(self, key: object, expected: str, **params: object) -> Refusal:
        """The complaint that ``key`` holds something else than ``expected`` (a key of `EXPECTED`)."""
        return Refusal(
            "mapping_bad_value",
            file=self.file,
            key=self.path(key) or "/",
            expected=expectation(expected, **params),
        )

    def only(self, *known: str) -> None:
        """Refuse a key that the grammar does not have at this place."""
        for key in self.value:
            if key not in known:
                raise Refusal(
                    "mapping_unknown_key", file=self.file, key=self.path(key), known=", ".join(sorted(known))
                )

    def __contains__(self, key: object) -> bool:
        return key in self.value and self.value[key] is not None

    def get(self, key: str, default: Any = _REQUIRED) -> Any:
        if key in self:
            return self.value[key]
        if default is _REQUIRED:
            raise Refusal("mapping_missing_key", file=self.file, key=self.path(key))
        return default

    def text(self, key: str, default: Any = _REQUIRED) -> Any:
        value = self.get(key, default)
        if key not in self:
            return value
        text = as_text(value)
        if text is None:
            raise self.wrong(key, "text")
        return text

    def id(self, key: str) -> str:
        text = str(self.text(key))
        check_id(self, key, text)
        return text

    def texts(self, key: str, default: Any = _REQUIRED) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        value = self.get(key, default)
        if as_text(value) is not None:
            value = [value]
        if not isinstance(value, list | tuple):
            raise self.wrong(key, "texts")
        texts = [as_text(item) for item in value]
        if any(text is None for text in texts):
            raise self.wrong(key, "texts")
        return tuple(str(text) for text in texts)

    def integer(self, key: str, default: Any = _REQUIRED) -> Any:
        value = self.get(key, default)
        if key in self and (isinstance(value, bool) or not isinstance(value, int)):
            raise self.wrong(key, "integer")
        return value

    def number(self, key: str, default: Any = _REQUIRED) -> Any:
        """A number as an exact decimal."""
        value = self.get(key, default)
        return exact(self, key, value) if key in self else value

    def flag(self, key: str, default: bool) -> bool:
        value = self.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "flag")
        return value

    def choice(self, key: str, known: tuple[str, ...], default: Any = _REQUIRED) -> Any:
        value = self.text(key, default)
        if key in self and value not in known:
            raise self.wrong(key, "choice", known=", ".join(known))
        return value

    def both(self, key: str) -> dict[str, str]:
        value = self.get(key)
        if not (
            isinstance(value, Mapping)
            and set(value) == {"zh", "en"}
            and all(isinstance(v, str) for v in value.values())
        ):
            raise self.wrong(key, "both")
        return {"zh": value["zh"], "en": value["en"]}

    def section(self, key: str) -> Section:
        return Section(self.get(key), self.path(key), self.file)

    def sections(self, key: str) -> list[Section]:
        value = self.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, "list")
        return [Section(item, f"{self.path(key)}[{number}]", self.file) for number, item in enumerate(value)]

    def names(self) -> list[str]:
        return [key for key, _ in self.items()]

    def items(self) -> Iterator[tuple[str, object]]:
        for key, value in self.value.items():
            text = as_text(key)
            if text is None:
                raise self.wrong(key, "text")
            yield text, value


def expectation(expected: str, **params: object) -> dict[str, str]:
    """What should have stood there, in both languages."""
    return both(EXPECTED[expected], **params)


def exact(section: Section, key: str, value: object) -> Decimal:
    """A number as written, exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise section.wrong(key, "number")
    try:
        return Decimal(str(value))
    except InvalidOperation as problem:
        raise section.wrong(key, "number") from problem


def check_id(section: Section, key: str, text: str) -> None:
    if not (
        text[:1].isalpha() and text.isascii() and text.replace("_", "a").isalnum() and text == text.lower()
    ):
        raise section.wrong(key, "id")


def as_day(section: Section, key: str, value: object) -> date:
    """A day of the document: YAML gives dates, a quoted one comes as text."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as problem:
        raise section.wrong(key, "day") from problem
