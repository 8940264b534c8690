"""The register in use: what is remembered, found, masked and revealed, within a scope and on record."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.home import Home
from features.intake.register import Introduction
from serving.register import service
from serving.register.keys import TEST_KEYS, key_id
from serving.register.records import PURPOSES
from serving.register.remembering import HomeRegister
from serving.scope import Scope, scope_of
from serving.store.tables import access_log, details, events
from tests.serving.register.conftest import PEOPLE, Named, introductions
from tests.serving.register.refusing import refuses


def found(named: Named, q: str, scope: Scope | None = None) -> list[str]:
    answer = service.search(home=named.home, store=named.store, scope=scope or named.scope, q=q, by="wang")
    ids = {named.id(number): number for number in PEOPLE}
    return sorted(ids.get(each["household"], each["household"]) for each in answer["households"])


def log(named: Named) -> list[dict[str, Any]]:
    with named.store.reading() as reading:
        rows = reading.connection.execute(sa.select(access_log).order_by(access_log.c.seq)).mappings()
        return [dict(row) for row in rows]


def revealed(named: Named, number: str, scope: Scope | None = None, purpose: str = "visit") -> Any:
    return service.reveal(
        home=named.home,
        store=named.store,
        scope=scope or named.scope,
        household=named.id(number),
        by="wang",
        purpose=purpose,
    )


# --- search


@pytest.mark.parametrize(
    ("q", "households"),
    [
        ("h0", ["h0"]),
        (" h2 ", ["h2"]),
        ("王建国", ["h0", "h1"]),
        ("王 建国", ["h0", "h1"]),
        ("阿依・古丽", ["h0"]),
        ("99010119440101789x", ["h0"]),
        ("９９０１０１１９５５０２０２２３４５", ["h1"]),
        ("王建", []),
        ("建国", []),
        ("h", []),
        ("10012345678", []),
        ("·", []),
        ("%", []),
        ("' OR 1=1 --", []),
        ("\ud800", []),
    ],
)
def test_a_search_is_exact(named: Named, q: str, households: list[str]) -> None:
    assert found(named, q) == households


def test_a_household_is_found_by_the_number_that_pages_show(named: Named) -> None:
    shown = named.id("h3")
    assert found(named, f"{shown[:4]} {shown[4:8]} {shown[8:12].upper()}") == ["h3"]
    assert found(named, shown) == ["h3"]
    assert found(named, shown[:11]) == []


def test_a_household_comes_once_and_its_head_first(named: Named) -> None:
    again = Introduction(
        named.id("h0"), "h0", named.person("h0", "p9"), {"name": "王建国", "identity": "99010119440101789X"}
    )
    with HomeRegister(named.home, by="li") as register:
        register.remember([again], source="tiny", delivery=2)
    hits = service.find(home=named.home, store=named.store, scope=named.scope, q="王建国", by="wang")
    told = {hit.household: (hit.matched, hit.of_member, hit.area) for hit in hits}
    assert told == {named.id("h0"): ("name", False, "41/a/v0"), named.id("h1"): ("name", True, "41/b/v1")}
    assert [hit.area for hit in hits] == sorted(hit.area for hit in hits)


def test_a_search_stays_in_its_scope(named: Named) -> None:
    assert found(named, "王建国", scope_of("41/a")) == ["h0"]
    assert found(named, "王建国", scope_of("41/b/v1")) == ["h1"]
    assert found(named, "王建国", scope_of("41/c")) == []
    assert found(named, "h0", scope_of("41/b")) == []
    assert found(named, named.id("h0"), scope_of("41/b")) == []


def test_a_search_is_logged_without_its_text(named: Named) -> None:
    found(named, "王建国", scope_of("41/a"))
    found(named, "王 建国")
    found(named, "nobody at all")
    one, other, none = log(named)[-3:]
    assert (one["action"], one["accessed_by"], one["area"], one["detail"]) == (
        "search_register",
        "wang",
        "41/a",
        {"found": 1},
    )
    assert other["detail"] == {"found": 2}
    assert none["detail"] == {"found": 0}
    # The same name leaves the same digest, so that who has the key can ask whether a name was looked for.
    assert one["subject"] == other["subject"] != none["subject"]
    assert not any(
        "王" in str(value) or "nobody" in str(value) for entry in log(named) for value in entry.values()
    )


def test_what_cannot_be_logged_is_not_found(named: Named) -> None:
    with named.store.writing() as writing:
        writing.connection.execute(sa.text("DROP TABLE access_log"))
    with pytest.raises(sa.exc.OperationalError):
        found(named, "王建国")


# --- masks


def test_names_are_masked_in_one_query(named: Named) -> None:
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    sa.event.listen(named.store.engine, "before_cursor_execute", note)
    every = [named.id(f"h{n}") for n in range(100)]
    masked = service.masked(home=named.home, store=named.store, scope=named.scope, households=every)
    assert masked == {
        named.id("h0"): "王*国", named.id("h1"): "覃*", named.id("h2"): "欧*红", named.id("h3"): "李*英",
    }  # fmt: skip
    assert len([each for each in statements if "details" in each]) == 1
    assert service.masked(home=named.home, store=named.store, scope=named.scope, households=[]) == {}


def test_masks_stay_in_their_scope(named: Named) -> None:
    every = [named.id(number) for number in PEOPLE]
    seen = service.masked(home=named.home, store=named.store, scope=scope_of("41/a"), households=every)
    assert seen == {named.id("h0"): "王*国", named.id("h3"): "李*英"}


def test_members_are_masked(named: Named) -> None:
    told = service.people(home=named.home, store=named.store, scope=named.scope, household=named.id("h0"))
    assert {(each.person, each.name) for each in told} == {
        (named.person("h0", "p1"), "王*红"),
        (named.person("h0", "p2"), "阿*丽"),
    }
    outside = scope_of("41/c")
    assert service.people(home=named.home, store=named.store, scope=outside, household=named.id("h0")) == []


# --- full names


@pytest.mark.parametrize("purpose", list(PURPOSES))
def test_a_full_name_is_told_and_logged(named: Named, purpose: str) -> None:
    told = revealed(named, "h0", purpose=purpose)
    assert (told.number, told.name, told.phone, told.area) == ("h0", "王建国", "10012345678", "41/a/v0")
    assert {each.name for each in told.members} == {"王小红", "阿依·古丽"}
    entry = log(named)[-1]
    assert (entry["action"], entry["subject"], entry["area"], entry["accessed_by"], entry["detail"]) == (
        "reveal_names",
        named.id("h0"),
        "41/a/v0",
        "wang",
        {"purpose": purpose},
    )


def test_what_cannot_be_logged_is_not_told(named: Named) -> None:
    with named.store.writing() as writing:
        writing.connection.execute(
            sa.text(
                "CREATE TRIGGER no_log BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    with pytest.raises(sa.exc.IntegrityError):
        revealed(named, "h0")
    assert log(named) == []


def test_a_log_entry_that_is_not_kept_tells_nothing(named: Named) -> None:
    """The entry is written but its transaction cannot be committed: nothing is told either."""
    with named.store.writing() as writing:
        writing.connection.execute(sa.text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        writing.connection.execute(
            sa.text("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
        )
        writing.connection.execute(
            sa.text(
                "CREATE TRIGGER orphan AFTER INSERT ON access_log BEGIN INSERT INTO child VALUES (1); END"
            )
        )
    with pytest.raises(sa.exc.IntegrityError):
        revealed(named, "h0")
    assert log(named) == []


def test_only_known_purposes_and_households_of_the_scope(named: Named) -> None:
    with refuses("unknown_purpose"):
        revealed(named, "h0", purpose="curiosity")
    with refuses("unknown_household"):
        revealed(named, "h0", scope_of("41/b"))
    with refuses("unknown_household"):
        revealed(named, "nowhere")
    assert log(named) == []
    # A household without a name on file is there all the same.
    assert revealed(named, "h50").name is None


# --- remembering


def stored(named: Named) -> dict[tuple[str, str, str], dict[str, Any]]:
    with named.store.reading() as reading:
        rows = reading.connection.execute(sa.select(details)).mappings().all()
    return {(row["household"], row["person"], row["detail"]): dict(row) for row in rows}


def test_the_latest_word_counts(named: Named) -> None:
    before = stored(named)
    moved = Introduction(named.id("h0"), "h0", None, {"phone": "10055556666", "address": "老屋场 3 组"})
    with HomeRegister(named.home, by="li") as register:
        register.remember([moved], source="tiny", delivery=7)
    told = revealed(named, "h0")
    assert (told.name, told.phone, told.address) == ("王建国", "10055556666", "老屋场 3 组")
    after = stored(named)
    changed = {place for place in after if before.get(place) != after[place]}
    assert changed == {(named.id("h0"), "", "phone"), (named.id("h0"), "", "address")}
    assert {after[place]["delivery"] for place in changed} == {7}
    named_otherwise = Introduction(named.id("h0"), "h0", None, {"name": "王建民"})
    with HomeRegister(named.home, by="li") as register:
        register.remember([named_otherwise], source="tiny", delivery=8)
    assert found(named, "王建国") == ["h1"]
    assert found(named, "王建民") == ["h0"]


def test_what_says_the_same_writes_nothing(named: Named) -> None:
    before = stored(named)
    with HomeRegister(named.home, by="li") as register:
        register.remember(introductions(named.home), source="tiny", delivery=9)
    assert stored(named) == before
    with named.store.reading() as reading:
        told = reading.connection.execute(sa.select(events).where(events.c.kind == "people_remembered")).all()
    assert [each.detail for each in told] == [{"delivery": 1, "details": len(before)}]


def test_a_delivery_is_remembered_whole_or_not_at_all(named: Named) -> None:
    before = stored(named)
    with named.store.writing() as writing:
        writing.connection.execute(
            sa.text(
                "CREATE TRIGGER full BEFORE INSERT ON details WHEN NEW.detail = 'phone'"
                " BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    new = Introduction(named.id("h7"), "h7", None, {"name": "周明", "phone": "10077778888"})
    with HomeRegister(named.home, by="li") as register, pytest.raises(sa.exc.IntegrityError):
        register.remember([new], source="tiny", delivery=3)
    assert stored(named) == before


def test_nothing_of_anybody_can_be_read_in_the_store(named: Named) -> None:
    found(named, "王建国")
    revealed(named, "h0")
    folder = named.home.folder("store")
    content = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    for name, identity, phone, members in PEOPLE.values():
        for text in (name, identity, phone, *members.values()):
            assert text.encode() not in content
        # Equal names of two people are stored under different bytes.
    sealed = [row["sealed"] for row in stored(named).values()]
    assert len(set(sealed)) == len(sealed)


@pytest.mark.parametrize("column", ["sealed", "key_id", "household", "person", "detail"])
def test_a_changed_row_is_refused(named: Named, column: str) -> None:
    """A ciphertext that was changed, or moved to another household, member or column, is never shown as a name."""
    at = (details.c.household == named.id("h0")) & (details.c.person == "") & (details.c.detail == "name")
    with named.store.writing() as writing:
        if column == "sealed":
            flipped = bytearray(stored_name(named))
            flipped[-1] ^= 1
            writing.connection.execute(sa.update(details).where(at).values(sealed=bytes(flipped)))
        elif column == "key_id":
            writing.connection.execute(sa.update(details).where(at).values(key_id="0" * 16))
        else:
            to = {"household": named.id("h9"), "person": named.person("h0", "p7"), "detail": "address"}[
                column
            ]
            writing.connection.execute(sa.update(details).where(at).values({column: to}))
    number = "h9" if column == "household" else "h0"
    with refuses("register_key_unknown" if column == "key_id" else "register_damaged"):
        revealed(named, number)
    assert log(named) == []


def stored_name(named: Named) -> bytes:
    sealed = stored(named)[named.id("h0"), "", "name"]["sealed"]
    assert isinstance(sealed, bytes)
    return sealed


# --- keys


def rotated(named: Named, *, index: bool = False) -> Home:
    """The home with a new register key (and index key), the published test keys beside them as former ones."""
    named.home.keys.mkdir(exist_ok=True)
    for name in ("register", "index") if index else ("register",):
        (named.home.keys / f"{name}-1.key").write_bytes(TEST_KEYS[f"{name}.key"])
        (named.home.keys / f"{name}.key").write_bytes(bytes([7 + index]) * 32)
    return named.home


@pytest.mark.parametrize("index", [False, True])
def test_former_keys_are_read_and_replaced(named: Named, index: bool) -> None:
    home = rotated(named, index=index)
    assert revealed(named, "h0").name == "王建国"
    assert found(named, "王建国") == ["h0", "h1"]
    service.check(home=home, store=named.store)
    with HomeRegister(home, by="li") as register:
        register.remember(introductions(home), source="tiny", delivery=2)
    assert {row["key_id"] for row in stored(named).values()} == {
        key_id((home.keys / "register.key").read_bytes())
    }
    for former in home.keys.glob("*-1.key"):
        former.unlink()
    assert revealed(named, "h0").name == "王建国"
    assert found(named, "王建国") == ["h0", "h1"]


def test_a_lost_key_is_named(named: Named) -> None:
    home = rotated(named)
    (home.keys / "register-1.key").unlink()
    with refuses("register_key_unknown"):
        service.check(home=home, store=named.store)
    with refuses("register_key_unknown"):
        revealed(named, "h0")


def test_a_real_home_without_keys_remembers_nobody(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "real")
    (home.keys / "register.key").unlink()
    one = dataclasses.replace(introductions(home)[0])
    with HomeRegister(home, by="li") as register, refuses("key_missing"):
        register.remember([one], source="tiny", delivery=1)
    assert not list(home.folder("store").iterdir())


def test_no_search_reads_every_row(named: Named) -> None:
    """Each goes through an index; what is asked while typing must not slow with the size of a county."""
    statements: list[tuple[str, Any]] = []

    def note(*args: Any) -> None:
        statements.append((args[2], args[3]))

    sa.event.listen(named.store.engine, "before_cursor_execute", note)
    for scope in (named.scope, scope_of("41/a")):
        found(named, named.id("h0")[:12], scope)
        revealed(named, "h0", scope)
        service.masked(home=named.home, store=named.store, scope=scope, households=[named.id("h0")])
    asked = [each for each in statements if "details" in each[0] or "published_rows" in each[0]]
    assert len(asked) >= 12
    with named.store.reading() as reading:
        for statement, parameters in asked:
            plan = reading.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [row[3] for row in plan]
            assert not [step for step in steps if step in ("SCAN published_rows", "SCAN details")], statement
