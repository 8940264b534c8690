"""The training frame as a file, for whoever wants to look into it: Parquet, with a data dictionary beside it.

It is the very frame that `training.fit.train` reads with the same options: the same fingerprint says so.
Protected columns, and those that may not predict the outcome, are not in it, as they are in no frame.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.home import Home, write_atomically
from features.indicators.catalogue import Catalogue, load
from features.policy.vocabulary import groups as reason_groups
from features.wording import N_, both
from training import assembly, evaluation
from training.frame import HOLDS_NOW_WEIGHT, Frame

SCHEMA = 1
DICTIONARY = ".dictionary.json"
# What the columns are that no indicator gives: name, type, what a gap means.
_OWN = {
    "household": (N_("household, as a pseudonym"), "string", None),
    "as_of": (N_("day on which everything in the row was known"), "date", None),
    "area": (N_("place of the household on that day"), "string", None),
    "at_risk": (N_("none of the outcome's components holds yet"), "boolean", None),
    "holds_now": (N_("a component holds on that day"), "boolean", None),
    "weight": (N_("weight in training"), "number", None),
    "fold": (N_("fold of the household, from its pseudonym alone"), "integer", None),
    "block": (N_("block of days in which the row is tested"), "string", N_("the row is in no tested block")),
}
_EVENT = N_("the event within (or at) {months} months: 1 or 0")
_STATE = N_("a component holds at {months} months: 1 or 0")
_UNSEEN = N_("not mature by the cut-off, or not observed")
_SILENT = {
    "zero": N_("no fact of this kind is held at all; where some are, silence is counted as none"),
    "none": N_("the facts of the household do not speak of it"),
}


def write(
    home: Home, until: date, out: Path, *, outcome: str | None = None, retrospective: bool = False
) -> dict[str, Any]:
    """Write the frame to ``out`` and its dictionary to ``out`` + ``.dictionary.json``.

    Parameters
    ----------
    until, outcome, retrospective : as in `training.fit.train`

    Returns
    -------
    {file, dictionary, sha256, fingerprint, outcome, until, synthetic, rows, rows_at_risk, events, households,
    columns, days, first_day, last_day}

    Raises
    ------
    Refusal : ``unknown_outcome``, ``no_training_rows``
    """
    catalogue = load(home)
    frame = assembly.build(home, outcome, until, retrospective=retrospective)
    target = io.BytesIO()
    meta = {"fingerprint": frame.fingerprint, "outcome": frame.outcome, "until": until.isoformat()}
    named = {f"fangpin.{key}": value for key, value in meta.items()}
    pq.write_table(table(frame).replace_schema_metadata(named), target, compression="zstd")
    content = target.getvalue()
    beside = out.with_name(out.name + DICTIONARY)
    synthetic = catalogue.declarations.synthetic
    told = {"schema": SCHEMA, **meta, "synthetic": synthetic, "columns": dictionary(frame, catalogue)}
    write_atomically(out, content)
    write_atomically(beside, json.dumps(told, ensure_ascii=False, indent=1).encode())
    days = frame.days
    return {
        "file": str(out),
        "dictionary": str(beside),
        "sha256": hashlib.sha256(content).hexdigest(),
        "fingerprint": frame.fingerprint,
        "outcome": frame.outcome,
        "until": until,
        "synthetic": synthetic,
        "rows": len(frame),
        "rows_at_risk": int(frame.judged.sum()),
        "events": int(np.nansum(frame.event[frame.judged])),
        "households": len(frame.households),
        "columns": len(frame.specs),
        "days": len(days),
        "first_day": days[0],
        "last_day": days[-1],
    }


def table(frame: Frame) -> pa.Table:
    """The frame as columns, one row a household and day; gaps are nulls.

    ``event_H`` and ``state_H`` for each horizon H in months; ``block`` is where `training.evaluation` tests the
    row, null where it does not.
    """
    rows = np.arange(len(frame))
    made: dict[str, pa.Array] = {
        "household": pa.array(frame.ids(rows), pa.string()),
        "as_of": pa.array(frame.as_of.astype("datetime64[D]"), pa.date32()),
        "area": pa.array(frame.area.values(rows), pa.string()),
        "at_risk": pa.array(frame.at_risk),
        "holds_now": pa.array(frame.holds_now),
    }
    for months in frame.horizons:
        made[f"event_{months}"] = pa.array(frame.labels.event[months], pa.float64(), from_pandas=True)
        made[f"state_{months}"] = pa.array(frame.labels.state[months], pa.float64(), from_pandas=True)
    block = np.full(len(frame), None, dtype=object)
    for each in evaluation.plan(frame):
        block[frame.on(each.test) & frame.judged] = each.name
    made |= {
        "weight": pa.array(frame.weight),
        "fold": pa.array(frame.fold),
        "block": pa.array(block, pa.string()),
    }
    for spec in frame.specs:
        if spec.name in made:
            raise ValueError(f"an indicator is called {spec.name}, as a column of the frame is")
        if spec.type == "number":
            made[spec.name] = pa.array(frame.numbers[spec.name], pa.float64(), from_pandas=True)
        else:
            made[spec.name] = pa.array(frame.categories[spec.name].values(rows), pa.string())
    return pa.table(made)


def dictionary(frame: Frame, catalogue: Catalogue) -> list[dict[str, Any]]:
    """One entry a column of `table`, in its order.

    [{column, name: {zh, en}, type, role, unit, group, indicator, source, missing: {zh, en} or null}]; ``role`` is
    key, label, design or input.
    """
    groups = {name: dict(group.name) for name, group in reason_groups().items()}
    specs = {spec.name: spec for spec in frame.specs}
    found = []
    for name in table_names(frame):
        if name in specs:
            column = catalogue.columns[name]
            record, spec = column.record, specs[name]
            window = f" ({column.window.name})" if column.window.name else ""
            silent = _SILENT["zero" if record.missing == "zero" else "none"]
            found.append(
                {
                    "column": name,
                    "name": {lang: f"{said}{window}" for lang, said in record.name.items()},
                    "type": column.type,
                    "role": "input",
                    "unit": record.unit,
                    "group": {"id": record.group, "name": groups.get(record.group)},
                    "indicator": record.id,
                    "source": record.source,
                    "monotone": spec.monotone,
                    "missing": both(silent),
                }
            )
            continue
        found.append(_own(name, frame))
    return found


def table_names(frame: Frame) -> Sequence[str]:
    """The columns of `table`, in order."""
    labels = [f"{kind}_{months}" for months in frame.horizons for kind in ("event", "state")]
    return [
        "household", "as_of", "area", "at_risk", "holds_now", *labels, "weight", "fold", "block",
        *(spec.name for spec in frame.specs),
    ]  # fmt: skip


def _own(name: str, frame: Frame) -> dict[str, Any]:
    kind, _, months = name.partition("_")
    entry: dict[str, Any] = {"column": name, "unit": None, "group": None, "indicator": None, "monotone": 0}
    if kind in ("event", "state") and months.isdigit():
        said: Mapping[str, str] = both(_EVENT if kind == "event" else _STATE, months=months)
        return {
            **entry,
            "name": said,
            "type": "number",
            "role": "label",
            "source": frame.outcome,
            "missing": both(_UNSEEN),
        }
    sentence, type_, gap = _OWN[name]
    role = "key" if name in ("household", "as_of", "area") else "design"
    source = f"0 / {HOLDS_NOW_WEIGHT:g} / 1" if name == "weight" else None
    missing = both(gap) if gap else None
    return {
        **entry,
        "name": both(sentence),
        "type": type_,
        "role": role,
        "source": source,
        "missing": missing,
    }
