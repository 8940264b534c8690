"""The fact rows behind a decision's reasons: from a value on the page back to file and line.

Everything is as of the decision's day, from what was frozen: the published row, the catalogue and the
parameters that its values were computed with, and facts, which never change. What concerns a whole area is
given as published: facts of other households are not read, let alone shown.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import TYPE_CHECKING, Any

from features.errors import Refusal
from features.home import Home
from features.policy.parameters import ParameterSet
from features.policy.vocabulary import units
from serving.facts import open_facts
from serving.households.declared import declared
from serving.scope import Scope
from serving.snapshots.records import Published
from serving.snapshots.repository import SnapshotRepository
from serving.store import Reading

if TYPE_CHECKING:
    # These bring in pyarrow: only who asks for facts pays for that.
    from features.facts.asof import HouseholdFacts
    from features.indicators.catalogue import Catalogue
    from features.indicators.trace import Tracer

Text = Mapping[str, str]
Value = float | bool | str | None

# Rows shown of one reason or kind: the latest. A township does not read more; the rest is counted.
MOST = 12
_KEPT = 4


@dataclass(frozen=True)
class FactLine:
    """One fact row as people read it.

    ``what`` are (name, value) in words; ``when`` the day or the span; ``person`` is the member it is about, by
    relation to the head; ``source`` the mapping it came through; ``age_days`` counts from known_at to the day
    asked about; ``file`` and ``row`` are where it stands in what was delivered.
    """

    kind: str
    kind_name: Text
    person: Text | None
    what: Sequence[tuple[Text, Text]]
    when: Text
    source: str
    source_name: Text
    known_at: date
    recorded_at: date
    age_days: int
    delivery: int
    file: str
    row: int


@dataclass(frozen=True)
class Evidence:
    """One indicator of a decision, followed to its facts.

    Attributes
    ----------
    value, said : the published value, as it is and in words (None: not known)
    computed : how it is computed, in a sentence
    parts : of an indicator made from others: (name, value in words) of each
    facts, more : the latest rows behind it, latest first, and how many there are besides
    households : of an indicator of the whole village: over how many households; its rows are not shown
    agrees : whether the facts, read again, give the published value
    """

    indicator: str
    name: Text
    value: Value
    said: Text | None
    computed: Text
    parts: Sequence[tuple[Text, Text | None]]
    facts: Sequence[FactLine]
    more: int
    households: int | None
    agrees: bool


@dataclass(frozen=True)
class KindFacts:
    """The latest facts of one kind, latest first, and how many more there are (earlier ones not counted)."""

    kind: str
    name: Text
    facts: Sequence[FactLine]
    more: int


def evidence(
    *, home: Home, session: Reading, scope: Scope, decision: Mapping[str, Any], most: int = MOST
) -> dict[str, Evidence]:
    """The facts behind the reasons of a decision, and behind what lowers it, by column (``reason["indicator"]``).

    Raises `Refusal` ``unknown_household`` where the household is not in the scope, ``not_published`` where the
    snapshot is not in this store, ``catalogue_damaged``.
    """
    columns = [reason["indicator"] for reason in (*decision["reasons"], *decision["lowering"])]
    return of_columns(
        home=home,
        session=session,
        scope=scope,
        household=decision["household"],
        snapshot=decision["snapshot"],
        columns=columns,
        most=most,
    )


def of_columns(
    *,
    home: Home,
    session: Reading,
    scope: Scope,
    household: str,
    snapshot: str,
    columns: Iterable[str],
    most: int = MOST,
) -> dict[str, Evidence]:
    """`evidence` of any columns of a published snapshot (those it has no indicator for are left out)."""
    from features.facts.asof import HouseholdFacts
    from features.indicators.trace import Tracer

    snapshots = SnapshotRepository(session)
    published = snapshots.of_snapshot(scope, snapshot)
    if published is None:
        raise Refusal("not_published", day=snapshot[:12])
    row = snapshots.row(scope, published, household)
    if row is None:
        raise Refusal("unknown_household")
    catalogue = _catalogue(home, snapshots, scope, published)
    facts = HouseholdFacts(catalogue.store, household, published.as_of)
    tracer = Tracer(catalogue, facts, areas=row.values)
    teller = _Teller(home, facts)
    found: dict[str, Evidence] = {}
    for name in dict.fromkeys(columns):
        if name in catalogue.columns:
            place = snapshots.households_in(scope, published, row.area) if _of_area(catalogue, name) else None
            found[name] = _evidence(catalogue, tracer, teller, name, row.values.get(name), place, most)
    return found


def facts_of(*, home: Home, household: str, as_of: date, most: int = MOST) -> list[KindFacts]:
    """What was known of a household on a day, kind by kind: of each thing said, the latest word.

    The caller has checked that the household is in the scope. Empty where nothing was known.
    """
    from features.facts.asof import HouseholdFacts

    facts = HouseholdFacts(open_facts(home), household, as_of)
    teller = _Teller(home, facts)
    found = []
    for kind, record in facts.kinds.items():
        latest: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in sorted(facts.of(kind), key=_order):
            # An entry (a bill, a case) is one more word of the same slot, a member is another matter.
            latest[row["person"], row["source"], row["slot"]] = row
        if latest:
            shown = sorted(latest.values(), key=_order, reverse=True)
            lines = [teller.line(row) for row in shown[:most]]
            found.append(KindFacts(kind, record.label, lines, len(shown) - len(lines)))
    return found


def _evidence(
    catalogue: Catalogue,
    tracer: Tracer,
    teller: _Teller,
    name: str,
    value: Value,
    households: int | None,
    most: int,
) -> Evidence:
    from features.indicators.computed import computed, name_of

    column = catalogue.columns[name]
    traced = tracer.trace(name)
    rows = sorted(traced.facts, key=_order, reverse=True)
    expression = column.record.expression
    parts = []
    for part in expression.names if expression else ():
        made = tracer.named(part).value
        parts.append((name_of(catalogue, part), _said(catalogue, part, made)))
    return Evidence(
        indicator=name,
        name=column.record.name,
        value=value,
        said=_said(catalogue, name, value),
        computed=computed(catalogue, teller.facts.kinds, column),
        parts=parts,
        facts=[teller.line(row) for row in rows[:most]],
        more=max(0, len(rows) - most),
        households=households,
        agrees=traced.value == value,
    )


def _said(catalogue: Catalogue, name: str, value: Value) -> Text | None:
    if value is None:
        return None
    known = units()
    if name in catalogue.columns:
        return known[catalogue.columns[name].record.unit].say(value)
    parameter = catalogue.parameters.parameters.get(name)
    unit = known.get(parameter.unit if parameter else "yuan_per_person", known["number"])
    return unit.say(value)


def _of_area(catalogue: Catalogue, name: str) -> bool:
    return any(column.record.rollup == "area" for column in catalogue.needed([name]))


def _order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        row["happened_on"] or row["valid_to"] or row["valid_from"],
        row["delivery"],
        row["row"],
        row["slot"],
    )


class _Teller:
    """Puts the fact rows of one household into words."""

    def __init__(self, home: Home, facts: HouseholdFacts) -> None:
        self.facts = facts
        self.sources = declared(home).sources
        self.files = {delivery.sequence: delivery.file for delivery in facts.store.deliveries()}
        self.members: dict[str, Text] | None = None

    def line(self, row: Mapping[str, Any]) -> FactLine:
        from features.facts import words
        from features.indicators.record import WELFARE

        kind = self.facts.kinds[row["kind"]]
        what = words.says(kind, row)
        if "line" in row:
            # Read against the line of its months.
            what.append((WELFARE["line"].label, words.value(kind.id, WELFARE["line"], row)))
        source = str(row["source"])
        return FactLine(
            kind=kind.id,
            kind_name=kind.label,
            person=self._member(row["person"]) if row["person"] else None,
            what=what,
            when=words.when(row),
            source=source,
            source_name=self.sources.get(source) or {"zh": source, "en": source},
            known_at=row["known_at"],
            recorded_at=row["recorded_at"],
            age_days=(self.facts.day - row["known_at"]).days,
            delivery=row["delivery"],
            file=self.files[row["delivery"]],
            row=row["row"],
        )

    def _member(self, person: str) -> Text | None:
        """A member by the relation to the head and the year of birth, as far as they are known."""
        from features.facts import words

        if self.members is None:
            self.members = {}
            known: dict[str, dict[str, Any]] = {}
            for row in sorted(self.facts.of("person"), key=_order):
                told = known.setdefault(str(row["person"]), {})
                told.update({name: row[name] for name in ("relation", "birth_year") if row[name] is not None})
            for who, told in known.items():
                relation = words.word("person", "relation", told.get("relation", ""))
                if relation is not None:
                    born = told.get("birth_year")
                    self.members[who] = words.member(relation, born)
        return self.members.get(person)


# --- what is kept between requests: immutable, a few, and named by hashes

_turn = Lock()
_catalogues: OrderedDict[tuple[str, str, str], Any] = OrderedDict()


def _catalogue(home: Home, snapshots: SnapshotRepository, scope: Scope, published: Published) -> Catalogue:
    """The catalogue that the snapshot was computed with, from what was frozen when it was published."""
    from features.indicators.catalogue import from_document

    # A store of an earlier version has not kept them: what it is judged with is as near as it gets.
    parameters = published.setting.get("computed_with") or published.parameters
    key = (str(home.path), published.catalogue, parameters)
    with _turn:
        found: Catalogue | None = _catalogues.get(key)
    if found is None:
        found = from_document(
            snapshots.catalogue_document(scope, published.catalogue),
            hash_=published.catalogue,
            parameters=ParameterSet.from_document(snapshots.parameter_document(scope, parameters)),
            store=open_facts(home),
        )
        with _turn:
            _catalogues[key] = found
            while len(_catalogues) > _KEPT:
                _catalogues.popitem(last=False)
    return found
