"""What is kept of a published snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from features.policy.areas import at_depth
from models.record.decision import Setting


@dataclass(frozen=True)
class Published:
    """A published snapshot and the parameter set that applies to it.

    ``setting`` holds what a decision says of the home: ``clock``, ``synthetic``, ``line`` (the parameter to
    look up, or the value itself), ``silent`` (columns that no household has a value of), ``visit_depth``,
    the number of parts of an area path that name the place which plans visits, and ``places``, what areas
    are called (see `features.policy.places`).
    """

    snapshot: str
    as_of: date
    catalogue: str
    parameters: str
    households: int
    columns: Sequence[str]
    setting: Mapping[str, Any]

    def for_decisions(self) -> Setting:
        return Setting(
            snapshot=self.snapshot,
            as_of=self.as_of,
            catalogue=self.catalogue,
            line=self.setting["line"],
            clock=self.setting["clock"],
            synthetic=self.setting["synthetic"],
            silent=frozenset(self.setting["silent"]),
        )

    def place(self, area: str) -> str:
        """The place that plans the visits of a household in ``area``."""
        depth = self.setting["visit_depth"]
        return area if depth is None else at_depth(area, depth)
