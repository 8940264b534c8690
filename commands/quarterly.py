"""The entry point of ``mlflow run . -e quarterly``: ``python -m commands.quarterly --home H [--quarter Q]``.

Progress goes to standard error; the last line of standard output is one JSON document.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from features.errors import Refusal
from features.home import Home


def champion_of(home: Home) -> str | None:
    """``model_sha256`` of the bundle that judges in this home; None before the first promotion."""
    from serving.champion import service
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(home) as store:
        return service.champion(store=store, scope=scope_of("/"))


def _say(done: int, total: int, label: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {label} {done}/{total}", file=sys.stderr, flush=True)


def main(argv: list[str] | None = None) -> int:
    """Run the quarter; gives the exit code."""
    from commands.documents.learning import TrainDocument
    from training import quarter

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("--quarter", nargs="?", default="")
    parser.add_argument("--seed", default=0, type=int)
    parser.add_argument("--threads", default=2, type=int)
    options = parser.parse_args(argv)
    try:
        home = Home.open(options.home)
        document: dict[str, Any] = quarter.run(
            home,
            options.quarter or None,
            champion=champion_of(home),
            seed=options.seed,
            threads=options.threads,
            progress=_say,
        )
    except Refusal as refusal:
        print(json.dumps(refusal.document(), ensure_ascii=False))
        return refusal.exit_code
    told = TrainDocument.model_validate(document).model_dump(mode="json", exclude_unset=True)
    print(json.dumps(told, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
