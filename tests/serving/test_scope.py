"""Scope: made by one helper, taken by every repository method, applied in the query."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from features.errors import Refusal
from serving.scope import Scope, area_path, scope_of

SERVING = Path(__file__).parents[2] / "serving"
codes = st.text("019aZ-", min_size=1, max_size=3)
paths = st.lists(codes, max_size=4).map("/".join)


def test_only_the_helper_makes_a_scope() -> None:
    with pytest.raises(TypeError):
        Scope("", object())
    for path in SERVING.rglob("*.py"):
        if path.name == "scope.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Scope"
            ), path


def test_every_method_of_a_repository_takes_a_scope() -> None:
    methods = 0
    for path in SERVING.rglob("repository.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.ClassDef):
                continue
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    named = {a.arg: a.annotation for a in method.args.args}
                    annotation = named.get("scope")
                    assert isinstance(annotation, ast.Name), f"{path}: {method.name}"
                    assert annotation.id == "Scope", f"{path}: {method.name}"
                    methods += 1
    assert methods > 15


def test_queries_stand_in_repositories_alone() -> None:
    allowed = {"repository.py", "scope.py"}
    for path in SERVING.rglob("*.py"):
        if path.name in allowed or "store" in path.parts:
            continue
        assert "sqlalchemy" not in path.read_text(encoding="utf-8"), path


@given(paths, st.lists(paths, max_size=8))
def test_the_query_finds_what_holds_says(area: str, areas: list[str]) -> None:
    scope = scope_of(area or "/")
    table = sa.table("t", sa.column("area"))
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TABLE t (area TEXT)"))
        for one in areas:
            connection.execute(sa.text("INSERT INTO t VALUES (:area)"), {"area": one})
        found = connection.execute(sa.select(table.c.area).where(scope.covers(table.c.area))).scalars().all()
    engine.dispose()
    assert sorted(found) == sorted(a for a in areas if scope.holds(a))


def test_a_scope_holds_itself_and_what_lies_below_but_no_namesake() -> None:
    scope = scope_of("41/02")
    assert scope.holds("41/02")
    assert scope.holds("41/02/7")
    assert not scope.holds("41/021")
    assert not scope.holds("41")
    assert not scope.holds("/")


def test_a_narrower_scope_must_lie_within() -> None:
    assert scope_of("41/02", within=scope_of("41")).area == "41/02"
    with pytest.raises(Refusal) as refused:
        scope_of("42", within=scope_of("41"))
    assert refused.value.code == "out_of_scope"
    with pytest.raises(Refusal):
        scope_of("/", within=scope_of("41"))


def test_the_whole_home_is_required_for_what_concerns_it() -> None:
    scope_of("/").require_whole()
    with pytest.raises(Refusal):
        scope_of("41").require_whole()


@pytest.mark.parametrize("area", ["41//02", "41/ /02", "41/\n"])
def test_what_is_no_path_is_refused(area: str) -> None:
    with pytest.raises(Refusal) as refused:
        area_path(area)
    assert refused.value.code == "bad_area"
