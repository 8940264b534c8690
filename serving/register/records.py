"""What the register holds and tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from features.wording import N_

# The details a delivery can give, and the household's source key, which intake gives with them.
NAME, IDENTITY, PHONE, ADDRESS, NUMBER = "name", "identity", "phone", "address", "number"
DETAILS = (NAME, IDENTITY, PHONE, ADDRESS, NUMBER)
# What can be looked up; a household number is looked up by its pseudonym and needs no index.
INDEXED = (NAME, IDENTITY)

# Why somebody may read a full name: a closed list, so that the log can be counted and questioned.
PURPOSES: Mapping[str, str] = {
    "visit": N_("Visit to the household"),
    "contact": N_("Call or message to the household"),
    "correction": N_("Correction of wrong data"),
    "review": N_("Review of a decision or complaint"),
}


class Place(NamedTuple):
    """Where a detail stands: of a household (``person`` empty) or of a member, both pseudonyms."""

    household: str
    person: str
    detail: str


class Sealed(NamedTuple):
    """A detail as stored."""

    place: Place
    sealed: bytes
    key_id: str


@dataclass(frozen=True)
class Hit:
    """A household that was looked for; ``matched``: number, name or identity, ``of_member``: not of its head."""

    household: str
    area: str
    matched: str
    of_member: bool


@dataclass(frozen=True)
class Member:
    """A member under a masked name. ``relation`` to the head as the facts tell it; None where they do not."""

    person: str
    name: str
    relation: str | None


@dataclass(frozen=True)
class Named:
    """Somebody by full name; ``relation`` as in `Member`, None also for the household's own entry."""

    person: str
    name: str
    phone: str | None
    relation: str | None


@dataclass(frozen=True)
class Revealed:
    """A household by its names: of its head as the household form gives it, and of its members."""

    household: str
    area: str
    number: str | None
    name: str | None
    phone: str | None
    address: str | None
    members: Sequence[Named]
