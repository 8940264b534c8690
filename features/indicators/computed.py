"""How an indicator is computed, in a sentence: for people who check a value against its facts."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from features.facts import words
from features.facts.kinds import FactColumn, Kind
from features.indicators.catalogue import LINE, Catalogue, Column
from features.indicators.record import WELFARE
from features.policy.vocabulary import YES_NO, units
from features.wording import LANGUAGES, N_, both, text

Text = Mapping[str, str]

_AGGREGATES = {
    "last": N_("latest value of {column}"),
    "sum": N_("sum of {column}"),
    "min": N_("lowest {column}"),
    "max": N_("highest {column}"),
    "mean": N_("mean of {column}"),
    "slope": N_("rise of {column} a month"),
    "spread": N_("spread of {column}"),
    "spell": N_("how many in a row: {column}"),
    "distinct": N_("number of different {column}"),
}
# Of yes-or-no columns, and of rows that only have to be there.
_HELD = {
    "count": N_("number of records with: {column}"),
    "any": N_("whether any record has: {column}"),
    "months_since": N_("months since the last record with: {column}"),
}
_THERE = {
    "count": N_("number of records"),
    "any": N_("whether there is a record"),
    "months_since": N_("months since the last record"),
}
_KNOWN = N_("number of records that say: {column}")
_WHOLE = N_("{how}, from {kind}{filter}; {window}{area}")
_THIS_MONTH = N_("the month of the day")
_ONE_MONTH = N_("the month {first} months before")
_UP_TO_LAST = N_("the {months} months up to the month before")
_RECENT = N_("the last {months} months up to the day")
_MONTHS_BACK = N_("the {months} months that ended {first} months before the day")
_ALL = N_("all on record")
_OF_AREA = N_(", of all households of the village")
_WHERE = N_(" where {conditions}")
_IS = N_("{column} is {value}")
_AT_LEAST = N_("{column} at least {value}")
_AT_MOST = N_("{column} at most {value}")
_NOT = N_("{column} is not {value}")
_WELFARE_KIND = N_("income and line of the same months")
_LINE = N_("the line")
_WITH_WINDOW = N_("{name} ({window})")

_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "−", ast.Mult: "×", ast.Div: "÷", ast.Eq: "=", ast.NotEq: "≠", ast.Lt: "<",
    ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥",
}  # fmt: skip
_IN = N_("{a} is one of {b}")
_NOT_IN = N_("{a} is none of {b}")
_AND = N_("{a} and {b}")
_OR = N_("{a} or {b}")
_NEGATED = N_("not {a}")
_FUNCTIONS = {
    "ln": N_("logarithm of {a}"),
    "least": N_("the smaller of {a} and {b}"),
    "greatest": N_("the larger of {a} and {b}"),
    "is_missing": N_("{a} is not known"),
}
_COALESCE = N_("the first known of {a}")
_OR_ELSE = N_("{a} (or {b} where not known)")
_CASE = N_("{a} where {c}")
_CASE_ELSE = N_("{a} where {c}, else {b}")


def name_of(catalogue: Catalogue, name: str) -> Text:
    """What a column, a parameter or the line is called; of a family of windows, with the window."""
    if name in catalogue.columns:
        column = catalogue.columns[name]
        if len(column.record.windows) > 1:
            return both(_WITH_WINDOW, name=dict(column.record.name), window=_window(column))
        return column.record.name
    if name == LINE:
        return both(_LINE)
    return catalogue.parameters.parameters[name].name


def computed(catalogue: Catalogue, kinds: Mapping[str, Kind], column: Column) -> Text:
    """One sentence: what is taken from which facts of which months, or the expression in words."""
    if column.record.expression is not None:
        tree = column.record.expression.tree
        return {lang: _bare(_words(catalogue, tree, lang)) for lang in LANGUAGES}
    record = column.record
    kind = both(_WELFARE_KIND) if record.kind == "welfare" else dict(kinds[record.kind].label)
    own = WELFARE if record.kind == "welfare" else kinds[record.kind].columns
    return both(
        _WHOLE,
        how=_how(record.aggregate, own[record.column] if record.column else None),
        kind=kind,
        filter=_filter(record.kind, own, record.filter or {}),
        window=_window(column),
        area=both(_OF_AREA) if record.rollup == "area" else {"zh": "", "en": ""},
    )


def _how(aggregate: str, column: FactColumn | None) -> dict[str, str]:
    if column is None:
        return both(_THERE[aggregate])
    message = _AGGREGATES.get(aggregate)
    if message is None:
        message = _HELD[aggregate] if column.type == "boolean" else _KNOWN
    return both(message, column=dict(column.label))


def _window(column: Column) -> dict[str, str]:
    first, past = column.window.first, column.window.past
    if past is None:
        return both(_ALL)
    if past - first == 1:
        return both(_ONE_MONTH, first=first) if first else both(_THIS_MONTH)
    if first == 0:
        return both(_RECENT, months=past)
    if first == 1:
        return both(_UP_TO_LAST, months=past - 1)
    return both(_MONTHS_BACK, months=past - first, first=first)


def _filter(kind: str, own: Mapping[str, FactColumn], conditions: Mapping[str, Any]) -> dict[str, str]:
    parts: list[dict[str, str]] = []
    for name, wanted in conditions.items():
        if words.unsaid(name):
            continue
        column = own[name]

        def said(value: Any, column: FactColumn = column) -> str | dict[str, str]:
            return dict(words.value(kind, column, {column.name: value}))

        label = dict(column.label)
        if isinstance(wanted, Mapping):
            for rule, message in (("at_least", _AT_LEAST), ("at_most", _AT_MOST)):
                if rule in wanted:
                    parts.append(both(message, column=label, value=said(wanted[rule])))
            if "not" in wanted:
                values = wanted["not"] if isinstance(wanted["not"], list) else [wanted["not"]]
                parts.append(both(_NOT, column=label, value=_listed([said(v) for v in values])))
        else:
            values = wanted if isinstance(wanted, list) else [wanted]
            parts.append(both(_IS, column=label, value=_listed([said(v) for v in values])))
    return both(_WHERE, conditions=_listed(parts)) if parts else {"zh": "", "en": ""}


def _listed(texts: list[Any]) -> dict[str, str]:
    marks = {"zh": "、", "en": ", "}
    return {lang: marks[lang].join(each[lang] for each in texts) for lang in LANGUAGES}


def _bare(said: str) -> str:
    """Without the brackets around the whole."""
    if not said.startswith("("):
        return said
    open_ = 0
    for place, sign in enumerate(said):
        open_ += (sign == "(") - (sign == ")")
        if open_ == 0 and place < len(said) - 1:
            return said
    return said[1:-1]


def _words(catalogue: Catalogue, node: ast.expr, lang: str) -> str:
    def of(part: ast.expr) -> str:
        return _words(catalogue, part, lang)

    match node:
        case ast.Constant(value=bool() as value):
            return YES_NO[value][lang]
        case ast.Constant(value=str() as value):
            found = units()["level"].words.get(value)
            return found[lang] if found else value
        case ast.Constant(value=value):
            return f"{value:g}"  # type: ignore[str-bytes-safe]
        case ast.Name(id=name):
            return name_of(catalogue, name)[lang]
        case ast.BinOp(left=ast.BinOp(op=ast.Add()) as a, op=ast.Add(), right=b):
            return f"({_bare(of(a))} + {of(b)})"
        case ast.BinOp(left=a, op=op, right=b) | ast.Compare(left=a, ops=[op], comparators=[b]) if (
            type(op) in _SIGNS
        ):
            return f"({of(a)} {_SIGNS[type(op)]} {of(b)})"
        case ast.Call(func=ast.Name(id="share"), args=[a, b]):
            return f"({of(a)} ÷ {of(b)})"
        case ast.Compare(left=a, ops=[op], comparators=[ast.Tuple(elts=items)]):
            listed = "/".join(map(of, items))
            return text(_IN if isinstance(op, ast.In) else _NOT_IN, lang, a=of(a), b=listed)
        case ast.UnaryOp(op=ast.USub(), operand=a):
            return f"−{of(a)}"
        case ast.UnaryOp(operand=a):
            return text(_NEGATED, lang, a=of(a))
        case ast.BoolOp(op=op, values=[first, *more]):
            said = of(first)
            for part in more:
                said = text(_AND if isinstance(op, ast.And) else _OR, lang, a=said, b=of(part))
            return f"({said})"
        case ast.Call(func=ast.Name(id="coalesce"), args=[a, ast.Constant() as b]):
            return text(_OR_ELSE, lang, a=of(a), b=of(b))
        case ast.Call(func=ast.Name(id="coalesce"), args=parts):
            return text(_COALESCE, lang, a=", ".join(map(of, parts)))
        case ast.Call(func=ast.Name(id="case"), args=[c, a]):
            return "(" + text(_CASE, lang, a=of(a), c=_bare(of(c))) + ")"
        case ast.Call(func=ast.Name(id="case"), args=[c, a, b]):
            return "(" + text(_CASE_ELSE, lang, a=of(a), b=of(b), c=_bare(of(c))) + ")"
        case ast.Call(func=ast.Name(id=name), args=parts):
            said_parts = dict(zip(("a", "b"), (of(part) for part in parts), strict=False))
            return text(_FUNCTIONS[name], lang, **said_parts)
    raise AssertionError(ast.dump(node))
