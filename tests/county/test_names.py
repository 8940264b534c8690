"""Places of the county have names, each its own, and all of them reach the home that reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from county.names import names, write_names
from county.places import make_places
from county.setting import COUNTY, TOWNSHIPS, VILLAGES
from features.home import Home
from features.policy.places import Places, read


def test_every_place_has_a_name_of_its_own() -> None:
    named = names()
    assert len(named) == 1 + TOWNSHIPS + TOWNSHIPS * VILLAGES
    for language in (0, 1):
        said = [name[language] for name in named.values()]
        assert len(set(said)) == len(said)
    places = make_places(np.random.default_rng(0))
    lived_in = {
        f"{COUNTY}000000/{township}/{village}"
        for township, village in zip(places.township_code, places.village_code, strict=True)
    }
    assert lived_in == {path for path in named if path.count("/") == 2}


def test_a_home_reads_what_the_county_wrote(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", clock="simulated")
    write_names(home.folder("areas"))
    places = Places(read(home))
    village = f"{COUNTY}000000/{COUNTY}101000/{COUNTY}101201"
    assert places.names_of(village, "zh") == ["澄原县", "霁岭镇", "晴坡村"]
    assert places.names_of(village, "en") == ["Chengyuan County", "Jiling Township", "Qingpo"]
    assert places.top("zh") == "澄原县"
