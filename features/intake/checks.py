"""Typed reading of cells. Each distinct text of a column is read once; rows look the answer up.

The stored form is exact: money is fen and a decimal is an integer, rounded half to even from the decimal
text, never through a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.facts.kinds import TYPES
from features.intake.bindings import Binding
from features.intake.declared import Format
from features.intake.quarantine import CODES

# Money and measures above this are no plausible value and would leave no room for sums in 64 bits.
LARGEST = 10**15
_PLAIN = r"^\d{1,18}(\.\d{1,18})?$"
FINE = 0


@dataclass(frozen=True)
class Reading:
    """A column as read by a binding. ``values``: one typed value a distinct text (null: missing);
    ``faults``: number of the quarantine code a distinct text, 0 where there is nothing to say;
    ``rows``: for each row the number of its distinct text."""

    values: pa.Array
    faults: np.ndarray
    rows: np.ndarray

    def taken(self, rows: np.ndarray) -> pa.Array:
        """Typed values of the given rows."""
        return self.values.take(pa.array(self.rows[rows]))

    def known(self) -> np.ndarray:
        """For each row whether it has a value."""
        return (
            np.asarray(self.values.is_valid())[self.rows]
            if len(self.values)
            else np.zeros(len(self.rows), bool)
        )

    def faulty(self) -> np.ndarray:
        """For each row the number of its fault, 0 for none."""
        return self.faults[self.rows] if len(self.faults) else np.zeros(len(self.rows), np.int16)


def read_cells(
    column: pa.DictionaryArray, binding: Binding, missing: tuple[str, ...], form: Format
) -> Reading:
    """Read a column of text as the type that the binding's target has."""
    texts = pc.utf8_trim_whitespace(column.dictionary.cast(pa.string()))
    codes = as_codes(texts)
    absent = _among(texts, codes, (*missing, *binding.missing))
    faults = np.zeros(len(texts), np.int16)
    kind = binding.target.type
    if binding.codes is not None:
        values = _by_codes(codes, texts, binding, absent, faults)
    elif kind in ("money", "decimal", "integer"):
        values = _numbers(texts, binding, form, absent, faults)
    elif kind == "day":
        values = _days(texts, binding.format or "%Y-%m-%d", absent, faults)
    elif kind == "category" and binding.target.values is not None:
        values = _masked(codes, absent)
        faults[~absent & ~np.asarray(pc.is_in(codes, value_set=pa.array(binding.target.values)))] = CODES[
            "unknown_code"
        ]
    else:
        values = _masked(codes if kind == "code" else texts, absent)
        faults[~absent & np.asarray(pc.match_substring_regex(texts, r"[\x00-\x08\x0e-\x1f]"))] = CODES[
            "control_character"
        ]
    if faults.any():
        values = _masked(values, faults != FINE)
    return Reading(values, faults, column.indices.to_numpy())


def divided(amount: Reading, among: Sequence[tuple[Reading, Decimal]]) -> Reading:
    """The amount over 1 + Σ weight × number of sharers, rounded half to even; missing where any of them is.

    ``among`` are readings of decimals with two digits, with their weights. Distinct combinations are divided once.
    """
    columns = [amount, *(reading for reading, _ in among)]
    codes = np.zeros(len(amount.rows), np.int64)
    for column in columns:
        _, codes = np.unique(codes * max(len(column.values), 1) + column.rows, return_inverse=True)
    _, first, rows = np.unique(codes, return_index=True, return_inverse=True)
    parts = [column.values.take(pa.array(column.rows[first])).to_pylist() for column in columns]
    found: list[int | None] = []
    for value, *sharers in zip(*parts, strict=True):
        if value is None or any(number is None for number in sharers):
            found.append(None)
        else:
            heads = 1 + sum(
                (weight * number / 100 for number, (_, weight) in zip(sharers, among, strict=True)), Decimal()
            )
            found.append(int((value / heads).to_integral_value(ROUND_HALF_EVEN)))
    faults = amount.faults[amount.rows[first]] if len(amount.faults) else np.zeros(len(first), np.int16)
    return Reading(pa.array(found, pa.int64()), faults, rows.astype(np.int32))


def as_codes(texts: pa.Array) -> pa.Array:
    """Numbers that a spreadsheet turned into decimals, back as codes: "1.0" is "1"."""
    return pc.replace_substring_regex(texts, r"^([+-]?\d+)\.0*$", r"\1")


def _among(texts: pa.Array, codes: pa.Array, listed: tuple[str, ...]) -> np.ndarray:
    values = pa.array(dict.fromkeys(listed), pa.string())
    return np.asarray(pc.or_(pc.is_in(texts, value_set=values), pc.is_in(codes, value_set=values)))


def _masked(values: pa.Array, mask: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(mask), pa.scalar(None, values.type), values) if mask.any() else values


