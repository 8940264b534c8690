"""The desk: callers at the same moment share one transaction, and each gets its own answer."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import Refusal
from serving.decisions import service
from serving.decisions.desk import TOGETHER, DecisionDesk
from serving.decisions.records import Asked, StoredDecision
from serving.scope import Scope, scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.store import Store
from serving.store.tables import access_log, decisions, events
from tests.serving.conftest import Desk

ROOT = Path(__file__).parents[2]
NOBODY = "0" * 64


def households(desk: Desk, count: int) -> list[str]:
    with desk.store.reading() as reading:
        repository = SnapshotRepository(reading)
        published = repository.latest(desk.scope)
        assert published is not None
        rows = list(repository.rows(desk.scope, published))
    return [row.household for row in rows[:count]]


@contextmanager
def opened(desk: Desk, **more: Any) -> Iterator[DecisionDesk]:
    made = DecisionDesk(desk.home, desk.store, **more)
    try:
        yield made
    finally:
        made.close()


async def at_once(
    served: DecisionDesk, asked: list[str], *, scope: Scope | None = None, as_of: date | None = None
) -> list[StoredDecision | BaseException]:
    """Every household asked about by a caller of its own, all at the same moment."""
    scope = scope or scope_of("/")
    return await asyncio.gather(
        *(served.decide(scope=scope, household=h, as_of=as_of, by=f"li-{i}") for i, h in enumerate(asked)),
        return_exceptions=True,
    )


def begun(store: Store) -> list[str]:
    """Filled with every transaction that begins from now on."""
    seen: list[str] = []

    @sa.event.listens_for(store.engine, "before_cursor_execute")
    def _note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
        if statement.startswith("BEGIN"):
            seen.append(statement)

    return seen


@contextmanager
def pen_held(desk: Desk) -> Iterator[None]:
    """Another process has the store's pen: whoever wants to write waits."""
    held = desk.store.engine.connect().execution_options(pen=True)
    with held, held.begin():
        yield


def counted(desk: Desk) -> tuple[int, int, int]:
    with desk.store.reading() as reading:
        return tuple(  # type: ignore[return-value]
            reading.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (
                decisions,
                sa.select(events).where(events.c.kind == "decision_stored").subquery(),
                access_log,
            )
        )


def test_every_caller_gets_the_decision_it_asked_for(desk: Desk) -> None:
    asked = households(desk, 60)
    with opened(desk) as served:
        found = asyncio.run(at_once(served, asked))
    assert all(isinstance(each, StoredDecision) and each.new for each in found)
    assert [each.document["household"] for each in found if isinstance(each, StoredDecision)] == asked
    with desk.store.reading() as reading:
        stored = {row.household: row for row in reading.connection.execute(sa.select(decisions))}
        told = reading.connection.execute(sa.select(events).where(events.c.kind == "decision_stored")).all()
        looked = reading.connection.execute(sa.select(access_log)).all()
    for i, (household, each) in enumerate(zip(asked, found, strict=True)):
        assert isinstance(each, StoredDecision)
        assert (stored[household].document, stored[household].asked_by) == (each.body, f"li-{i}")
    assert {(e.subject, e.happened_by) for e in told} == {(r.id, r.asked_by) for r in stored.values()}
    assert {(e.subject, e.accessed_by) for e in looked} == {(h, f"li-{i}") for i, h in enumerate(asked)}
    whole = service.replay_all(home=desk.home, store=desk.store, scope=desk.scope)
    assert whole == {"replayed": 60, "equal": 60, "different": []}


def test_together_or_alone_the_bytes_are_the_same(desk: Desk) -> None:
    asked = households(desk, 30)
    with opened(desk) as served:
        together = asyncio.run(at_once(served, asked))
    with desk.store.engine.begin() as connection:
        connection.execute(sa.delete(decisions))
    alone = [
        service.decide(home=desk.home, store=desk.store, scope=desk.scope, household=h, by="li")
        for h in asked
    ]
    assert all(each.new for each in alone)
    assert [each.body for each in alone] == [
        each.body for each in together if isinstance(each, StoredDecision)
    ]


def test_who_waits_at_the_same_moment_shares_one_transaction(desk: Desk) -> None:
    asked = households(desk, 41)
    service.decide(home=desk.home, store=desk.store, scope=desk.scope, household=asked[-1], by="li")
    with opened(desk) as served:

        async def scene() -> list[str]:
            with pen_held(desk):
                first = asyncio.create_task(at_once(served, asked[:1]))
                await asyncio.sleep(0.3)  # the desk is busy with the first, and waits for the pen
                rest = asyncio.create_task(at_once(served, asked[1:]))
                await asyncio.sleep(0.1)
                seen = begun(desk.store)
            assert all(isinstance(each, StoredDecision) for each in [*await first, *await rest])
            return seen

        seen = asyncio.run(scene())
    assert seen.count("BEGIN IMMEDIATE") == 1, "forty callers, one commit"
    assert counted(desk) == (41, 41, 42)


