"""Facts in words: what a row says, column by column, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from features import plain_yaml
from features.facts.kinds import FactColumn, Kind
from features.policy.vocabulary import YES_NO
from features.wording import N_, both

Text = Mapping[str, str]

_FILE = Path(__file__).parent / "words.yaml"
_YUAN = N_("{value} yuan")
_SPAN = N_("{first} to {last}")
_SINCE = N_("since {first}")
_BORN = N_("{relation}, born {year}")
_RENMINBI = "CNY"


@cache
def _said() -> Mapping[str, Any]:
    document: dict[str, Any] = plain_yaml.load(_FILE.read_bytes())
    return document


def word(kind: str, column: str, code: str) -> Text | None:
    """What a code is called; None where it has no words."""
    words = _said()["words"]
    found: Text | None = words.get(kind, {}).get(column, {}).get(code) or words["any"].get(code)
    return found


def unsaid(column: str) -> bool:
    """Whether a column is left out when a fact is said."""
    return column in _said()["unsaid"]


def says(kind: Kind, row: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    """What a fact row says: (name of the column, value in words), leaving out what is not known."""
    return [
        (column.label, value(kind.id, column, row))
        for column in kind.columns.values()
        if row[column.name] is not None and not unsaid(column.name)
    ]


def value(kind: str, column: FactColumn, row: Mapping[str, Any]) -> Text:
    """A row's value of one column in words, with its unit."""
    found = row[column.name]
    if isinstance(found, bool):
        return YES_NO[found]
    if isinstance(found, str):
        return word(kind, column.name, found) or {"zh": found, "en": found}
    if isinstance(found, date):
        return {"zh": found.isoformat(), "en": found.isoformat()}
    if column.type == "money":
        # Whole yuan without a point; fen where there are any.
        shown = f"{found / 100:,.0f}" if found % 100 == 0 else f"{found / 100:,.2f}"
        currency = row.get("currency")
        if currency not in (None, _RENMINBI):
            return {"zh": f"{currency} {shown}", "en": f"{currency} {shown}"}
        return both(_YUAN, value=shown)
    # A year is a name, not an amount.
    digits = str(found) if column.name == "birth_year" else f"{found / column.divisor:,.{column.scale}f}"
    unit = _said()["units"].get(column.name)
    return {lang: unit[lang].format(value=digits) if unit else digits for lang in ("zh", "en")}


def when(row: Mapping[str, Any]) -> Text:
    """The day on which a fact happened, or the days for which it holds."""
    if row["happened_on"] is not None:
        day = row["happened_on"].isoformat()
        return {"zh": day, "en": day}
    first, last = row["valid_from"], row["valid_to"]
    if first is None or last is None or first == last:
        day = (last or first).isoformat()
        return both(_SINCE, first=day) if last is None else {"zh": day, "en": day}
    return both(_SPAN, first=first.isoformat(), last=last.isoformat())


def member(relation: Text, birth_year: int | None) -> Text:
    """A member of the household, named by relation and, where known, year of birth."""
    return relation if birth_year is None else both(_BORN, relation=dict(relation), year=birth_year)
