"""Several at once, a full disk: a clear answer each, nothing half-written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import sqlalchemy as sa

from features.errors import Refusal
from serving.decisions import service as decisions_service
from serving.lists import service as lists_service
from serving.snapshots.repository import SnapshotRepository
from serving.store.tables import decisions, list_lines, lists, published_rows, score_rows
from tests.serving.conftest import Desk


def count(desk: Desk, table: sa.Table) -> int:
    with desk.store.reading() as reading:
        return int(reading.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_several_who_ask_the_same_get_one_decision(desk: Desk) -> None:
    with desk.store.reading() as reading:
        repository = SnapshotRepository(reading)
        published = repository.latest(desk.scope)
        assert published is not None
        households = [row.household for row in repository.rows(desk.scope, published)][:12]

    def ask(household: str) -> tuple[str, bytes, bool]:
        found = decisions_service.decide(
            home=desk.home, store=desk.store, scope=desk.scope, household=household, by="li"
        )
        return household, found.body, found.new

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, households * 4))
    assert len({body for _, body, _ in answers}) == len(households) == count(desk, decisions)
    assert sorted(household for household, _, new in answers if new) == sorted(households)


def test_two_who_issue_the_same_list_get_one(desk: Desk) -> None:
    def issue(who: str) -> dict[str, object]:
        return lists_service.issue(
            home=desk.home, store=desk.store, scope=desk.scope, area="/", period="2012Q3", by=who
        )

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(issue, ("li", "wang"))
    assert first == second
    assert count(desk, lists) == 1


@pytest.mark.parametrize("act", ["publish", "issue"])
def test_a_full_disk_leaves_nothing_half_written(act: str, request: pytest.FixtureRequest) -> None:
    here: Desk = request.getfixturevalue("bare" if act == "publish" else "desk")
    with here.store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")
    issue = partial(lists_service.issue, home=here.home, store=here.store, scope=here.scope)
    with pytest.raises(Refusal) as refused:
        _ = here.publish() if act == "publish" else issue(area="/", period="2012Q3", by="li")
    assert refused.value.code == "store_not_writable"
    tables = (published_rows,) if act == "publish" else (lists, list_lines, score_rows, decisions)
    assert [count(here, table) for table in tables] == [0] * len(tables)
