"""Labels without hindsight: what was known of the training rows of each block on that block's cut-off.

A fact can arrive late, or be corrected, after a block of the backtest began. Columns never show it, for they
are read as known on their as-of day; labels are read as known at the end of the run. So for each block whose
training labels could differ they are read again, as known on its cut-off, and the differences are kept beside
the frame. What is tested keeps the last word: that is what came true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.home import Home
from features.indicators.catalogue import Catalogue, load
from features.indicators.compile import Compiler
from features.outcomes import Outcome, choose, outcome_frame
from training.assembly import build, floats, useful, welfare_later
from training.frame import Floats, Frame, Revision
from training.periods import Block, rolling, single

# What the welfare view is made of, and who is in the population.
WELFARE_KINDS = ("income", "line")
POPULATION_KIND = "household"


def undone(
    home: Home, frame: Frame, until: date, *, mode: str = "rolling", retrospective: bool = False
) -> Frame:
    """``frame`` with its `Frame.revisions` for the blocks of ``mode``; itself where nothing was said later.

    Parameters
    ----------
    until, retrospective : as the frame was built with (`training.assembly.build`)

    Rows whose label was known on a cut-off and withdrawn since are added to it, their last label not known.
    """
    catalogue = load(home)
    outcome = choose(catalogue, frame.outcome)
    blocks = (rolling if mode == "rolling" else single)(
        frame.days, frame.tier_horizon, frame.delay_days, frame.told
    )
    recorded_by = until if retrospective else None
    with Compiler(catalogue, retrospective=recorded_by) as compiler:
        read = kinds(catalogue, outcome)
        labelled = {
            block: outcome_frame(catalogue, outcome, block.train, block.cutoff, recorded_by=recorded_by)
            for block in blocks
            if _told_later(compiler, read, block.cutoff, until)
        }
        withdrawn = [_withdrawn(frame, table.filter(useful(table, outcome))) for table in labelled.values()]
        if any(len(table) for table in withdrawn):
            names = [spec.name for spec in frame.specs]
            also = pa.concat_tables(withdrawn)
            frame = build(home, frame.outcome, until, names, retrospective=retrospective, also=also)
        revisions = {
            block.cutoff: _revision(table, compiler, outcome, frame, block)
            for block, table in labelled.items()
        }
    found = {cutoff: revision for cutoff, revision in revisions.items() if len(revision.rows)}
    return replace(frame, revisions=found) if found else frame


def _withdrawn(frame: Frame, labelled: pa.Table) -> pa.Table:
    """Household and day of the rows that the frame has not."""
    missing = np.ones(len(labelled), bool)
    place = _places(frame, np.arange(len(frame)), labelled)
    missing[place[place >= 0]] = False
    return labelled.select(["household", "as_of"]).filter(pa.array(missing))


def kinds(catalogue: Catalogue, outcome: Outcome) -> set[str]:
    """The kinds of facts that the components of an outcome, and its welfare, are read from."""
    names = [*outcome.components, *([outcome.welfare_now] if outcome.welfare_now else [])]
    read = {column.record.kind for column in catalogue.needed(names) if column.record.shape == "windowed"}
    found = {POPULATION_KIND, *(kind for kind in read if kind != "welfare")}
    # An expression can also name the line itself.
    return found | set(WELFARE_KINDS)


def _told_later(compiler: Compiler, read: Iterable[str], cutoff: date, until: date) -> bool:
    """Whether anything of a day up to the cut-off was first said, or said anew, after it."""
    first, last = f"DATE '{cutoff.isoformat()}'", f"DATE '{until.isoformat()}'"
    for kind in sorted(read):
        if not compiler.has(kind):
            continue
        found = compiler.connection.execute(
            f"SELECT 1 FROM live_{kind} WHERE t <= {first} AND ((live_from > {first} AND live_from <= {last}) "
            f"OR (live_until > {first} AND live_until <= {last})) LIMIT 1"
        ).fetchall()
        if found:
            return True
    return False


def _revision(
    labelled: pa.Table, compiler: Compiler, outcome: Outcome, frame: Frame, block: Block
) -> Revision:
    rows = np.flatnonzero(frame.on(block.train))
    place = _places(frame, rows, labelled)
    found = place >= 0
    tier = frame.tier_horizon
    event, state = (_taken(floats(labelled[f"{name}_{tier}"]), place) for name in ("y", "state"))
    later = np.full(len(rows), np.nan)
    if outcome.welfare_now is not None:
        pairs = labelled.select(["household", "as_of", "area"]).take(pa.array(place[found]))
        later[found] = welfare_later(compiler, pairs, outcome, block.cutoff)
    changed = _differs(later, frame.welfare_later[rows]) | _differs(event, frame.event[rows])
    changed |= _differs(state, frame.labels.state[tier][rows])
    return Revision(rows[changed], event[changed], state[changed], later[changed])


def _places(frame: Frame, rows: np.ndarray, labelled: pa.Table) -> np.ndarray:
    """For each of the frame's ``rows`` its place in ``labelled``, -1 where it is not there."""
    number = {household: place for place, household in enumerate(frame.households)}
    encoded = pc.dictionary_encode(labelled["household"].combine_chunks())
    known = np.array([number.get(name, -1) for name in encoded.dictionary.to_pylist()], np.int64)
    who = known[encoded.indices.to_numpy()]
    day = labelled["as_of"].to_numpy().astype("datetime64[D]").astype(np.int64)
    keys = np.where(who >= 0, who * 1_000_000 + day, -1)
    order = np.argsort(keys, kind="stable")
    asked = frame.household[rows].astype(np.int64) * 1_000_000
    asked += frame.as_of[rows].astype("datetime64[D]").astype(np.int64)
    at = np.minimum(np.searchsorted(keys[order], asked), max(len(keys) - 1, 0))
    if not len(keys):
        return np.full(len(rows), -1)
    return np.where(keys[order][at] == asked, order[at], -1)


def _taken(values: Floats, place: np.ndarray) -> Floats:
    found = np.full(len(place), np.nan)
    found[place >= 0] = values[place[place >= 0]]
    return found


def _differs(one: Floats, other: Floats) -> np.ndarray:
    return ~((one == other) | (np.isnan(one) & np.isnan(other)))
