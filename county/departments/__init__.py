"""The county's departments and what each of them sends, when and how well."""

from __future__ import annotations

from county.departments import agriculture, care, settlement
from county.departments.department import Department


def departments(months: int) -> tuple[Department, ...]:
    """Every department. ``months`` lived places the one delivery that never comes."""
    return (
        Department(
            "county_households", agriculture.households, day=8, every=3, full_in=(9,), late=0.01, number="年度家庭人口数",
            unknown=("与村主干路距离",), renamed={"年度家庭人口数": "年末家庭人口数", "户状态": "农户状态"},
        ),
        Department(
            "county_persons", agriculture.persons, day=8, every=3, full_in=(9,), encoding="gb18030", late=0.01,
            number="出生年份", coded=("健康状况", "欠佳"), unknown=("劳动技能",),
        ),
        Department(
            "county_income", agriculture.income, day=12, flow=True, packed=True, late=0.02, wrong=0.006,
            spoil=agriculture.spoil_income, number="转移性收入", unknown=("财产性收入",),
            renamed={"工资性收入": "工资性收入(元)", "人均纯收入": "家庭人均纯收入"},
        ),
        Department(
            "county_status", agriculture.status, day=0, full_in=(9,), coded=("监测对象类别", "其他"),
        ),
        Department("county_slumps", agriculture.slumps, day=20),
        Department(
            "county_medical", care.medical, day=5, flow=True, packed=True, late=0.05, wrong=0.008, spoil=care.spoil_medical,
            taken_back=0.004, number="合规自付", coded=("就诊类型", "转院"),
        ),
        Department("county_insurance", care.insurance, day=9, every=3, full_in=(3,), late=0.02),
        Department("county_disability", care.disability, day=6, every=3, full_in=(9,), coded=("残疾等级", "五级")),
        Department("county_benefits", care.benefits, day=7, full_in=(12,), encoding="gb18030", late=0.03, number="月金额"),
        Department("county_accidents", care.accidents, day=4, late=0.08),
        Department("county_housing", settlement.housing, day=15, every=3, full_in=(6,), coded=("住房安全等级", "E级")),
        Department(
            "county_water", settlement.water, day=6, full_in=(9,), coded=("饮水是否安全", "9"),
        ),
        Department("county_disasters", settlement.disasters, day=0, late=0.06, number="损失金额"),
        Department(
            "county_education", settlement.education, day=10, full_in=(3, 9), encoding="gb18030", late=0.02, number="年就学净支出",
            coded=("学段", "研学"),
        ),
        Department(
            "county_work", settlement.work, day=11, flow=True, packed=True, late=0.03, wrong=0.005, spoil=settlement.spoil_work,
            number="务工月收入", unknown=("务工月收入",), renamed={"务工月收入": "月务工收入"}, missed=months // 2,
        ),
        Department("county_loans", settlement.loans, day=3, every=1, number="逾期天数"),
    )  # fmt: skip


__all__ = ["Department", "departments"]