def test_the_same_household_asked_twice_at_once_is_decided_once(desk: Desk) -> None:
    household = households(desk, 1)[0]
    answers = service.decide_together(
        home=desk.home,
        store=desk.store,
        asked=[Asked(household, None, desk.scope, by) for by in ("li", "wang")],
    )
    assert [each.new for each in answers if isinstance(each, StoredDecision)] == [True, False]
    assert len({each.body for each in answers if isinstance(each, StoredDecision)}) == 1
    assert counted(desk) == (1, 1, 2)


def test_a_refusal_of_one_leaves_the_others_alone(desk: Desk) -> None:
    asked = households(desk, 6)
    with opened(desk) as served:

        async def scene() -> tuple[list[Any], list[Any], list[Any]]:
            return await asyncio.gather(
                at_once(served, [*asked[:2], NOBODY, *asked[2:]]),
                at_once(served, asked[:1], scope=scope_of("42")),
                at_once(served, asked[:1], as_of=date(1999, 1, 1)),
            )

        mixed, elsewhere, never = asyncio.run(scene())
    assert [each.code if isinstance(each, Refusal) else each.document["household"] for each in mixed] == [
        *asked[:2],
        "unknown_household",
        *asked[2:],
    ]
    assert [each.code for each in (*elsewhere, *never)] == ["unknown_household", "not_published"]
    assert counted(desk) == (6, 6, 6)


def test_one_that_cannot_be_judged_leaves_the_others_alone(desk: Desk) -> None:
    """A word stands where the model reads a number: that household alone is refused."""
    asked = households(desk, 5)
    column = next(spec.name for spec in desk.panel.bundle.specs if spec.type == "number")
    with desk.store.reading() as reading:
        published = SnapshotRepository(reading).latest(desk.scope)
        assert published is not None
    with desk.store.engine.begin() as connection:
        connection.execute(
            sa.text(
                'UPDATE published_rows SET "values" = json_set("values", :place, :word) WHERE household = :h'
            ),
            {"place": f"$[{list(published.columns).index(column)}]", "word": "much", "h": asked[2]},
        )
    answers = service.decide_together(
        home=desk.home, store=desk.store, asked=[Asked(h, None, desk.scope, "li") for h in asked]
    )
    assert [isinstance(each, StoredDecision) for each in answers] == [True, True, False, True, True]
    assert isinstance(answers[2], Refusal)
    assert answers[2].code == "store_damaged"
    assert "much" not in str(answers[2].document())
    assert counted(desk) == (4, 4, 4)


def test_when_the_commit_fails_everybody_is_told_and_nothing_is_there(desk: Desk) -> None:
    asked = households(desk, 8)
    with desk.store.engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TRIGGER no_record BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        )
    with opened(desk) as served:
        found = asyncio.run(at_once(served, asked))
        assert all(isinstance(each, sa.exc.IntegrityError) for each in found)
        assert counted(desk) == (0, 0, 0)
        with desk.store.engine.begin() as connection:
            connection.execute(sa.text("DROP TRIGGER no_record"))
        again = asyncio.run(at_once(served, asked))
        assert all(isinstance(each, StoredDecision) and each.new for each in again), "the desk goes on"


def test_when_the_store_is_taken_everybody_is_told(desk: Desk) -> None:
    asked = households(desk, 4)
    with Store.open(desk.home, patience=0.2) as impatient:
        served = DecisionDesk(desk.home, impatient)
        with pen_held(desk):
            found = asyncio.run(at_once(served, asked))
        served.close()
    assert [each.code for each in found if isinstance(each, Refusal)] == ["store_busy"] * 4
    assert counted(desk) == (0, 0, 0)


def test_there_is_only_so_much_room(desk: Desk) -> None:
    asked = households(desk, 20)
    with opened(desk, room=10) as served:

        async def scene() -> list[Any]:
            with pen_held(desk):
                first = asyncio.create_task(at_once(served, asked[:1]))
                await asyncio.sleep(0.3)
                rest = asyncio.create_task(at_once(served, asked[1:]))
                await asyncio.sleep(0.1)
                assert not rest.done(), "those with room still wait"
            return [*await first, *await rest]

        found = asyncio.run(scene())
        refused = [each for each in found if isinstance(each, Refusal)]
        assert [each.code for each in refused] == ["too_busy"] * 9
        assert refused[0].kind.http == 503
        assert sum(isinstance(each, StoredDecision) for each in found) == 11
        with pytest.raises(Refusal, match="wait"):
            asyncio.run(served.decide_many(scope=desk.scope, households=asked, as_of=None, by="li"))


