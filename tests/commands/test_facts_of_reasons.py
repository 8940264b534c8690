"""On a small county: every reason of the issued list, and every column of `household`, read again from the facts."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import sqlalchemy as sa

from commands.documents import knowledge
from features.home import Home
from serving.households.evidence import evidence
from serving.scope import scope_of
from serving.store import Store
from serving.store.tables import decisions
from tests.commands.conftest import AS_OF, Made


def test_every_reason_of_the_list_agrees_with_its_facts(made: Made) -> None:
    home, scope = Home.open(made.home), scope_of("/")
    followed: dict[str, int] = {}
    with Store.open(home) as store, store.reading() as reading:
        decided = reading.connection.execute(sa.select(decisions.c.document)).scalars().all()
        assert len(decided) >= len([n for n in made.answers["issue"].document["lines"] if n["decision"]])
        for decision in map(json.loads, decided):
            found = evidence(home=home, session=reading, scope=scope, decision=decision)
            for reason in (*decision["reasons"], *decision["lowering"]):
                one = found[reason["indicator"]]
                assert (one.value, one.agrees) == (reason["value"], True), reason["indicator"]
                assert one.households is not None or one.facts or not one.value, reason["indicator"]
                followed[one.indicator] = followed.get(one.indicator, 0) + len(one.facts)
    assert len(followed) > 20
    assert sum(followed.values()) > 500


def test_household_tells_what_the_snapshot_holds(made: Made) -> None:
    table = pq.read_table(made.answers["snapshot"].document["path"])
    for row in table.slice(0, 400).to_pylist()[::150]:
        known = knowledge.HouseholdDocument.model_validate(
            made.run("household", row["household"], "--as-of", AS_OF, "--json").document
        )
        assert known.indicators == {name: row[name] for name in known.indicators}
        assert set(row) - set(known.indicators) >= {"household", "as_of", "area"}
