"""What programs send to ask for decisions."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from features.documents import Part, Sha256
from features.home import Home

# As many households as one batch may name; a service may be set to take fewer.
MOST = 1000
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_as_a_day(value: Any) -> Any:
    # Numbers and moments are no days, although they could be read as such.
    if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise PydanticCustomError("day_not_understood", "a day is written YYYY-MM-DD")
    return value


AskedDay = Annotated[date | None, BeforeValidator(_written_as_a_day)]
SourceKey = Annotated[str, StringConstraints(min_length=1, max_length=300)]


def _no_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class DecisionAsked(Part):
    """A household, by its id or by its key in the sources: exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["household"]}, {"required": ["key"]}]}
    )

    household: Sha256 | SkipJsonSchema[None] = Field(default=None, json_schema_extra=_no_default)
    """The household's id: its pseudonym in this home."""
    key: SourceKey | SkipJsonSchema[None] = Field(default=None, json_schema_extra=_no_default)
    """The household's number as its source writes it; parts of a number are joined: k1|k2|k3."""
    as_of: AskedDay = None
    """A published day; without it the latest."""

    @model_validator(mode="after")
    def _exactly_one(self) -> DecisionAsked:
        if (self.household is None) == (self.key is None) or None in (
            getattr(self, name) for name in self.model_fields_set - {"as_of"}
        ):
            raise PydanticCustomError("one_of_household_and_key", "name the household, or its key")
        return self

    def meant(self, home: Home) -> str:
        """The household's id in ``home``."""
        if self.household is not None:
            return self.household
        assert self.key is not None
        return home.pseudonym(self.key)


class BatchAsked(Part):
    """Up to 1,000 households. One that is named twice is decided once, and stands once in the answer."""

    households: list[Sha256] = Field(min_length=1, json_schema_extra={"maxItems": MOST})
    as_of: AskedDay = None
    """A published day; without it the latest."""
