"""One additive margin of a scorecard and a few small trees, explained column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.risk.columns import Columns, ColumnSpec, Encoding, Floats
from models.risk.scorecard import Scorecard
from models.risk.tables import Feature, Tables, features


@dataclass(frozen=True)
class Parts:
    """All of a margin but its trees.

    Parameters
    ----------
    encoding : columns and levels
    flagged : categories whose being missing is a question that trees may ask
    scorecard : the linear part
    offset, linear_weight, tree_weight : margin = offset + linear_weight · scorecard + tree_weight · trees
    """

    encoding: Encoding
    flagged: frozenset[str]
    scorecard: Scorecard
    offset: float
    linear_weight: float
    tree_weight: float

    def __post_init__(self) -> None:
        weights = (self.offset, self.linear_weight, self.tree_weight)
        if not np.isfinite(weights).all() or min(weights[1:]) < 0:
            raise ValueError("the weights of the parts must be finite and not negative")
        if not self.flagged <= set(self.encoding.levels):
            raise ValueError("a flagged category is unknown")

    def document(self) -> dict[str, Any]:
        return {
            "encoding": self.encoding.document(),
            "flagged": sorted(self.flagged),
            "scorecard": self.scorecard.document(),
            "offset": self.offset,
            "linear_weight": self.linear_weight,
            "tree_weight": self.tree_weight,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Parts:
        """Raises ValueError, TypeError or KeyError where the document is not one of ours."""
        encoding = Encoding.from_document(document["encoding"])
        scorecard = Scorecard.from_document(document["scorecard"], encoding)
        weights = (float(document[k]) for k in ("offset", "linear_weight", "tree_weight"))
        return cls(encoding, frozenset(document["flagged"]), scorecard, *weights)


class Margin:
    """The whole: `parts` and the compiled trees, whose outputs are the columns of the encoding.

    Every addition has its fixed place, so a row has the same bits alone, in a batch and for any threads.
    """

    def __init__(self, parts: Parts, tables: Tables) -> None:
        self.parts, self.tables = parts, tables
        self.encoding, self.scorecard = parts.encoding, parts.scorecard
        self.inputs: tuple[Feature, ...] = features(parts.encoding, parts.flagged)
        tables.check(len(self.inputs))
        for i, threshold in zip(
            tables.question_feature.tolist(), tables.question_threshold.tolist(), strict=True
        ):
            if self.inputs[i].level >= 0 and not 0.0 <= threshold < 1.0:
                raise ValueError("a question about a level does not part 0 from 1")
        if tables.outputs != len(self.specs):
            raise ValueError("the trees' outputs are not the columns")
        self._place = {spec.name: i for i, spec in enumerate(self.specs)}

    @classmethod
    def of(cls, parts: Parts, arrays: Mapping[str, Any]) -> Margin:
        """With the trees from their stored arrays; ValueError where those do not fit."""
        inputs = features(parts.encoding, parts.flagged)
        return cls(parts, Tables.from_arrays(arrays, len(inputs), len(parts.encoding.specs)))

    @property
    def specs(self) -> tuple[ColumnSpec, ...]:
        return self.encoding.specs

    @property
    def base(self) -> float:
        """Margin before any contribution: from the model, never by subtraction."""
        parts = self.parts
        linear = parts.linear_weight * self.scorecard.intercept
        return parts.offset + linear + parts.tree_weight * self.tables.base

    def contributions(self, columns: Columns) -> tuple[float, dict[str, Floats]]:
        """base, and each column's contribution to the margin, row by row."""
        encoded = self.encoding.encode(columns)
        linear = self.scorecard.contributions(encoded)
        trees = self.tables.contributions(encoded, self.inputs)
        whole = self.parts.tree_weight * trees
        nothing = np.zeros(whole.shape[1])
        whole += self.parts.linear_weight * np.array([linear.get(name, nothing) for name in self._place])
        return self.base, dict(zip(self._place, whole, strict=True))

    def margin(self, columns: Columns) -> Floats:
        """The margin of each row: base and contributions added in the order of the columns."""
        return total(*self.contributions(columns))

    def tree_contributions(self, columns: Columns) -> Floats:
        """The trees' own SHAP values, unweighted, columns × rows: what LightGBM's must equal."""
        return self.tables.contributions(self.encoding.encode(columns), self.inputs)


def total(base: float, terms: dict[str, Floats]) -> Floats:
    """base + Σ terms, in the order of the terms."""
    result = np.full(len(next(iter(terms.values()), [])), base)
    for term in terms.values():
        result += term
    return result
