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
    group_name, rows, events, exclusion, inclusion, difference: {value, low, high} or null, others: {rows,
    events, exclusion, inclusion}, verdict}], left_out: [attribute], verdict}; ``others`` are all other rows
    whose group is known, ``difference`` is the group's exclusion error minus theirs;
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
        if (attribute, group) not in groups.unjudged
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
    for number, (attribute, group, inside, known) in enumerate(told):
        at = slice(8 * number, 8 * number + 8)
        documents.append(
            {
                "attribute": attribute,
                "name": groups.names[attribute],
                "group": group,
                "group_name": groups.group_names[attribute, group],
                "rows": int(inside.sum()),
                "events": int(outcome[inside].sum()),
                **_judged(values[at], drawn[:, at], int((known & ~inside).sum())),
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
        _, group, counts = np.unique(-score[rows], return_inverse=True, return_counts=True)
        before = np.r_[0, np.cumsum(counts)[:-1]]
        part = np.clip((share * len(rows) - before) / counts, 0.0, 1.0)
        visited[rows] = part[group]
    return visited


def _sums(outcome: Floats, visited: Floats) -> tuple[Floats, ...]:
    """Events, events not visited, quiet rows, quiet rows visited."""
    return outcome, outcome * (1 - visited), 1 - outcome, (1 - outcome) * visited


def _judged(values: Floats, drawn: Floats, others: int) -> dict[str, Any]:
    beside = {"rows": others, "events": round(values[4]), "exclusion": None, "inclusion": None}
    if min(values[0], values[4]) < LEAST_EVENTS or min(values[2], values[6]) < LEAST_QUIET:
        nothing = dict.fromkeys(("exclusion", "inclusion", "difference"))
        return {**nothing, "others": beside, "verdict": UNKNOWN}
    exclusion, inclusion = _errors(values[None, :4])
    exclusions, inclusions = _errors(drawn[:, :4])
    other, other_inclusion = _errors(values[None, 4:])
    other_exclusions, other_inclusions = _errors(drawn[:, 4:])
    low, high = metrics.interval(exclusions - other_exclusions)
    difference, found = float(exclusion[0] - other[0]), float(1 - other[0])
    beyond = difference > POINTS or (found > 0 and difference > FIFTH * found)
    return {
        "exclusion": _figure(exclusion, exclusions),
        "inclusion": _figure(inclusion, inclusions),
        "difference": {"value": difference, "low": low, "high": high},
        "others": beside
        | {
            "exclusion": _figure(other, other_exclusions),
            "inclusion": _figure(other_inclusion, other_inclusions),
        },
        "verdict": FINE if not beyond else CONCERN if low > 0 else UNKNOWN,
    }


def _errors(sums: Floats) -> tuple[Floats, Floats]:
    """Exclusion and inclusion error from sums as `_sums` gives them, NaN of none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[:, 1] / sums[:, 0], sums[:, 3] / sums[:, 2]


def _figure(value: Floats, draws: Floats) -> dict[str, float]:
    low, high = metrics.interval(draws)
    return {"value": float(value[0]), "low": low, "high": high}
