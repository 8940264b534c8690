"""The small expression language of derived indicators and of rules.

An expression reads like Python and is parsed by Python's own parser, but only what is listed here is
let through:

=====================  ==================================================================================
numbers, texts         ``0.5``, ``"D"`` (letters, digits, ``_ . -`` and space), ``True``, ``False``
names                  columns of the snapshot, dated parameters, ``line``
``a + b - c * d / e``  double arithmetic; a divisor of 0 gives *not known*
``== != < <= > >=``    of two numbers, ``==`` and ``!=`` also of two texts or two yes/no values
``x in ("C", "D")``    also ``not in``; the list holds literals only
``and or not``         of yes/no values, Kleene's three-valued logic
``share(a, b)``        a / b
``coalesce(a, b, …)``  the first that is known
``case(c, a, b)``      a where c holds, b where it does not, not known where c is not known; without b,
                       not known where c does not hold
``ln(x)``              natural logarithm, not known where x ≤ 0
``least(a, b)``        the smaller, not known where either is not known; ``greatest`` likewise
``is_missing(x)``      yes where x is not known
=====================  ==================================================================================

Every other operation with something not known gives *not known*. An expression has two evaluators that
must agree: :meth:`Expression.sql` for the engines and :meth:`Expression.evaluate`, slow and obvious.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NoReturn

from features.errors import Refusal
from features.wording import both

Value = float | bool | str | None

_TURN = Lock()
NUMBER, BOOLEAN, CATEGORY = "number", "boolean", "category"
FUNCTIONS = {
    "share": (2, 2),
    "coalesce": (2, None),
    "case": (2, 3),
    "ln": (1, 1),
    "least": (2, 2),
    "greatest": (2, 2),
    "is_missing": (1, 1),
}
LONGEST = 2000

_ARITHMETIC: dict[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS: dict[type, str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_MEMBERSHIP: dict[type, str] = {ast.In: "IN", ast.NotIn: "NOT IN"}
_TEXT = re.compile(r"[\w .-]*\Z")


@dataclass(frozen=True)
class Expression:
    """A parsed expression; equal to another when its text is equal.

    Attributes
    ----------
    text : str
        As written, each run of white space as one space.
    where : str
        The record it belongs to, for messages.
    names : tuple of str
        The names it reads, each once, in order of appearance.
    numbers : tuple of float
        The number literals it contains (a rule may contain none but 0 and 1).
    """

    text: str
    where: str = field(compare=False)
    tree: ast.expr = field(compare=False, repr=False)
    names: tuple[str, ...] = field(compare=False)
    numbers: tuple[float, ...] = field(compare=False)

    def sql(self, resolve: Callable[[str], str]) -> str:
        """The expression in the SQL that DuckDB and Spark agree on.

        Parameters
        ----------
        resolve : callable
            Gives for a name an SQL atom of type double, boolean or string.
        """
        return _sql(self.tree, resolve)

    def evaluate(self, values: Mapping[str, Value]) -> Value:
        """The value for one row; None is *not known*.

        Raises
        ------
        KeyError
            If a name is not in `values`: absent is a fault of the caller, None is not.
        """
        return _evaluate(self.tree, values)

    def type_of(self, types: Callable[[str], str]) -> str:
        """``number``, ``boolean`` or ``category``, given the type of each name.

        Raises
        ------
        Refusal
            ``bad_expression`` where an operation meets a type that it cannot work on.
        """
        return _Types(self, types).of(self.tree)


def parse(text: str, *, where: str) -> Expression:
    """Parse one expression.

    Parameters
    ----------
    text : str
    where : str
        The record it belongs to, named in every message.

    Raises
    ------
    Refusal
        ``bad_expression``, with the place.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise _wrong(where, both("it is not a text of at most {longest} characters", longest=LONGEST))
    text = " ".join(text.split())
    try:
        tree = syntax(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = getattr(error, "offset", None) or 1
        raise _wrong(where, both("it cannot be read at character {place}", place=place)) from error
    names: dict[str, None] = {}
    numbers: list[float] = []
    _check(tree, text, where, names, numbers)
    return Expression(text, where, tree, tuple(names), tuple(numbers))


def syntax(text: str) -> ast.expr:
    """The tree of an expression.

    Python 3.11 counts the depth of a tree in one place for all threads: two that parse while the collector lets
    others run end in a SystemError, so they take turns.
    """
    with _TURN:
        return ast.parse(text, mode="eval").body


def _refuse(node: ast.AST, text: str, where: str) -> NoReturn:
    raise _wrong(where, both("'{part}' is not part of the language", part=_shown(node, text)))


def _wrong(where: str, reason: dict[str, str]) -> Refusal:
    return Refusal("bad_expression", record=where, reason=reason)


def _shown(node: ast.AST, text: str) -> str:
    """The part of the text that a node stands for, to show in a message."""
    part = ast.get_source_segment(text, node) if hasattr(node, "lineno") else None
    return (part or text)[:60]


def _check(node: ast.AST, text: str, where: str, names: dict[str, None], numbers: list[float]) -> None:
    """Let through what the module's table lists; note names and numbers on the way."""
    match node:
        case ast.Constant(value=bool()):
            return
        case ast.Constant(value=int() | float() as number) if abs(number) < 1e300:
            numbers.append(float(number))
            return
        case ast.Constant(value=str() as word) if _TEXT.match(word):
            return
        case ast.Name(id=name) if name not in FUNCTIONS:
            names.setdefault(name)
            return
        case ast.BinOp(left=a, op=op, right=b) if type(op) in _ARITHMETIC:
            parts = [a, b]
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=a):
            parts = [a]
        case ast.BoolOp(values=parts):
            pass
        case ast.Compare(left=a, ops=[op], comparators=[b]) if type(op) in _COMPARISONS:
            parts = [a, b]
        case ast.Compare(left=a, ops=[op], comparators=[ast.Tuple(elts=items)]) if type(op) in _MEMBERSHIP:
            if not items or not all(isinstance(item, ast.Constant) for item in items):
                _refuse(node, text, where)
            parts = [a, *items]
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]) if name in FUNCTIONS:
            fewest, most = FUNCTIONS[name]
            if len(parts) < fewest or (most is not None and len(parts) > most):
                raise _wrong(where, both("{function}() has too few or too many arguments", function=name))
        case _:
            _refuse(node, text, where)
    for part in parts:
        _check(part, text, where, names, numbers)


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return f"'{value}'"
    digits = repr(float(value))  # type: ignore[arg-type]
    # An exponent makes the literal a double in both engines; without it they read a decimal.
    return digits if "e" in digits else f"{digits}E0"


