"""The synthetic county's magnitudes, each with its mark.

Marks: *published* = an official figure; *derived* = arithmetic on published figures; *common* = a usual
figure without a text at hand; *chosen* = ours, so that the county has enough to learn from. None of them
describes a real place, and nothing measured on this county says anything about accuracy on a real one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

# No administrative division of the mainland begins with 99, so no code here can hit a real place or person.
COUNTY: Final = "990101"
TOWNSHIPS: Final = 10
VILLAGES: Final = 8  # a township

# The county's own monitoring line, yuan per person and year, net income. The order of magnitude is common
# (about 6,300 for 2022, above 8,000 for 2025); from 2026 each place sets its own.
LINE: Final = {2019: 5000, 2020: 5000, 2021: 6000, 2022: 6400, 2023: 6900, 2024: 7500, 2025: 8100, 2026: 8700}

HANDED_OVER: Final = 12  # months of history that the departments hand over at the opening
HIDDEN: Final = 18  # months before, simulated so that nothing starts from a fresh world, and never shown

SIZES: Final = (0.14, 0.26, 0.22, 0.20, 0.11, 0.05, 0.02)  # household of 1..7; mean 3.1 (derived)
LIFTED: Final = 0.24  # share of lifted households (chosen; a county that had been on the national list)
LIFTED_MEAN: Final = 15_500.0  # yuan per person and year (published: 14,342 in 2022, growing)
ORDINARY_MEAN: Final = 19_000.0  # (published: 17,522 in lifted counties in 2024, all households)
LIFTED_SIGMA: Final = 0.27  # of the log (chosen: thick lower tail with the mixture below)
ORDINARY_SIGMA: Final = 0.35
LOW_TAIL: Final = (0.05, -0.40)  # share of households, shift of the log (chosen)
GROWTH: Final = 0.075  # a year (published: 6-8 % a year for rural disposable income)

STAY_COST: Final = 7_700.0  # yuan a hospital stay, resident insurance (common)
STAY_RATE: Final = (
    0.18  # ordinary stays a person and year; serious illness brings the total to about 0.2 (common)
)
SELF_PAID_SHARE: Final = (
    0.30,
    0.20,
)  # of a bill: ordinary, lifted or dibao (common: 68 % of in-scope cost is paid)
DISABLED: Final = (
    0.022,
    0.075,
)  # of people: ordinary, lifted (common: 2.7 %, 10 % and more in poor households)
PENSION: Final = 185.0  # yuan a month from 60 (common)
DIBAO_LINE: Final = 7_400.0  # yuan a year and person (common, 2023)

INDUSTRIES: Final = ("grain", "tea", "citrus", "pig", "herb", "mushroom")
INDUSTRY_NAMES: Final = ("粮食", "茶叶", "柑橘", "生猪", "中药材", "食用菌")
SECTORS: Final = ("construction", "manufacturing", "garment", "catering", "logistics", "odd_jobs")
SECTOR_NAMES: Final = ("建筑业", "制造业", "服装加工", "住宿餐饮", "交通运输", "零工")

# Screening thresholds of the medical office, self-paid yuan of the year to date (county method of about 2020).
SCREENING: Final = {"lifted": 5_000.0, "ordinary": 20_000.0}


@dataclass(frozen=True)
class Calendar:
    """Month numbers of a run: 0 is the first hidden one; `shown` the first handed over, `start` the first lived."""

    months: int
    end: tuple[int, int]

    @property
    def total(self) -> int:
        return HIDDEN + HANDED_OVER + self.months

    @property
    def shown(self) -> int:
        return HIDDEN

    @property
    def start(self) -> int:
        return HIDDEN + HANDED_OVER

    def of(self, month: int) -> tuple[int, int]:
        """Year and month of the year (1..12) of a month number; it may lie beyond the run."""
        index = self.end[0] * 12 + self.end[1] - 1 - (self.total - 1) + month
        return index // 12, index % 12 + 1

    def first_day(self, month: int) -> date:
        year, part = self.of(month)
        return date(year, part, 1)

    def last_day(self, month: int) -> date:
        return date.fromordinal(self.first_day(month + 1).toordinal() - 1)

    def line(self, month: int) -> float:
        """The monitoring line of a month, yuan per person and month."""
        return LINE[min(max(self.of(month)[0], min(LINE)), max(LINE))] / 12
