"""What every document is made of, on the command line and over HTTP alike, and the error document."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Day = date
Tier = Literal["red", "orange", "yellow", "blue", "none"]
RaisedBy = Literal["rule", "score", "both", "check", "unknown"]
Clock = Literal["real", "simulated"]
OutcomeKind = Literal["by", "at"]
# A class below has a key named list; its annotations must not stumble over that.
Texts = list[str]


class Part(BaseModel):
    """A part of a document: no key that is not declared, and each key's docstring is its documentation."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Document(Part):
    """One whole answer of a verb or of the service."""


class Bilingual(Part):
    """The same text in both languages."""

    zh: str
    en: str


class ErrorBody(Part):
    """What went wrong, where, and how to mend it. Never a personal value."""

    code: str
    """One of the codes of docs/errors.md."""
    message: Bilingual
    file: str | None = None
    """The file's name, where there is one."""
    row: int | None = None
    """The line of the file; the header is line 1."""
    column: str | None = None
    remedy: Bilingual


class ErrorDocument(Document):
    """Answered instead of the document asked for: by a verb that ends with 1, 2, 3 or 4, by the service with 4xx or 5xx."""

    error: ErrorBody
