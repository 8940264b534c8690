"""What people type on the command line, read once for every verb: days, periods, who is asking."""

from __future__ import annotations

import getpass
from datetime import date

from features.errors import Refusal


def day(text: str) -> date:
    """A day, ``YYYY-MM-DD``. Raises `Refusal` ``bad_day``."""
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise Refusal("bad_day") from problem


def month_end(text: str) -> date:
    """The last day of a month, ``YYYY-MM``. Raises `Refusal` ``bad_month``."""
    import calendar

    try:
        year, month = (int(part) for part in text.split("-"))
        return date(year, month, calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError) as problem:
        raise Refusal("bad_month") from problem


def asker() -> str:
    """Who is asking: the name under which this process runs."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # An unnamed user of a container.
        return "unknown"
