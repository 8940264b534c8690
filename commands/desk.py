"""The desk where every verb is served: its shared options, its one printed document, its exit code.

A verb is a function ``(desk, …options) -> Answer``. It prints nothing itself: what it returns is a declared
document (`features.documents`) and is printed by `Desk.show`, as one JSON document or as tables in the reader's languages.
Whatever libraries print meanwhile goes to standard error.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import sys
import typing
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from features.errors import Refusal
from features.wording import LANGUAGES, text

USAGE = 2
BUG = 1
INTERRUPTED = 130
# The base of everything that typer raises about a wrong command line; it carries exit code 2.
UsageProblem: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "UsageError")

app = typer.Typer(
    name="fangpin",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="防贫 fangpin: from household files to an explained, replayable visiting list.",
)

# Verbs of two words, by the first: what `fangpin user --help` says.
GROUPS = {"user": "Accounts of people and programs."}
_groups: dict[str, typer.Typer] = {}


class Answer(Protocol):
    """A declared document: see `features.documents`."""

    def model_dump(self, *, mode: str, by_alias: bool, exclude_unset: bool) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Told:
    """A document with more to say: its own bytes to print (a stored decision), or an exit code (a refused file)."""

    document: Answer
    content: bytes | None = None
    exit_code: int = 0


@dataclass(frozen=True)
class Desk:
    """What the shared options say: the home, the languages, and whether to answer in JSON."""

    home_path: Path
    languages: tuple[str, ...]
    json: bool

    @property
    def home(self) -> Any:
        """The opened home. Raises `Refusal` ``home_missing``, ``home_damaged`` or ``key_missing``."""
        from features.home import Home

        return Home.open(self.home_path)

    def tell(self, msgid: str, **params: object) -> None:
        """One line on standard error, in the reader's languages."""
        print(" · ".join(text(msgid, lang, **params) for lang in self.languages), file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def step(self, msgid: str, **params: object) -> Iterator[Callable[..., None]]:
        """A long step with its progress on standard error; gives ``progress(done, total=None)``."""
        from commands.progress import showing

        label = " · ".join(text(msgid, lang, **params) for lang in self.languages)
        with showing(label) as progress:
            yield progress

    def show(self, told: Told) -> None:
        """Print an answer on standard output: exactly one JSON document, or tables."""
        document = told.document
        if self.json:
            if told.content is not None:
                line = told.content.decode()
            else:
                line = json.dumps(
                    document.model_dump(mode="json", by_alias=True, exclude_unset=True),
                    ensure_ascii=False,
                    allow_nan=False,
                )
            print(line, flush=True)
            return
        from commands.tables import draw

        for lang in self.languages:
            draw(document, lang)


def _languages(lang: str | None) -> tuple[str, ...]:
    chosen = lang or os.environ.get("FANGPIN_LANG") or "both"
    if chosen == "both":
        return LANGUAGES
    if chosen not in LANGUAGES:
        raise Refusal("unknown_language", name=chosen)
    return (chosen,)


SHARED = {
    "home": Annotated[
        Path | None,
        typer.Option("--home", help="The home folder; else FANGPIN_HOME, else ./home.", show_default=False),
    ],
    "lang": Annotated[
        str | None,
        typer.Option("--lang", help="zh, en or both; else FANGPIN_LANG, else both.", show_default=False),
    ],
    "as_json": Annotated[bool, typer.Option("--json", help="Print one JSON document.", show_default=False)],
}


def verb(
    name: str | None = None, *, hidden: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function a verb: it gets a `Desk` first, and the options ``--home``, ``--lang`` and ``--json``.

    ``name`` may have two words (``user add``); the first is one of `GROUPS`.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        hints = typing.get_type_hints(function, include_extras=True)
        own = [p.replace(annotation=hints[p.name]) for p in inspect.signature(function).parameters.values()][
            1:
        ]
        shared = [
            inspect.Parameter(
                key,
                inspect.Parameter.KEYWORD_ONLY,
                default=False if key == "as_json" else None,
                annotation=annotation,
            )
            for key, annotation in SHARED.items()
        ]

        def served(**options: Any) -> None:
            home = options.pop("home") or os.environ.get("FANGPIN_HOME") or "home"
            desk = Desk(Path(home), _languages(options.pop("lang")), options.pop("as_json"))
            with _quiet_output():
                answer = function(desk, **options)
            if answer is None:
                return
            told = answer if isinstance(answer, Told) else Told(answer)
            desk.show(told)
            if told.exit_code:
                raise typer.Exit(told.exit_code)

        served.__name__ = function.__name__
        served.__doc__ = function.__doc__
        served.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
        served.__annotations__ = {p.name: p.annotation for p in [*own, *shared]}
        first, _, second = (name or function.__name__.replace("_", "-")).partition(" ")
        place = _group(first) if second else app
        place.command(second or first, hidden=hidden)(served)
        return function

    return register


def _group(name: str) -> typer.Typer:
    if name not in _groups:
        _groups[name] = typer.Typer(name=name, no_args_is_help=True, help=GROUPS[name])
        app.add_typer(_groups[name])
    return _groups[name]


@contextlib.contextmanager
def _quiet_output() -> Iterator[None]:
    """While a verb works, what libraries print, also from C, goes to standard error."""
    sys.stdout.flush()
    saved = os.dup(1)
    try:
        os.dup2(2, 1)
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


def _fail(refusal: Refusal, argv: list[str], *, as_json: bool) -> int:
    """Say what went wrong: always in words on standard error, with ``--json`` as the document on standard output."""
    if as_json:
        from features.documents import ErrorDocument

        document = ErrorDocument.model_validate(refusal.document())
        print(
            json.dumps(document.model_dump(mode="json", exclude_unset=True), ensure_ascii=False), flush=True
        )
    try:
        languages = _languages(_option(argv, "--lang"))
    except Refusal:
        languages = LANGUAGES
    where = " ".join(
        f"{k}={v}" for k, v in (("file", refusal.file), ("row", refusal.row), ("column", refusal.column)) if v
    )
    for lang in languages:
        print(f"fangpin: {refusal.text(lang)}", file=sys.stderr)
    if where:
        print(f"fangpin: {where}", file=sys.stderr)
    return refusal.exit_code


def _option(argv: list[str], name: str) -> str | None:
    for place, word in enumerate(argv):
        if word == name and place + 1 < len(argv):
            return argv[place + 1]
        if word.startswith(f"{name}="):
            return word.split("=", 1)[1]
    return None


def _shared_last(argv: list[str]) -> list[str]:
    """Let the shared options stand before the verb too: move those that do behind it."""
    front: list[str] = []
    rest = list(argv)
    while rest and rest[0].split("=", 1)[0] in ("--home", "--lang", "--json"):
        word = rest.pop(0)
        front.append(word)
        if "=" not in word and word != "--json" and rest:
            front.append(rest.pop(0))
    if not rest or not front:
        return rest or front
    words = 2 if rest[0] in GROUPS else 1
    return [*rest[:words], *front, *rest[words:]]


def run(argv: list[str]) -> int:
    """Run one verb; gives the exit code. Never shows a traceback unless FANGPIN_DEBUG is set."""
    import commands.verbs  # noqa: F401  (each of its modules adds its verbs to the app)

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    as_json = "--json" in argv
    if not os.environ.get("FANGPIN_DEBUG"):
        # Deprecations among libraries and MLflow's chatter are for developers.
        warnings.simplefilter("ignore")
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    try:
        result = app(args=_shared_last(argv), prog_name="fangpin", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except Refusal as refusal:
        return _fail(refusal, argv, as_json=as_json)
    except UsageProblem as problem:
        if not as_json:
            problem.show()  # type: ignore[attr-defined]
            return USAGE
        return _fail(Refusal("usage", reason=problem.format_message()), argv, as_json=True)  # type: ignore[attr-defined]
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, typer.Abort):
        print("fangpin: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough; keep Python from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as bug:
        if os.environ.get("FANGPIN_DEBUG"):
            raise
        return _fail(Refusal("bug", kind=type(bug).__name__), argv, as_json=as_json)
