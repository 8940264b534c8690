"""What a department's extract is: its columns month by month, its rhythm, its habits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from county.places import Bools, Ints
from county.state import County

Column = npt.NDArray[Any]  # text as it is; whole numbers; fractions are money in yuan
Columns = dict[str, Column]
HOME, PERSON, MONTH, SENT = "户编号", "人编号", "数据月份", "报送日期"
YES_NO = np.array(["否", "是"])


@dataclass(frozen=True)
class Department:
    """One source of the county.

    Parameters
    ----------
    id : id of its mapping, and the folder of its files
    rows : the rows that speak of a month; ``full`` asks for everybody, else only for what changed
    day : day of the following month on which the extract is sent; 0 = the last day of the month itself
    every : 1 = monthly, 3 = quarterly (each row still names its own month)
    flow : its rows add up over time, so the opening hands over a year of them; else only the last state
    full_in : months of the year with a full table
    """

    id: str
    rows: Callable[[County, int, bool], Columns]
    day: int
    every: int = 1
    flow: bool = False
    full_in: tuple[int, ...] = ()
    encoding: str = "utf-8"
    packed: bool = False
    late: float = 0.0  # share of rows that come one or more deliveries later
    wrong: float = 0.0  # share of rows first sent with a wrong value, corrected later
    spoil: Callable[[Columns, Ints, np.random.Generator], None] | None = None
    taken_back: float = 0.0  # share of rows sent although nothing happened, retracted later
    number: str | None = None  # a numeric column in which unreadable text is planted
    coded: tuple[str, str] | None = None  # a column and a code that no table knows
    unknown: tuple[str, ...] = ()  # columns now and then left as the missing code
    renamed: Mapping[str, str] = field(default_factory=dict)  # header drift after the first year
    missed: int | None = None  # the lived month whose delivery never comes


def month_text(county: County, month: int, rows: int) -> Column:
    """The column that names the month, YYYYMM."""
    year, part = county.calendar.of(month)
    return np.full(rows, f"{year}{part:02d}")


def numbered(stem: str, values: Ints, width: int) -> Column:
    """Serial numbers: a stem and so many digits."""
    if not len(values):
        return np.empty(0, dtype="U1")
    return np.char.add(stem, np.char.zfill(values.astype(str), width))


def day_text(county: County, months: Ints, days: Ints) -> Column:
    """Days as YYYYMMDD."""
    if not len(months):
        return np.empty(0, dtype="U8")
    starts = {int(m): "{}{:02d}".format(*county.calendar.of(int(m))) for m in np.unique(months)}
    stems = np.array([starts[int(m)] for m in months], dtype="U6")
    return np.char.add(stems, np.char.zfill(days.astype(str), 2))


def living(county: County, month: int) -> Bools:
    """Households with a member left at the end of the month."""
    return county.h["members"][:, month] > 0


def of_month(table: Columns, month: int) -> Columns:
    """The rows of a log that fall into a month."""
    chosen = table["month"] == month
    return {name: column[chosen] for name, column in table.items()}


def person_keys(county: County, rows: Ints) -> Columns:
    """Household and person number of these people."""
    return {
        HOME: county.households.number[county.persons.household[rows]],
        PERSON: county.persons.number[rows],
    }