def _sql(node: ast.expr, resolve: Callable[[str], str]) -> str:
    def of(part: ast.expr) -> str:
        return _sql(part, resolve)

    match node:
        case ast.Constant(value=value):
            return _literal(value)
        case ast.Name(id=name):
            return resolve(name)
        case ast.BinOp(left=a, op=ast.Div(), right=b) | ast.Call(func=ast.Name(id="share"), args=[a, b]):
            return f"({of(a)} / NULLIF({of(b)}, 0E0))"
        case ast.BinOp(left=a, op=op, right=b):
            return f"({of(a)} {_ARITHMETIC[type(op)]} {of(b)})"
        case ast.UnaryOp(op=ast.USub(), operand=a):
            return f"(- {of(a)})"
        case ast.UnaryOp(operand=a):
            return f"(NOT {of(a)})"
        case ast.BoolOp(op=op, values=parts):
            return "(" + (" AND " if isinstance(op, ast.And) else " OR ").join(map(of, parts)) + ")"
        case ast.Compare(left=a, ops=[op], comparators=[ast.Tuple(elts=items)]):
            return f"({of(a)} {_MEMBERSHIP[type(op)]} ({', '.join(map(of, items))}))"
        case ast.Compare(left=a, ops=[op], comparators=[b]):
            return f"({of(a)} {_COMPARISONS[type(op)]} {of(b)})"
        case ast.Call(func=ast.Name(id="coalesce"), args=parts):
            return f"COALESCE({', '.join(map(of, parts))})"
        case ast.Call(func=ast.Name(id="case"), args=[c, a]):
            return f"(CASE WHEN {of(c)} THEN {of(a)} END)"
        case ast.Call(func=ast.Name(id="case"), args=[c, a, b]):
            return f"(CASE WHEN {of(c)} THEN {of(a)} WHEN NOT {of(c)} THEN {of(b)} END)"
        case ast.Call(func=ast.Name(id="ln"), args=[a]):
            # The guard stands inside the logarithm: an engine may evaluate both sides of a CASE.
            return f"LN(CASE WHEN {of(a)} > 0E0 THEN {of(a)} END)"
        case ast.Call(func=ast.Name(id="least" | "greatest" as name), args=[a, b]):
            # The engines' own LEAST skips what is not known.
            first, second = ("<=", ">") if name == "least" else (">=", "<")
            x, y = of(a), of(b)
            return f"(CASE WHEN {x} {first} {y} THEN {x} WHEN {x} {second} {y} THEN {y} END)"
        case ast.Call(func=ast.Name(id="is_missing"), args=[a]):
            return f"({of(a)} IS NULL)"
    raise AssertionError(ast.dump(node))


