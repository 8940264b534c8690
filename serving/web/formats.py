"""How days, shares and amounts are written on a page: filters of the templates.

Days and quantities never break: they are drawn as ``<time>`` and ``<data>``, which the style keeps whole.
The minus is U+2212. Chinese and digits are parted by the style (``text-autospace``), not by a blank.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from markupsafe import Markup

_WEEKDAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
NOTHING = "—"
_ONE = re.compile(r"(?<![\d.,−])1 (household|day|list|row|month|item)s\b")


def as_day(value: date | datetime | str) -> date:
    """The day of a date, a moment or an ISO text."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value[:10])


def iso(value: date | str | None) -> Markup | str:
    """2026-10-31, for tables of facts and for what is cited."""
    if value is None:
        return NOTHING
    day = as_day(value)
    return Markup('<time datetime="{0}">{0}</time>').format(day.isoformat())


def short_day(value: date | str | None) -> Markup | str:
    """11-05, for lists."""
    if value is None:
        return NOTHING
    day = as_day(value)
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), f"{day:%m-%d}")


def long_day(value: date | str, lang: str) -> Markup:
    """11月5日（周四）, Thursday 5 November: for sentences."""
    day = as_day(value)
    weekday = _WEEKDAYS[lang][day.weekday()]
    if lang == "zh":
        said = f"{day.month}月{day.day}日（{weekday}）"
    else:
        said = f"{weekday} {day.day} {_MONTHS[day.month - 1]}"
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), said)


def period(value: str, lang: str) -> str:
    """The period of a list in words.

    >>> period("2026-11", "zh"), period("2026-11", "en"), period("2026Q4", "zh"), period("2026", "en")
    ('2026年11月', 'November 2026', '2026年第4季度', '2026')
    """
    if "Q" in value:
        year, quarter = value.split("Q")
        return f"{year}年第{quarter}季度" if lang == "zh" else f"quarter {quarter} of {year}"
    year, _, month = value.partition("-")
    if not month:
        return f"{year}年" if lang == "zh" else year
    return f"{year}年{int(month)}月" if lang == "zh" else f"{_MONTHS[int(month) - 1]} {year}"


def short_period(value: str, lang: str) -> str:
    """The month, quarter or year of a period, for the foot of a picture.

    >>> short_period("2026-11", "zh"), short_period("2026-11", "en"), short_period("2026Q4", "en")
    ('11月', 'Nov', 'Q4')
    """
    if "Q" in value:
        return value[4:]
    month = value[5:]
    if not month:
        return value
    return f"{int(month)}月" if lang == "zh" else _MONTHS[int(month) - 1][:3]


def number(value: float, digits: int = 0) -> str:
    """4,312; a minus is U+2212.

    >>> number(4312), number(-0.04, 1), number(-3)
    ('4,312', '0.0', '−3')
    """
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", "−")


def signed(value: int) -> str:
    """+3, −2, ±0: a change.

    >>> signed(3), signed(-2), signed(0)
    ('+3', '−2', '±0')
    """
    return f"+{value:,}" if value > 0 else f"−{-value:,}" if value else "±0"


def percent(value: float | None, digits: int = 1) -> Markup | str:
    """26.3%, of a share."""
    if value is None:
        return NOTHING
    return Markup('<data value="{}">{}%</data>').format(f"{value:.6g}", number(value * 100, digits))


def percent_plain(value: float | None, digits: int = 1) -> str:
    """26.3% without a mark, for tables of many rows, which are kept whole by their cells."""
    return NOTHING if value is None else f"{number(value * 100, digits)}%"


def yuan(value: float, lang: str) -> Markup:
    """8,600元 / 8,600 yuan."""
    said = f"{number(value)}元" if lang == "zh" else f"{number(value)} yuan"
    return Markup('<data value="{}">{}</data>').format(f"{value:.12g}", said)


def short_hash(value: str) -> Markup:
    """The first twelve digits of a hash in groups of four, for people to compare.

    >>> str(short_hash("0123456789abcdef"))
    '<span class="mono whole">0123 4567 89ab</span>'
    """
    return Markup('<span class="mono whole">{}</span>').format(grouped(value))


def grouped(value: str) -> str:
    """The first twelve digits in groups of four.

    >>> grouped("0123456789abcdef")
    '0123 4567 89ab'
    """
    digits = value[:12]
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def singular(said: str) -> str:
    """An English sentence in which one of something is not called many.

    >>> singular("1 households within 1 days, 21 households of 1.1 days")
    '1 household within 1 day, 21 households of 1.1 days'
    """
    return _ONE.sub(r"1 \1", said)


def masked_account(name: str) -> str:
    """An account as the bar shows it, for whoever stands beside the screen.

    >>> masked_account("陈建国"), masked_account("li"), masked_account("a")
    ('陈*国', 'l*', 'a*')
    """
    return f"{name[0]}*{name[-1]}" if len(name) > 2 else f"{name[0]}*"


FILTERS = {
    filter_.__name__: filter_
    for filter_ in (
        iso,
        short_day,
        long_day,
        period,
        short_period,
        number,
        signed,
        percent,
        percent_plain,
        grouped,
        yuan,
        short_hash,
        masked_account,
    )
}
