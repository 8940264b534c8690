"""The register in use: exact search, masked names, and full names for a purpose that is logged."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

from features.errors import Refusal
from features.home import Home
from serving.register.blind import BlindIndex, normalised
from serving.register.keys import Keys
from serving.register.masks import masked_name
from serving.register.members import RELATIONS, members_of
from serving.register.records import (
    ADDRESS,
    INDEXED,
    NAME,
    NUMBER,
    PHONE,
    PURPOSES,
    Hit,
    Member,
    Named,
    Revealed,
)
from serving.register.repository import RegisterRepository
from serving.register.vault import Vault
from serving.scope import Scope, scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.store import Reading, Store
from serving.store.record import log_access

# A household's id as people see it (twelve digits in groups of four) up to the whole of it.
_SHOWN = re.compile(r"[0-9a-f]{12,64}")


def check(*, home: Home, store: Store) -> None:
    """Refuse (``key_missing``, ``key_damaged``, ``register_key_unknown``) where a key of the register is lacking."""
    keys = Keys.of(home)
    with store.reading() as reading:
        needed = RegisterRepository(reading).key_ids(scope_of("/"))
    for lacking in sorted(needed - set(keys.sealing)):
        raise Refusal("register_key_unknown", key=lacking)


def search(*, home: Home, store: Store, scope: Scope, q: str, by: str) -> dict[str, Any]:
    """``{households: [{household, area}]}``: what `find` finds."""
    hits = find(home=home, store=store, scope=scope, q=q, by=by)
    return {"households": [{"household": hit.household, "area": hit.area} for hit in hits]}


def find(*, home: Home, store: Store, scope: Scope, q: str, by: str) -> list[Hit]:
    """Households of the latest published snapshot with exactly this number, name or identity number.

    The number is the source key that departments use, or the id as pages show it. Case, width, blanks and
    middle dots make no difference. The search is logged, by a keyed digest and without its text; should that
    fail, nothing is found. Each household comes once, in order of area and id.

    Raises `Refusal` ``key_missing`` or ``key_damaged``.
    """
    index = BlindIndex(Keys.of(home))
    # Half a surrogate pair is no text; nobody is called by one.
    q = q.encode("utf-8", "ignore").decode().strip()
    with store.writing() as writing:
        repository = RegisterRepository(writing)
        hits: list[Hit] = []
        if normalised(q):
            hits += repository.by_number(scope, *_numbers(home, q))
            hits += repository.by_lookup(
                scope, [found for detail in INDEXED for found in index.lookups(detail, q)]
            )
        once = {hit.household: hit for hit in reversed(_heads_first(hits))}
        log_access(
            writing, "search_register", subject=index.trace(q), area=scope.area, by=by, found=len(once)
        )
    return sorted(once.values(), key=lambda hit: (hit.area, hit.household))


def _heads_first(hits: list[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: hit.of_member)


def _numbers(home: Home, q: str) -> tuple[list[str], str | None]:
    """Pseudonyms that the number may have, and the digits with which an id may begin."""
    typed = {q, unicodedata.normalize("NFKC", q).strip()}
    digits = "".join(q.split()).lower()
    shown = digits if _SHOWN.fullmatch(digits) else None
    return [home.pseudonym(each) for each in sorted(typed)], shown


def masked(*, home: Home, store: Store, scope: Scope, households: Sequence[str]) -> dict[str, str]:
    """Masked names of those of the households that have one, for lists: one query."""
    if not households:
        return {}
    vault = Vault(Keys.of(home))
    with store.reading() as reading:
        found = RegisterRepository(reading).names(scope, list(dict.fromkeys(households)))
    return {
        each.place.household: masked_name(vault.open(each.sealed, each.place, each.key_id)) for each in found
    }


def people(*, home: Home, store: Store, scope: Scope, household: str) -> list[Member]:
    """Members that still belong to the household, by masked names: the head first, then by relation.

    A relation is known where facts of the latest published day tell it; who has left by then is not shown.
    """
    with store.reading() as reading:
        opened = _opened(home, reading, scope, household)
        day = _day(reading, scope)
    return [
        Member(person, masked_name(details[NAME]), relation)
        for person, details, relation in _present(home, household, opened, day)
    ]


def reveal(*, home: Home, store: Store, scope: Scope, household: str, by: str, purpose: str) -> Revealed:
    """Names and telephone of a household, with the log entry that says who read them and what for.

    Both happen in one transaction: where the entry cannot be written, nothing is told.

    Raises
    ------
    Refusal
        ``unknown_purpose``; ``unknown_household`` for one that is not in the scope; ``key_missing``,
        ``key_damaged``, ``register_key_unknown`` or ``register_damaged``
    """
    if purpose not in PURPOSES:
        raise Refusal("unknown_purpose", known=", ".join(PURPOSES))
    with store.writing() as writing:
        repository = RegisterRepository(writing)
        area = repository.area(scope, household)
        opened = _opened(home, writing, scope, household)
        day = _day(writing, scope)
        if area is None and not opened:
            raise Refusal("unknown_household")
        log_access(
            writing, "reveal_names", subject=household, area=area or scope.area, by=by, purpose=purpose
        )
    own = opened.pop("", {})
    return Revealed(
        household=household,
        area=area or "",
        number=own.get(NUMBER),
        name=own.get(NAME),
        phone=own.get(PHONE),
        address=own.get(ADDRESS),
        members=[
            Named(person, details[NAME], details.get(PHONE), relation)
            for person, details, relation in _present(home, household, opened, day)
        ],
    )


Details = dict[str, str]


def _opened(home: Home, reading: Reading, scope: Scope, household: str) -> dict[str, Details]:
    """Every detail of a household in clear, by person; the household's own under ""."""
    vault = Vault(Keys.of(home))
    opened: dict[str, Details] = {}
    for place, sealed, key_id in RegisterRepository(reading).of_household(scope, household):
        opened.setdefault(place.person, {})[place.detail] = vault.open(sealed, place, key_id)
    return opened


def _day(reading: Reading, scope: Scope) -> date | None:
    latest = SnapshotRepository(reading).latest(scope)
    return None if latest is None else latest.as_of


def _present(
    home: Home, household: str, opened: dict[str, Details], day: date | None
) -> list[tuple[str, Details, str | None]]:
    """Who is named and has not left, in order of relation."""
    known = members_of(home, household, day) if day is not None and any(opened) else {}
    here = [
        (person, details, known[person].relation if person in known else None)
        for person, details in opened.items()
        if person and NAME in details and not (person in known and known[person].left)
    ]
    return sorted(here, key=lambda one: (RELATIONS.get(one[2] or "", len(RELATIONS)), one[0]))
