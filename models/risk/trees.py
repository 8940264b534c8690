"""From LightGBM's own description of its trees to tables, once after training.

Source of the values: path-dependent TreeSHAP (Lundberg et al. 2020), here by its definition, the Shapley
values of the tree's conditional expectation: where a feature is in the coalition follow the answer, else
average both children by their training counts. The text model is never read: the description comes from
the booster that was just trained, in the same process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

from models.risk.columns import Floats
from models.risk.tables import MAX_QUESTIONS, Tables

MAX_LEAVES = MAX_QUESTIONS + 1
Question = tuple[int, float, int]


def compile_trees(dump: Mapping[str, Any], output_of: Sequence[int], outputs: int) -> Tables:
    """Tables that answer as the dumped booster does.

    Parameters
    ----------
    dump : what ``Booster.dump_model()`` gives, of a booster with one tree an iteration
    output_of : output to which each feature's contributions are added
    outputs : number of outputs

    Raises
    ------
    ValueError : more than 8 leaves, a split by category, a linear leaf, zero read as missing, several
        trees an iteration
    """
    if dump.get("num_tree_per_iteration", 1) != 1 or dump.get("average_output"):
        raise ValueError("only boosters with one tree an iteration, summed, can be compiled")
    questions: dict[Question, int] = {}
    asked: list[int] = []
    starts = [0]
    slots: list[tuple[int, int]] = []
    tables: list[Floats] = []
    base = 0.0
    for number, info in enumerate(dump["tree_info"]):
        if int(info["num_leaves"]) > MAX_LEAVES:
            raise ValueError(
                f"tree {number} has {info['num_leaves']} leaves; at most {MAX_LEAVES} can be compiled"
            )
        own = _questions(info["tree_structure"], number, [])
        values = ShapleyTables(info["tree_structure"], own)
        base += values.expectation
        asked += [questions.setdefault(q, len(questions)) for q in own]
        starts.append(len(asked))
        by_output: dict[int, Floats] = {}
        for feature, table in values.by_feature.items():
            output = int(output_of[feature])
            by_output[output] = by_output[output] + table if output in by_output else table
        for output in sorted(by_output):
            slots.append((number, output))
            tables.append(by_output[output])
    whole = list(questions)
    ends = np.cumsum([0, *(len(t) for t in tables)])
    compiled = Tables(
        base=base,
        question_feature=np.array([q[0] for q in whole], dtype=np.int32),
        question_threshold=np.array([q[1] for q in whole], dtype=np.float64),
        question_unknown=np.array([q[2] for q in whole], dtype=np.uint8),
        tree_questions=np.array(asked, dtype=np.int32),
        tree_start=np.array(starts, dtype=np.int32),
        slot_tree=np.array([s[0] for s in slots], dtype=np.int32),
        slot_output=np.array([s[1] for s in slots], dtype=np.int32),
        slot_start=ends.astype(np.int32),
        values=np.concatenate(tables) if tables else np.zeros(0),
        outputs=outputs,
    )
    compiled.check(len(output_of))
    return compiled


def _questions(node: Mapping[str, Any], number: int, found: list[Question]) -> list[Question]:
    """The different questions of a tree, in depth-first order."""
    if "split_feature" not in node:
        if "leaf_coeff" in node or "leaf_const" in node:
            raise ValueError(f"tree {number} has linear leaves, which have no contributions")
        return found
    question = _question(node, number)
    if question not in found:
        found.append(question)
    _questions(node["left_child"], number, found)
    return _questions(node["right_child"], number, found)


def _question(node: Mapping[str, Any], number: int = -1) -> Question:
    """Feature, threshold, and the answer where the value is missing.

    ``missing_type`` NaN follows ``default_left``; None reads what is missing as 0.
    """
    if node["decision_type"] != "<=":
        raise ValueError(f"tree {number} splits by category; only numbers can be compiled")
    threshold, missing = float(node["threshold"]), node["missing_type"]
    if missing == "NaN":
        unknown = bool(node["default_left"])
    elif missing == "None":
        unknown = threshold >= 0.0
    else:
        raise ValueError(f"tree {number} reads zero as missing, which is forbidden")
    return int(node["split_feature"]), threshold, int(unknown)


class ShapleyTables:
    """Expectation of one tree, and for each of its features a table of SHAP values by answers."""

    def __init__(self, root: Mapping[str, Any], questions: Sequence[Question]) -> None:
        used = sorted({q[0] for q in questions})
        answers = np.arange(1 << len(questions))
        coalitions = np.arange(1 << len(used))
        yes = {q: (answers >> bit & 1).astype(bool) for bit, q in enumerate(questions)}
        member = {f: (coalitions >> place & 1).astype(bool) for place, f in enumerate(used)}
        value = _expectation(root, yes, member, (len(coalitions), len(answers)))
        self.expectation = float(value[0, 0])
        self.by_feature: dict[int, Floats] = {}
        size = np.array([int(c).bit_count() for c in coalitions])
        n = len(used)
        for place, feature in enumerate(used):
            without = coalitions[~member[feature]]
            weights = [factorial(s) * factorial(n - s - 1) / factorial(n) for s in size[without].tolist()]
            table = np.zeros(len(answers))
            for coalition, weight in zip(without.tolist(), weights, strict=True):
                table += weight * (value[coalition | 1 << place] - value[coalition])
            self.by_feature[feature] = table


def _expectation(
    node: Mapping[str, Any],
    yes: Mapping[Question, npt.NDArray[np.bool_]],
    member: Mapping[int, npt.NDArray[np.bool_]],
    shape: tuple[int, int],
) -> Floats:
    """Expected output below a node, for every coalition and every set of answers."""
    if "split_feature" not in node:
        return np.full(shape, float(node["leaf_value"]))
    question = _question(node)
    left = _expectation(node["left_child"], yes, member, shape)
    right = _expectation(node["right_child"], yes, member, shape)
    n_left, n_right = _count(node["left_child"]), _count(node["right_child"])
    followed = np.where(yes[question][None, :], left, right)
    averaged = (n_left * left + n_right * right) / (n_left + n_right)
    return np.where(member[question[0]][:, None], followed, averaged)


def _count(node: Mapping[str, Any]) -> int:
    return int(node["internal_count"] if "split_feature" in node else node["leaf_count"])
