"""`snapshot`, `publish`, `household`, `indicators` and `rules`: what is known as of a day, and by which records."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from commands import asked
from commands.desk import Answer, Desk, verb
from features.errors import Refusal
from features.wording import both

AsOf = Annotated[
    str, typer.Option("--as-of", help="YYYY-MM-DD: only what was known by then.", show_default=False)
]


@verb()
def snapshot(desk: Desk, as_of: AsOf) -> Answer:
    """Build the snapshot of a day: every household, every indicator, as known then. Closes the day."""
    from commands.documents.knowledge import SnapshotDocument
    from features import snapshots

    home = desk.home
    with desk.step("Building the snapshot of {day}", day=as_of):
        built = snapshots.build(home, asked.day(as_of))
    return SnapshotDocument.model_validate(
        {
            "snapshot": built.id,
            "as_of": built.as_of,
            "households": built.table.num_rows,
            "columns": len(built.columns),
            "catalogue": built.catalogue,
            "path": str(built.path),
        }
    )


@verb()
def publish(
    desk: Desk, snapshot: Annotated[str, typer.Argument(help="The snapshot, or the beginning of its id.")]
) -> Answer:
    """Copy a snapshot to where lists and decisions read it."""
    from commands.documents.knowledge import PublishDocument
    from serving.scope import scope_of
    from serving.snapshots import service
    from serving.store import Store

    home = desk.home
    with Store.open(home) as store, desk.step("Publishing snapshot {snapshot}", snapshot=snapshot[:12]):
        done = service.publish(
            home=home, store=store, scope=scope_of("/"), snapshot=snapshot, by=asked.asker()
        )
    return PublishDocument.model_validate(done)


@verb()
def household(
    desk: Desk,
    household: Annotated[
        str | None, typer.Argument(help="The household's pseudonym.", show_default=False)
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help='The source key instead: "k1|k2|k3".', show_default=False)
    ] = None,
    as_of: AsOf = ...,  # type: ignore[assignment]
    why: Annotated[
        str | None,
        typer.Option(
            "--why",
            help="A column: its value and the facts behind it.",
            metavar="INDICATOR",
            show_default=False,
        ),
    ] = None,
) -> Answer:
    """What was known about one household on a day; with --why, one indicator followed to its source rows."""
    from commands.documents.knowledge import HouseholdDocument, WhyDocument
    from features.facts.asof import HouseholdFacts
    from features.indicators import catalogue
    from features.indicators.trace import Tracer

    if (household is None) == (key is None):
        raise Refusal("usage", reason="HOUSEHOLD | --key")
    home, day = desk.home, asked.day(as_of)
    who = household if household is not None else home.pseudonym(str(key))
    known = catalogue.load(home)
    seen = HouseholdFacts(known.store, who, day)
    tracer = Tracer(known, seen)
    if why is not None:
        if why not in known.columns:
            raise Refusal("unknown_name", what=both("indicator"), name=why, known=", ".join(known.columns))
        traced, column = tracer.trace(why), known.columns[why]
        return WhyDocument.model_validate(
            {
                "indicator": why,
                "name": column.record.name,
                "unit": column.record.unit,
                "source": column.record.source,
                "computed": _computed(column),
                "value": traced.value,
                "facts": _facts(known, traced.facts),
            }
        )
    facts = [row for kind in seen.kinds for row in seen.of(kind)]
    if not facts:
        raise Refusal("unknown_household")
    return HouseholdDocument.model_validate(
        {
            "household": who,
            "as_of": day,
            "facts": _facts(known, facts),
            "indicators": {name: tracer.trace(name).value for name in known.columns},
        }
    )


@verb()
def indicators(desk: Desk) -> Answer:
    """The catalogue of this home: every indicator with its meaning, source and examples."""
    from commands.documents.knowledge import IndicatorPart, IndicatorsDocument
    from features.indicators import catalogue

    known = catalogue.load(desk.home)
    kinds = known.store.kinds()
    parts = []
    for record in known.records.values():
        subject = "area" if record.rollup == "area" else "household"
        if record.kind in kinds and kinds[record.kind].subject == "person" and subject == "household":
            subject = "person"
        described = {key: getattr(record, key) for key in IndicatorPart.model_fields if hasattr(record, key)}
        described |= {
            "subject": subject,
            "aggregate": record.aggregate or None,
            "examples": list(record.examples),
        }
        described["may_predict"] = (
            record.may_predict if isinstance(record.may_predict, str) else list(record.may_predict)
        )
        parts.append({**described, "columns": list(record.columns)})
    return IndicatorsDocument.model_validate({"catalogue": known.hash, "indicators": parts})


def _computed(column: Any) -> dict[str, Any]:
    """What the record of a column says of how it is computed, and its window in months (null: all history)."""
    said = column.record.document
    if column.record.shape == "derived":
        return {"expression": said["expression"]}
    how = {
        key: said[key]
        for key in ("kind", "column", "filter", "rollup", "aggregate")
        if said.get(key) is not None
    }
    return {**how, "months": [column.window.first, column.window.past]}


def _facts(known: Any, rows: list[dict[str, Any]]) -> list[Any]:
    """Fact rows as the documents show them: own columns in their units, beside clocks and source row."""
    from commands.documents.knowledge import FactPart

    kinds = known.store.kinds()
    files = {delivery.sequence: delivery.file for delivery in known.store.deliveries()}
    parts = []
    for row in rows:
        kind = row["kind"]
        values = {
            name: row[name] / column.divisor if column.divisor != 1 and row[name] is not None else row[name]
            for name, column in kinds[kind].columns.items()
        }
        if row.get("person"):
            values["person"] = row["person"]
        common = {name: row[name] for name in FactPart.model_fields if name in row and name != "kind"}
        parts.append(FactPart(kind=kind, values=values, file=files[row["delivery"]], **common))
    return parts


@verb()
def rules(desk: Desk) -> Answer:
    """The rules: each with its condition's sentence, minimum tier, source and examples."""
    from commands.documents.knowledge import RulesDocument
    from features.policy.parameters import ParameterSet
    from models.judgement import rules as rulebook

    home = desk.home
    parameters = ParameterSet.load(home)
    parts = [{**rule, "days": parameters.value(rule["days"], home.today())} for rule in rulebook.documents()]
    return RulesDocument.model_validate({"rules": parts})
