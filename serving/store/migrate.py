"""Bring a store's tables to the version that this code expects."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from features.errors import Refusal

# The newest migration; a test compares it with the scripts.
HEAD = "0002"
SCRIPTS = Path(__file__).parent / "migrations"


def bring_up_to_date(engine: Engine) -> None:
    """Run the missing migrations in one transaction; a store of a later version is refused."""
    with engine.connect() as connection, connection.begin():
        if version(connection) == HEAD:
            return
    with engine.connect() as plain:
        connection = plain.execution_options(pen=True)
        with connection.begin():
            # Another process may have been first while we waited for the pen.
            if version(connection) != HEAD:
                upgrade(connection)


def version(connection: Connection) -> str | None:
    """The store's migration; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(connection: Connection, target: str = "head") -> None:
    """Run Alembic on an open connection, inside its transaction."""
    # Alembic is needed once in a store's life; a service that starts on a ready store never loads it.
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, target)
    except CommandError as problem:
        raise Refusal("store_damaged", file="alembic_version", reason=str(problem)) from problem