def _by_codes(
    codes: pa.Array, texts: pa.Array, binding: Binding, absent: np.ndarray, faults: np.ndarray
) -> pa.Array:
    table = dict(binding.codes or {})
    found = []
    for number, (code, text) in enumerate(zip(codes.to_pylist(), texts.to_pylist(), strict=True)):
        key = code if code in table else text
        if not absent[number] and key not in table:
            faults[number] = CODES["unknown_code"]
        found.append(None if absent[number] else table.get(key))
    return pa.array(found, TYPES[binding.target.type])


def _numbers(
    texts: pa.Array, binding: Binding, form: Format, absent: np.ndarray, faults: np.ndarray
) -> pa.Array:
    divisor = binding.target.divisor if binding.target.type != "integer" else 1
    whole = binding.target.type == "integer"
    values = np.zeros(len(texts), np.int64)
    plain = ~absent & np.asarray(pc.match_substring_regex(texts, r"^\d{1,15}$" if whole else _PLAIN))
    fast = binding.scale == 1 and form.decimal == "."
    if fast and plain.any():
        chosen = texts.filter(pa.array(plain))
        if whole:
            values[plain] = chosen.cast(pa.int64()).to_numpy()
        else:
            digits = len(str(divisor)) - 1
            rounded = pc.round(chosen.cast(pa.decimal128(38, 18)), ndigits=digits, round_mode="half_to_even")
            small = np.asarray(pc.less_equal(rounded, pa.scalar(Decimal(LARGEST), pa.decimal128(38, 18))))
            scaled = pc.multiply(
                pc.if_else(pa.array(small), rounded, pa.scalar(Decimal(0), rounded.type)).cast(
                    pa.decimal128(19, digits)
                ),
                pa.scalar(Decimal(divisor), pa.decimal128(7, 0)),
            )
            values[plain] = scaled.cast(pa.decimal128(38, 0), safe=False).cast(pa.int64()).to_numpy()
            too_large = np.flatnonzero(plain)[~small]
            faults[too_large] = CODES["number_too_large"]
    for number in np.flatnonzero(~absent & ~(plain & fast)):
        value = _slow_number(texts[number].as_py(), binding, form, divisor, whole)
        if isinstance(value, str):
            faults[number] = CODES[value]
        else:
            values[number] = value
    good = ~absent & (faults == FINE)
    absent = absent | (good & _not_above(values, binding, divisor))
    for bound, code, beyond in (
        (binding.at_least, "too_small", np.less),
        (binding.at_most, "too_large", np.greater),
    ):
        if bound is not None:
            faults[good & ~absent & _beyond(beyond, values, bound * divisor)] = CODES[code]
    return pa.array(values, pa.int64(), mask=absent)


def _not_above(values: np.ndarray, binding: Binding, divisor: int) -> np.ndarray:
    if binding.above is None:
        return np.zeros(len(values), bool)
    limit = binding.above * divisor
    # value > limit for integers is the same as value > floor(limit)
    return values <= int(limit.to_integral_value("ROUND_FLOOR"))


def _beyond(
    compare: Callable[[np.ndarray, int], np.ndarray], values: np.ndarray, limit: Decimal
) -> np.ndarray:
    rounding = "ROUND_CEILING" if compare is np.less else "ROUND_FLOOR"
    return compare(values, int(limit.to_integral_value(rounding)))


def _slow_number(text: str, binding: Binding, form: Format, divisor: int, whole: bool) -> int | str:
    """Signs, exponents, thousands, other decimal marks, scales: the texts that the fast road does not take."""
    point, thousands = re.escape(form.decimal), re.escape(form.thousands)
    grouped = rf"|\d{{1,3}}(?:{thousands}\d{{3}})+" if thousands else ""
    if not re.fullmatch(rf"[+-]?(?:(?:\d+{grouped})(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d{{1,3}})?", text):
        return "not_a_number"
    try:
        number = Decimal(
            text.replace(form.thousands, "").replace(form.decimal, ".")
            if thousands
            else text.replace(form.decimal, ".")
        )
        number *= binding.scale
        if abs(number) > LARGEST:
            return "number_too_large"
        scaled = number * divisor
        if whole and scaled != scaled.to_integral_value():
            return "not_an_integer"
        return int(scaled.to_integral_value(ROUND_HALF_EVEN))
    except InvalidOperation:
        return "not_a_number"


def _days(texts: pa.Array, form: str, absent: np.ndarray, faults: np.ndarray) -> pa.Array:
    found: list[date | None] = []
    for number, text in enumerate(texts.to_pylist()):
        day = None
        if not absent[number]:
            try:
                day = datetime.strptime(text, form).date()
            except ValueError:
                faults[number] = CODES["not_a_day"]
        found.append(day)
    return pa.array(found, pa.date32())
