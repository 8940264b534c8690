"""Progress of long steps on standard error: a bar on a terminal, sparse plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Seconds between two lines where standard error is a file or a pipe.
PLAIN_INTERVAL = 10.0


@contextmanager
def showing(label: str) -> Iterator[Callable[..., None]]:
    """Show ``label`` while a step runs. Gives ``progress(done, total=None, what="")``; ends with the seconds it took."""
    started = time.monotonic()
    shown = _bar(label) if sys.stderr.isatty() else _lines(label)
    with shown as progress:
        yield progress
    print(f"{label}: {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)


@contextmanager
def _bar(label: str) -> Iterator[Callable[..., None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task(label, total=None)

        def progress(done: int, total: int | None = None, what: str = "") -> None:
            bar.update(task, completed=done, total=total, description=f"{label} {what}".rstrip())

        yield progress


@contextmanager
def _lines(label: str) -> Iterator[Callable[..., None]]:
    print(f"{label} …", file=sys.stderr, flush=True)
    last = time.monotonic()

    def progress(done: int, total: int | None = None, what: str = "") -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_INTERVAL:
            last = time.monotonic()
            print(
                f"{label} … {done}" + (f"/{total}" if total else "") + f" {what}".rstrip(),
                file=sys.stderr,
                flush=True,
            )

    yield progress
