"""Whether a model finds those in need among every group of households alike.

At a number of visits, the *exclusion error* of a group is the share of its events that no visit would have
met, its *inclusion error* the share of its quiet household-periods that would have been visited. Both are
pure functions of the tidy evaluation table and the group of each row.

The rule, declared once: a group is a **concern** where its exclusion error is above that of all others by
more than `POINTS`, or where the share of events it has found is below that of all others by more than a
fifth of it, and the paired 95 % interval of that difference, over the same draws of whole households, does
not contain zero. The second half is for small numbers of visits, at which everybody's exclusion error is
near one and no difference could ever reach the first. A difference of that size whose interval does contain
zero is **not enough evidence**; anything else is **fine**. A group, or its others, with fewer than
`LEAST_EVENTS` events or `LEAST_QUIET` others gets no figure: whatever it said would be noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training import metrics
from training.attributes import Groups
from training.frame import Floats, Rows

SCHEMA = 1
VISITS_SHARE = 0.01  # what a township plans where nothing else is set
LEAST_EVENTS = 30
LEAST_QUIET = 100
POINTS = 0.05
FIFTH = 0.20
FINE, CONCERN, UNKNOWN = "fine", "concern", "not_enough_evidence"


def fairness(
    table: pa.Table,
    groups: Groups,
    *,
    model: str | None = None,
    visits_share: float = VISITS_SHARE,
    replicates: int = metrics.REPLICATES,
    seed: int = 0,
) -> dict[str, Any]:
    """Errors of each group at the visits of each as-of day, as a JSON document.

    Parameters
    ----------
    table : the tidy evaluation table; ``model`` (default: its first) is the one judged
    groups : of that model's rows, in their order
    visits_share : visits of each as-of day, as a share of its rows

    Returns
    -------
    {schema, model, rows, events, visits_share, limit: {points, share}, groups: [{attribute, name, group,
    group_name, rows, events, exclusion, inclusion, difference: {value, low, high} or null, verdict}],
    left_out: [attribute], verdict}; ``difference`` = exclusion error minus that of all other known rows;
    the document's own verdict is ``concern`` where any group's is, else ``fine`` where any is, else
    ``not_enough_evidence``.
    """
    model = model or next(iter(pc.unique(table["model"]).to_pylist()), "")
    part = table.filter(pc.equal(table["model"], model))
    outcome = part["outcome"].to_numpy().astype(float)
    households = pc.dictionary_encode(part["household"]).combine_chunks().indices.to_numpy().astype(np.intp)
    visited = planned(part["score"].to_numpy(), part["as_of"].to_numpy(), visits_share)
    told = [
        (attribute, group, np.array([value == group for value in values]), np.array([v is not None for v in values]))
        for attribute, values in groups.values.items()
        for group in sorted({value for value in values if value is not None})
    ]  # fmt: skip
    columns = [
        column * side
        for _, _, inside, known in told
        for side in (inside, known & ~inside)
        for column in _sums(outcome, visited)
    ]
    sums = np.column_stack(columns) if columns else np.zeros((len(outcome), 0))
    values = sums.sum(axis=0)
    drawn = (
        metrics.summed(sums, households, count=replicates, seed=seed)
        if columns and len(outcome)
        else np.zeros((0, 0))
    )
    documents = []
    for number, (attribute, group, inside, _) in enumerate(told):
        at = slice(8 * number, 8 * number + 8)
        documents.append(
            {
                "attribute": attribute,
                "name": groups.names[attribute],
                "group": group,
                "group_name": groups.group_names[attribute, group],
                "rows": int(inside.sum()),
                "events": int(outcome[inside].sum()),
                **_judged(values[at], drawn[:, at]),
            }
        )
    verdicts = {document["verdict"] for document in documents}
    return {
        "schema": SCHEMA,
        "model": model,
        "rows": len(outcome),
        "events": int(outcome.sum()),
        "visits_share": visits_share,
        "limit": {"points": POINTS, "share": FIFTH, "events": LEAST_EVENTS, "quiet": LEAST_QUIET},
        "groups": documents,
        "left_out": list(groups.left_out),
        "verdict": next((v for v in (CONCERN, FINE) if v in verdicts), UNKNOWN),
    }


def planned(score: Floats, as_of: Rows, share: float) -> Floats:
    """The part of each row that is visited when the top ``share`` of each day's rows is: between 0 and 1.

    Rows of equal score at the boundary are each visited in part: the expectation over a random order.
    """
    visited = np.zeros(len(score))
    for day in np.unique(as_of):
        rows = np.flatnonzero(as_of == day)
        values, group, counts = np.unique(-score[rows], return_inverse=True, return_counts=True)
        before = np.r_[0, np.cumsum(counts)[:-1]]
        part = np.clip((share * len(rows) - before) / counts, 0.0, 1.0)
        visited[rows] = part[group]
        assert len(values) == len(counts)
    return visited


def _sums(outcome: Floats, visited: Floats) -> tuple[Floats, ...]:
    """Events, events not visited, quiet rows, quiet rows visited."""
    return outcome, outcome * (1 - visited), 1 - outcome, (1 - outcome) * visited


def _judged(values: Floats, drawn: Floats) -> dict[str, Any]:
    nothing = {"exclusion": None, "inclusion": None, "difference": None, "verdict": UNKNOWN}
    if min(values[0], values[4]) < LEAST_EVENTS or min(values[2], values[6]) < LEAST_QUIET:
        return nothing
    exclusion, others = values[1] / values[0], values[5] / values[4]
    with np.errstate(invalid="ignore", divide="ignore"):
        draws, rest = drawn[:, 1] / drawn[:, 0], drawn[:, 5] / drawn[:, 4]
        inclusions = drawn[:, 3] / drawn[:, 2]
    low, high = metrics.interval(draws - rest)
    difference = float(exclusion - others)
    found = 1 - others
    beyond = difference > POINTS or (found > 0 and difference > FIFTH * found)
    verdict = FINE if not beyond else CONCERN if low > 0 else UNKNOWN
    return {
        "exclusion": _figure(float(exclusion), draws),
        "inclusion": _figure(float(values[3] / values[2]), inclusions),
        "difference": {"value": difference, "low": low, "high": high},
        "verdict": verdict,
    }


def _figure(value: float, draws: Floats) -> dict[str, float]:
    low, high = metrics.interval(draws)
    return {"value": value, "low": low, "high": high}
