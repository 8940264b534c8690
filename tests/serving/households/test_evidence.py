"""From a reason to its fact rows: the published value, read again from the facts, and nobody else's rows."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features import snapshots as snapshots_on_disk
from features.errors import Refusal
from features.facts.by_household import FOLDER
from features.home import Home
from features.indicators import catalogue as catalogues
from features.intake.delivery import ingest
from serving.decisions import service as decisions
from serving.households import evidence as evidences
from serving.households.evidence import Evidence, KindFacts, facts_of
from serving.scope import Scope, scope_of
from serving.snapshots.records import Published
from serving.snapshots.repository import SnapshotRepository
from serving.store import Store
from serving.store.tables import parameter_sets, published_snapshots
from tests.serving.conftest import Desk
from tests.serving.panel import MAPPING

AREA_COLUMNS = {"area_welfare_4m", "area_shocks_6m", "area_job_losses_4m"}


def published(desk: Desk) -> tuple[Published, list[Any]]:
    with desk.store.reading() as reading:
        repository = SnapshotRepository(reading)
        found = repository.latest(desk.scope)
        assert found is not None
        return found, list(repository.rows(desk.scope, found))


def decide(desk: Desk, household: str) -> dict[str, Any]:
    made = decisions.decide(home=desk.home, store=desk.store, scope=desk.scope, household=household, by="li")
    return dict(made.document)


def evidence(desk: Desk, decision: dict[str, Any], scope: Scope | None = None, **more: Any) -> dict[str, Evidence]:  # fmt: skip
    with desk.store.reading() as reading:
        return evidences.evidence(
            home=desk.home, session=reading, scope=scope or desk.scope, decision=decision, **more
        )


def columns(desk: Desk, household: str, names: list[str]) -> dict[str, Evidence]:
    found, _ = published(desk)
    with desk.store.reading() as reading:
        return evidences.of_columns(
            home=desk.home,
            session=reading,
            scope=desk.scope,
            household=household,
            snapshot=found.snapshot,
            columns=names,
        )


def test_every_reason_of_every_household_is_found_again_in_its_facts(desk: Desk) -> None:
    _, rows = published(desk)
    followed = shown = 0
    for row in rows:
        decision = decide(desk, row.household)
        found = evidence(desk, decision)
        for reason in [*decision["reasons"], *decision["lowering"]]:
            one = found[reason["indicator"]]
            assert (one.value, one.agrees) == (reason["value"], True), reason["indicator"]
            followed += 1
            shown += len(one.facts)
    assert followed > 1000
    assert shown > followed


def test_every_column_of_some_households_agrees_with_the_published_row(desk: Desk) -> None:
    found, rows = published(desk)
    names = [name for name in found.columns if not name.startswith("at_risk_")]
    for row in rows[::40]:
        made = columns(desk, row.household, names)
        assert set(made) == set(names)
        assert [name for name in names if not made[name].agrees] == []
        assert {name: one.value for name, one in made.items()} == {name: row.values[name] for name in names}


def test_a_row_is_said_with_its_file_and_line(desk: Desk) -> None:
    _, rows = published(desk)
    row = next(row for row in rows if row.values["members"] == 3)
    one = columns(desk, row.household, ["members"])["members"]
    assert one.said == {"zh": "3人", "en": "3 people"}
    assert set(one.computed) == {"zh", "en"}
    (line,) = one.facts
    # The file as it was delivered has this household's size in the row that is named.
    delivered = desk.panel.home.path.parent / line.file
    with delivered.open(encoding="utf-8", newline="") as source:
        told = list(csv.DictReader(source))[line.row - 2]
    assert told["SIZE"] == "3"
    assert desk.home.pseudonym(told["HH"]) == row.household
    assert (line.source, dict(line.source_name)) == (
        "tiny",
        {"zh": "虚构小样本", "en": "invented tiny panel"},
    )
    assert (line.known_at, line.recorded_at, line.age_days) == (date(2012, 6, 30), date(2012, 6, 30), 0)
    assert ({"zh": "家庭人口数", "en": "members"}, {"zh": "3人", "en": "3 people"}) in [
        (dict(name), dict(value)) for name, value in line.what
    ]
    assert line.when["zh"] == "2012-04-01至2012-06-30"


def test_more_rows_than_fit_are_counted_and_the_latest_are_shown(desk: Desk) -> None:
    _, rows = published(desk)
    row = rows[0]
    names = ["welfare_average_18m"]
    whole = columns(desk, row.household, names)[names[0]]
    assert whole.more == 0
    found, _ = published(desk)
    with desk.store.reading() as reading:
        few = evidences.of_columns(
            home=desk.home, session=reading, scope=desk.scope, household=row.household, snapshot=found.snapshot,
            columns=names, most=2,
        )[names[0]]  # fmt: skip
    assert list(few.facts) == list(whole.facts[:2])
    assert few.more == len(whole.facts) - 2 > 0
    days = [line.known_at for line in whole.facts]
    assert days == sorted(days, reverse=True)


def test_an_indicator_of_the_village_shows_nobody_elses_rows(desk: Desk) -> None:
    found, rows = published(desk)
    village = [row for row in rows if row.area == rows[0].area]
    assert 1 < len(village) < len(rows)
    for name, one in columns(desk, rows[0].household, sorted(AREA_COLUMNS & set(found.columns))).items():
        assert (list(one.facts), one.more) == ([], 0), name
        assert one.households == len(village)
        assert one.value == rows[0].values[name]
    own = columns(desk, rows[0].household, ["members"])["members"]
    assert own.households is None


def test_the_household_has_to_be_in_the_scope(desk: Desk) -> None:
    _, rows = published(desk)
    decision = decide(desk, rows[0].household)
    elsewhere = next(row.area for row in rows if row.area.split("/")[1] != rows[0].area.split("/")[1])
    assert evidence(desk, decision, scope_of(rows[0].area))
    with pytest.raises(Refusal, match=r".") as refused:
        evidence(desk, decision, scope_of(elsewhere))
    assert refused.value.code == "unknown_household"
    with pytest.raises(Refusal) as refused:
        evidence(desk, {**decision, "household": "0" * 64})
    assert refused.value.code == "unknown_household"
    with pytest.raises(Refusal) as refused:
        evidence(desk, {**decision, "snapshot": "0" * 64})
    assert refused.value.code == "not_published"


def spoken(found: list[KindFacts]) -> str:
    return repr(found)


def test_what_arrives_later_does_not_appear(desk: Desk, tmp_path: Path) -> None:
    _, rows = published(desk)
    decision = decide(desk, rows[0].household)
    day = date.fromisoformat(decision["as_of"])
    before = (
        evidence(desk, decision),
        spoken(facts_of(home=desk.home, household=rows[0].household, as_of=day)),
    )
    # A correction of the last wave and a new wave, for every household.
    mapping = tmp_path / "tiny.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    sources = sorted(desk.panel.home.path.parent.glob("tiny_*.csv"))
    with sources[-1].open(encoding="utf-8", newline="") as source:
        last = list(csv.DictReader(source))
    again, new = tmp_path / "tiny_again.csv", tmp_path / "tiny_new.csv"
    for path, quarter in ((again, last[0]["QUARTER"]), (new, str(int(last[0]["QUARTER"]) + 1))):
        with path.open("w", encoding="utf-8", newline="") as sink:
            writer = csv.DictWriter(sink, list(last[0]))
            writer.writeheader()
            writer.writerows({**row, "SIZE": "9", "INCOME": "1.00", "QUARTER": quarter} for row in last)
    for result in ingest(desk.home, [again, new], mapping):
        assert result.status == "accepted", result
    later = date(2012, 9, 30)
    snapshots_on_disk.build(desk.home, later)
    assert (evidence(desk, decision), spoken(facts_of(home=desk.home, household=rows[0].household, as_of=day))) == before  # fmt: skip
    assert "9人" in spoken(facts_of(home=desk.home, household=rows[0].household, as_of=later))


def test_facts_are_shown_by_kind_each_with_its_latest_word(desk: Desk) -> None:
    _, rows = published(desk)
    day = date(2012, 6, 30)
    found = {group.kind: group for group in facts_of(home=desk.home, household=rows[0].household, as_of=day)}
    assert {"household", "income", "coping", "trait_tiny"} <= set(found)
    assert all(line.age_days >= 0 for group in found.values() for line in group.facts)
    assert len(found["household"].facts) == 1, "ten waves, one latest word"
    assert found["household"].facts[0].known_at == day
    earlier = {
        g.kind: g for g in facts_of(home=desk.home, household=rows[0].household, as_of=date(2011, 1, 5))
    }
    assert earlier["household"].facts[0].known_at == date(2010, 12, 31)
    assert facts_of(home=desk.home, household="0" * 64, as_of=day) == []


def test_evidence_is_the_same_without_the_copy(desk: Desk) -> None:
    _, rows = published(desk)
    chosen = [decide(desk, row.household) for row in rows[::60]]
    before = [evidence(desk, decision) for decision in chosen]
    assert list((desk.home.folder("facts") / FOLDER).iterdir())
    shutil.rmtree(desk.home.folder("facts") / FOLDER)
    assert [evidence(desk, decision) for decision in chosen] == before


def require_months(desk: Desk, months: int) -> None:
    """How many months of income must be known before a yearly income is told."""
    overlay = desk.home.folder("parameters") / "county.yaml"
    values = f'{{from: 2000-01-01, area: "/", value: {months}, source: a test}}'
    overlay.write_text(f"- id: income_months_needed\n  values: [{values}]\n", encoding="utf-8")


def test_values_are_followed_with_the_parameters_they_were_computed_with(desk: Desk) -> None:
    """A parameter changed after the snapshot judges anew; what was computed stays explained as it was."""
    require_months(desk, 2)
    snapshot = snapshots_on_disk.build(desk.home, date(2012, 6, 30)).id
    desk.publish(snapshot)
    found, rows = published(desk)
    require_months(desk, 12)
    desk.publish(snapshot)
    renewed, _ = published(desk)
    assert renewed.snapshot == found.snapshot == snapshot
    assert renewed.parameters != found.parameters
    for row in rows[::30]:
        one = columns(desk, row.household, ["income_12m"])["income_12m"]
        assert one.value is not None
        assert one.agrees
        assert ("2个月", "2 months") in [(said["zh"], said["en"]) for _, said in one.parts if said]


def test_a_store_that_did_not_keep_the_parameters_is_still_read(desk: Desk) -> None:
    found, rows = published(desk)
    setting = {name: value for name, value in found.setting.items() if name != "computed_with"}
    with desk.store.writing() as writing:
        change = sa.update(published_snapshots).values(setting=setting)
        writing.connection.execute(change)
    assert columns(desk, rows[0].household, ["members"])["members"].agrees


def test_the_parameters_are_frozen_under_their_own_hash(desk: Desk) -> None:
    found, _ = published(desk)
    on_disk = snapshots_on_disk.load(desk.home, found.snapshot)
    assert found.setting["computed_with"] == on_disk.parameters
    with desk.store.reading() as reading:
        kept = reading.connection.execute(sa.select(parameter_sets.c.hash)).scalars().all()
    assert on_disk.parameters in kept


def test_the_frozen_catalogue_is_refused_when_it_is_not_what_its_hash_says(desk: Desk) -> None:
    known = catalogues.load(desk.home)
    document = json.loads(json.dumps(known.document()))
    same = catalogues.from_document(
        document, hash_=known.hash, parameters=known.parameters, store=known.store
    )
    assert list(same.records) == list(known.records)
    assert set(same.columns) == set(known.columns)
    document["indicators"][0]["name"]["en"] += "?"
    with pytest.raises(Refusal) as refused:
        catalogues.from_document(document, hash_=known.hash, parameters=known.parameters, store=known.store)
    assert refused.value.code == "catalogue_damaged"


def test_evidence_loads_nothing_heavy(desk: Desk) -> None:
    _, rows = published(desk)
    decision = decide(desk, rows[0].household)
    script = f"""
import json, sys
from features.home import Home
from serving.households.evidence import evidence, facts_of
from serving.scope import scope_of
from serving.store import Store
print("pyarrow" in sys.modules)
home = Home.open({str(desk.home.path)!r})
with Store.open(home) as store, store.reading() as reading:
    found = evidence(home=home, session=reading, scope=scope_of("/"), decision=json.loads(sys.stdin.read()))
print(any(one.facts for one in found.values()), sorted({{"pandas", "duckdb", "mlflow", "sklearn", "pyarrow.dataset"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(decision), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["False", "True []"]


def test_a_home_opened_twice_is_the_same_home(desk: Desk) -> None:
    _, rows = published(desk)
    decision = decide(desk, rows[0].household)
    with Store.open(Home.open(desk.home.path)) as store, store.reading() as reading:
        found = evidences.evidence(
            home=Home.open(desk.home.path), session=reading, scope=desk.scope, decision=decision
        )
    assert found == evidence(desk, decision)
