"""Every route of the app, with an address that exists on the prepared home."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from serving.web import access
from serving.web.static import asset
from tests.serving.api.prepare import Prepared

RULES = {
    get_args(rule)[1].dependency: name
    for name, rule in vars(access).items()
    if name in ("Anyone", "County", "CountyPage", "CountyForm")
}


@dataclass(frozen=True)
class Way:
    """A method of a route."""

    method: str
    path: str
    rules: tuple[str, ...]

    def address(self, prepared: Prepared) -> str:
        """The path with its places filled by what exists."""
        line = next(line for line in prepared.issued["lines"] if line["tier"] != "none")
        by_noun = {
            "decisions": line["decision"],
            "lists": prepared.issued["list"],
            "households": line["household"],
            "models": prepared.issued["bundle"],
            "{bundle:sha256}": "fairness",
            "static": asset("sheet.css").rsplit("/", 1)[-1],
        }
        steps = self.path.split("/")
        return "/".join(
            by_noun[before] if step.startswith("{") else step
            for before, step in zip(["", *steps], steps, strict=False)
        )


def ways(app: FastAPI) -> Iterator[Way]:
    for context in iter_route_contexts(app.routes):
        route: Any = context.original_route
        assert isinstance(route, APIRoute), f"{context.path} is no route with a signature"
        calls = [each.call for each in route.dependant.dependencies]
        found = tuple(RULES[call] for call in calls if call in RULES)
        for method in sorted(route.methods):
            yield Way(method, route.path, found)
