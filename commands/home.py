"""`init`: the home folder."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.desk import Answer, Desk, verb


@verb()
def init(
    desk: Desk,
    clock: Annotated[
        str,
        typer.Option(help="real: the system's clock; simulated: moved by declared arrivals. Fixed for life."),
    ] = "real",
) -> Answer:
    """Make a home folder."""
    from commands.documents.deliveries import HomeDocument
    from features.home import Home

    home = Home.create(desk.home_path, clock=clock)
    return HomeDocument.model_validate({"home": str(home.path), "clock": home.clock})
