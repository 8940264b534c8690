"""What is predicted: whether a component of an outcome holds within, or at, a number of months.

The components are indicators of the catalogue. On the as-of day they are read as known then; for the
outcome they are read at a later day T as known by ``until``, so an event's day is when it happened, not
when somebody heard of it.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import Refusal
from features.home import Home
from features.indicators.catalogue import Catalogue, load

if TYPE_CHECKING:
    from features.indicators.compile import Compiler


def _compiler(catalogue: Catalogue, retrospective: date | None = None) -> Compiler:
    from features.indicators.compile import Compiler  # the service reads outcomes without DuckDB

    return Compiler(catalogue, retrospective=retrospective)


@dataclass(frozen=True)
class Outcome:
    """As a mapping declares it.

    ``kind`` is ``by`` (some time within the horizon) or ``at`` (the state at its end); ``horizons`` and
    ``tier_horizon`` are months; ``given`` is an indicator that must hold on the as-of day. ``observed`` says
    which day answers: ``at_horizon``, so many months later, or ``next_wave``, the first later wave that asked.
    """

    id: str
    name: Mapping[str, str]
    kind: str
    horizons: tuple[int, ...]
    tier_horizon: int
    components: tuple[str, ...]
    given: str | None
    welfare_now: str | None
    welfare_before: tuple[str, ...]
    delay_days: int
    observed: str = "at_horizon"


def declared(catalogue: Catalogue) -> list[Outcome]:
    """The outcomes of a home, the default first."""
    welfare = catalogue.declarations.welfare
    found = []
    for entry in catalogue.declarations.outcomes:
        horizons = tuple(sorted(entry["horizons"]))
        found.append(
            Outcome(
                id=entry["id"],
                name=entry["name"],
                kind=entry.get("kind", "at"),
                horizons=horizons,
                tier_horizon=entry.get("tier_horizon", horizons[-1]),
                components=tuple(entry["components"]),
                given=entry.get("given"),
                welfare_now=welfare.get("now"),
                welfare_before=tuple(welfare.get("before") or ()),
                delay_days=entry.get("delay_days", 0),
                observed=entry.get("observed", "at_horizon"),
            )
        )
    return found


def choose(catalogue: Catalogue, outcome: str | None) -> Outcome:
    """The outcome of that id, or the first declared. Raises `Refusal` ``unknown_outcome``."""
    known = declared(catalogue)
    for candidate in known:
        if outcome in (None, candidate.id):
            return candidate
    raise Refusal("unknown_outcome", outcome=outcome, known=", ".join(o.id for o in known) or "-")


def months_later(day: date, months: int) -> date:
    """The same day of a later month; the last day of a month leads to the last day.

    >>> months_later(date(2012, 6, 30), 3), months_later(date(2012, 11, 30), 3)
    (datetime.date(2012, 9, 30), datetime.date(2013, 2, 28))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    ends = day.day == calendar.monthrange(day.year, day.month)[1]
    return date(year, month + 1, last if ends else min(day.day, last))


def answered_on(outcome: Outcome, day: date, months: int, waves: Sequence[date] = ()) -> date | None:
    """The day on which the outcome of ``day`` is read; None where no wave has asked since.

    ``waves`` are the days of `asking_waves`, in order; only outcomes observed at the next wave look at them.
    """
    if outcome.observed == "next_wave":
        return next((wave for wave in waves if wave > day), None)
    return months_later(day, months)


def mature(
    outcome: Outcome, day: date, until: date, horizon: int | None = None, waves: Sequence[date] = ()
) -> bool:
    """Whether by ``until`` an outcome of ``day`` can be known: horizon and reporting delay have passed."""
    months = outcome.horizons[-1] if horizon is None else horizon
    answer = answered_on(outcome, day, months, waves)
    return answer is not None and answer + timedelta(days=outcome.delay_days) <= until