def _evaluate(node: ast.expr, values: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=value):
            return value if isinstance(value, bool | str) else float(value)  # type: ignore[arg-type]
        case ast.Name(id=name):
            found = values[name]
            return found if found is None or isinstance(found, bool | str) else float(found)
        case ast.BoolOp(op=op, values=items):
            known = [_evaluate(item, values) for item in items]
            deciding = isinstance(op, ast.Or)
            if deciding in known:
                return deciding
            return None if None in known else not deciding
        case ast.Call(func=ast.Name(id="coalesce"), args=items):
            return next((x for x in (_evaluate(item, values) for item in items) if x is not None), None)
        case ast.Call(func=ast.Name(id="case"), args=[c, *ways]):
            held = _evaluate(c, values)
            chosen = None if held is None else ways[0] if held else next(iter(ways[1:]), None)
            return None if chosen is None else _evaluate(chosen, values)
        case ast.Call(func=ast.Name(id="is_missing"), args=[a]):
            return _evaluate(a, values) is None
        case ast.UnaryOp(op=op, operand=a):
            x = _evaluate(a, values)
            if x is None:
                return None
            return not x if isinstance(op, ast.Not) else -x  # type: ignore[operator]
        case ast.Compare(left=a, ops=[op], comparators=[ast.Tuple(elts=items)]):
            x = _evaluate(a, values)
            if x is None:
                return None
            return (x in [_evaluate(item, values) for item in items]) is isinstance(op, ast.In)
        case ast.Compare(left=a, ops=[op], comparators=[b]):
            return _two(type(op), _evaluate(a, values), _evaluate(b, values))
        case ast.BinOp(left=a, op=op, right=b):
            return _two(type(op), _evaluate(a, values), _evaluate(b, values))
        case ast.Call(func=ast.Name(id=name), args=items):
            arguments = [_evaluate(item, values) for item in items]
            return None if None in arguments else _function(name, arguments)  # type: ignore[arg-type]
    raise AssertionError(ast.dump(node))


def _two(operation: type[ast.AST], a: Value, b: Value) -> Value:
    if a is None or b is None:
        return None
    if operation is ast.Div and b == 0:
        return None
    result: Value = _OPERATIONS[operation](a, b)
    return result


def _function(name: str, arguments: list[float]) -> Value:
    if name == "share":
        return _two(ast.Div, *arguments)
    if name == "ln":
        return math.log(arguments[0]) if arguments[0] > 0 else None
    return min(arguments) if name == "least" else max(arguments)


class _Types:
    """The type of each part of an expression, from the types of its names."""

    def __init__(self, expression: Expression, types: Callable[[str], str]) -> None:
        self.expression, self.types = expression, types

    def of(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=value):
                return BOOLEAN if isinstance(value, bool) else CATEGORY if isinstance(value, str) else NUMBER
            case ast.Name(id=name):
                return self.types(name)
            case ast.BinOp(left=a, right=b):
                return self.all(node, [a, b], NUMBER, NUMBER)
            case ast.UnaryOp(op=ast.USub(), operand=a):
                return self.all(node, [a], NUMBER, NUMBER)
            case ast.UnaryOp(operand=a):
                return self.all(node, [a], BOOLEAN, BOOLEAN)
            case ast.BoolOp(values=parts):
                return self.all(node, parts, BOOLEAN, BOOLEAN)
            case ast.Compare(left=a, comparators=[ast.Tuple(elts=items)]):
                return self.all(node, [a, *items], self.of(a), BOOLEAN)
            case ast.Compare(left=a, ops=[ast.Eq() | ast.NotEq()], comparators=[b]):
                return self.all(node, [a, b], self.of(a), BOOLEAN)
            case ast.Compare(left=a, comparators=[b]):
                return self.all(node, [a, b], NUMBER, BOOLEAN)
            case ast.Call(func=ast.Name(id="coalesce"), args=parts):
                return self.all(node, parts, self.of(parts[0]), self.of(parts[0]))
            case ast.Call(func=ast.Name(id="case"), args=[c, a, *rest]):
                self.all(node, [c], BOOLEAN, BOOLEAN)
                return self.all(node, [a, *rest], self.of(a), self.of(a))
            case ast.Call(func=ast.Name(id="is_missing"), args=[a]):
                self.of(a)
                return BOOLEAN
            case ast.Call(args=parts):
                return self.all(node, parts, NUMBER, NUMBER)
        raise AssertionError(ast.dump(node))

    def all(self, node: ast.expr, parts: list[ast.expr], wanted: str, result: str) -> str:
        for part in parts:
            if self.of(part) != wanted:
                reason = both(
                    "'{part}' should be of type {wanted}",
                    wanted=wanted,
                    part=_shown(part, self.expression.text),
                )
                raise _wrong(self.expression.where, reason)
        return result
