"""A household's history, and all that its page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from features.errors import Refusal
from features.home import Home
from models.record.decision import identity
from serving.champion.repository import ChampionRepository
from serving.decisions.repository import DecisionRepository
from serving.households.declared import declared
from serving.households.evidence import Evidence, KindFacts, evidence, facts_of
from serving.households.records import Document, Seen
from serving.households.repository import HouseholdRepository
from serving.lists.repository import ListRepository
from serving.scope import Scope
from serving.snapshots.frozen import Frozen, frozen
from serving.snapshots.records import Published
from serving.snapshots.repository import SnapshotRepository
from serving.store import Reading, Store
from serving.store.record import log_access


def history(*, store: Store, scope: Scope, household: str, by: str) -> dict[str, Any]:
    """What was decided of a household and how it stood on each list of its area, the latest first.

    Raises `Refusal` ``unknown_household`` where nothing is known of it in the scope.
    """
    with store.reading() as reading:
        decisions = DecisionRepository(reading).of_household(scope, household)
        stood = ListRepository(reading).of_household(scope, household)
    if not decisions and not stood:
        raise Refusal("unknown_household")
    with store.writing() as writing:
        log_access(writing, "read_history", subject=household, area=scope.area, by=by)
    return {
        "household": household,
        "decisions": [
            {
                **found,
                "as_of": found["as_of"].isoformat(),
                "asked_at": found["asked_at"].isoformat(),
            }
            for found in decisions
        ],
        "lists": [{**found, "as_of": found["as_of"].isoformat()} for found in stood],
    }


def look(
    *,
    home: Home,
    store: Store,
    scope: Scope,
    household: str,
    decision: str | None = None,
    list_: str | None = None,
    facts: bool = False,
    by: str,
) -> Seen:
    """What the page of a household shows; the look is logged, and nothing is decided.

    Parameters
    ----------
    decision : the decision to show; default the one of what is in force, else the latest stored
    list_ : the list that is leafed through
    facts : whether all that is known is asked for; where nothing was decided, it always is

    Raises
    ------
    Refusal
        ``unknown_household`` where nothing is known of it in the scope, ``unknown_decision`` where the
        decision is not one of this household.
    """
    with store.reading() as reading:
        seen = _seen(home, reading, scope, household, decision, list_, facts)
    with store.writing() as writing:
        shown = seen.decision["id"] if seen.decision else None
        log_access(writing, "view_household", subject=household, area=seen.area, by=by, decision=shown)
    return seen


def _seen(
    home: Home,
    reading: Reading,
    scope: Scope,
    household: str,
    decision: str | None,
    list_: str | None,
    facts: bool,
) -> Seen:
    snapshots, repository = SnapshotRepository(reading), HouseholdRepository(reading)
    latest = snapshots.latest(scope)
    row = None if latest is None else snapshots.row(scope, latest, household)
    kept = repository.decisions(scope, household)
    stood = repository.standings(scope, household)
    if row is None and not kept and not stood:
        raise Refusal("unknown_household")
    current, lacking = _in_force(reading, scope, latest, household if row else None)
    shown = _shown(kept, decision, current)
    published = latest
    if shown is not None and (latest is None or shown["snapshot"] != latest.snapshot):
        published = snapshots.of_snapshot(scope, shown["snapshot"], shown["parameters"])
        row = None if published is None else snapshots.row(scope, published, household)
    if row is not None:
        area = row.area
    else:
        area = str(shown["area"]) if shown else scope.area
    behind, known, silent = _facts(home, reading, scope, household, shown, published if row else None, facts)
    return Seen(
        household=household,
        area=area,
        decision=shown,
        current=current,
        lacking=lacking,
        values=row.values if row is not None else {},
        frozen=_frozen(snapshots, scope, published, shown),
        kept=kept,
        stood=stood,
        place=repository.place(scope, list_, household) if list_ else None,
        declared=declared(home),
        setting=published.setting if published is not None else {},
        evidence=behind,
        facts=known,
        silent=silent,
    )


def _facts(
    home: Home,
    reading: Reading,
    scope: Scope,
    household: str,
    shown: Document | None,
    published: Published | None,
    all_: bool,
) -> tuple[Mapping[str, Evidence], Sequence[KindFacts], Refusal | None]:
    """The facts behind the reasons and, where asked for, all; a decision is shown also where they are lost."""
    if published is None:
        return {}, (), None
    try:
        behind = evidence(home=home, session=reading, scope=scope, decision=shown) if shown else {}
        wanted = all_ or shown is None
        day = published.as_of
        known = facts_of(home=home, household=household, as_of=day, most=MOST_A_KIND) if wanted else ()
    except Refusal as refusal:
        return {}, (), refusal
    return behind, known, None


def _in_force(
    reading: Reading, scope: Scope, latest: Published | None, household: str | None
) -> tuple[str | None, Refusal | None]:
    """The id of the decision that would be made now, or why none can be; neither loads the model."""
    if latest is None:
        return None, Refusal("not_published", day="—")
    champion = ChampionRepository(reading).champion(scope)
    if champion is None:
        return None, Refusal("no_champion")
    if champion.catalogue != latest.catalogue:
        return None, Refusal(
            "catalogue_mismatch", snapshot=latest.catalogue[:12], bundle=champion.catalogue[:12]
        )
    if household is None:
        return None, Refusal("unknown_household")
    return identity(household, latest.snapshot, champion.model_sha256, latest.parameters), None


def _shown(kept: list[dict[str, Any]], asked: str | None, current: str | None) -> Document | None:
    by_id = {document["id"]: document for document in kept}
    if asked is not None:
        if asked not in by_id:
            raise Refusal("unknown_decision")
        return by_id[asked]
    return by_id.get(current or "") or (kept[0] if kept else None)


def _frozen(
    snapshots: SnapshotRepository, scope: Scope, published: Published | None, shown: Document | None
) -> Frozen | None:
    """The policy and the catalogue that the shown decision names, else those of the latest published day."""
    if shown is not None:
        parameters, catalogue = shown["parameters"], shown["catalogue"]
    elif published is not None:
        parameters, catalogue = published.parameters, published.catalogue
    else:
        return None
    return frozen(snapshots, scope, parameters, catalogue)


# Facts of one kind that a page tells.
MOST_A_KIND = 8
