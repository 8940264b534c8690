"""The documents of a bundle's evidence that say how far its probabilities, and whom, can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.indicators.catalogue import Catalogue
from models.risk import calibration as calibrations
from models.risk.archive import canonical
from training import attributes, evaluation, fairness, reliability
from training.attributes import Groups
from training.frame import Floats, Frame, Rows
from training.periods import FOLDS, Block

SCHEMA = 1
# Leaving places out costs as much again as the backtest, so it is done for the newest blocks and the two that matter.
AREA_BLOCKS = 2
AREA_MODELS = ("fangpin", "logistic")


def documents(
    catalogue: Catalogue,
    frame: Frame,
    table: pa.Table,
    margin: Floats,
    *,
    visits_share: float = fairness.VISITS_SHARE,
    retrospective: date | None = None,
    seed: int = 0,
) -> dict[str, bytes]:
    """``reliability.json``, ``precision_recall.json`` and ``fairness.json``, of the table's first model.

    Each says ``synthetic`` where the home's households are invented: figures of those are evidence of nothing else.

    Parameters
    ----------
    table : the tidy evaluation table of ``frame``
    margin : of the frame's rows, out of fold; NaN where the estimator had none
    visits_share : visits of an as-of day, as a share of its rows
    """
    groups = groups_of(catalogue, frame, table, retrospective=retrospective)
    found: dict[str, Mapping[str, Any]] = {
        "reliability.json": reliability.reliability(
            table, groups=groups.values, horizons=horizons(frame, margin), seed=seed
        ),
        "precision_recall.json": reliability.precision_recall(table, seed=seed),
        "fairness.json": fairness.fairness(table, groups, visits_share=visits_share, seed=seed),
    }
    for row in found["reliability.json"]["by_group"]:
        row["name"] = groups.names[row["attribute"]]
        row["group_name"] = groups.group_names[row["attribute"], row["group"]]
    synthetic = {"synthetic": catalogue.declarations.synthetic}
    return {name: canonical({**document, **synthetic}) for name, document in found.items()}


def areas(
    catalogue: Catalogue,
    frame: Frame,
    blocks: Sequence[Block],
    table: pa.Table,
    *,
    models: Sequence[str] = AREA_MODELS,
    seed: int = 0,
    threads: int = 1,
) -> dict[str, bytes]:
    """``areas.json``: the last blocks tested in places that nothing was learned in, beside the same blocks of ``table``.

    {schema, synthetic, blocks, places, area, household}; ``area`` and ``household`` as
    `training.evaluation.summary`. No file where the home has a single place.
    """
    last = [block for block in blocks if block.test][-AREA_BLOCKS:]
    names = [block.name for block in last]
    beside = table.filter(
        pc.and_(
            pc.is_in(table["block"], pa.array(names, pa.string())), pc.is_in(table["model"], pa.array(models))
        )
    )
    told = [model for model in models if model in pc.unique(beside["model"]).to_pylist()]
    held = evaluation.backtest(
        frame, last if told else (), models=told, view="area", seed=seed, threads=threads
    )
    if not len(held):
        return {}
    document = {
        "schema": SCHEMA,
        "synthetic": catalogue.declarations.synthetic,
        "blocks": names,
        "places": len(pc.unique(held["fold"])),
        **{
            view: evaluation.summary(one, models=told, seed=seed)
            for view, one in (("area", held), ("household", beside))
        },
    }
    return {"areas.json": canonical(document)}


def groups_of(
    catalogue: Catalogue, frame: Frame, table: pa.Table, *, retrospective: date | None = None
) -> Groups:
    """The groups of the rows of the table's first model, in their order."""
    first = next(iter(pc.unique(table["model"]).to_pylist()), "")
    part = table.filter(pc.equal(table["model"], first))
    rows = rows_of(frame, part)
    pairs = pa.table({"household": part["household"], "as_of": part["as_of"], "area": part["group"]})
    return attributes.read(catalogue, pairs, unknown_share(frame, rows), retrospective=retrospective)


def rows_of(frame: Frame, part: pa.Table) -> Rows:
    """The row of the frame of each row of a table with household and as_of. KeyError for one that it has not."""
    number = {household: place for place, household in enumerate(frame.households)}
    who = np.array([number[household] for household in part["household"].to_pylist()], np.int64)
    day = part["as_of"].to_numpy().astype("datetime64[D]").astype(np.int64)
    own = frame.household.astype(np.int64) * 1_000_000 + frame.as_of.astype("datetime64[D]").astype(np.int64)
    asked = who * 1_000_000 + day
    order = np.argsort(own, kind="stable")
    place = np.minimum(np.searchsorted(own[order], asked), max(len(own) - 1, 0))
    rows = order[place] if len(own) else np.zeros(0, np.intp)
    if not np.array_equal(own[rows], asked):
        raise KeyError("the table has rows that the frame has not")
    return rows.astype(np.intp)


def unknown_share(frame: Frame, rows: Rows) -> Floats:
    """Share of the model's columns that are not known, of each of ``rows``."""
    unknown = np.zeros(len(rows))
    for spec in frame.specs:
        if spec.type == "number":
            unknown += np.isnan(frame.numbers[spec.name][rows])
        else:
            unknown += frame.categories[spec.name].codes[rows] < 0
    return unknown / max(len(frame.specs), 1)


def horizons(frame: Frame, margin: Floats) -> list[dict[str, Any]]:
    """The reliability of each horizon on margins out of fold.

    Each fold's households get the calibration that was fitted on the others', so no outcome judges itself.
    """
    usable = frame.at_risk & ~np.isnan(margin)
    probability = {h: np.full(len(frame), np.nan) for h in frame.horizons}
    for fold in range(FOLDS):
        inside = usable & (frame.fold == fold)
        rest = usable & (frame.fold != fold)
        matured = {
            h: frame.labels.event[h][rest]
            for h in frame.horizons
            if not np.isnan(frame.labels.event[h][rest]).all()
        }
        if not matured or not inside.any():
            continue
        fitted = calibrations.fit(margin[rest], matured, nested=frame.kind == "by")
        for h, chance in fitted.probability(margin[inside]).items():
            probability[h][inside] = chance
    return reliability.by_horizon(probability, frame.labels.event, frame.household.astype(np.intp))
