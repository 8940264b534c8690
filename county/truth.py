"""What was true and no department knows: written apart, in a folder that intake never reads."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from county.deliveries import FAULT_COLUMNS
from county.departments.department import day_text
from county.households import SERIOUS
from county.places import Bools, Ints
from county.register import CHANNELS
from county.state import COMPONENTS, UNEMPLOYED, County
from county.text import lines

STEPS = ("entered", "eliminated", "reverted")
HORIZON = 12


def write_truth(county: County, folder: Path, faults: list[dict[str, object]], seed: int, files: int) -> None:
    """Write the truth files.

    ``state.parquet``: household x shown month: latent wellbeing, yuan below the line after self-paid spending,
    which components of need hold. ``needs.csv``: every spell of need with onset, components, end and discovery.
    ``events.csv``: what befell households. ``register.csv``: steps in and out of the register, with the channel.
    ``faults.csv``: the answer file of planted faults.
    ``county.json``: seed, sizes and the counts that the manual quotes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    needs = county.h["needs"][:, county.calendar.shown :].astype(np.int64)
    pq.write_table(_state(county, needs), folder / "state.parquet", compression="zstd")
    spells = _spells(county, needs)
    _write_csv(folder / "needs.csv", list(spells[0]) if spells else [], spells)
    steps = _register_steps(county)
    _write_csv(folder / "register.csv", list(steps[0]) if steps else [], steps)
    events = _events(county)
    (folder / "events.csv").write_bytes(lines(events, events.column_names))
    _write_csv(folder / "faults.csv", list(FAULT_COLUMNS), faults)
    (folder / "county.json").write_text(
        json.dumps(summary(county, seed, files, faults), ensure_ascii=False, sort_keys=True, indent=1),
        encoding="utf-8",
    )


def _months(county: County) -> list[str]:
    calendar = county.calendar
    return ["{}-{:02d}".format(*calendar.of(m)) for m in range(calendar.shown, calendar.total)]


def _state(county: County, needs: np.ndarray) -> pa.Table:
    homes, months = needs.shape
    first = county.calendar.shown
    return pa.table(
        {
            "household": pa.array(county.households.number).take(
                pa.array(np.repeat(np.arange(homes), months))
            ),
            "month": pa.array(_months(county)).take(pa.array(np.tile(np.arange(months), homes))),
            "members": county.h["members"][:, first:].reshape(-1),
            "wellbeing": county.h["wellbeing"][:, first:].reshape(-1),
            "below_by": county.h["below_by"][:, first:].reshape(-1),
            **{name: ((needs >> bit) & 1).astype(bool).reshape(-1) for bit, name in enumerate(COMPONENTS)},
        }
    )


def _spells(county: County, needs: np.ndarray) -> list[dict[str, object]]:
    """Spells of need: a run of months in which some component holds."""
    now = np.pad((needs > 0).astype(np.int8), ((0, 0), (1, 1)))
    step = np.diff(now, axis=1)
    rows, starts = np.nonzero(step == 1)
    _, ends = np.nonzero(step == -1)
    months = _months(county)
    found: dict[int, list[tuple[int, str]]] = {}
    log = county.logs["register"].table()
    for household, month, kind, channel in zip(
        log["household"].tolist(),
        log["month"].tolist(),
        log["step"].tolist(),
        log["channel"].tolist(),
        strict=True,
    ):
        if kind != 1:
            found.setdefault(household, []).append((month - county.calendar.shown, CHANNELS[channel]))
    spells = []
    for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        hit = [(m, c) for m, c in found.get(row, []) if start <= m < end]
        bits = int(needs[row, start])
        spells.append(
            {
                "household": county.households.number[row], "lifted": bool(county.households.lifted[row]), "onset": months[start],
                "end": months[end] if end < len(months) else "", "months": end - start,
                "components": ";".join(name for bit, name in enumerate(COMPONENTS) if bits >> bit & 1),
                "open_at_start": start == 0, "discovered": months[hit[0][0]] if hit else "", "channel": hit[0][1] if hit else "",
            }
        )  # fmt: skip
    return spells


def _register_steps(county: County) -> list[dict[str, object]]:
    log = county.logs["register"].table()
    keep = log["month"] >= county.calendar.shown
    days = day_text(county, log["month"][keep], log["day"][keep])
    return [
        {
            "household": county.households.number[int(h)], "day": str(day), "step": STEPS[int(step)],
            "channel": CHANNELS[int(channel)] if channel >= 0 else "", "true_need": bool(need),
        }
        for h, day, step, channel, need in zip(
            log["household"][keep], days, log["step"][keep], log["channel"][keep], log["true_need"][keep], strict=True
        )
    ]  # fmt: skip


