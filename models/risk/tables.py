"""Small trees as tables: exact SHAP values by looking them up, with numpy alone.

A tree with at most 8 leaves asks at most 7 yes/no questions, so at most 128 sets of answers exist, each
with one vector of exact (path-dependent) TreeSHAP values. `models.risk.trees` computes them once, after
training; here the questions are answered, each tree's answers are packed into one byte, and the values
are looked up and added, tree by tree, in float64. The order of additions never changes, so a row has the
same values to the bit alone, in a batch, and for every number of threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from models.risk.columns import FEW, Encoding, Floats

MAX_QUESTIONS = 7
CHUNK = 4096


@dataclass(frozen=True)
class Feature:
    """What a tree looks at: a number, or (level ≥ 0) whether a category has that level; the level after
    the last stands for missing."""

    column: str
    level: int = -1


def features(encoding: Encoding, flagged: frozenset[str]) -> tuple[Feature, ...]:
    """Inputs of the trees in order: numbers as they are, one feature a level of each category.

    `flagged` names the categories whose being missing is a level of its own.
    """
    found: list[Feature] = []
    for spec in encoding.specs:
        if spec.type == "number":
            found.append(Feature(spec.name))
        else:
            levels = len(encoding.levels[spec.name])
            found += [Feature(spec.name, k) for k in range(levels)]
            if spec.name in flagged:
                found.append(Feature(spec.name, levels + 1))
    return tuple(found)


def feature_matrix(encoded: Mapping[str, npt.NDArray[Any]], inputs: tuple[Feature, ...]) -> Floats:
    """Rows × features, float64, as the trees were trained on them."""
    rows = len(next(iter(encoded.values()), []))
    matrix = np.empty((rows, len(inputs)))
    for i, feature in enumerate(inputs):
        values = encoded[feature.column]
        matrix[:, i] = values if feature.level < 0 else values == feature.level
    return matrix


@dataclass(frozen=True)
class Tables:
    """Compiled trees.

    Parameters
    ----------
    base : sum of the trees' expectations over their training rows
    question_feature, question_threshold, question_unknown : each different question once: is the feature
        ≤ the threshold, and the answer (0 or 1) where it is not known
    tree_questions, tree_start : questions of tree t are ``tree_questions[tree_start[t]:tree_start[t + 1]]``
    slot_tree, slot_output, slot_start : one slot a tree and output; its table of 2^questions values is
        ``values[slot_start[s]:slot_start[s + 1]]``
    values : contributions, by slot and by answers (first question in the lowest bit, 1 = yes)
    outputs : number of outputs
    """

    base: float
    question_feature: npt.NDArray[np.int32]
    question_threshold: Floats
    question_unknown: npt.NDArray[np.uint8]
    tree_questions: npt.NDArray[np.int32]
    tree_start: npt.NDArray[np.int32]
    slot_tree: npt.NDArray[np.int32]
    slot_output: npt.NDArray[np.int32]
    slot_start: npt.NDArray[np.int32]
    values: Floats
    outputs: int

    @property
    def trees(self) -> int:
        return len(self.tree_start) - 1

    @property
    def questions(self) -> int:
        return len(self.question_feature)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What is stored."""
        stored = {field.name: getattr(self, field.name) for field in fields(self)}
        return stored | {"base": np.array([self.base]), "outputs": np.array([self.outputs], dtype=np.int32)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], inputs: int, outputs: int) -> Tables:
        """Tables whose every shape, type and range holds; ValueError says which does not."""
        expected = {name: np.dtype(kind) for name, kind in _TYPES.items()}
        if set(arrays) != set(expected):
            raise ValueError("the arrays are not those of compiled trees")
        for name, kind in expected.items():
            if arrays[name].dtype != kind or arrays[name].ndim != 1:
                raise ValueError(f"array {name} has the wrong type or shape")
        if arrays["base"].shape != (1,) or arrays["outputs"].tolist() != [outputs]:
            raise ValueError("base or outputs do not fit")
        plain = {k: np.ascontiguousarray(v) for k, v in arrays.items() if k not in ("base", "outputs")}
        tables = cls(base=float(arrays["base"][0]), outputs=outputs, **plain)
        tables.check(inputs)
        return tables

    def check(self, inputs: int) -> None:
        """ValueError unless every index points where it may and every number is finite."""
        sizes = np.diff(self.tree_start)
        slots = len(self.slot_tree)
        if (
            len(self.tree_start) < 1
            or self.tree_start[0] != 0
            or self.tree_start[-1] != len(self.tree_questions)
            or np.any((sizes < 0) | (sizes > MAX_QUESTIONS))
        ):
            raise ValueError("the trees' questions do not fit")
        if not (len(self.question_threshold) == len(self.question_unknown) == self.questions):
            raise ValueError("the questions have different lengths")
        _within(self.question_feature, inputs, "question_feature")
        _within(self.question_unknown, 2, "question_unknown")
        _within(self.tree_questions, self.questions, "tree_questions")
        _within(self.slot_tree, self.trees, "slot_tree")
        _within(self.slot_output, self.outputs, "slot_output")
        if len(self.slot_output) != slots or len(self.slot_start) != slots + 1 or self.slot_start[0] != 0:
            raise ValueError("the slots have different lengths")
        if np.any(np.diff(self.slot_tree) < 0) or not np.array_equal(
            np.diff(self.slot_start), np.left_shift(1, sizes[self.slot_tree])
        ):
            raise ValueError("the slots' tables do not fit their trees")
        if self.slot_start[-1] != len(self.values):
            raise ValueError("values are missing or too many")
        if not (
            np.isfinite(self.values).all()
            and np.isfinite(self.question_threshold).all()
            and np.isfinite(self.base)
        ):
            raise ValueError("a value is not a number")

    def contributions(self, encoded: Mapping[str, npt.NDArray[Any]], inputs: tuple[Feature, ...]) -> Floats:
        """Exact SHAP values, outputs × rows; margin = base + their sum."""
        rows = len(next(iter(encoded.values()), []))
        result = np.zeros((self.outputs, rows))
        if rows == 0 or not len(self.slot_tree):
            return result
        if rows < FEW:
            return self._of_few(encoded, inputs)
        for first in range(0, rows, CHUNK):
            part = {name: values[first : first + CHUNK] for name, values in encoded.items()}
            result[:, first : first + CHUNK] = self._of_many(part, inputs)
        return result

    def _of_few(self, encoded: Mapping[str, npt.NDArray[Any]], inputs: tuple[Feature, ...]) -> Floats:
        """All questions at once, all look-ups at once, all sums at once."""
        asked = feature_matrix(encoded, inputs).T[self.question_feature]
        rows = asked.shape[1]
        answers = self._no_answers(rows)
        answers[:-1] = asked <= self.question_threshold[:, None]
        answers[:-1] |= np.isnan(asked) & self.question_unknown.astype(bool)[:, None]
        found = self.values[self.slot_start[:-1, None] + self._packed(answers)[self.slot_tree]]
        sums = self.slot_output[:, None] * rows + np.arange(rows)
        # It adds in the order in which it is given, which is the order of the trees.
        flat: Floats = np.bincount(sums.ravel(), found.ravel(), self.outputs * rows).astype(np.float64)
        return flat.reshape(self.outputs, rows)

    def _of_many(self, encoded: Mapping[str, npt.NDArray[Any]], inputs: tuple[Feature, ...]) -> Floats:
        """Question by question, then table by table."""
        rows = len(next(iter(encoded.values())))
        answers = self._no_answers(rows)
        for i, threshold, unknown, answer in zip(*self._asked, answers, strict=False):
            feature = inputs[i]
            values = encoded[feature.column]
            if feature.level >= 0:
                np.not_equal(values, feature.level, out=answer)
            elif unknown:
                np.logical_not(np.greater(values, threshold, out=answer), out=answer)
            else:
                np.less_equal(values, threshold, out=answer)
        packed = self._packed(answers)
        sums, found = np.zeros((self.outputs, rows)), np.empty(rows)
        for tree, output, table in self._plan:
            table.take(packed[tree], out=found, mode="clip")
            sums[output] += found
        return sums

    def _no_answers(self, rows: int) -> npt.NDArray[np.bool_]:
        """Questions × rows; the row after the last stays 0 and fills up trees with fewer questions than others."""
        return np.zeros((self.questions + 1, rows), dtype=np.bool_)

    def _packed(self, answers: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
        """Each tree's answers to its questions in one byte: trees × rows."""
        bits = answers.view(np.uint8)
        packed = np.zeros((self.trees, answers.shape[1]), dtype=np.uint8)
        for place, asked in enumerate(self._by_tree):
            packed |= bits[asked] << place
        return packed.astype(np.intp)

    @cached_property
    def _plan(self) -> list[tuple[int, int, Floats]]:
        """Tree, output and table of each slot."""
        ends = self.slot_start.tolist()
        return [
            (tree, output, self.values[ends[s] : ends[s + 1]])
            for s, (tree, output) in enumerate(
                zip(self.slot_tree.tolist(), self.slot_output.tolist(), strict=True)
            )
        ]

    @cached_property
    def _asked(self) -> tuple[list[int], list[float], list[int]]:
        """Feature, threshold and answer if unknown, of each question."""
        return (
            self.question_feature.tolist(),
            self.question_threshold.tolist(),
            self.question_unknown.tolist(),
        )

    @cached_property
    def _by_tree(self) -> npt.NDArray[np.intp]:
        """Questions of each tree, by their place in it: places × trees."""
        most = int(np.diff(self.tree_start).max(initial=0))
        filled = np.full((most, self.trees), self.questions, dtype=np.intp)
        for tree, (first, last) in enumerate(pairwise(self.tree_start.tolist())):
            filled[: last - first, tree] = self.tree_questions[first:last]
        return filled


_TYPES = {
    "base": "<f8",
    "question_feature": "<i4",
    "question_threshold": "<f8",
    "question_unknown": "|u1",
    "tree_questions": "<i4",
    "tree_start": "<i4",
    "slot_tree": "<i4",
    "slot_output": "<i4",
    "slot_start": "<i4",
    "values": "<f8",
    "outputs": "<i4",
}


def _within(values: npt.NDArray[Any], end: int, name: str) -> None:
    if len(values) and (int(values.min()) < 0 or int(values.max()) >= end):
        raise ValueError(f"array {name} points outside its range")