def test_a_large_batch_does_not_hold_up_a_single_caller(desk: Desk) -> None:
    asked = households(desk, 360)
    assert len(asked) > 2 * TOGETHER
    with opened(desk) as served:
        ended: list[str] = []

        async def batch() -> list[Any]:
            found = await served.decide_many(scope=desk.scope, households=asked[1:], as_of=None, by="li")
            ended.append("batch")
            return found

        async def single() -> None:
            await asyncio.sleep(0.01)
            await served.decide(scope=desk.scope, household=asked[0], as_of=None, by="wang")
            ended.append("single")

        async def scene() -> list[Any]:
            found, _ = await asyncio.gather(batch(), single())
            return found

        found = asyncio.run(scene())
    assert [each.document["household"] for each in found] == asked[1:]
    assert ended == ["single", "batch"]


def test_who_went_away_is_passed_over(desk: Desk) -> None:
    asked = households(desk, 5)
    with opened(desk) as served:

        async def scene() -> list[Any]:
            with pen_held(desk):
                first = asyncio.create_task(at_once(served, asked[:1]))
                await asyncio.sleep(0.3)
                rest = [
                    asyncio.create_task(served.decide(scope=desk.scope, household=h, as_of=None, by="li"))
                    for h in asked[1:]
                ]
                await asyncio.sleep(0.1)
                rest[0].cancel()
                await asyncio.sleep(0.1)
            await first
            return await asyncio.gather(*rest, return_exceptions=True)

        found = asyncio.run(scene())
    assert isinstance(found[0], asyncio.CancelledError)
    assert all(isinstance(each, StoredDecision) for each in found[1:])
    with desk.store.reading() as reading:
        decided = set(reading.connection.execute(sa.select(decisions.c.household)).scalars())
    assert decided == {asked[0], *asked[2:]}, "nobody is judged for a caller who left"


def test_closing_answers_what_was_asked_and_takes_nothing_more(desk: Desk) -> None:
    asked = households(desk, 40)
    # Services that other tests keep running have desks of their own.
    others = set(threading.enumerate())
    served = DecisionDesk(desk.home, desk.store)

    async def scene() -> list[Any]:
        waiting = asyncio.create_task(at_once(served, asked))
        for _ in range(3):  # until all of them stand at the desk
            await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, served.close)
        return await waiting

    found = asyncio.run(scene())
    assert all(isinstance(each, StoredDecision) for each in found)
    assert counted(desk)[0] == 40
    assert not [each for each in threading.enumerate() if each.name == "decision-desk" and each not in others]
    with pytest.raises(Refusal, match="wait"):
        asyncio.run(served.decide(scope=desk.scope, household=asked[0], as_of=None, by="li"))
    served.close()


def test_making_a_desk_starts_nothing(desk: Desk) -> None:
    before = threading.active_count()
    served = DecisionDesk(desk.home, desk.store)
    assert threading.active_count() == before
    assert asyncio.run(served.decide_many(scope=desk.scope, households=[], as_of=None, by="li")) == []
    served.close()


def test_what_is_answered_is_on_the_disk(desk: Desk) -> None:
    with desk.store.engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
    seen: list[int] = []

    @sa.event.listens_for(desk.store.engine, "commit")
    def _committing(_: Any) -> None:
        seen.append(answered)

    answered = 0
    with opened(desk) as served:

        async def scene() -> None:
            nonlocal answered
            for household in households(desk, 3):
                await served.decide(scope=desk.scope, household=household, as_of=None, by="li")
                # Another connection, which sees only what is committed.
                assert counted(desk)[0] == answered + 1
                answered += 1

        asyncio.run(scene())
    assert {0, 1, 2} <= set(seen)


DECIDE = """
import sys
from features.home import Home
from serving.decisions.records import Asked
from serving.decisions.service import decide_together
from serving.scope import scope_of
from serving.store import Store
home, households = Home.open(sys.argv[1]), sys.argv[2:]
with Store.open(home) as store:
    sys.stdin.readline()
    for start in range(0, len(households), 5):
        part = [Asked(h, None, scope_of("/"), "li") for h in households[start : start + 5]]
        print(sum(each.new for each in decide_together(home=home, store=store, asked=part)))
"""


def test_two_processes_decide_each_household_once(desk: Desk) -> None:
    asked = households(desk, 60)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", DECIDE, str(desk.home.path), *asked],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(2)
    ]
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    said = [worker.communicate(timeout=60)[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sum(int(new) for each in said for new in each) == 60
    assert counted(desk) == (60, 60, 120)
