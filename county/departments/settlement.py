"""Housing, water, emergency, education, human resources, banks."""

from __future__ import annotations

import numpy as np

from county.departments.department import (
    HOME,
    MONTH,
    YES_NO,
    Columns,
    day_text,
    living,
    month_text,
    numbered,
    of_month,
    person_keys,
)
from county.places import Bools, Ints
from county.setting import SECTOR_NAMES
from county.shocks import DISASTER_NAMES
from county.state import UNEMPLOYED, County

GRADES = np.array(["A级", "B级", "C级", "D级"])
STAGES = np.array(["学前", "小学", "初中", "高中", "中职", "大学"])
COST = np.array([2_600.0, 700.0, 1_100.0, 4_200.0, 3_200.0, 12_500.0])  # net yuan a year (common)
WORK = np.array(["未务工", "务农", "本地务工", "外出务工", "公益岗位", "失业"])
CITIES = np.array(["省外甲市", "省外乙市", "省内丙市", "本县县城", "省外丁市"])


def housing(county: County, month: int, full: bool) -> Columns:
    """Safety grade of the dwelling; between full tables the grades that changed."""
    grade, homes = county.h["grade"], county.households
    rows = np.flatnonzero(living(county, month) & (full | (grade[:, month] != grade[:, month - 1])))
    return {
        HOME: homes.number[rows], MONTH: month_text(county, month, len(rows)), "住房安全等级": GRADES[grade[rows, month]],
        "住房面积": np.char.mod("%.1f", 60 + 5 * (homes.first[rows] % 17) + 8.0 * county.h["members"][rows, month]),
        "房屋结构": np.where(homes.old_house[rows], "土木", "砖混"), "是否临近地灾点": YES_NO[homes.near_hazard[rows].astype(int)],
    }  # fmt: skip


def water(county: County, month: int, full: bool) -> Columns:
    """Safety of the drinking water; between full tables where it was lost or restored."""
    unsafe, homes = county.h["unsafe"], county.households
    rows = np.flatnonzero(living(county, month) & (full | (unsafe[:, month] != unsafe[:, month - 1])))
    return {
        HOME: homes.number[rows], MONTH: month_text(county, month, len(rows)), "饮水是否安全": 1 - unsafe[rows, month].astype(np.int64),
        "是否入户": homes.piped[rows].astype(np.int64), "供水方式": np.where(homes.piped[rows], "集中供水", "分散供水"),
    }  # fmt: skip


def disasters(county: County, month: int, full: bool) -> Columns:
    """Households that a disaster hit: what was damaged and the estimated loss."""
    log = of_month(county.logs["disaster"].table(), month)
    rows = log["household"].astype(np.int64)
    year, part = county.calendar.of(month)
    return {
        HOME: county.households.number[rows], "灾情编号": numbered(f"ZQ{year}{part:02d}", np.arange(len(rows)), 5),
        MONTH: month_text(county, month, len(rows)), "发生日期": day_text(county, log["month"], log["day"]),
        "灾害类型": np.array(DISASTER_NAMES)[log["kind"].astype(np.int64)], "损失类型": np.where(log["home"], "住房", "农作物"),
        "损失金额": log["loss"].astype(np.float64) + np.where(log["home"], 18_000.0, 0.0),
    }  # fmt: skip


def stage(county: County, age: Ints) -> Ints:
    """School stage of everyone, -1 for none."""
    study = county.persons.study
    later = np.where(county.persons.skilled, 4, 3)
    return np.select(
        [(age < 3), age < 6, age < 12, age < 16, (age < 18) & study, (age < 22) & study & (county.persons.base_wage == 0)],
        [-1, 0, 1, 2, later, 5], -1,
    )  # fmt: skip


def education(county: County, month: int, full: bool) -> Columns:
    """Pupils and students; between the full tables of each term those who dropped out or came back."""
    present, dropped = county.p["present"], county.p["dropped"]
    stages = stage(county, county.age(month))
    changed = dropped[:, month] != dropped[:, month - 1]
    # Who is struck off the list of drop-outs (grown up, gone) is told once more.
    rows = np.flatnonzero((present[:, month] > 0) & (stages >= 0) & full | changed)
    out = dropped[rows, month] > 0
    left = (stages[rows] < 0) | (present[rows, month] == 0)
    spread = 0.6 + 0.8 * ((rows * 37) % 101) / 100
    aid = np.where(county.households.lifted[county.persons.household[rows]], 0.7, 1.0)
    return {
        **person_keys(county, rows), "学籍号": np.char.add("G", county.persons.identity[rows]), MONTH: month_text(county, month, len(rows)),
        "姓名": county.persons.name[rows], "学段": STAGES[np.where(left, 2, stages[rows])],
        "就学状态": np.select([out, left], ["失学辍学", "已离校"], "在校"),
        "年就学净支出": np.where(out | left, 0.0, COST[stages[rows]] * spread * aid),
    }  # fmt: skip


def _workforce(county: County, month: int) -> Bools:
    age = county.age(month)
    started = (age >= 17) & ((county.first_age >= 16) | (age >= np.where(county.persons.study, 21, 17)))
    return (county.p["present"][:, month] > 0) & (county.persons.base_wage > 0) & started & (age < 69)


def work(county: County, month: int, full: bool) -> Columns:
    """The monthly record of everyone who works for wages or lost such work."""
    rows = np.flatnonzero(_workforce(county, month))
    state = county.p["work"][rows, month].astype(np.int64)
    sector = county.persons.sector[rows]
    wage = county.p["wage"][rows, month].astype(np.float64)
    working = (state >= 2) & (state <= 4)
    return {
        **person_keys(county, rows), MONTH: month_text(county, month, len(rows)), "姓名": county.persons.name[rows],
        "就业状态": WORK[state], "务工月数": working.astype(np.int64), "务工月收入": wage,
        "所属行业": np.where(working, np.array(SECTOR_NAMES)[sector], ""), "务工地点": np.where(state == 3, CITIES[rows % 5], ""),
        "是否失业": YES_NO[(state == UNEMPLOYED).astype(int)],
    }  # fmt: skip


def spoil_work(columns: Columns, rows: Ints, draw: np.random.Generator) -> None:
    """A wage keyed in with a digit too many or a third missing."""
    wage = columns["务工月收入"].copy()
    wage[rows] = wage[rows] * draw.choice([0.66, 1.5, 10.0], len(rows), p=[0.5, 0.4, 0.1])
    columns["务工月收入"] = wage


def loans(county: County, month: int, full: bool) -> Columns:
    """Small loans of the quarter: principal, what is still owed, days overdue."""
    rows = np.flatnonzero((county.loan > 0) & living(county, month))
    overdue = county.h["overdue"][rows, month].astype(np.int64)
    age = (month + rows) % 36
    return {
        HOME: county.households.number[rows], "合同号": numbered("XD", rows, 6),
        MONTH: month_text(county, month, len(rows)), "贷款本金": county.loan[rows],
        "贷款余额": county.loan[rows] * np.where(overdue > 0, 1.0, 1 - age / 40), "逾期天数": overdue * 30,
    }  # fmt: skip
