"""The store: its settings, its migrations, and that an act happens whole or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import IntegrityError

from features.errors import Refusal
from features.home import Home
from serving.store import Store, Writing
from serving.store import engine as engine_module
from serving.store.migrate import HEAD, SCRIPTS, upgrade, version
from serving.store.record import EVENTS, tell
from serving.store.tables import accounts, events, metadata

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    home = Home.create(tmp_path / "home", clock="simulated")
    with Store.open(home) as opened:
        yield opened


def add_account(writing: Writing, **more: object) -> None:
    made = {"created_at": writing.now, "created_by": "wang"}
    row = {"name": "li", "password_hash": "x", "role": "county", "area": "/", **made, **more}
    writing.connection.execute(sa.insert(accounts), row)


def test_a_commit_is_on_the_disk_before_it_is_answered(store: Store) -> None:
    with store.engine.connect() as connection:
        found = {
            name: connection.execute(sa.text(f"PRAGMA {name}")).scalar() for name in engine_module.PRAGMAS
        }
    assert found == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}


def test_migrations_lead_from_nothing_to_exactly_these_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        assert version(connection) == HEAD
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_head_that_the_code_expects_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrations_write_sql_for_postgresql_too() -> None:
    from sqlalchemy.dialects import postgresql

    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(sa.schema.CreateTable(table).compile(dialect=postgresql.dialect()))


def test_opening_again_changes_nothing(store: Store) -> None:
    path = Path(store.engine.url.database or "")
    with Store.at(path) as again, again.engine.connect() as connection:
        assert version(connection) == HEAD


def test_a_store_of_a_later_version_is_refused(store: Store) -> None:
    path = Path(store.engine.url.database or "")
    with store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(Refusal) as refused:
        Store.at(path)
    assert refused.value.code == "store_damaged"


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fangpin.sqlite"
    path.write_bytes(b"this is no database at all, however long it may be" * 100)
    with pytest.raises(Refusal) as refused:
        Store.at(path)
    assert refused.value.code == "store_damaged"


def test_two_processes_may_make_the_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "fangpin.sqlite"
    code = "import sys, pathlib; from serving.store import Store; Store.at(pathlib.Path(sys.argv[1])).close()"
    running = [subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]


def test_an_interrupted_migration_leaves_an_empty_store(tmp_path: Path) -> None:
    with Store.at(tmp_path / "ready.sqlite"):
        pass
    engine = engine_module._sqlite_engine(tmp_path / "half.sqlite")
    with engine.connect() as connection:
        transaction = connection.begin()
        upgrade(connection)
        assert sa.inspect(connection).get_table_names() != []
        transaction.rollback()
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    engine.dispose()


def test_a_second_writer_waits_and_is_told_when_it_lasts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "PATIENCE", 0.1)
    path = Path(store.engine.url.database or "")
    with Store.at(path) as second, store.writing(), pytest.raises(Refusal) as refused, second.writing():
        pass
    assert refused.value.code == "store_busy"


def test_a_reader_is_not_held_up_by_a_writer(store: Store) -> None:
    with store.writing() as writing:
        tell(writing, "decision_stored", subject="d", area="/", by="li", household="h", digest="x")
        with store.reading() as reading:
            assert reading.connection.execute(sa.select(events)).all() == []


def test_when_the_record_cannot_be_written_the_act_does_not_happen(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TRIGGER no_record BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END")
        )

    def act() -> None:
        with store.writing() as writing:
            add_account(writing)
            tell(writing, "decision_stored", subject="d", area="/", by="li", household="h", digest="x")

    with pytest.raises(IntegrityError):
        act()
    with store.reading() as reading:
        assert reading.connection.execute(sa.select(accounts)).all() == []


def test_an_event_tells_exactly_what_its_kind_demands(store: Store) -> None:
    with store.writing() as writing:
        for kind, fields in EVENTS.items():
            too_little = [dict.fromkeys(list(fields)[1:], "x")] if fields else []
            for wrong in (*too_little, {**dict.fromkeys(fields, "x"), "extra": "x"}):
                with pytest.raises(ValueError, match=kind):
                    tell(writing, kind, subject="s", area="/", by="li", **wrong)


def test_every_act_has_its_time_and_its_person() -> None:
    for table in metadata.sorted_tables:
        names = set(table.columns.keys())
        for name in names:
            if name.endswith("_at"):
                assert f"{name[:-3]}_by" in names, f"{table.name}.{name}"
                checks = [str(c.sqltext) for c in table.constraints if isinstance(c, sa.CheckConstraint)]
                assert f"({name} IS NULL) = ({name[:-3]}_by IS NULL)" in checks
            if name.endswith("_by") and name != "raised_by":
                assert f"{name[:-3]}_at" in names, f"{table.name}.{name}"


def test_half_of_a_pair_is_refused_by_the_database(store: Store) -> None:
    with store.writing() as writing, pytest.raises(IntegrityError):
        add_account(writing, disabled_by="wang")


def test_witnesses_hold_no_foreign_keys() -> None:
    for name in ("promotions", "lists", "decisions", "events", "access_log"):
        assert not metadata.tables[name].foreign_keys, name


def test_the_driver_is_the_one_that_python_brings() -> None:
    assert sqlite3.sqlite_version_info >= (3, 31)
