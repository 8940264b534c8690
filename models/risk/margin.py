"""One additive margin of a scorecard and a few small trees, explained column by column."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.risk.columns import Columns, ColumnSpec, Encoding, Floats
from models.risk.scorecard import Scorecard
from models.risk.tables import Feature, Tables, features


class Margin:
    """margin = offset + linear_weight · scorecard + tree_weight · trees, in one order of additions.

    Parameters
    ----------
    encoding : columns and levels
    flagged : categories whose being missing is a question that trees may ask
    scorecard, tables : the two parts; the tables' outputs are the columns of the encoding
    offset, linear_weight, tree_weight : how they are put together
    """

    def __init__(
        self,
        encoding: Encoding,
        flagged: frozenset[str],
        scorecard: Scorecard,
        tables: Tables,
        offset: float,
        linear_weight: float,
        tree_weight: float,
    ) -> None:
        self.encoding, self.flagged, self.scorecard, self.tables = encoding, flagged, scorecard, tables
        self.offset, self.linear_weight, self.tree_weight = offset, linear_weight, tree_weight
        if not np.isfinite([offset, linear_weight, tree_weight]).all() or min(linear_weight, tree_weight) < 0:
            raise ValueError("the weights of the parts must be finite and not negative")
        if not flagged <= set(encoding.levels):
            raise ValueError("a flagged category is unknown")
        self.inputs: tuple[Feature, ...] = features(encoding, flagged)
        tables.check(len(self.inputs))
        for i, threshold in zip(
            tables.question_feature.tolist(), tables.question_threshold.tolist(), strict=True
        ):
            if self.inputs[i].level >= 0 and not 0.0 <= threshold < 1.0:
                raise ValueError("a question about a level does not part 0 from 1")
        if tables.outputs != len(encoding.specs):
            raise ValueError("the trees' outputs are not the columns")

    @property
    def specs(self) -> tuple[ColumnSpec, ...]:
        return self.encoding.specs

    @property
    def base(self) -> float:
        """Margin before any contribution: from the model, never by subtraction."""
        return (
            self.offset + self.linear_weight * self.scorecard.intercept + self.tree_weight * self.tables.base
        )

    def contributions(self, columns: Columns) -> tuple[float, dict[str, Floats]]:
        """base, and each column's contribution to the margin, row by row."""
        encoded = self.encoding.encode(columns)
        linear = self.scorecard.contributions(encoded)
        trees = self.tables.contributions(encoded, self.inputs)
        terms: dict[str, Floats] = {}
        for i, spec in enumerate(self.specs):
            term = self.tree_weight * trees[i]
            if spec.name in linear:
                term = self.linear_weight * linear[spec.name] + term
            terms[spec.name] = term
        return self.base, terms

    def margin(self, columns: Columns) -> Floats:
        """The margin of each row: base and contributions added in the order of the columns."""
        return total(*self.contributions(columns))

    def tree_contributions(self, columns: Columns) -> Floats:
        """The trees' own SHAP values, unweighted, columns × rows: what LightGBM's must equal."""
        return self.tables.contributions(self.encoding.encode(columns), self.inputs)

    def document(self) -> dict[str, Any]:
        """All but the tables."""
        return {
            "encoding": self.encoding.document(),
            "flagged": sorted(self.flagged),
            "offset": self.offset,
            "linear_weight": self.linear_weight,
            "tree_weight": self.tree_weight,
            "scorecard": self.scorecard.document(),
        }

    @classmethod
    def from_document(cls, document: dict[str, Any], arrays: dict[str, Any]) -> Margin:
        """Raises ValueError, TypeError or KeyError where document or arrays are not ours."""
        encoding = Encoding.from_document(document["encoding"])
        flagged = frozenset(document["flagged"])
        tables = Tables.from_arrays(arrays, len(features(encoding, flagged)), len(encoding.specs))
        scorecard = Scorecard.from_document(document["scorecard"], encoding)
        weights = (float(document[k]) for k in ("offset", "linear_weight", "tree_weight"))
        return cls(encoding, flagged, scorecard, tables, *weights)


def total(base: float, terms: dict[str, Floats]) -> Floats:
    """base + Σ terms, in the order of the terms."""
    result = np.full(len(next(iter(terms.values()), [])), base)
    for term in terms.values():
        result = result + term
    return result
