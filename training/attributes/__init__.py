"""What fairness is tested by: the group of each household on each day, read as known on that day.

Protected indicators are read here and nowhere else in training: for rows that are judged, never for the frame
that a model learns from. What a home has no facts for is left out by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.indicators.catalogue import Catalogue, assemble
from features.indicators.compile import Compiler
from features.wording import N_, both

RECORDS = Path(__file__).parent
# Groups of an attribute that splits at a quantile of the judged rows.
FAR = 0.75
POOR_IN_DATA = 0.90

Values = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Attribute:
    """``reads`` are the ids of the indicators read of each row (of several windows the first); ``group`` says of
    each row its group, or None where it is not known."""

    id: str
    name: str
    reads: tuple[str, ...]
    group: Callable[[Values], list[str | None]]
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Groups:
    """The group of each row by attribute, what attributes and groups are called, and what was left out.

    ``unjudged`` groups are those without what their attribute is about: who is not relocated is whom the
    relocated are compared with.
    """

    values: Mapping[str, list[str | None]]
    names: Mapping[str, dict[str, str]]
    group_names: Mapping[tuple[str, str], dict[str, str]]
    left_out: tuple[str, ...]
    unjudged: frozenset[tuple[str, str]] = frozenset()


def _level(name: str) -> Callable[[Values], list[str | None]]:
    return lambda values: values[name].tolist()


def _flag(name: str) -> Callable[[Values], list[str | None]]:
    return lambda values: _yes_no(values[name])


def _yes_no(values: NDArray[Any]) -> list[str | None]:
    """Above zero, zero, not known."""
    return [None if np.isnan(value) else "yes" if value > 0 else "no" for value in values.astype(float)]


def _elderly_only(values: Values) -> list[str | None]:
    elderly, members = values["elderly"].astype(float), values["members"].astype(float)
    only = np.where(
        np.isnan(elderly) | np.isnan(members), np.nan, (elderly >= members) & (np.nan_to_num(members) > 0)
    )
    return _yes_no(only)


def _above(name: str, quantile: float) -> Callable[[Values], list[str | None]]:
    def group(values: Values) -> list[str | None]:
        numbers = values[name].astype(float)
        known = numbers[~np.isnan(numbers)]
        edge = float(np.quantile(known, quantile)) if len(known) else np.nan
        return _yes_no(np.where(np.isnan(numbers), np.nan, numbers > edge))

    return group


YES_NO = {"yes": N_("yes"), "no": N_("no")}
UNKNOWN_SHARE = "share_unknown"
ATTRIBUTES = (
    Attribute("head_sex", N_("Sex of the head"), ("head_sex",), _level("head_sex"),
              {"female": N_("woman"), "male": N_("man")}),
    Attribute("elderly_only", N_("Only members of 60 and over"), ("elderly", "members"), _elderly_only, YES_NO),
    Attribute("disabled_member", N_("A member with a disability certificate"), ("disabled_members",),
              _flag("disabled_members"), YES_NO),
    Attribute("head_ethnicity", N_("Ethnic group of the head"), ("head_ethnicity",), _level("head_ethnicity"),
              {"han": N_("Han"), "tujia": N_("Tujia"), "miao": N_("Miao")}),
    Attribute("remote", N_("Remote: the quarter farthest from the road"), ("road_distance",),
              _above("road_distance", FAR), YES_NO),
    Attribute("relocated", N_("Relocated household"), ("relocated",), _flag("relocated"), YES_NO),
    Attribute("data_poor", N_("Poor in data: the tenth with the most unknown"), (UNKNOWN_SHARE,),
              _above(UNKNOWN_SHARE, POOR_IN_DATA), YES_NO),
)  # fmt: skip


def read(
    catalogue: Catalogue, pairs: pa.Table, unknown: NDArray[np.float64], *, retrospective: date | None = None
) -> Groups:
    """The groups of the rows of ``pairs``, as known on each as-of day.

    Parameters
    ----------
    pairs : household, as_of, area; sorted by household and day, each once
    unknown : share of the model's columns that are not known, of each row
    retrospective : deliveries recorded by this day count from the day they claim
    """
    own = read_own(catalogue)
    asked = pa.table(
        {
            "household": pairs["household"],
            "as_of": pairs["as_of"],
            "known": pairs["as_of"],
            "area": pairs["area"],
        }
    )
    values: dict[str, NDArray[Any]] = {UNKNOWN_SHARE: np.asarray(unknown, float)}
    needed = [name for attribute in ATTRIBUTES for name in attribute.reads]
    for source in (catalogue, own):
        records = [name for name in needed if name in source.records and name not in values]
        names = {name: source.records[name].columns[0] for name in records}
        if not names or not len(pairs):
            continue
        with Compiler(source, retrospective=retrospective) as compiler:
            table = compiler.compute(asked, list(names.values()))
        if not (table["household"].equals(pairs["household"]) and table["as_of"].equals(pairs["as_of"])):
            raise RuntimeError("attributes are not of the same rows")
        values |= {name: _values(table[column]) for name, column in names.items()}
    return of_values(values)


def read_own(catalogue: Catalogue) -> Catalogue:
    """The indicators of this folder, over the facts of a home."""
    own = assemble(catalogue.store, catalogue.declarations, catalogue.parameters, folder=RECORDS)
    records = {name: record for name, record in own.records.items() if name not in catalogue.records}
    columns = {name: column for name, column in own.columns.items() if column.record.id in records}
    return replace(own, records=records, columns=columns)


def of_values(values: Values) -> Groups:
    """The groups from the values of the columns; an attribute with fewer than two groups is left out."""
    found: dict[str, list[str | None]] = {}
    names: dict[str, dict[str, str]] = {}
    group_names: dict[tuple[str, str], dict[str, str]] = {}
    left_out = []
    for attribute in ATTRIBUTES:
        groups = attribute.group(values) if all(name in values for name in attribute.reads) else []
        known = sorted({group for group in groups if group is not None})
        if len(known) < 2:
            left_out.append(attribute.id)
            continue
        found[attribute.id] = groups
        names[attribute.id] = both(attribute.name)
        for group in known:
            word = attribute.names.get(group)
            group_names[attribute.id, group] = both(word) if word else dict.fromkeys(("zh", "en"), group)
    without = frozenset((attribute, "no") for attribute in found if (attribute, "no") in group_names)
    return Groups(found, names, group_names, tuple(left_out), without)


def _values(column: pa.ChunkedArray) -> NDArray[Any]:
    """Strings or None as objects; numbers and yes/no as float64 with NaN."""
    if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type):
        return np.array(column.to_pylist(), dtype=object)
    plain = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
    return np.asarray(plain.cast(pa.float64()).to_numpy(), float)
