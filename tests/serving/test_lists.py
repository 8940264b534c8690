"""Lists: issued once, whole, with a decision for every line and a score for every household."""

from __future__ import annotations

import csv
import io
from datetime import date
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import Refusal
from models.judgement.tiers import SEVERITY
from models.record.canonical import canonical, digest
from serving.decisions import service as decisions_service
from serving.households.service import history
from serving.lists import service
from serving.lists.export import plain, to_csv
from serving.scope import scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.store.tables import decisions, events, list_lines, lists, score_rows
from tests.serving.conftest import Desk


def issue(desk: Desk, area: str = "/", period: str = "2012Q3", **more: Any) -> dict[str, Any]:
    more = {"scope": desk.scope, "by": "li", **more}
    return service.issue(home=desk.home, store=desk.store, area=area, period=period, **more)


def rows_of(desk: Desk, table: sa.Table) -> list[Any]:
    with desk.store.reading() as reading:
        return list(reading.connection.execute(sa.select(table)))


def test_a_list_keeps_its_promises(desk: Desk) -> None:
    document = issue(desk)
    assert list(document) == [
        "list", "area", "period", "as_of", "snapshot", "bundle", "parameters", "line", "synthetic",
        "capacity", "lines",
    ]  # fmt: skip
    assert set(document["capacity"]) == {"41/a", "41/b", "41/c"}, "the level that plans visits"
    for place, capacity in document["capacity"].items():
        here = [line for line in document["lines"] if line["area"].startswith(place + "/")]
        assert [line["rank"] for line in here] == list(range(1, len(here) + 1))
        assert capacity["check"] == sum(line["raised_by"] == "check" for line in here) >= 1
        assert capacity["visits"] == 2
        planned = [line["planned"] for line in here]
        assert planned == sorted(planned, reverse=True), "the capacity line is crossed once"
        flagged = [line for line in here if line["planned"] and line["raised_by"] != "check"]
        assert [SEVERITY[x["tier"]] for x in flagged] == sorted(
            (SEVERITY[x["tier"]] for x in flagged), reverse=True
        )
    for line in document["lines"]:
        if line["raised_by"] == "check":
            assert (line["tier"], line["probability"], line["reasons"]) == ("none", None, [])
        else:
            assert line["tier"] != "none"
            assert line["reasons"], "a warning without a reason"
        if line["raised_by"] == "rule":
            assert all(reason["contribution"] is None for reason in line["reasons"])
            assert all(set(reason["sentence"]) == {"zh", "en"} for reason in line["reasons"])


def test_every_line_has_its_decision_and_every_household_its_score(desk: Desk) -> None:
    document = issue(desk)
    stored = {row.id: row for row in rows_of(desk, decisions)}
    assert {line["decision"] for line in document["lines"]} == set(stored)
    for line in document["lines"]:
        decision = decisions_service.fetch(
            store=desk.store, scope=desk.scope, decision=line["decision"], by="li"
        ).document
        assert decision["household"] == line["household"]
        if line["raised_by"] != "check":
            assert decision["tier"] == line["tier"]
            assert decision["horizons"][0]["probability"] == line["probability"]
    scores = rows_of(desk, score_rows)
    with desk.store.reading() as reading:
        published = SnapshotRepository(reading).latest(desk.scope)
    assert published is not None
    assert len(scores) == published.households
    flagged = {row.household for row in scores if row.tier != "none"}
    assert flagged == {x["household"] for x in document["lines"] if x["raised_by"] != "check"}


def test_a_list_is_issued_once_and_read_as_it_was_issued(desk: Desk) -> None:
    document = issue(desk)
    assert issue(desk, by="zhao") == document
    assert service.fetch(store=desk.store, scope=desk.scope) == document
    assert service.fetch(store=desk.store, scope=desk.scope, name=document["list"]) == document
    (stored,) = rows_of(desk, lists)
    assert stored.digest == digest(stored.salt, canonical(document))
    assert [row.kind for row in rows_of(desk, events)].count("list_issued") == 1
    other = issue(desk, period="2012-07")
    assert other["list"] != document["list"]
    assert service.fetch(store=desk.store, scope=desk.scope)["list"] == other["list"]
    assert len(rows_of(desk, decisions)) == len(
        {x["decision"] for d in (document, other) for x in d["lines"]}
    )


def test_a_decision_made_before_the_list_stands_on_it(desk: Desk) -> None:
    first = issue(desk)["lines"][0]
    again = decisions_service.decide(
        home=desk.home, store=desk.store, scope=desk.scope, household=first["household"], by="li"
    )
    assert again.new is False
    assert again.document["id"] == first["decision"]


def test_every_line_of_a_list_can_be_replayed(desk: Desk) -> None:
    document = issue(desk)
    whole = decisions_service.replay_all(home=desk.home, store=desk.store, scope=desk.scope)
    assert whole["replayed"] == whole["equal"] == len(document["lines"])


