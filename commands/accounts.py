"""`user add`, `list`, `token`, `password`, `disable`: who may call the service."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from commands import asked
from commands.desk import Answer, Desk, verb

Name = Annotated[
    str, typer.Argument(help="The account's name: 2 to 40 letters, digits, dots, dashes, underscores.")
]
Days = Annotated[int, typer.Option("--days", min=1, max=730, help="Days that the token holds, 1 to 730.")]


@verb("user add")
def user_add(
    desk: Desk,
    name: Name,
    role: Annotated[str, typer.Option("--role", help="What the account may do: county.", show_default=False)],
    area: Annotated[
        str,
        typer.Option(
            "--area", help="What it may see: codes joined by /, or / for the whole home.", show_default=False
        ),
    ],
    days: Days = 90,
) -> Answer:
    """Make an account; its password and its token are shown this once."""
    from commands.documents.accounts import UserAddedDocument
    from serving.accounts import service
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(desk.home) as store:
        handed = service.add(
            store=store,
            scope=scope_of("/"),
            name=name,
            role=role,
            area=area,
            by=asked.asker(),
            expires=timedelta(days=days),
        )
    return UserAddedDocument(
        user=handed.user, password=handed.password, token=handed.token, token_ends=handed.expires.isoformat()
    )


@verb("user list")
def user_list(desk: Desk) -> Answer:
    """List the accounts, and when each was last used."""
    from commands.documents.accounts import UsersDocument
    from serving.accounts import service
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(desk.home) as store:
        found = service.everybody(store=store, scope=scope_of("/"))
    return UsersDocument.model_validate({"users": [asdict(each) for each in found]})


@verb("user token")
def user_token(
    desk: Desk,
    name: Name,
    days: Days = 90,
    revoke: Annotated[bool, typer.Option("--revoke", help="End every token of the account instead.")] = False,
) -> Answer:
    """Hand an account a further token, or end all it has."""
    from commands.documents.accounts import UserTokenDocument
    from serving.accounts import service
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(desk.home) as store:
        if revoke:
            ended = service.revoke_tokens(store=store, scope=scope_of("/"), name=name, by=asked.asker())
            return UserTokenDocument(user=name, token=None, token_ends=None, revoked=ended)
        handed = service.new_token(
            store=store, scope=scope_of("/"), name=name, by=asked.asker(), expires=timedelta(days=days)
        )
    return UserTokenDocument(
        user=handed.user, token=handed.token, token_ends=handed.expires.isoformat(), revoked=0
    )


@verb("user password")
def user_password(desk: Desk, name: Name) -> Answer:
    """Replace a forgotten password; ends the account's sessions and its waiting after failed tries."""
    from commands.documents.accounts import UserPasswordDocument
    from serving.accounts import service
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(desk.home) as store:
        password = service.new_password(store=store, scope=scope_of("/"), name=name, by=asked.asker())
    return UserPasswordDocument(user=name, password=password)


@verb("user disable")
def user_disable(desk: Desk, name: Name) -> Answer:
    """End an account with its sessions and tokens, at once and for good."""
    from commands.documents.accounts import UserDisabledDocument
    from serving.accounts import service
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(desk.home) as store:
        service.disable(store=store, scope=scope_of("/"), name=name, by=asked.asker())
    return UserDisabledDocument(user=name, disabled=True)
