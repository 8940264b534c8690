"""The rules alone as a rival: on a county, what they say of a training row is what a list would say that day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features.indicators.catalogue import load
from features.indicators.compile import Compiler
from models.judgement import rules as rulebook
from models.judgement.tiers import SEVERITY, rule_tier
from tests.county.conftest import Taken
from training import assembly


def test_the_tier_of_a_training_row_is_that_of_a_list_on_its_day(taken: Taken) -> None:
    home = taken.home
    frame = assembly.build(home, "needs_help", home.today())
    assert frame.severity is not None, "a county's rules hit households at risk"
    catalogue = load(home)
    rules = rulebook.load()
    days = pa.array(frame.as_of.astype("datetime64[D]"))
    pairs = pa.table(
        {
            "household": pa.array(frame.ids(np.arange(len(frame))), pa.string()),
            "as_of": days,
            "known": days,
            "area": pa.array(frame.area.values(np.arange(len(frame))), pa.string()),
        }
    )
    with Compiler(catalogue) as compiler:
        table = compiler.compute(pairs)
    rows = table.select([name for name in table.column_names if name in catalogue.columns]).to_pylist()
    places = zip(frame.as_of.astype(object).tolist(), pairs["area"].to_pylist(), strict=True)
    said = [
        SEVERITY[
            rule_tier(
                hit.min_tier
                for hit in rulebook.evaluate(
                    rules, row, parameters=catalogue.parameters, day=day, area=area
                ).hits
            )
        ]
        for row, (day, area) in zip(rows, places, strict=True)
    ]
    assert table["household"].to_pylist() == pairs["household"].to_pylist()
    np.testing.assert_array_equal(frame.severity, said)
    assert len(set(said)) > 2, "more than one tier stands among them"
