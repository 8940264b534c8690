"""`frame`: the exact rows that a model would be trained on, for an analyst to look into."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands import asked
from commands.desk import Answer, Desk, verb
from commands.learning import Outcome
from features.errors import Refusal


@verb()
def frame(
    desk: Desk,
    until: Annotated[
        str,
        typer.Option(
            "--until", help="YYYY-MM-DD: nothing that became known later is read.", show_default=False
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", help="The Parquet file; its dictionary lies beside it.", show_default=False),
    ],
    outcome: Outcome = None,
    retrospective: Annotated[
        bool,
        typer.Option("--retrospective", help="Late deliveries count from the day they claim, as in `train`."),
    ] = False,
) -> Answer:
    """The exact training frame as Parquet, with a data dictionary: what `train` with the same options would read."""
    from commands.documents.frame import FrameDocument
    from training import handover

    if not out.parent.is_dir():
        raise Refusal("file_missing", file=out.parent.name)
    with desk.step("Building the training frame of {day}", day=until):
        made = handover.write(desk.home, asked.day(until), out, outcome=outcome, retrospective=retrospective)
    return FrameDocument.model_validate(made)
