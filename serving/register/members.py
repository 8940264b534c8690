"""Who belongs to a household and how they are related to its head, as its facts tell; names are not among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from features.home import Home
from serving.facts import open_facts

# In the order in which a household is listed.
RELATIONS = {
    relation: place
    for place, relation in enumerate(("head", "spouse", "child", "parent", "grandchild", "other"))
}


@dataclass(frozen=True)
class Membership:
    relation: str | None
    left: bool


def members_of(home: Home, household: str, day: date) -> dict[str, Membership]:
    """Each person of the household as last told by ``day``, by pseudonym."""
    # pyarrow comes with the facts, and not before somebody asks for them.
    from features.facts.asof import HouseholdFacts

    rows = HouseholdFacts(open_facts(home), household, day).of("person")
    found: dict[str, Membership] = {}
    for row in sorted(rows, key=lambda row: (row["valid_to"] or date.min, row["delivery"], row["row"])):
        before = found.get(row["person"])
        relation = row["relation"] or (before.relation if before else None)
        left = row["left"] if row["left"] is not None else bool(before and before.left)
        found[row["person"]] = Membership(relation, left)
    return found