def _events(county: County) -> pa.Table:
    """What befell households: month by month, the kind of event and whom of them it hit."""
    first, persons = county.calendar.shown, county.persons
    found: list[tuple[str, Ints, Ints, Ints]] = []  # event, household, person or -1, month
    for event, name, hit in (
        ("serious_illness", "health", lambda now: now == SERIOUS),
        ("job_loss", "work", lambda now: now == UNEMPLOYED),
        ("dropout", "dropped", lambda now: now > 0),
        ("uninsured", "insured", lambda now: now == 0),
    ):
        state = hit(county.p[name]) & (county.p["present"] > 0)
        person, month = np.nonzero(state[:, first:] & ~state[:, first - 1 : -1])
        found.append((event, persons.household[person], person, month + first))
    for event, name, least in (
        ("unsafe_dwelling", "grade", 2),
        ("unsafe_water", "unsafe", 1),
        ("loan_overdue", "overdue", 1),
    ):
        now = county.h[name] >= least
        household, month = np.nonzero(now[:, first:] & ~now[:, first - 1 : -1])
        found.append((event, household, np.full(len(household), -1), month + first))
    for event in ("disaster", "slump", "accident", "disability"):
        log = county.logs[event].table()
        rows = log["month"] >= first
        of_person = "person" in log
        person = log["person"][rows].astype(np.int64) if of_person else np.full(int(rows.sum()), -1)
        household = persons.household[person] if of_person else log["household"][rows].astype(np.int64)
        found.append((event, household, person, log["month"][rows].astype(np.int64)))
    kind = np.concatenate([np.full(len(rows), name) for name, rows, _, _ in found])
    household, person, month = (np.concatenate([row[i] for row in found]) for i in (1, 2, 3))
    order = np.lexsort((person, kind, household, month))
    names = np.array(_months(county))
    return pa.table(
        {
            "household": pa.array(county.households.number[household[order]]), "month": pa.array(names[month[order] - first]),
            "event": pa.array(kind[order]), "person": pa.array(np.where(person[order] >= 0, persons.number[person[order]], "")),
        }
    )  # fmt: skip


def onsets(county: County, month: int, horizon: int = HORIZON) -> tuple[Bools, Bools]:
    """Who is at risk at the end of a month (no component holds), and who of them needs help within ``horizon`` months."""
    needs = county.h["needs"] > 0
    at_risk = ~needs[:, month] & (county.h["members"][:, month] > 0)
    return at_risk, at_risk & needs[:, month + 1 : month + 1 + horizon].any(axis=1)


def summary(county: County, seed: int, files: int, faults: list[dict[str, object]]) -> dict[str, object]:
    """Sizes and counts of a run; events are those of the last twelve months that are complete."""
    calendar, history = county.calendar, county.h
    test = calendar.total - 1 - HORIZON
    document: dict[str, object] = {
        "synthetic": True, "seed": seed, "households": county.households.count, "persons": county.persons.count,
        "months": calendar.months, "first_month": "{}-{:02d}".format(*calendar.of(calendar.start)),
        "last_month": "{}-{:02d}".format(*calendar.end), "files": files,
        "planted": _counts([str(f["fault"]) for f in faults if f["fault"] != "not_yet_sent"]),
        "mean_size": round(float(history["members"][:, calendar.start].mean()), 3),
    }  # fmt: skip
    if test >= calendar.shown:
        at_risk, events = onsets(county, test)
        again = county.households.lifted | (history["eliminated"][:, test] > 0)
        document |= {
            "test_as_of": "{}-{:02d}".format(*calendar.of(test)), "at_risk": int(at_risk.sum()), "events_12": int(events.sum()),
            "base_rate_12": round(float(events.sum() / max(at_risk.sum(), 1)), 4), "relapse_12": int((events & again).sum()),
        }  # fmt: skip
    return document


def _counts(names: list[str]) -> dict[str, int]:
    return {name: names.count(name) for name in sorted(set(names))}


def _write_csv(path: Path, header: list[str], rows: list[dict[str, object]]) -> None:
    sink = io.StringIO()
    writer = csv.DictWriter(sink, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(sink.getvalue().encode())
