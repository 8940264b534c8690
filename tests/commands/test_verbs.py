"""Every verb is run, and what it prints is validated; then what the answers promise to each other."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel

from commands import reference
from commands.documents import deliveries, knowledge, learning, service
from features.intake.mapping import Mapping
from serving.decisions import documents as decisions
from serving.lists import documents as lists
from tests.commands.conftest import AS_OF, Made
from tests.commands.front_door import Ran, fangpin
from tests.features.intake.generator import Generator
from tests.house.tree import ROOT

T = TypeVar("T", bound=BaseModel)


def read(model: type[T], ran: Ran) -> T:
    """The one document a verb printed, by its declared model."""
    out = ran.out
    assert out.count("\n") == 1, "one document, one line"
    return model.model_validate_json(out)


def test_init(made: Made) -> None:
    assert read(deliveries.HomeDocument, made.answers["init"]).clock == "simulated"


def test_county(made: Made) -> None:
    written = read(deliveries.CountyDocument, made.answers["county"])
    assert list(Path(written.deliveries).glob("*/*"))
    assert Path(written.truth).is_dir()
    assert not Path(written.truth).is_relative_to(written.deliveries)


def test_ingest(made: Made) -> None:
    taken = read(deliveries.IngestDocument, made.answers["ingest"]).deliveries
    assert {part.status for part in taken} == {"accepted"}
    for part in taken:
        assert part.rows_in == part.rows_accepted + part.rows_quarantined + part.rows_unchanged
    quarantined = next(part for part in taken if part.quarantine)
    with open(str(quarantined.quarantine), encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file))
    expected = ["file", "row", "column", "code", "reason_zh", "remedy_zh", "reason_en", "remedy_en"]
    assert header[: len(expected)] == expected


def test_ingest_again_changes_nothing(made: Made) -> None:
    assert read(deliveries.IngestDocument, made.run("ingest", "--json")).deliveries == []
    file = next((made.home / "deliveries" / "county_households").iterdir())
    again = read(deliveries.IngestDocument, made.run("ingest", "--json", file)).deliveries
    assert [part.status for part in again] == ["unchanged"]
    assert again[0].rows_unchanged == again[0].rows_in


def test_ingest_of_a_broken_file_is_three_and_says_what(made: Made, tmp_path: Path) -> None:
    broken = tmp_path / "nothing.csv"
    broken.write_bytes(b"")
    ran = made.run("ingest", "--json", "--mapping", "county_households", broken)
    part = read(deliveries.IngestDocument, ran).deliveries[0]
    assert (ran.code, part.status) == (3, "refused")
    assert part.error is not None
    assert part.error.remedy.zh
    assert part.error.remedy.en


def test_snapshot_and_publish(made: Made) -> None:
    built = read(knowledge.SnapshotDocument, made.answers["snapshot"])
    assert built.as_of.isoformat() == AS_OF
    assert built.households > 300
    assert Path(built.path).is_file()
    assert read(knowledge.PublishDocument, made.answers["publish"]).rows == built.households
    again = read(knowledge.SnapshotDocument, made.run("snapshot", "--as-of", AS_OF, "--json"))
    assert again.snapshot == built.snapshot


def test_train_and_promote(made: Made) -> None:
    trained = read(learning.TrainDocument, made.answers["train"])
    assert (trained.outcome, trained.kind, trained.horizons, trained.tier_horizon) == (
        "needs_help",
        "by",
        [3, 6, 12],
        6,
    )
    assert trained.events > 0
    promoted = read(learning.PromotionDocument, made.answers["promote"])
    assert (promoted.champion, promoted.previous, promoted.gate) == (trained.bundle, None, "passed")


def test_issue_and_list(made: Made) -> None:
    issued = read(lists.ListDocument, made.answers["issue"])
    assert read(lists.ListDocument, made.run("list", "--json")) == issued
    assert read(lists.ListDocument, made.run("list", issued.list, "--json")) == issued
    again = made.run("issue", "--area", "/", "--period", "2026-10", "--json")
    assert read(lists.ListDocument, again) == issued
    for line in issued.lines:
        if line.raised_by == "check":
            assert (line.tier, line.probability) == ("none", None)
        else:
            assert line.reasons, "who is listed, is listed for a reason"
            assert line.tier != "red" or line.raised_by in ("rule", "both")
    for place, capacity in issued.capacity.items():
        planned = [
            x for x in issued.lines if x.planned and (x.area == place or x.area.startswith(f"{place}/"))
        ]
        assert len(planned) == capacity.rule + capacity.score + capacity.check
        assert capacity.check >= 1


def test_list_as_a_spreadsheet(made: Made, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    issued = read(lists.ListDocument, made.run("list", "--json", "--csv", file))
    with file.open(encoding="utf-8-sig", newline="") as opened:
        assert len(list(csv.reader(opened))) == len(issued.lines) + 1


def test_decide_and_replay_in_a_fresh_process(made: Made) -> None:
    issued = read(lists.ListDocument, made.answers["issue"])
    first = made.run("decide", issued.lines[0].household, "--json")
    decided = read(decisions.DecisionDocument, first)
    assert decided.id == issued.lines[0].decision
    assert made.run("decide", decided.household, "--json").out == first.out
    total = math.fsum([decided.contributions.base, *decided.contributions.terms.values()])
    assert abs(total - decided.margin) <= 1e-9
    assert decided.synthetic
    argv = [sys.executable, "fangpin.py", "replay", decided.id, "--json", "--home", str(made.home)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True, env=dict(os.environ))
    replayed = decisions.ReplayDocument.model_validate_json(done.stdout)
    assert replayed.equal
    assert replayed.difference is None


def test_any_household_can_be_asked_about(made: Made) -> None:
    issued = read(lists.ListDocument, made.answers["issue"])
    rows = pq.read_table(made.home / "snapshots" / issued.snapshot / "rows.parquet", columns=["household"])
    unlisted = sorted(set(rows["household"].to_pylist()) - {line.household for line in issued.lines})
    told = [
        read(decisions.DecisionDocument, made.run("decide", household, "--json"))
        for household in unlisted[:5]
    ]
    assert {(decided.tier, decided.raised_by) for decided in told} == {("none", "none")}


def test_replay_of_everything(made: Made) -> None:
    everything = read(decisions.ReplayAllDocument, made.run("replay", "--all", "--json"))
    assert everything.replayed == everything.equal > 0
    assert everything.different == []
    assert made.run("replay", "--json").code == 2


def test_household_and_why(made: Made) -> None:
    who = read(lists.ListDocument, made.answers["issue"]).lines[0].household
    known = read(knowledge.HouseholdDocument, made.run("household", who, "--as-of", AS_OF, "--json"))
    assert known.facts
    assert all(
        fact.known_at.isoformat() <= AS_OF and fact.recorded_at.isoformat() <= AS_OF for fact in known.facts
    )
    assert all(fact.row > 1 and fact.file for fact in known.facts)
    for column in ("income_12m", "members"):
        why = read(
            knowledge.WhyDocument, made.run("household", who, "--as-of", AS_OF, "--why", column, "--json")
        )
        assert why.value == known.indicators[column]
        assert why.source
        assert why.computed
        assert why.facts


def test_household_by_its_key(made: Made) -> None:
    file = sorted((made.home / "deliveries" / "county_households").iterdir())[0]
    with file.open(encoding="utf-8", newline="") as opened:
        key = next(csv.DictReader(opened))["户编号"]
    known = read(knowledge.HouseholdDocument, made.run("household", "--key", key, "--as-of", AS_OF, "--json"))
    again = read(
        knowledge.HouseholdDocument, made.run("household", known.household, "--as-of", AS_OF, "--json")
    )
    assert again == known
    assert made.run("household", "--as-of", AS_OF, "--json").code == 2
    assert made.run("household", "--key", "nobody", "--as-of", AS_OF, "--json").code == 3


def test_indicators(made: Made) -> None:
    shown = read(knowledge.IndicatorsDocument, made.run("indicators", "--json"))
    assert shown.catalogue == read(knowledge.SnapshotDocument, made.answers["snapshot"]).catalogue
    # Traits are columns of a mapping, not records of the catalogue.
    records = [part for part in shown.indicators if not part.source.startswith("declared by the mapping")]
    assert len(records) >= 40
    assert sum(part.aggregate == "last" for part in records) <= 15
    assert sum(part.subject == "person" for part in records) >= 8
    assert all(part.examples for part in records)


def test_rules(made: Made) -> None:
    shown = read(knowledge.RulesDocument, made.run("rules", "--json"))
    assert len(shown.rules) >= 12
    assert all(part.examples for part in shown.rules)


def test_evaluate(made: Made) -> None:
    bundle = read(learning.TrainDocument, made.answers["train"]).bundle
    judged = read(learning.EvaluateDocument, made.run("evaluate", bundle, "--json"))
    assert Path(judged.table).is_file()
    assert judged.models[0].model == "fangpin"


def test_rollback_needs_a_previous_champion(made: Made) -> None:
    ran = made.run("rollback", "--by", "Li Na", "--reason", "a try", "--json")
    assert (ran.code, ran.document["error"]["code"]) == (4, "no_previous_champion")


def test_challenger_promotion_and_rollback(made: Made, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(made.home, home)
    until = ("--until", "2026-06-30")
    challenger = read(learning.TrainDocument, fangpin("train", *until, "--json", home=home))
    by = ("--by", "Wang Fang", "--reason", "newer")
    promoted = read(
        learning.PromotionDocument, fangpin("promote", challenger.bundle, *by, "--json", home=home)
    )
    first = read(learning.TrainDocument, made.answers["train"]).bundle
    assert (promoted.champion, promoted.previous) == (challenger.bundle, first)
    back = read(learning.PromotionDocument, fangpin("rollback", *by, "--json", home=home))
    assert (back.champion, back.previous) == (first, challenger.bundle)


def test_doctor(made: Made, tmp_path: Path) -> None:
    assert read(service.DoctorDocument, made.run("doctor", "--json")).ready
    nowhere = read(service.DoctorDocument, fangpin("doctor", "--json", home=tmp_path / "none"))
    assert not nowhere.ready
    assert nowhere.checks[0].remedy is not None
    home = tmp_path / "home"
    shutil.copytree(made.home, home)
    damaged = next((home / "facts" / "income").glob("*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    found = {
        check.name: check.ok
        for check in read(service.DoctorDocument, fangpin("doctor", "--json", home=home)).checks
    }
    assert not found["facts"]
    assert found["store"]


def test_month_goes_on_where_it_stopped(made: Made, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(made.home, home)
    first = read(service.MonthDocument, fangpin("month", "2026-10", "--json", home=home))
    assert [(part.step, part.status) for part in first.steps] == [
        (step, "done") for step in ("ingest", "snapshot", "publish", "issue")
    ]
    again = read(service.MonthDocument, fangpin("month", "2026-10", "--json", home=home))
    assert {part.status for part in again.steps} == {"skipped"}
    assert again.list == first.list
    redone = read(
        service.MonthDocument, fangpin("month", "2026-10", "--from", "publish", "--json", home=home)
    )
    assert [part.status for part in redone.steps] == ["skipped", "skipped", "done", "done"]
    assert redone.list == first.list
    assert fangpin("month", "2026-13", "--json", home=home).code == 2


def test_benchmark(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
    mapping = tmp_path / "uplands.yaml"
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    mapping.write_text(next(block for block in blocks if block.startswith("id: uplands")), encoding="utf-8")
    generator = Generator(Mapping.load(mapping), seed=1, households=400)
    generator.write(tmp_path / "uplands_1.csv", generator.rows(periods=5))
    ran = fangpin("benchmark", "--mapping", mapping, "--data", tmp_path, "--quick", "--json")
    (outcome,) = read(learning.BenchmarkDocument, ran).outcomes
    assert (outcome.id, outcome.models[0].model, outcome.models[0].status) == ("falls", "fangpin", "ok")
    assert {pair.against for pair in outcome.paired} >= {"welfare", "logistic", "lightgbm_default"}


@pytest.mark.parametrize(
    "verb",
    [("list",), ("indicators",), ("rules",), ("doctor",), ("promotions",)],
    ids=" ".join,
)
def test_tables_for_people_in_both_languages(made: Made, verb: tuple[str, ...]) -> None:
    both = made.run(*verb)
    assert both.code == 0, both.err
    assert both.out
    zh, en = made.run(*verb, "--lang", "zh"), made.run(*verb, "--lang", "en")
    assert zh.out + en.out == both.out
    assert zh.out != en.out


def test_no_verb_was_forgotten() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    called = {name: ", ".join(json.dumps(word) for word in name.split()) for name in reference.verbs()}
    assert not [name for name, words in called.items() if words not in tests]
