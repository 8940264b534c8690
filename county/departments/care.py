"""Medical insurance, disabled persons' federation, civil affairs, police: bills, cover, certificates, benefits, accidents."""

from __future__ import annotations

import numpy as np

from county.departments.agriculture import main_earner
from county.departments.department import (
    HOME,
    MONTH,
    YES_NO,
    Columns,
    day_text,
    month_text,
    numbered,
    of_month,
    person_keys,
)
from county.households import NEVER
from county.places import Ints
from county.state import County

KINDS = np.array(["视力", "听力", "言语", "肢体", "智力", "精神", "多重"])
LEVELS = np.array(["", "一级", "二级", "三级", "四级"])


def medical(county: County, month: int, full: bool) -> Columns:
    """Settled bills: total, reimbursed, and what compliant spending was left to the person."""
    log = of_month(county.logs["medical"].table(), month)
    rows = log["person"].astype(np.int64)
    year, part = county.calendar.of(month)
    total, paid = log["total"].astype(np.float64), log["self_paid"].astype(np.float64)
    return {
        "结算流水号": numbered(f"YB{year}{part:02d}", np.arange(len(rows)), 7),
        **person_keys(county, rows), MONTH: month_text(county, month, len(rows)), "姓名": county.persons.name[rows],
        "证件号码": county.persons.identity[rows], "就诊类型": np.where(log["setting"] == 0, "住院", "门诊"),
        "结算日期": day_text(county, log["month"], log["day"]), "总费用": total, "报销金额": total - paid, "合规自付": paid,
        "冲正标志": np.full(len(rows), "0"),
    }  # fmt: skip


def spoil_medical(columns: Columns, rows: Ints, draw: np.random.Generator) -> None:
    """Reimbursement not yet booked: self-paid spending first looks too high."""
    paid, total = columns["合规自付"].copy(), columns["总费用"].astype(np.float64)
    paid[rows] = total[rows] * draw.uniform(0.75, 0.98, len(rows))
    columns["合规自付"], columns["报销金额"] = paid, total - paid.astype(np.float64)


def insurance(county: County, month: int, full: bool) -> Columns:
    """Cover by basic medical insurance; between full tables who lost or gained it, and who is new."""
    insured, present = county.p["insured"], county.p["present"]
    changed = (insured[:, month] != insured[:, month - 1]) | (present[:, month] > present[:, month - 1])
    gone = (present[:, month] < present[:, month - 1]) & (insured[:, month - 1] == 0)
    rows = np.flatnonzero((present[:, month] > 0) & (changed | full) | gone)
    return {
        **person_keys(county, rows), MONTH: month_text(county, month, len(rows)), "姓名": county.persons.name[rows],
        "是否参加基本医保": np.where(gone[rows], "注销", YES_NO[insured[rows, month]]),
    }  # fmt: skip


def disability(county: County, month: int, full: bool) -> Columns:
    """Certificates: 18 digits of identity, one of kind, one of level; between full tables the new ones."""
    log = county.logs["disability"].table()
    since = np.zeros(county.persons.count, dtype=np.int64)
    level = county.persons.disability.copy()
    since[level == 0] = NEVER
    since[log["person"].astype(np.int64)] = log["month"]
    level[log["person"].astype(np.int64)] = log["level"]
    held = (since <= month) & (county.p["present"][:, month] > 0)
    rows = np.flatnonzero(held if full else held & (since == month))
    kind = county.persons.disability_kind[rows]
    number = np.char.add(
        county.persons.identity[rows], np.char.add((kind + 1).astype(str), level[rows].astype(str))
    )
    issued = np.maximum(since[rows], 0)
    return {
        "残疾证号": number, **person_keys(county, rows), MONTH: month_text(county, month, len(rows)),
        "残疾类别": KINDS[kind], "残疾等级": LEVELS[level[rows]],
        "发证日期": np.where(since[rows] > 0, day_text(county, issued, np.full(len(rows), 12)), ""),
    }  # fmt: skip


def benefits(county: County, month: int, full: bool) -> Columns:
    """Dibao, disability allowance and pension that a household draws; between full tables what began, changed or ended."""
    age = county.age(month)
    parts = []
    for name, amounts in (
        ("最低生活保障", _dibao), ("残疾人两项补贴", _allowance), ("城乡居民养老金", _pension),
    ):  # fmt: skip
        now, before = amounts(county, month, age), amounts(county, month - 1, county.age(month - 1))
        rows = np.flatnonzero(now > 0 if full else now != before)
        parts.append((np.full(len(rows), name), rows, now[rows]))
    names, rows, amount = (np.concatenate(column) for column in zip(*parts, strict=True))
    return {
        HOME: county.households.number[rows], "项目": names, MONTH: month_text(county, month, len(rows)),
        "享受状态": np.where(amount > 0, "在享", "停发"), "月金额": amount.astype(np.float64),
    }  # fmt: skip


def _dibao(county: County, month: int, age: Ints) -> np.ndarray:
    return county.h["dibao_amount"][:, month].astype(np.float64)


def _allowance(county: County, month: int, age: Ints) -> np.ndarray:
    log = county.logs["disability"].table()
    level = county.persons.disability.copy()
    earlier = log["month"] <= month
    level[log["person"][earlier].astype(np.int64)] = log["level"][earlier]
    return 120.0 * county.by_household((county.p["present"][:, month] > 0) & (level > 0) & (level <= 2))


def _pension(county: County, month: int, age: Ints) -> np.ndarray:
    return 185.0 * county.by_household((county.p["present"][:, month] > 0) & (age >= 60))


def accidents(county: County, month: int, full: bool) -> Columns:
    """Accidents, and deaths of people who earned; police tell whether the main earner was hit."""
    log = of_month(county.logs["accident"].table(), month)
    rows = log["person"].astype(np.int64)
    year, part = county.calendar.of(month)
    return {
        **person_keys(county, rows), "事件编号": numbered(f"GA{year}{part:02d}", np.arange(len(rows)), 4),
        MONTH: month_text(county, month, len(rows)), "姓名": county.persons.name[rows],
        "发生日期": day_text(county, log["month"], np.full(len(rows), 9) + rows % 15),
        "后果": np.where(log["fatal"] == 1, "死亡", "受伤"), "是否主要劳动力": YES_NO[main_earner(county, max(month - 1, 0))[rows].astype(int)],
    }  # fmt: skip