def test_the_home_remembers_that_a_list_was_issued(desk: Desk) -> None:
    assert not desk.home.first_list_issued
    issue(desk)
    assert desk.home.first_list_issued


def test_when_the_record_cannot_be_written_no_list_exists(desk: Desk) -> None:
    with desk.store.engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TRIGGER no_record BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END")
        )
    with pytest.raises(sa.exc.IntegrityError):
        issue(desk)
    for table in (lists, list_lines, score_rows, decisions):
        assert rows_of(desk, table) == []


def test_a_township_issues_and_reads_what_is_its_own(desk: Desk) -> None:
    county = issue(desk)
    township = scope_of("41/a")
    own = issue(desk, area="41/a", scope=township)
    assert set(own["capacity"]) == {"41/a"}
    assert all(line["area"].startswith("41/a/") for line in own["lines"])
    seen = service.fetch(store=desk.store, scope=township, name=county["list"])
    assert set(seen["capacity"]) == {"41/a"}
    assert seen["lines"] == [line for line in county["lines"] if line["area"].startswith("41/a/")]
    part = service.fetch(store=desk.store, scope=desk.scope, name=county["list"], area="41/b")
    assert part["lines"] == [line for line in county["lines"] if line["area"].startswith("41/b/")]
    latest = partial(service.fetch, store=desk.store, scope=desk.scope)
    assert latest()["list"] == own["list"], "issued last"
    assert latest(area="/")["list"] == latest(area="41/b")["list"] == county["list"], "a part is no answer"
    assert latest(area="41/a")["list"] == own["list"]
    for area in ("/", "41", "41/b"):
        with pytest.raises(Refusal) as refused:
            issue(desk, area=area, scope=township)
        assert refused.value.code == "out_of_scope"
    with pytest.raises(Refusal) as refused:
        service.fetch(store=desk.store, scope=scope_of("41/b"), name=own["list"])
    assert refused.value.code == "unknown_list"


def test_what_cannot_be_issued_says_why(bare: Desk) -> None:
    def code(**more: Any) -> str:
        with pytest.raises(Refusal) as refused:
            issue(bare, **more)
        return refused.value.code

    assert code(period="2012-13") == "bad_period"
    assert code(period="2012Q5") == "bad_period"
    assert code() == "not_published"
    bare.publish()
    assert code() == "no_champion"
    bare.promote()
    assert code(area="99") == "empty_area"
    assert code(as_of=date(2012, 3, 31)) == "not_published"
    with pytest.raises(Refusal) as refused:
        service.fetch(store=bare.store, scope=bare.scope)
    assert refused.value.code == "unknown_list"


def test_a_household_knows_its_lists_and_decisions(desk: Desk) -> None:
    document = issue(desk)
    line = document["lines"][0]
    found = history(store=desk.store, scope=desk.scope, household=line["household"], by="li")
    assert [d["id"] for d in found["decisions"]] == [line["decision"]]
    (stood,) = found["lists"]
    assert (stood["list"], stood["rank"], stood["planned"]) == (
        document["list"],
        line["rank"],
        line["planned"],
    )
    other = next(
        h
        for h in {r.household for r in rows_of(desk, score_rows)}
        - {x["household"] for x in document["lines"]}
    )
    found = history(store=desk.store, scope=desk.scope, household=other, by="li")
    assert found["decisions"] == []
    assert found["lists"][0]["rank"] is None
    with pytest.raises(Refusal) as refused:
        history(store=desk.store, scope=scope_of("42"), household=other, by="li")
    assert refused.value.code == "unknown_household"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_spreadsheet_has_every_line_and_no_live_formula(desk: Desk, lang: str) -> None:
    document = issue(desk)
    content = to_csv(document, lang)
    assert content.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(table) == len(document["lines"]) + 1
    assert [row[1] for row in table[1:]] == [line["household"] for line in document["lines"]]
    assert len({len(row) for row in table}) == 1
    evil = {**document["lines"][0], "area": '=HYPERLINK("x")', "raised_by": "score"}
    evil["reasons"] = [{"sentence": {"zh": "@SUM(1)", "en": "+1"}}]
    (_, row) = csv.reader(
        io.StringIO(to_csv({"lines": [evil], "synthetic": False}, lang).decode("utf-8-sig"))
    )
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row)


def test_a_synthetic_list_says_so_in_every_row(desk: Desk) -> None:
    document = {**issue(desk), "synthetic": True}
    table = list(csv.reader(io.StringIO(to_csv(document, "zh").decode("utf-8-sig"))))
    assert table[0][-1] == "合成数据"
    assert {row[-1] for row in table[1:]} == {"是"}


def test_a_plain_cell_stays_as_it_is() -> None:
    assert plain("41/a") == "41/a"
    assert [plain(x) for x in ("=1", "+1", "-1", "@a", "\tx", "\rx")] == [
        "'=1",
        "'+1",
        "'-1",
        "'@a",
        "'\tx",
        "'\rx",
    ]
