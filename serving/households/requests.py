"""What programs ask of households."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from features.documents import Part


class SearchAsked(Part):
    """Whom to look for."""

    q: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """A household's number or a name, exactly. It is sent in the body, so that it stands in no log."""