def asking_waves(
    catalogue: Catalogue, outcome: Outcome, until: date, *, recorded_by: date | None = None
) -> list[date]:
    """The waves, in order, on whose last day any household's components are known by ``until``.

    A wave that did not ask for them is no answer to anybody. Empty for outcomes read at a horizon.
    ``recorded_by`` reads deliveries recorded by that day as if they had come when they claim.
    """
    if outcome.observed != "next_wave":
        return []
    days = population_days(catalogue, recorded_by or until, retrospective=recorded_by is not None)
    with _compiler(catalogue, recorded_by) as compiler:
        pairs = compiler.population([day for day in days if day <= until], known=until)
        seen = compiler.compute(pairs, outcome.components)
    told = seen["as_of"].combine_chunks().filter(pc.is_valid(holds(seen, outcome.components)))
    return sorted(pc.unique(told).to_pylist())


def population_days(catalogue: Catalogue, until: date, *, retrospective: bool = False) -> list[date]:
    """Days on which there is a population: the last days of waves, or of months where a register is kept."""
    days: set[date] = set()
    with _compiler(catalogue, until if retrospective else None) as compiler:
        since = compiler.first_seen("household")
        if since is None:
            return []
        for mapping, rule in catalogue.declarations.populations.items():
            if rule == "interviewed" and compiler.has("household"):
                rows = compiler.connection.execute(
                    "SELECT DISTINCT valid_to FROM live_household WHERE source = ? AND valid_to IS NOT NULL "
                    "AND live_from <= valid_to AND valid_to <= ?",
                    [mapping, until],
                ).fetchall()
                days |= {row[0] for row in rows}
            elif rule == "registered":
                day = date(since.year, since.month, calendar.monthrange(since.year, since.month)[1])
                while day <= until:
                    days.add(day)
                    day = months_later(day, 1)
    return sorted(days)


def training_days(
    home: Home, outcome: Outcome, until: date, *, horizon: int | None = None, retrospective: bool = False
) -> list[date]:
    """As-of days whose outcome is mature by ``until`` (at ``horizon`` months; default the longest)."""
    days = population_days(load(home), until, retrospective=retrospective)
    waves = asking_waves(load(home), outcome, until, recorded_by=until if retrospective else None)
    return [day for day in days if mature(outcome, day, until, horizon, waves)]


def holds(table: pa.Table, components: Sequence[str]) -> pa.Array:
    """Whether any component holds: true, false, or null where not one of them is known."""
    columns = [table[name].combine_chunks() for name in components]
    some = pa.array(np.zeros(table.num_rows, bool))
    known = some
    for column in columns:
        some = pc.or_(some, pc.fill_null(column, False))
        known = pc.or_(known, pc.is_valid(column))
    return pc.if_else(known, some, pa.scalar(None, pa.bool_()))


def at_risk(table: pa.Table, outcome: Outcome) -> pa.Array:
    """None of the components holds on the day, and what must be given is; null where that is not known."""
    free = pc.invert(holds(table, outcome.components))
    if outcome.given is None:
        return free
    return pc.and_kleene(free, table[outcome.given].combine_chunks())


def columns_read(outcome: Outcome) -> list[str]:
    """The indicators that decide who is at risk."""
    return [*outcome.components, *([outcome.given] if outcome.given else [])]


def outcome_frame(
    catalogue: Catalogue,
    outcome: Outcome,
    days: Sequence[date],
    until: date,
    *,
    retrospective: bool = False,
    recorded_by: date | None = None,
) -> pa.Table:
    """What became of every household of the population of ``days``, as known by ``until``.

    ``retrospective`` reads deliveries recorded by ``until``, or ``recorded_by``, as if they had come when they claim.

    Returns
    -------
    pa.Table
        household, as_of, area, at_risk, given, holds_now, then for each horizon h: ``y_h`` (by or at the
        horizon; null where immature or not observed) and ``state_h`` (a component holds at its end), and
        event_on (the end of the first month in which one holds, kind ``by``); sorted by household and day.
    """
    recorded_by = recorded_by or (until if retrospective else None)
    waves = asking_waves(catalogue, outcome, until, recorded_by=recorded_by)
    with _compiler(catalogue, recorded_by) as compiler:
        pairs = compiler.population(days)
        now = compiler.compute(pairs, columns_read(outcome))
        given = (
            now[outcome.given].combine_chunks() if outcome.given else pa.array(np.ones(now.num_rows, bool))
        )
        frame = now.select(["household", "as_of", "area"])
        frame = frame.append_column("at_risk", at_risk(now, outcome)).append_column("given", given)
        frame = frame.append_column("holds_now", holds(now, outcome.components))
        steps = outcome.horizons if outcome.kind == "at" else tuple(range(1, outcome.horizons[-1] + 1))
        states = _states(compiler, outcome, pairs, steps, until, waves)
    return _labelled(frame, outcome, states, until, waves)


