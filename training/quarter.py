"""The quarterly run: everything relearned with what was known at the end of a quarter, and nothing later.

``mlflow run . -e quarterly -P home=H -P quarter=2012Q3`` calls it through `commands.quarterly`, which reads from
the record who is champion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from features.errors import Refusal
from features.home import Home
from training.evaluation import Progress, silent
from training.fit import train
from training.periods import months_later
from training.rivals import MODELS


def last_day(quarter: str) -> date:
    """The last day of a quarter.

    >>> last_day("2012Q3")
    datetime.date(2012, 9, 30)

    Raises `Refusal` ``bad_quarter``.
    """
    match = re.fullmatch(r"(\d{4})[Qq]([1-4])", quarter)
    if match is None:
        raise Refusal("bad_quarter", quarter=quarter)
    return months_later(date(int(match[1]), 1, 31), 3 * int(match[2]) - 1)


def latest(home: Home) -> str:
    """The last quarter that has ended on the home's clock."""
    today = home.today()
    quarter = (today.month - 1) // 3 + 1
    ended = today.year * 4 + quarter - 1
    if last_day(f"{today.year}Q{quarter}") > today:
        ended -= 1
    return f"{ended // 4}Q{ended % 4 + 1}"


def run(
    home: Home,
    quarter: str | None = None,
    *,
    champion: str | None = None,
    seed: int = 0,
    threads: int = 1,
    progress: Progress = silent,
    models: Sequence[str] = tuple(MODELS),
) -> dict[str, Any]:
    """Train with what was known on the last day of ``quarter``, judge by the full backtest, compare, register.

    ``champion`` is the ``model_sha256`` of the bundle that judges now, None before the first promotion: the
    challenger is compared with it, both score the current population, and the gate says what it would say.
    Returns `training.fit.train`'s document and ``known_until``. Raises what it raises, ``bad_quarter``, and
    ``clock_backwards`` for a quarter that has not ended on the home's clock.
    """
    until = last_day(quarter or latest(home))
    if until > home.today():
        raise Refusal("clock_backwards", day=until.isoformat(), today=home.today().isoformat())
    document = train(
        home,
        until=until,
        seed=seed,
        threads=threads,
        progress=progress,
        evaluate="rolling",
        models=models,
        champion=champion,
    )
    return {**document, "known_until": until.isoformat()}
