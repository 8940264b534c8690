"""The columns that a risk model reads, and how they become numbers and codes.

A table of columns is a plain ``dict`` of equally long arrays: numbers and booleans as float64 with NaN
where nothing is known, categories as object arrays of ``str`` or ``None``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Columns = Mapping[str, npt.NDArray[Any]]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

MIN_ROWS = 10
"""A level, or a missing flag, needs this many training rows to be a column of its own."""
FEW = 64
"""Below this many rows it is numpy's starting that takes time, so all columns are worked on at once; above it,
one after the other, which stays in the cache. The answers are the same to the bit."""


@dataclass(frozen=True)
class ColumnSpec:
    """What the estimator must know of one column.

    Parameters
    ----------
    name : column of the snapshot
    type : ``number`` (booleans too, as 0 and 1) or ``category``
    group : reason group of its contributions
    indicator : id of the indicator that the column belongs to
    monotone : 1 if the risk may only rise with the value, -1 if it may only fall, 0 if free
    welfare : ``now`` for ln(welfare / line) on the day, ``before`` for an earlier one, else None
    """

    name: str
    type: Literal["number", "category"]
    group: str
    indicator: str
    monotone: int = 0
    welfare: Literal["now", "before"] | None = None

    def __post_init__(self) -> None:
        if self.type not in ("number", "category"):
            raise ValueError(f"column {self.name}: type must be number or category")
        if self.monotone not in (-1, 0, 1):
            raise ValueError(f"column {self.name}: monotone must be -1, 0 or 1")
        if self.welfare not in (None, "now", "before"):
            raise ValueError(f"column {self.name}: welfare must be now, before or absent")
        if self.type == "category" and (self.monotone or self.welfare):
            raise ValueError(f"column {self.name}: a category has neither direction nor welfare role")

    def document(self) -> dict[str, Any]:
        return asdict(self)


def check_specs(specs: Sequence[ColumnSpec]) -> tuple[ColumnSpec, ...]:
    """The same specs as a tuple; ValueError on a name twice or on a lag without a present value."""
    names = [spec.name for spec in specs]
    if len(set(names)) != len(names):
        raise ValueError("two columns have the same name")
    roles = [spec.welfare for spec in specs if spec.welfare]
    if roles.count("now") > 1:
        raise ValueError("more than one column claims to be the present welfare")
    if "before" in roles and "now" not in roles:
        raise ValueError("an earlier welfare needs a present one beside it")
    return tuple(specs)


class _Places(dict[Any, int]):
    """Codes of levels; what is not among them has the code `other`."""

    other = 0

    def __missing__(self, level: object) -> int:
        return self.other


@dataclass(frozen=True)
class Encoding:
    """The levels of each category column, in the order of their codes.

    A code is the place of the level; ``len(levels)`` is any other level, ``len(levels) + 1`` is missing.
    """

    specs: tuple[ColumnSpec, ...]
    levels: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, columns: Columns, specs: Sequence[ColumnSpec]) -> Encoding:
        """Levels with at least `MIN_ROWS` rows, sorted by name."""
        levels: dict[str, tuple[str, ...]] = {}
        for spec in specs:
            if spec.type == "category":
                counts = Counter(columns[spec.name].tolist())
                levels[spec.name] = tuple(
                    sorted(k for k, n in counts.items() if k is not None and n >= MIN_ROWS)
                )
        return cls(check_specs(specs), levels)

    def encode(self, columns: Columns) -> dict[str, npt.NDArray[Any]]:
        """Numbers as contiguous float64, categories as codes; ValueError names a column that does not fit."""
        rows = len(columns[self.specs[0].name]) if self.specs and self.specs[0].name in columns else 0
        for spec in self.specs:
            if spec.name not in columns:
                raise ValueError(f"column {spec.name} is missing from the table")
            if len(columns[spec.name]) != rows:
                raise ValueError(f"column {spec.name} has {len(columns[spec.name])} rows, not {rows}")
        names = [spec.name for spec in self.specs if spec.type == "number"]
        # One array for all of them: few rows cost hardly more than one.
        numbers = np.array([columns[name] for name in names], dtype=np.float64).reshape(len(names), rows)
        if (infinite := np.isinf(numbers)).any():
            raise ValueError(f"column {names[int(infinite.any(axis=1).argmax())]} holds an infinite value")
        by_name = dict(zip(names, numbers, strict=True))
        return {
            spec.name: by_name[spec.name]
            if spec.type == "number"
            else self._codes(spec.name, columns[spec.name])
            for spec in self.specs
        }

    def _codes(self, name: str, values: npt.NDArray[Any]) -> Codes:
        levels = self.levels[name]
        other = len(levels)
        place = _Places({level: i for i, level in enumerate(levels)} | {None: other + 1})
        place.other = other
        codes = np.fromiter(map(place.__getitem__, values.tolist()), dtype=np.intp, count=len(values))
        for i in np.flatnonzero(codes == other):
            if not isinstance(values[i], str):
                raise ValueError(f"column {name} holds a value that is neither text nor None")
        return codes

    def document(self) -> dict[str, Any]:
        return {
            "specs": [spec.document() for spec in self.specs],
            "levels": {name: list(levels) for name, levels in self.levels.items()},
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Encoding:
        """Raises ValueError, TypeError or KeyError where the document is not one of ours."""
        specs = check_specs([ColumnSpec(**spec) for spec in document["specs"]])
        levels = {str(name): tuple(values) for name, values in document["levels"].items()}
        if set(levels) != {spec.name for spec in specs if spec.type == "category"}:
            raise ValueError("levels do not match the category columns")
        for name, values in levels.items():
            if not all(isinstance(v, str) for v in values) or len(set(values)) != len(values):
                raise ValueError(f"levels of {name} must be different texts")
        return cls(specs, levels)
