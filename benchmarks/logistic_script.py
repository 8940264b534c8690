"""A logistic regression from the raw EPH files to a pooled rolling-origin backtest, independent of the product.

It holds the product's logistic rival to account: within .01 AP. No import of ours, scikit-learn throughout.
    python benchmarks/logistic_script.py FOLDER [falls|relapse]
"""

import io
import lzma
import pathlib
import sys

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

folder, outcome = pathlib.Path(sys.argv[1]), (sys.argv[2:] or ["falls"])[0]
quarters = []
for path in sorted(folder.glob("hog*_t*.txt.xz")):
    head, body = lzma.decompress(path.read_bytes()).split(b"\n", 1)
    names = [name.split(b"\0")[0].decode("latin-1").strip().upper() for name in head.split(b";")]
    quarters.append(
        pd.read_csv(io.BytesIO(body), sep=";", names=names, encoding="latin-1", dtype=str, index_col=False)
    )
eph = pd.concat(quarters, ignore_index=True)
eph["t"] = eph.ANO4.astype(int) * 4 + eph.TRIMESTRE.astype(int) - 1
eph["key"] = eph.CODUSU + "|" + eph.NRO_HOGAR + "|" + eph.AGLOMERADO
eph = eph.drop_duplicates(["key", "t"])
income = pd.to_numeric(eph.IPCF).where((pd.to_numeric(eph.ITF) > 0) & (pd.to_numeric(eph.IPCF) > 0))
eph["welfare"] = np.log(
    income / income.groupby(eph.t).transform(lambda x: np.quantile(x.dropna(), 0.3, method="inverted_cdf"))
)
known, ahead = eph.set_index(["key", "t"]).welfare, 4 if outcome == "falls" else 3
for name, step in {"ago_1": -1, "ago_2": -2, "ago_4": -4, "later": ahead}.items():
    eph[name] = known.reindex(pd.MultiIndex.from_arrays([eph.key, eph.t + step])).to_numpy()
given = outcome == "falls" or eph.ago_1 < 0
eph = eph[(eph.welfare >= 0) & eph.later.notna() & given].reset_index(drop=True)
y, t, groups = (
    (eph.later < 0).to_numpy().astype(int),
    eph.t.to_numpy(),
    eph.groupby("key").ngroup().to_numpy(),
)
numbers = ["welfare", "ago_1", "ago_2", "ago_4", "IV2", "II1", "II2", "IX_TOT", "IX_MEN10", "IX_MAYEQ10"]
skip = [*numbers, *[name for name in eph if name.endswith("_ESP")]]
codes = [
    name for name in eph if name.startswith(("IV", "II", "V", "REG", "AGLO", "MAS")) and name not in skip
]
eph[numbers] = eph[numbers].apply(pd.to_numeric)
eph[codes] = eph[codes].apply(lambda column: column.fillna("").str.removesuffix(".0"))
score = np.full(len(eph), np.nan)
for year in range(2004, 2014):
    for rest, fold in GroupKFold(5, shuffle=True, random_state=0).split(eph, y, groups):
        train, test = rest[t[rest] + ahead < t[t // 4 == year].min(initial=9999)], fold[t[fold] // 4 == year]
        if y[train].sum() < 30 or not len(test):
            continue
        levels = OneHotEncoder(handle_unknown="ignore", min_frequency=10, sparse_output=False)
        design = ColumnTransformer(
            [("n", SimpleImputer(strategy="median", add_indicator=True), numbers), ("c", levels, codes)]
        )
        inner = list(GroupKFold(3).split(train, y[train], groups[train]))
        options = {
            "Cs": [0.001, 0.01, 0.1, 1.0],
            "cv": inner,
            "scoring": "neg_log_loss",
            "solver": "newton-cholesky",
        }
        model = make_pipeline(
            design,
            StandardScaler(),
            LogisticRegressionCV(**options, use_legacy_attributes=False, l1_ratios=(0,)),
        )
        score[test] = model.fit(eph.iloc[train], y[train]).predict_proba(eph.iloc[test])[:, 1]
done = ~np.isnan(score)
auc, ap = roc_auc_score(y[done], score[done]), average_precision_score(y[done], score[done])
print(f"{outcome}: {done.sum()} rows, {y[done].sum()} events, AUC {auc:.4f}, AP {ap:.4f}")
