"""Agriculture and rural affairs: the household form, its members, net income by part, the register, price warnings."""

from __future__ import annotations

import numpy as np

from county.departments.department import (
    HOME,
    MONTH,
    PERSON,
    YES_NO,
    Columns,
    day_text,
    living,
    month_text,
    numbered,
    of_month,
)
from county.places import Bools, Ints
from county.setting import COUNTY, INDUSTRY_NAMES
from county.state import County

RELATIONS = np.array(["户主", "配偶", "子女", "父母"])
EDUCATION = np.array(["文盲或半文盲", "小学", "初中", "高中", "中职", "大专及以上"])
HEALTH = np.array(["健康", "长期慢性病", "患有大病"])
TYPES = np.array(["非监测对象", "脱贫不稳定户", "边缘易致贫户", "突发严重困难户"])
REASONS = np.array(["", "死亡", "婚嫁"])


def households(county: County, month: int, full: bool) -> Columns:
    """The household form; between the yearly full tables only households that changed in number or ended."""
    members, homes = county.h["members"], county.households
    before = members[:, month - 1]
    chosen = np.flatnonzero(living(county, month) if full else members[:, month] != before)
    head = homes.first[chosen]
    children = county.by_household(county.p["present"][:, month] * (county.age(month) < 10))
    return {
        HOME: homes.number[chosen], MONTH: month_text(county, month, len(chosen)), "县代码": np.full(len(chosen), COUNTY + "000000"),
        "乡镇代码": county.places.township_code[homes.village[chosen]], "村代码": county.places.village_code[homes.village[chosen]],
        "户主姓名": county.persons.name[head], "户主证件号码": county.persons.identity[head], "联系电话": county.persons.telephone[head],
        "年度家庭人口数": members[chosen, month].astype(np.int64), "10岁以下人数": children[chosen].astype(np.int64),
        "是否易地搬迁": YES_NO[homes.relocated[chosen].astype(int)], "与村主干路距离": np.char.mod("%.1f", homes.road[chosen]),
        "耕地面积": np.char.mod("%.2f", homes.land[chosen]), "主要产业": np.array(INDUSTRY_NAMES)[homes.industry[chosen]],
        "户状态": np.where(members[chosen, month] > 0, "正常", "已销户"),
    }  # fmt: skip


def main_earner(county: County, month: int) -> Bools:
    """The member who earns most when in work."""
    grown = county.age(month) >= 17
    wage = county.persons.base_wage * county.p["present"][:, month] * grown
    best = np.maximum.reduceat(wage, county.households.first)[county.persons.household]
    return (wage > 0) & (wage == best)


def persons(county: County, month: int, full: bool) -> Columns:
    """The members; between full tables those who joined, left or whose health changed."""
    present, people = county.p["present"], county.persons
    health = county.p["health"]
    changed = (present[:, month] != present[:, month - 1]) | (
        (health[:, month] != health[:, month - 1]) & (present[:, month] > 0)
    )
    chosen = np.flatnonzero(present[:, month] > 0 if full else changed)
    age = county.age(month)[chosen]
    gone = present[chosen, month] == 0
    severe = (county.disability[chosen] > 0) & (county.disability[chosen] <= 2)
    labour = np.select([(age < 16) | (age >= 75), severe], ["无劳动力", "丧失劳动力"], "普通劳动力")
    labour = np.where((labour == "普通劳动力") & people.skilled[chosen], "技能劳动力", labour)
    # Of who has left it says what they were.
    earner = np.where(gone, main_earner(county, month - 1)[chosen], main_earner(county, month)[chosen])
    group = np.abs(people.household[chosen] * 7919) % 10  # unrelated to anything else in the county
    return {
        HOME: county.households.number[people.household[chosen]], PERSON: people.number[chosen],
        MONTH: month_text(county, month, len(chosen)), "姓名": people.name[chosen], "证件号码": people.identity[chosen],
        "与户主关系": RELATIONS[people.relation[chosen]], "性别": np.where(people.male[chosen], "男", "女"),
        "年龄": age, "出生年份": people.birth[chosen].astype("datetime64[Y]").astype(np.int64) + 1970,
        "民族": np.select([group < 7, group < 9], ["汉族", "土家族"], "苗族"),
        "政治面貌": np.where((chosen * 31 % 17 == 0) & (age >= 20), "中共党员", "群众"),
        "文化程度": EDUCATION[people.education[chosen]], "健康状况": HEALTH[health[chosen, month]], "劳动技能": labour,
        "是否主要劳动力": YES_NO[earner.astype(int)], "是否离开": YES_NO[gone.astype(int)],
        "离开原因": np.where(gone, REASONS[county.left_reason[chosen]], ""),
    }  # fmt: skip


