"""The operational store: one transaction an act, written through to the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from features.errors import Refusal
from features.home import Home

FILE = "fangpin.sqlite"
# Seconds that a writer waits for another before it gives up.
PATIENCE = 15.0
# Memory of a connection for pages of the store, in KiB; it is taken as it fills.
CACHE = 16_000
# Pages (4 KiB) that gather in the log before they are moved into the file. Decisions scatter over the indices: the
# more of them move together, the fewer pages are written twice.
CHECKPOINT = 4000
# What the store must answer when asked; 2 is FULL: a commit is on the disk before it is answered.
PRAGMAS = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}


@dataclass(frozen=True)
class Reading:
    """A transaction that reads one consistent state of the store."""

    connection: Connection


@dataclass(frozen=True)
class Writing(Reading):
    """A transaction that may change the store: all of it happens, or nothing."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))


class Store:
    """The store of a home. `Store.open` makes it on first use and brings its tables up to date."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._kept: Connection | None = None
        self._turn = Lock()

    @classmethod
    def open(cls, home: Home, *, patience: float = PATIENCE) -> Store:
        """Open the home's store; raises `Refusal` ``store_damaged`` where the file is no store of ours.

        ``patience``: seconds that a writer waits for another before it is refused (``store_busy``).
        """
        return cls.at(home.folder("store") / FILE, patience=patience)

    @classmethod
    def at(cls, path: Path, *, patience: float = PATIENCE) -> Store:
        """Open the SQLite file at ``path``."""
        from serving.store.migrate import bring_up_to_date

        store = cls(_sqlite_engine(path, patience))
        try:
            with _plain_words(path.name):
                bring_up_to_date(store.engine)
                store._assert_pragmas(path.name)
        except BaseException:
            store.close()
            raise
        return store

    def _assert_pragmas(self, file: str) -> None:
        with self.engine.connect() as connection:
            for name, wanted in PRAGMAS.items():
                found = connection.execute(text(f"PRAGMA {name}")).scalar()
                if found != wanted:
                    raise Refusal("store_damaged", file=file, reason=f"{name} is {found}, not {wanted}")

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Read within one transaction."""
        with _plain_words(FILE), self.engine.connect() as connection, connection.begin():
            yield Reading(connection)

    @contextmanager
    def glance(self) -> Iterator[Reading]:
        """Read what one statement finds, as it is committed now: for what every request asks first.

        The connection is kept and no transaction is begun, which costs a third of `reading`. Take the whole
        answer within: what is read here by two statements need not be of one moment.
        """
        with _plain_words(FILE), self._turn:
            try:
                if self._kept is None:
                    self._kept = self.engine.connect().execution_options(alone=True)
                yield Reading(self._kept)
            except BaseException:
                self._let_go()
                raise

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Write within one transaction, which holds the store's only pen from its beginning."""
        with _plain_words(FILE), self.engine.connect() as connection:
            connection = connection.execution_options(pen=True)
            with connection.begin():
                yield Writing(connection)

    def close(self) -> None:
        with self._turn:
            self._let_go()
        self.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _sqlite_engine(path: Path, patience: float = PATIENCE) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": patience, "check_same_thread": False},
        # Nobody waits for a connection: those who read are never held up by those who wait for the pen.
        max_overflow=-1,
        # The connection used last knows the most pages.
        pool_use_lifo=True,
        # Libraries quote what was bound in their messages, and it may be about a person.
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        # The driver begins nothing by itself: we say when, and whether with the pen.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{CACHE}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("alone", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("pen", False) else "BEGIN")

    return engine


@contextmanager
def _plain_words(file: str) -> Iterator[None]:
    """Say what ails the database in words that help."""
    try:
        yield
    except OperationalError as problem:
        said = str(problem.orig)
        if "locked" in said or "busy" in said:
            raise Refusal("store_busy", file=file) from problem
        if "full" in said or "readonly" in said or "I/O" in said or "unable to open" in said:
            raise Refusal("store_not_writable", file=file, reason=said) from problem
        raise
    except DatabaseError as problem:
        if "not a database" in str(problem.orig) or "malformed" in str(problem.orig):
            raise Refusal("store_damaged", file=file, reason=str(problem.orig)) from problem
        raise
