"""The pages of docs/ that are written from the code: verbs, documents, error codes.

``python -m commands.reference`` writes them, ``--check`` changes nothing and ends with 1 where one is stale.
A page keeps what people wrote around the passage between its two marks.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer.main
from pydantic import BaseModel

import commands.documents
import commands.verbs
import serving
from commands.desk import app
from features.documents import Bilingual, Document, Part
from features.error_kinds import KINDS
from features.wording import text

DOCS = Path(__file__).parent.parent / "docs"
BEGIN = "<!-- written by python -m commands.reference: do not edit by hand -->"
END = "<!-- end of what is written -->"


def verbs() -> dict[str, Any]:
    """The visible verbs by name (one word, or two as in ``user add``), each with its ``params``."""
    top: Any = typer.main.get_command(app)
    found = {}
    for first, command in top.commands.items():
        for second, inner in getattr(command, "commands", {"": command}).items():
            if not command.hidden and not inner.hidden:
                found[f"{first} {second}".strip()] = inner
    return found


def _cell(sentence: str) -> str:
    return sentence.replace("|", "\\|").replace("\n", " ")


def verbs_passage() -> str:
    """A section a verb: what it does, its arguments and options."""
    shared = {"home", "lang", "as_json"}
    sections = []
    for name, command in verbs().items():
        own = [p for p in command.params if p.name not in shared and p.name != "help"]
        lines = [f"### {name}", "", command.help.split("\n")[0], ""]
        if own:
            lines += ["| | |", "|---|---|"]
        for parameter in own:
            if parameter.param_type_name == "argument":
                shown = parameter.metavar or (
                    parameter.name.upper() if parameter.required else f"[{parameter.name.upper()}]"
                )
            else:
                shown = ", ".join(parameter.opts)
                if not parameter.is_flag:
                    shown += f" {parameter.metavar or parameter.name.upper()}"
            default = parameter.default
            words = (parameter.help or "").rstrip(".") + "."
            if not callable(default) and default not in (None, False, ()) and "UNSET" not in repr(default):
                words += f" Default: `{default}`."
            lines.append(f"| `{_cell(shown)}` | {_cell(words)} |")
        sections.append("\n".join([*lines, ""]) if own else "\n".join(lines))
    return "\n".join(sections).rstrip()


def errors_passage() -> str:
    """A row an error code."""
    lines = ["| Code | Exit | HTTP | Message | Remedy |", "|---|---|---|---|---|"]
    for code, kind in KINDS.items():
        message = f"{text(kind.message, 'en')}<br>{text(kind.message, 'zh')}"
        remedy = f"{text(kind.remedy, 'en')}<br>{text(kind.remedy, 'zh')}"
        lines.append(f"| `{code}` | {kind.exit} | {kind.http} | {_cell(message)} | {_cell(remedy)} |")
    return "\n".join(lines)


def _declaring() -> list[str]:
    """The modules that declare documents: the verbs' own, those of the rooms of serving, what all are made of."""
    verbs_own = pkgutil.iter_modules(commands.documents.__path__, f"{commands.documents.__name__}.")
    rooms = [room.name for room in pkgutil.iter_modules(serving.__path__, "serving.") if room.ispkg]
    shared = [f"{room}.documents" for room in rooms if importlib.util.find_spec(f"{room}.documents")]
    return [*(module.name for module in verbs_own), *shared, "features.documents"]


def models() -> list[type[BaseModel]]:
    """Every model that is declared, documents before the parts they are made of."""
    found: dict[str, type[BaseModel]] = {}
    for module in map(importlib.import_module, _declaring()):
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, Part) and value.__module__ == module.__name__:
                assert name not in found, f"{name} is declared twice"
                found[name] = value
    whole = [m for m in found.values() if issubclass(m, Document) and m is not Document]
    return whole + [m for m in found.values() if not issubclass(m, Document) and m not in (Part, Bilingual)]


def _type(annotation: Any) -> str:
    """An annotation in words of JSON."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return "SHA-256" if "[0-9a-f]{64}" in repr(inside) else _type(inside[0])
    if origin is typing.Literal:
        return " \\| ".join(f"`{value}`" for value in inside)
    if origin in (typing.Union, types.UnionType):
        return " \\| ".join(_type(part) for part in inside)
    if origin is list:
        return f"list of {_type(inside[0])}"
    if origin is dict:
        return f"object: {_type(inside[0])} → {_type(inside[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (
            "`{zh, en}`"
            if annotation is Bilingual
            else f"[{annotation.__name__}](#{annotation.__name__.lower()})"
        )
    names = {type(None): "null", str: "text", int: "integer", float: "number", bool: "yes/no", Any: "any"}
    return names.get(annotation) or {"date": "day"}.get(getattr(annotation, "__name__", ""), str(annotation))


def documents_passage() -> str:
    """A section a model: its keys, their types and meanings."""
    sections = []
    for model in models():
        lines = [
            f"### {model.__name__}",
            "",
            (model.__doc__ or "").strip(),
            "",
            "| Key | Type | |",
            "|---|---|---|",
        ]
        for name, field in model.model_fields.items():
            annotation = (
                typing.Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
            )
            lines.append(
                f"| `{field.alias or name}` | {_type(annotation)} | {_cell(field.description or '')} |"
            )
        sections.append("\n".join(lines))
    return "\n\n".join(sections)


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": verbs_passage,
    "errors.md": errors_passage,
    "json.md": documents_passage,
}


def page(name: str) -> str:
    """The page as it should stand: what people wrote, and the passage anew."""
    written = (DOCS / name).read_text(encoding="utf-8")
    before, after = written.split(BEGIN, 1)[0], written.split(END, 1)[-1]
    return f"{before}{BEGIN}\n\n{PAGES[name]()}\n\n{END}{after}"


def main(argv: list[str]) -> int:
    """Write the pages, or with ``--check`` say which are stale."""
    stale = [name for name in PAGES if (DOCS / name).read_text(encoding="utf-8") != page(name)]
    if argv == ["--check"]:
        for name in stale:
            print(f"docs/{name} does not say what the code says; write it anew: make fix", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(page(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
