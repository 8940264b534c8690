"""What programs ask of lists."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from features.documents import Part, Tier
from serving.lists.cursor import PATTERN

AskedArea = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class LatestAsked(Part):
    """Which latest list, and which lines of it."""

    area: AskedArea | SkipJsonSchema[None] = Field(default=None, examples=["990101000000/990101101000"])
    """Only this part of the list: codes joined by "/"; "/" is the whole home. Default: the account's area."""
    tier: Tier | SkipJsonSchema[None] = Field(default=None, examples=["orange"])
    """Only the lines of this tier; random checks are under none."""


class ListAsked(LatestAsked):
    """Which lines of a list, and from where on."""

    cursor: Annotated[str, StringConstraints(pattern=PATTERN)] | SkipJsonSchema[None] = None
    """`next` of the page before; it holds for the same list, area and tier alone."""
