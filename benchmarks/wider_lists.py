"""The lists of a home that was made wider (`benchmarks.wider_home`): lines, scores and decisions, repeated likewise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from benchmarks.wider_home import renamed
from models.record.decision import identity
from serving.decisions.records import decision_row
from serving.decisions.repository import DecisionWriter
from serving.scope import scope_of
from serving.store import Store, Writing
from serving.store.tables import decisions, list_lines, published_rows, score_rows

PART = 2000


def widen_lists(store: Store, repeats: int) -> int:
    """Repeat every list for the households that the published snapshots have; how many the latest one judged.

    A line's repetitions follow it directly, so each township's order stays; ranks and positions are counted anew.
    """
    with store.writing() as writing:
        connection = writing.connection
        lines = [dict(row) for row in connection.execute(sa.select(list_lines)).mappings()]
        scores = [dict(row) for row in connection.execute(sa.select(score_rows)).mappings()]
        here = set(connection.execute(sa.select(published_rows.c.household)).scalars())
        made = connection.execute(sa.select(decisions.c.id, decisions.c.document))
        ids = {id_: json.loads(body) for id_, body in made}
        connection.execute(sa.delete(list_lines))
        _insert(writing, list_lines, _lines(lines, ids, repeats, here))
        repeated = (
            {**row, "household": renamed(row["household"], number)}
            for row in scores
            for number in range(1, repeats)
        )
        _insert(writing, score_rows, (row for row in repeated if row["household"] in here))
        rows: list[dict[str, Any]] = []
        for document in ids.values():
            for number in range(1, repeats):
                again = _again(document, number)
                if again["household"] in here:
                    rows.append(decision_row(again))
        DecisionWriter(writing).add(scope_of("/"), rows, "benchmark")
        latest = sa.select(sa.func.count()).select_from(score_rows).group_by(score_rows.c.list)
        return max(connection.execute(latest).scalars())


def _again(document: dict[str, Any], number: int) -> dict[str, Any]:
    """The decision of a repetition: the same but for whose it is."""
    household = renamed(document["household"], number)
    id_ = identity(household, document["snapshot"], document["bundle"], document["parameters"])
    return {**document, "household": household, "id": id_}


def _lines(
    lines: list[dict[str, Any]], documents: dict[str, dict[str, Any]], repeats: int, here: set[str]
) -> Iterator[dict[str, Any]]:
    for line in lines:
        for number in range(repeats):
            household = renamed(line["household"], number)
            if household in here:
                decision = _again(documents[line["decision"]], number)["id"] if number else line["decision"]
                yield {
                    **line,
                    "household": household,
                    "position": line["position"] * repeats + number,
                    "rank": (line["rank"] - 1) * repeats + number + 1,
                    "decision": decision,
                }


def _insert(writing: Writing, table: sa.Table, rows: Iterator[dict[str, Any]]) -> None:
    part: list[dict[str, Any]] = []
    for row in rows:
        part.append(row)
        if len(part) == PART:
            writing.connection.execute(sa.insert(table), part)
            part = []
    if part:
        writing.connection.execute(sa.insert(table), part)
