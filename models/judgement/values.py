"""How a value is written in a sentence, in Chinese and English."""

from __future__ import annotations

from math import exp, isfinite

from features.wording import N_, both

Value = float | bool | str | None

# Units whose number is written with its own word; {n} is the number.
_WORDS = {
    "yuan": N_("{n} yuan"),
    "yuan_per_person": N_("{n} yuan a person"),
    "yuan_per_month": N_("{n} yuan a month"),
    "months": N_("{n} months"),
    "members": N_("{n} people"),
    "rooms": N_("{n} rooms"),
    "km": N_("{n} km"),
    "mu": N_("{n} mu"),
    "m2": N_("{n} m²"),
    "years": N_("{n} years"),
    "days": N_("{n} days"),
    "log_ratio": N_("{n}% of the line"),
    "log_ratio_per_month": N_("{n}% a month"),
}
_MONEY = ("yuan", "yuan_per_person", "yuan_per_month")
_YES, _NO, _NOT_KNOWN = N_("yes"), N_("no"), N_("not known")


def number(value: float, digits: int) -> str:
    """With thousands and at most ``digits`` after the point, without trailing zeros.

    >>> number(12345.60, 2), number(-0.001, 1)
    ('12,345.6', '0')
    """
    shown = f"{value:,.{digits}f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def shown(value: Value, unit: str) -> dict[str, str]:
    """The value in words of both languages.

    >>> shown(0.0, "log_ratio")["en"], shown(0.125, "share")["en"], shown(True, "yes_no")["en"]
    ('100% of the line', '12.5%', 'yes')
    """
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return both(_NOT_KNOWN)
    if unit == "yes_no" or isinstance(value, bool):
        return both(_YES if value else _NO)
    if isinstance(value, str):
        return {"zh": value, "en": value}
    if unit == "share":
        plain = f"{number(value * 100, 1)}%"
        return {"zh": plain, "en": plain}
    if unit in _MONEY:
        return both(_WORDS[unit], n=number(value, 0))
    if unit == "log_ratio":
        return both(_WORDS[unit], n=number(_percent(value), 0))
    if unit == "log_ratio_per_month":
        return both(_WORDS[unit], n=number(_percent(value) - 100, 1))
    plain = number(value, 2)
    return both(_WORDS[unit], n=plain) if unit in _WORDS else {"zh": plain, "en": plain}


def _percent(log_ratio: float) -> float:
    # A ratio beyond e^20 says "very much" however it is written.
    return exp(min(log_ratio, 20.0)) * 100
