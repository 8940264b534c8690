"""A sitting: what is asked of one day within one scope, read, judged and written down together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from features.errors import Refusal
from features.home import Home
from models.record.decision import Judge, Row, identity
from serving.decisions.judging import Bench, bench
from serving.decisions.records import Asked, StoredDecision, decision_row
from serving.decisions.repository import DecisionRepository, DecisionWriter
from serving.scope import Scope
from serving.snapshots.repository import SnapshotRepository
from serving.store import Reading, Writing
from serving.store.record import access, add_accesses, add_events, event

Answer = StoredDecision | Refusal


@dataclass
class Sitting:
    """Questions with the same day and scope, and what is known of their households, by id.

    Attributes
    ----------
    asked : the questions; the same household may be asked about twice
    ids : identity of the decision, by household
    stored : decisions that were there already, by id
    rows : of the households that are still to be judged
    made : rows to store, or why a household cannot be judged, by id
    """

    scope: Scope
    bench: Bench
    asked: Sequence[Asked]
    ids: dict[str, str]
    stored: dict[str, StoredDecision]
    rows: list[Row]
    made: dict[str, dict[str, Any] | Refusal] = field(default_factory=dict)

    @classmethod
    def open(cls, reading: Reading, home: Home, asked: Sequence[Asked]) -> Sitting:
        """Read all that is needed. Raises `Refusal` as `serving.decisions.judging.bench` does."""
        scope, as_of = asked[0].scope, asked[0].as_of
        sitting = bench(reading, home, scope, as_of)
        published, bundle = sitting.published, sitting.judge.bundle.model_sha256
        ids = {
            household: identity(household, published.snapshot, bundle, published.parameters)
            for household in dict.fromkeys(one.household for one in asked)
        }
        stored = DecisionRepository(reading).by_ids(scope, ids.values())
        ahead = [household for household, id_ in ids.items() if id_ not in stored]
        rows = SnapshotRepository(reading).rows_of(scope, published, ahead)
        return cls(scope, sitting, asked, ids, stored, rows)

    def judge(self) -> None:
        """Judge and explain those that were not decided before. It touches no store."""
        self.made = {self.ids[household]: made for household, made in _made(self.bench.judge, self.rows)}

    @property
    def tells(self) -> bool:
        """Is there a decision to answer with? Refusals alone leave no trace."""
        return bool(self.stored) or any(isinstance(made, dict) for made in self.made.values())

    def write(self, writing: Writing) -> list[Answer]:
        """Store what is new, with its events and the notes of access; one answer a question, in their order."""
        fresh = {id_: made for id_, made in self.made.items() if isinstance(made, dict)}
        # Somebody else may have asked the same in between: what they stored is the answer.
        self.stored |= DecisionRepository(writing).by_ids(self.scope, fresh.keys())
        answers: list[Answer] = []
        added: dict[str, list[dict[str, Any]]] = {}
        notes: list[dict[str, Any]] = []
        for one in self.asked:
            id_ = self.ids[one.household]
            found, made = self.stored.get(id_), self.made.get(id_)
            if found is None and isinstance(made, dict):
                added.setdefault(one.by, []).append(made)
                found = StoredDecision(made["document"], new=True)
                # Who asks the same in the same breath is answered with what the first one made.
                self.stored[id_] = StoredDecision(made["document"])
            if found is None:
                answers.append(self._refusal(id_))
                continue
            answers.append(found)
            area = made["area"] if isinstance(made, dict) else found.document["area"]
            notes.append(access("decide", subject=one.household, area=area, by=one.by, decision=id_))
        for by, rows in added.items():
            DecisionWriter(writing).add(self.scope, rows, by)
            add_events(writing, [_told(row, by) for row in rows])
        add_accesses(writing, notes)
        return answers

    def refusals(self) -> list[Answer]:
        """The answers of a sitting that has no decision to tell."""
        return [self._refusal(self.ids[one.household]) for one in self.asked]

    def _refusal(self, id_: str) -> Refusal:
        made = self.made.get(id_)
        return made if isinstance(made, Refusal) else Refusal("unknown_household")


def _told(row: dict[str, Any], by: str) -> dict[str, Any]:
    return event(
        "decision_stored",
        subject=row["id"],
        area=row["area"],
        by=by,
        household=row["household"],
        digest=row["digest"],
    )


def _made(judge: Judge, rows: Sequence[Row]) -> Iterator[tuple[str, dict[str, Any] | Refusal]]:
    """The row to store of each household, or why it cannot be judged."""
    try:
        made = [(judged.row.household, decision_row(judge.document(judged))) for judged in judge.judge(rows)]
    except (Refusal, ValueError) as problem:
        if len(rows) > 1:
            # One that cannot be judged must not take the others with it: each is judged alone.
            for row in rows:
                yield from _made(judge, [row])
            return
        if not isinstance(problem, Refusal):
            # What was published fitted the catalogue, so the row was changed since. Its values stay out of it.
            problem = Refusal("store_damaged", file="published_rows", reason=type(problem).__name__)
        yield rows[0].household, problem
    else:
        yield from made
