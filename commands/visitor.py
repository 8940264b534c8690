"""A sign-in that lives as long as one run of the service: for demonstrations, on simulated homes only."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

from commands import asked
from commands.desk import Desk
from features.errors import Refusal
from features.home import Home
from serving.accounts import service
from serving.scope import scope_of
from serving.store import Store


@contextlib.contextmanager
def visitor(desk: Desk, home: Home, store: Store) -> Iterator[None]:
    """Make an account, say its name and password, and end it afterwards.

    Raises `Refusal` ``no_visitors`` in a home with real people.
    """
    if home.clock != "simulated":
        raise Refusal("no_visitors")
    by = asked.asker()
    handed = service.add(
        store=store,
        scope=scope_of("/"),
        name=f"visitor-{secrets.token_hex(2)}",
        role="county",
        area="/",
        by=by,
    )
    try:
        service.revoke_tokens(store=store, scope=scope_of("/"), name=handed.user, by=by)
        desk.tell("Account   {name}", name=handed.user)
        desk.tell("Password  {password}", password=handed.password)
        desk.tell("This sign-in ends when the service is stopped.")
        yield
    finally:
        service.disable(store=store, scope=scope_of("/"), name=handed.user, by=by)
