"""`county` and `ingest`: extracts written, and extracts taken in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from commands import asked
from commands.desk import Answer, Desk, Told, verb

BAD_INPUT = 3


@verb()
def county(
    desk: Desk,
    households: Annotated[int, typer.Option("--households", help="Households at the start.", min=1)] = 6000,
    months: Annotated[int, typer.Option("--months", help="Months, up to 2026-09.", min=1)] = 36,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 1,
) -> Answer:
    """Write the extracts of a synthetic county under deliveries/, and its truth apart. Takes nothing in."""
    from commands.documents.deliveries import CountyDocument
    from county import write

    home = desk.home
    with desk.step("Simulating a county of {n} households", n=households) as progress:
        written = write(home, households=households, months=months, seed=seed, progress=progress)
    return CountyDocument.model_validate(written)


@verb()
def ingest(
    desk: Desk,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...", help="Files; without, what is new under deliveries/.", show_default=False
        ),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(
            "--mapping",
            help="A mapping by path or id; else the one whose file names match.",
            show_default=False,
        ),
    ] = None,
    arrived: Annotated[
        str | None,
        typer.Option("--arrived", help="YYYY-MM-DD: the day on which the files arrived.", show_default=False),
    ] = None,
) -> Told:
    """Take files in, in order of arrival: facts from what is sound, a quarantine file of the rest."""
    from commands.documents.deliveries import IngestDocument

    home = desk.home
    taken = take_in(desk, home, files or [], mapping=mapping, arrived=arrived)
    refused = any(part["status"] == "refused" for part in taken)
    return Told(IngestDocument.model_validate({"deliveries": taken}), exit_code=BAD_INPUT if refused else 0)


def take_in(
    desk: Desk,
    home: Any,
    files: list[Path] | None = None,
    *,
    mapping: str | None = None,
    arrived: str | None = None,
) -> list[dict[str, Any]]:
    """Take files in with progress; a record for each, also for the refused."""
    from features.intake.delivery import ingest as take
    from serving.register.remembering import HomeRegister

    with HomeRegister(home, by=asked.asker()) as register, desk.step("Taking files in") as progress:
        results = take(
            home,
            files or [],
            mapping=mapping,
            arrived=asked.day(arrived) if arrived else None,
            progress=lambda name, done, total: progress(done, total, name),
            register=register,
        )
    return [result.document() for result in results]