def _states(
    compiler: Compiler,
    outcome: Outcome,
    pairs: pa.Table,
    steps: Sequence[int],
    until: date,
    waves: Sequence[date],
) -> dict[int, np.ndarray]:
    """For each number of months: 1 a component holds then, 0 none does, NaN not known; one row a pair."""
    days = pairs["as_of"].to_pylist()
    later = {step: {day: answered_on(outcome, day, step, waves) for day in set(days)} for step in steps}
    household, area = pairs["household"].combine_chunks(), pairs["area"].combine_chunks()
    targets = {}
    blocks = []
    for step in steps:
        target = pa.array([later[step][day] for day in days], pa.date32())
        targets[step] = target
        blocks.append(pa.table({"household": household, "as_of": target, "area": area}))
    wanted = pa.concat_tables(blocks)
    limit = pa.scalar(until - timedelta(days=outcome.delay_days), pa.date32())
    wanted = (
        wanted.filter(pc.less_equal(wanted["as_of"], limit))
        .group_by(["household", "as_of"])
        .aggregate([("area", "min")])
    )
    if wanted.num_rows == 0:
        return {step: np.full(pairs.num_rows, np.nan) for step in steps}
    known = pa.array([until], pa.date32()).take(pa.array(np.zeros(wanted.num_rows, np.int8)))
    asked = pa.table(
        {
            "household": wanted["household"],
            "as_of": wanted["as_of"],
            "known": known,
            "area": wanted["area_min"],
        }
    ).cast(pairs.schema)
    seen = compiler.compute(asked, outcome.components)
    state = pa.table(
        {
            "household": seen["household"],
            "as_of": seen["as_of"],
            "state": holds(seen, outcome.components).cast(pa.float64()),
        }
    )
    found = {}
    for step in steps:
        left = pa.table(
            {"household": household, "as_of": targets[step], "place": pa.array(np.arange(pairs.num_rows))}
        ).join(state, ["household", "as_of"], join_type="left outer")
        values = np.full(pairs.num_rows, np.nan)
        values[left["place"].to_numpy()] = left["state"].to_numpy()
        found[step] = values
    return found


def _labelled(
    frame: pa.Table, outcome: Outcome, states: dict[int, np.ndarray], until: date, waves: Sequence[date]
) -> pa.Table:
    days = frame["as_of"].to_pylist()
    ripe = {h: {d: mature(outcome, d, until, h, waves) for d in set(days)} for h in outcome.horizons}
    first = np.full(frame.num_rows, 0)
    for step in sorted(states, reverse=True):
        first = np.where(states[step] == 1, step, first)
    for h in outcome.horizons:
        is_ripe = np.array([ripe[h][d] for d in days], bool) if days else np.zeros(0, bool)
        end = states[h]
        if outcome.kind == "at":
            label = end
        else:
            within = np.vstack([states[s] for s in range(1, h + 1)]) if len(days) else np.zeros((1, 0))
            observed = ~np.isnan(within).all(axis=0)
            label = np.where(observed, (within == 1).any(axis=0).astype(float), np.nan)
        label = np.where(is_ripe, label, np.nan)
        frame = frame.append_column(f"y_{h}", _flags(label)).append_column(f"state_{h}", _flags(end))
    events = [
        months_later(d, int(s)) if s and outcome.kind == "by" else None
        for d, s in zip(days, first, strict=True)
    ]
    return frame.append_column("event_on", pa.array(events, pa.date32()))


def _flags(values: np.ndarray) -> pa.Array:
    return pa.array(values == 1, pa.bool_(), mask=np.isnan(values))
