"""Homes whose households have names, given to the register the way intake gives them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from features.home import Home
from features.intake.register import Introduction
from serving.register.remembering import HomeRegister
from serving.scope import Scope, scope_of
from serving.store import Store
from tests.serving.conftest import Desk

# Households of the tiny panel: h0 lives in 41/a/v0, h1 in 41/b/v1, h2 in 41/c/v2, h3 in 41/a/v3.
PEOPLE = {
    "h0": ("王建国", "99010119440101789X", "10012345678", {"p1": "王小红", "p2": "阿依·古丽"}),
    "h1": ("覃芳", "990101195502022345", "10087654321", {"p1": "王建国"}),
    "h2": ("欧阳小红", "990101196603033456", "10011112222", {}),
    "h3": ("李秀英", "990101197704044567", "10033334444", {"p1": "李明"}),
}


@dataclass(frozen=True)
class Named:
    """A published home with the people above in its register."""

    home: Home
    store: Store
    scope: Scope

    def id(self, number: str) -> str:
        return self.home.pseudonym(number)

    def person(self, number: str, member: str) -> str:
        return self.home.person_pseudonym(f"{number}|{member}")


def introductions(home: Home) -> list[Introduction]:
    made = []
    for number, (name, identity, phone, members) in PEOPLE.items():
        household = home.pseudonym(number)
        details = {"name": name, "identity": identity, "phone": phone}
        made.append(Introduction(household, number, None, details))
        for member, called in members.items():
            person = home.person_pseudonym(f"{number}|{member}")
            made.append(Introduction(household, number, person, {"name": called}))
    return made


@pytest.fixture
def named(desk: Desk) -> Named:
    with HomeRegister(desk.home, by="li") as register:
        register.remember(introductions(desk.home), source="tiny", delivery=1)
    return Named(desk.home, desk.store, scope_of("/"))
