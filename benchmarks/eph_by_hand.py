"""The EPH files to a snapshot in plain pandas: what a good analyst would write, with nothing of ours.

No quarantine, no provenance, one clock. `benchmarks/intake_vs_pandas.py` times it against the front door and
compares the values.
"""

from __future__ import annotations

import io
import lzma
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

YES_NO = ["IV5", "IV8", "IV12_1", "IV12_2", "IV12_3", "II3", "II4_1", "II4_2", "II4_3", "II5", "II6"]
YES_NO += ["V1", "V2", "V21", "V22", "V3", "V4", "V8", "V9", "V10", "V12", "V19_A", "V19_B"]
CODES = ["IV1", "IV3", "IV6", "IV7", "IV9", "IV10", "IV11", "II8", "II9"]
USED = {
    "coping_savings_3m": "V13", "coping_borrowed_from_people_3m": "V14", "coping_borrowed_from_bank_3m": "V15",
    "coping_instalments_3m": "V16", "coping_sold_belongings_3m": "V17", "assistance_money_3m": "V5",
    "assistance_goods_3m": "V6", "help_from_households_3m": "V7",
}  # fmt: skip
NUMBERS = ["IV2", "II1", "II2", "PONDERA", "IX_TOT", "IX_MEN10"]
Step = Callable[[str], None]


def read(folder: Path) -> pd.DataFrame:
    """All quarters as one table of text, household-quarters that stand twice dropped."""
    tables = []
    for path in sorted(folder.glob("hog*_t*.txt.xz")):
        head, body = lzma.decompress(path.read_bytes()).split(b"\n", 1)
        names = [n.split(b"\0")[0].decode("latin-1").strip().strip('"').upper() for n in head.split(b";")]
        tables.append(
            pd.read_csv(
                io.BytesIO(body), sep=";", names=names, encoding="latin-1", dtype=str, index_col=False
            )
        )
    table = pd.concat(tables, ignore_index=True)
    table["key"] = table.CODUSU + "|" + table.NRO_HOGAR + "|" + table.AGLOMERADO
    table["month"] = table.ANO4.astype(int) * 12 + table.TRIMESTRE.astype(int) * 3 - 1
    return table.drop_duplicates(["key", "month"]).sort_values(["key", "month"], ignore_index=True)


def clean(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers as numbers, codes without their missing values, welfare against the line of its quarter."""
    kept = table[["key", "month", "REGION", "AGLOMERADO"]].copy()
    for name in NUMBERS:
        kept[name] = pd.to_numeric(table[name])
    for name in ("IV2", "II1", "II2"):
        kept[name] = kept[name].where(~kept[name].isin([0, 99]))
    for name in [*YES_NO, *USED.values()]:
        kept[name] = table[name].str.removesuffix(".0").map({"1": 1.0, "2": 0.0})
    for name in [*CODES, "II7"]:
        code = table[name].str.removesuffix(".0")
        kept[name] = code.where(~code.isin(["0", "99" if name == "II7" else "9"]))
    income = pd.to_numeric(table.IPCF)
    kept["income"] = income.where(income > 0).round(2)
    line = kept.groupby("month").income.transform(
        lambda x: np.quantile(x.dropna(), 0.3, method="inverted_cdf")
    )
    kept["log"] = np.log(np.maximum(kept.income / line, 0.01))
    kept["below"] = (kept.income < line).astype(float).where(kept.income.notna())
    return kept


def snapshot(panel: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Indicators of the households interviewed in the quarter that ends on ``as_of``, by key."""
    now = as_of.year * 12 + as_of.month - 1
    present = panel.loc[panel.month == now, "key"]
    past = panel[(panel.month <= now) & panel.key.isin(present)]
    by_key = past.groupby("key")
    # The last value that is known, whenever that was.
    traits = [*YES_NO, *CODES, "II7", *NUMBERS, "REGION", "AGLOMERADO"]
    result = by_key[traits].last().rename(columns=str.lower)
    result = result.rename(columns={"ix_tot": "members", "ix_men10": "children_under_10"})
    result["rooms"] = result.ii1
    age = now - past.month
    current = past[age == 0].set_index("key")
    for name, column in USED.items():
        result[name] = current[column]
    result["welfare_log"], result["below_line_now"] = current.log, current.below
    result["welfare_log_before"] = past[(age >= 1) & (age < 15)].groupby("key").log.last()
    recent = past[(age < 18) & past.log.notna()].groupby("key").log
    result["welfare_lowest_18m"], result["welfare_average_18m"] = recent.min(), recent.mean()
    counted = past[age < 24].groupby("key")
    result["times_below_line_24m"] = counted.below.sum(min_count=1)
    result["members_range_24m"] = counted.IX_TOT.max()
    result["children_share"] = result.children_under_10 / result.members
    result["members_per_room"] = result.members / result.rooms
    result["members_lost"] = result.members_range_24m - result.members
    return result.reset_index()


def run(folder: Path, as_of: date, step: Step) -> pd.DataFrame:
    """Files to snapshot; ``step`` is called when the panel and when the snapshot is ready."""
    panel = clean(read(folder))
    step("files to panel")
    result = snapshot(panel, as_of)
    step("snapshot")
    return result