PARTS = (
    ("工资性收入", "wage"), ("生产经营性收入", "revenue"), ("生产经营性支出", "expense"), ("财产性收入", "property"),
    ("转移性收入", "transfer"), ("理赔收入", "claims"),
)  # fmt: skip


def income(county: County, month: int, full: bool) -> Columns:
    """Net income of the month by part and per person, by the rule of the collection form (net / members)."""
    chosen = np.flatnonzero(living(county, month))
    columns: Columns = {HOME: county.households.number[chosen], MONTH: month_text(county, month, len(chosen))}
    for header, name in PARTS:
        columns[header] = np.rint(county.h[name][chosen, month].astype(np.float64) * 100) / 100
    columns["家庭人口数"] = county.h["members"][chosen, month].astype(np.int64)
    return _totals(columns)


def _totals(columns: Columns) -> Columns:
    value = {header: columns[header].astype(np.float64) for header, _ in PARTS}
    net = (
        value["工资性收入"]
        + value["生产经营性收入"]
        - value["生产经营性支出"]
        + value["财产性收入"]
        + value["转移性收入"]
    )
    columns["纯收入"] = net
    columns["人均纯收入"] = net / columns["家庭人口数"].astype(np.float64)
    return columns


def spoil_income(columns: Columns, rows: Ints, draw: np.random.Generator) -> None:
    """A wage keyed in wrongly, with the totals that follow from it."""
    wage = columns["工资性收入"].copy()
    factor = draw.choice([0.1, 0.6, 1.5, 10.0], len(rows), p=[0.1, 0.4, 0.4, 0.1])
    wage[rows] = np.where(wage[rows] > 0, wage[rows] * factor, 800.0)
    columns["工资性收入"] = wage
    _totals(columns)


def status(county: County, month: int, full: bool) -> Columns:
    """The register: type of household, monitored or not, risk eliminated; between full tables what changed."""
    history = county.h
    now = [history[name][:, month] for name in ("monitored", "eliminated", "no_labour")]
    changed = np.zeros(county.households.count, dtype=bool)
    for name, column in zip(("monitored", "eliminated", "no_labour"), now, strict=True):
        changed |= history[name][:, month - 1] != column
    chosen = np.flatnonzero(living(county, month) & (changed | full))
    return {
        HOME: county.households.number[chosen], MONTH: month_text(county, month, len(chosen)),
        "户类型": np.where(county.households.lifted[chosen], "脱贫户", "一般农户"), "监测对象类别": TYPES[now[0][chosen]],
        "风险是否已消除": YES_NO[now[1][chosen]], "整户无劳动能力": YES_NO[now[2][chosen]],
    }  # fmt: skip


def slumps(county: County, month: int, full: bool) -> Columns:
    """Price warnings: households whose main product fell sharply in price."""
    rows = of_month(county.logs["slump"].table(), month)["household"].astype(np.int64)
    homes, year = county.households, county.calendar.of(month)
    yearly = np.exp(homes.log_income[rows]) * homes.business_share[rows]
    return {
        HOME: homes.number[rows], "预警编号": numbered(f"CY{year[0]}{year[1]:02d}", np.arange(len(rows)), 5),
        MONTH: month_text(county, month, len(rows)), "发生日期": day_text(county, np.full(len(rows), month), np.full(len(rows), 15)),
        "主要产业": np.array(INDUSTRY_NAMES)[homes.industry[rows]], "预计损失": yearly * 0.25,
    }  # fmt: skip
