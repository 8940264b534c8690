"""Runs verbs in this process, as a person would in a shell."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.desk import run


@dataclass(frozen=True)
class Ran:
    """What a verb gave back."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


def fangpin(*argv: str | Path, home: Path | None = None) -> Ran:
    """Run ``fangpin argv…`` in ``home``."""
    words = [str(word) for word in argv] + ([] if home is None else ["--home", str(home)])
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(words)
    return Ran(code, out.getvalue(), err.getvalue())
