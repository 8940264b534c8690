"""`promote`, `rollback`, `promotions`, `issue`, `list`, `decide` and `replay`: from a champion to a list that can be proved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from commands import asked
from commands.desk import Answer, Desk, Told, verb
from features.errors import Refusal

By = Annotated[str, typer.Option("--by", help="The person who decides.", show_default=False)]
Why = Annotated[str, typer.Option("--reason", help="Why, in a sentence.", show_default=False)]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="YYYY-MM-DD; else the latest published day.", show_default=False)
]


@verb()
def promote(
    desk: Desk,
    bundle: Annotated[str, typer.Argument(help="The bundle: its SHA-256, the beginning of it, or a folder.")],
    by: By,
    reason: Why,
    overrule: Annotated[
        bool, typer.Option("--overrule", help="Promote although the gate failed; on record.")
    ] = False,
) -> Answer:
    """Make a bundle the champion of this home, on record."""
    from commands.documents.learning import PromotionDocument
    from serving.champion import service
    from serving.scope import scope_of
    from serving.store import Store

    home = desk.home
    with Store.open(home) as store:
        done = service.promote(
            home=home,
            store=store,
            scope=scope_of("/"),
            bundle=bundle,
            by=by,
            reason=reason,
            overrule=overrule,
            mirror=_mirror(desk, home),
        )
    return PromotionDocument.model_validate(done)


@verb()
def rollback(desk: Desk, by: By, reason: Why) -> Answer:
    """Make the previous champion the champion again, on record."""
    from commands.documents.learning import PromotionDocument
    from serving.champion import service
    from serving.scope import scope_of
    from serving.store import Store

    home = desk.home
    with Store.open(home) as store:
        done = service.rollback(
            home=home, store=store, scope=scope_of("/"), by=by, reason=reason, mirror=_mirror(desk, home)
        )
    return PromotionDocument.model_validate(done)


@verb()
def promotions(desk: Desk) -> Answer:
    """Every promotion and rollback on record, also the refused ones: who, when, why, what the gate found."""
    from commands.documents.learning import PromotionsDocument
    from serving.champion import service
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(desk.home) as store:
        record = service.history(store=store, scope=scope_of("/"))
    return PromotionsDocument.model_validate({"promotions": record})


@verb()
def issue(
    desk: Desk,
    area: Annotated[str, typer.Option("--area", help="Codes joined by /; / alone is the whole home.")] = "/",
    period: Annotated[
        str,
        typer.Option(
            "--period", help="YYYY-MM, YYYYQn or YYYY, for which visits are planned.", show_default=False
        ),
    ] = ...,  # type: ignore[assignment]
    as_of: AsOf = None,
) -> Answer:
    """Issue the list of households to visit, of one area and period. It never changes afterwards."""
    from serving.lists import service
    from serving.lists.documents import ListDocument
    from serving.scope import scope_of
    from serving.store import Store

    home = desk.home
    with Store.open(home) as store:
        issued = service.issue(
            home=home,
            store=store,
            scope=scope_of("/"),
            area=area,
            period=period,
            as_of=asked.day(as_of) if as_of else None,
            by=asked.asker(),
        )
    return ListDocument.model_validate(issued)


@verb("list")
def list_(
    desk: Desk,
    name: Annotated[str, typer.Argument(metavar="[LIST]", help="The list, or latest.")] = "latest",
    csv: Annotated[
        Path | None,
        typer.Option("--csv", help="Also write it to this file, for a spreadsheet.", show_default=False),
    ] = None,
) -> Answer:
    """Show an issued list."""
    from serving.lists import export, service
    from serving.lists.documents import ListDocument
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(desk.home) as store:
        issued = service.fetch(store=store, scope=scope_of("/"), name=name)
    if csv is not None:
        csv.write_bytes(export.to_csv(issued, lang=desk.languages[0]))
    return ListDocument.model_validate(issued)


@verb()
def decide(
    desk: Desk,
    household: Annotated[str, typer.Argument(help="The household's pseudonym.")],
    as_of: AsOf = None,
) -> Told:
    """Score one household on a published day, and store the decision; asking again gives the stored one."""
    from serving.decisions import service
    from serving.decisions.documents import DecisionDocument
    from serving.scope import scope_of
    from serving.store import Store

    home = desk.home
    with Store.open(home) as store:
        stored = service.decide(
            home=home,
            store=store,
            scope=scope_of("/"),
            household=household,
            as_of=asked.day(as_of) if as_of else None,
            by=asked.asker(),
        )
    return Told(DecisionDocument.model_validate(stored.document), stored.body)


@verb()
def replay(
    desk: Desk,
    decision: Annotated[str | None, typer.Argument(help="The decision's id.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every stored decision.")] = False,
) -> Answer:
    """Recompute a stored decision from frozen row, bundle and parameters, and compare it byte by byte."""
    from serving.decisions import service
    from serving.decisions.documents import ReplayAllDocument, ReplayDocument
    from serving.scope import scope_of
    from serving.store import Store

    if everything == (decision is not None):
        raise Refusal("usage", reason="DECISION | --all")
    home = desk.home
    with Store.open(home) as store:
        if decision is not None:
            one = service.replay(home=home, store=store, scope=scope_of("/"), decision=decision)
            return ReplayDocument.model_validate(one)
        with desk.step("Replaying decisions") as progress:
            whole = service.replay_all(home=home, store=store, scope=scope_of("/"), progress=progress)
    return ReplayAllDocument.model_validate(whole)


def _mirror(desk: Desk, home: Any) -> Callable[[str], None]:
    """What tells MLflow of a promotion, after it is on record."""

    def mirror(model_sha256: str) -> None:
        from commands.tracking import set_champion

        set_champion(desk, home, model_sha256)

    return mirror
