"""From a home to the training frame of one outcome, with nothing read that was learned after the cut-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import Refusal
from features.home import Home
from features.indicators.catalogue import Catalogue, load
from features.indicators.compile import Compiler
from features.outcomes import Outcome, answered_on, asking_waves, choose, outcome_frame, training_days
from features.wording import both
from models.judgement import rules as rulebook
from models.risk.columns import ColumnSpec
from training import rulings
from training.frame import Category, Floats, Frame, Labels


def specs(
    catalogue: Catalogue, outcome: Outcome, names: Sequence[str] | None = None
) -> tuple[ColumnSpec, ...]:
    """What the estimator must know of each column of ``names`` (default: all that may predict the outcome).

    Raises `Refusal` ``forbidden_input``, naming the column, where one is protected, or is kept from this
    outcome by its ``may_predict``; ``unknown_name`` where there is no such column.
    """
    allowed = {column.name: column for column in catalogue.predictors(outcome.id)}
    for name in names or ():
        if name not in catalogue.columns:
            raise Refusal("unknown_name", what=both("indicator"), name=name, known=", ".join(sorted(allowed)))
        if name not in allowed:
            raise Refusal("forbidden_input", column=name, outcome=outcome.id)
    roles = {outcome.welfare_now: "now"} | dict.fromkeys(outcome.welfare_before, "before")
    return tuple(
        ColumnSpec(
            name,
            "category" if column.type == "category" else "number",
            column.record.group,
            column.record.id,
            0 if column.type == "category" else column.record.monotone,
            roles.get(name) if column.type == "number" else None,  # type: ignore[arg-type]
        )
        for name, column in allowed.items()
        if names is None or name in names
    )


def build(
    home: Home,
    outcome: str | None,
    until: date,
    columns: Sequence[str] | None = None,
    *,
    retrospective: bool = False,
    also: pa.Table | None = None,
) -> Frame:
    """The training frame of ``outcome`` (default: the first declared) as it stood on ``until``.

    Rows: as-of days whose outcome at the tier horizon is mature by ``until``; households of the population
    for whom what must be given holds, and whose label is known. Columns that say the same of every row are left out.

    Parameters
    ----------
    until : the knowledge cut-off; nothing that became known later is read
    columns : only these; one that may not predict the outcome is refused by name
    retrospective : deliveries recorded by ``until`` count from the day they claim, not from their recording
    also : household, as_of of rows to keep although their label is not known

    Raises
    ------
    Refusal : ``unknown_outcome``, ``forbidden_input``, ``no_training_rows``
    """
    catalogue = load(home)
    chosen = choose(catalogue, outcome)
    wanted = specs(catalogue, chosen, columns)
    days = training_days(home, chosen, until, horizon=chosen.tier_horizon, retrospective=retrospective)
    if not days:
        raise Refusal("no_training_rows", outcome=chosen.id, until=until.isoformat())
    labelled = outcome_frame(catalogue, chosen, days, until, retrospective=retrospective)
    kept = useful(labelled, chosen)
    if also is not None:
        kept = pc.or_(kept, _among(labelled, also))
    labelled = labelled.filter(kept)
    if labelled.num_rows == 0:
        raise Refusal("no_training_rows", outcome=chosen.id, until=until.isoformat())
    pairs = labelled.select(["household", "as_of", "area"])
    with Compiler(catalogue, retrospective=until if retrospective else None) as compiler:
        read = rulings.columns_read(rulebook.load(), catalogue.columns)
        names = list(dict.fromkeys([*(spec.name for spec in wanted), *read]))
        table = compiler.compute(_known_on(pairs, pairs["as_of"]), names)
        welfare = (
            welfare_later(compiler, pairs, chosen, until)
            if chosen.welfare_now
            else np.full(len(pairs), np.nan)
        )
        if not (table["household"].equals(pairs["household"]) and table["as_of"].equals(pairs["as_of"])):
            raise RuntimeError("columns and labels are not of the same rows")
        severity = _severity(catalogue, compiler, table, labelled)
        told = None
        if chosen.observed == "next_wave":
            known = answers(compiler, chosen, pairs, until).items()
            told = {day: answer + timedelta(days=chosen.delay_days) for day, answer in known if answer}
    return replace(
        _frame(table, labelled, chosen, wanted, welfare, of_welfare(catalogue)), severity=severity, told=told
    )


def of_welfare(catalogue: Catalogue) -> frozenset[str]:
    """Columns computed from income facts or the welfare view, directly or through other columns."""
    found: set[str] = set()
    # Derived columns stand after what they read.
    for name, column in catalogue.columns.items():
        expression = column.record.expression
        if column.record.kind in ("income", "welfare") or (
            expression and found.intersection(expression.names)
        ):
            found.add(name)
    return frozenset(found)


def _among(table: pa.Table, pairs: pa.Table) -> pa.Array:
    """Which rows of ``table`` are among the pairs of household and day."""
    wanted = set(zip(pairs["household"].to_pylist(), pairs["as_of"].to_pylist(), strict=True))
    rows = zip(table["household"].to_pylist(), table["as_of"].to_pylist(), strict=True)
    return pa.chunked_array([pa.array([row in wanted for row in rows], pa.bool_())])


def useful(table: pa.Table, outcome: Outcome) -> pa.Array:
    """Rows that teach: given, and at risk with a known event or with a component holding and a known state."""
    horizon = outcome.tier_horizon
    judged = pc.and_(pc.fill_null(table["at_risk"], False), pc.is_valid(table[f"y_{horizon}"]))
    held = pc.and_(pc.fill_null(table["holds_now"], False), pc.is_valid(table[f"state_{horizon}"]))
    return pc.and_(pc.fill_null(table["given"], False), pc.or_(judged, held))


def _known_on(pairs: pa.Table, known: pa.ChunkedArray) -> pa.Table:
    return pa.table(
        {"household": pairs["household"], "as_of": pairs["as_of"], "known": known, "area": pairs["area"]}
    )


def answers(compiler: Compiler, outcome: Outcome, pairs: pa.Table, until: date) -> dict[date, date | None]:
    """For each as-of day of the pairs the day on which the outcome at the tier horizon is read, as known by ``until``."""
    waves = asking_waves(compiler.catalogue, outcome, until, recorded_by=compiler.retrospective)
    days = pc.unique(pairs["as_of"]).to_pylist()
    return {day: answered_on(outcome, day, outcome.tier_horizon, waves) for day in days}


def welfare_later(compiler: Compiler, pairs: pa.Table, outcome: Outcome, until: date) -> Floats:
    """Welfare at the tier horizon of each pair, as known by ``until``; NaN where it was not observed."""
    assert outcome.welfare_now is not None
    later = answers(compiler, outcome, pairs, until)
    target = pa.array([later[day] for day in pairs["as_of"].to_pylist()], pa.date32())
    asked = pa.table({"household": pairs["household"], "as_of": target, "area": pairs["area"]})
    asked = (
        asked.group_by(["household", "as_of"])
        .aggregate([("area", "min")])
        .rename_columns(["household", "as_of", "area"])
    )
    known = pa.chunked_array([pa.array([until] * len(asked), pa.date32())])
    # A household that was not interviewed then keeps its earlier word: only a fact of that wave is an answer.
    present = compiler.population(sorted({day for day in later.values() if day}), known=until).select(
        ["household", "as_of"]
    )
    seen = compiler.compute(_known_on(asked, known), [outcome.welfare_now]).join(
        present, ["household", "as_of"], join_type="inner"
    )
    place = pa.table({"household": pairs["household"], "as_of": target, "place": np.arange(len(pairs))})
    joined = place.join(seen, ["household", "as_of"], join_type="inner")
    found = np.full(len(pairs), np.nan)
    found[joined["place"].to_numpy()] = floats(joined[outcome.welfare_now])
    return found


def _severity(
    catalogue: Catalogue, compiler: Compiler, table: pa.Table, labelled: pa.Table
) -> rulings.Severities | None:
    """The rules' tier of each row on its day, or None where no household at risk is hit by any.

    The rules may read what may not predict: they are policy, and no learner sees what they say.
    """
    types = {name: column.type for name, column in catalogue.columns.items()}
    rule = catalogue.declarations.line

    def line(day: date, area: str) -> float | None:
        if "parameter" in rule:
            value = catalogue.parameters.value(str(rule["parameter"]), day, area)
            return None if value is None else float(value)
        return compiler.lines([day]).get(day)

    placed = table.append_column("area", labelled["area"]) if "area" not in table.column_names else table
    severity = rulings.severities(placed, types, rulebook.load(), catalogue.parameters, line)
    return severity if severity[_flags(labelled["at_risk"])].any() else None


def floats(column: pa.ChunkedArray) -> Floats:
    """Numbers and booleans as float64, null as NaN."""
    plain = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
    return np.asarray(plain.cast(pa.float64()).combine_chunks().to_numpy(zero_copy_only=False), float).copy()


def _flags(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(column, False).combine_chunks().to_numpy(zero_copy_only=False), bool)


def _frame(
    table: pa.Table,
    labelled: pa.Table,
    outcome: Outcome,
    wanted: Sequence[ColumnSpec],
    welfare_later: Floats,
    derived: frozenset[str],
) -> Frame:
    numbers: dict[str, Floats] = {}
    categories: dict[str, Category] = {}
    kept: list[ColumnSpec] = []
    for spec in wanted:
        column = table[spec.name]
        if pc.count_distinct(column, mode="all").as_py() < 2:
            continue
        kept.append(spec)
        if spec.type == "number":
            numbers[spec.name] = floats(column)
        else:
            categories[spec.name] = Category.of(column)
    if not any(spec.welfare == "now" for spec in kept):
        kept = [
            ColumnSpec(s.name, s.type, s.group, s.indicator, s.monotone) if s.welfare == "before" else s
            for s in kept
        ]
    households = pc.dictionary_encode(labelled["household"].combine_chunks())
    return Frame(
        outcome=outcome.id,
        kind=outcome.kind,
        horizons=outcome.horizons,
        tier_horizon=outcome.tier_horizon,
        delay_days=outcome.delay_days,
        specs=tuple(kept),
        numbers=numbers,
        categories=categories,
        households=tuple(households.dictionary.to_pylist()),
        household=households.indices.to_numpy().astype(np.int32),
        as_of=labelled["as_of"].to_numpy().astype("datetime64[D]"),
        area=Category.of(labelled["area"]),
        at_risk=_flags(labelled["at_risk"]),
        holds_now=_flags(labelled["holds_now"]),
        labels=Labels(
            {h: floats(labelled[f"y_{h}"]) for h in outcome.horizons},
            {h: floats(labelled[f"state_{h}"]) for h in outcome.horizons},
        ),
        welfare_later=welfare_later,
        of_welfare=derived,
    )
