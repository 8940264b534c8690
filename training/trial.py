"""A challenger on trial: all that its comparison, its drift and its card are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from features.home import Home
from features.indicators.catalogue import Catalogue
from models.risk.bundle import Bundle
from training.frame import Frame
from training.periods import Block


@dataclass(frozen=True)
class Trial:
    """A new bundle with what it was made from and tested on.

    bundle : the challenger, with the evidence that training gave it
    champion : ``model_sha256`` of the bundle that judges now; None before the first promotion
    frame, blocks, table : the challenger's rows, tested blocks and their scores
    retrospective : as the frame was built
    """

    home: Home
    catalogue: Catalogue
    bundle: Bundle
    champion: str | None
    until: date
    frame: Frame
    blocks: Sequence[Block]
    table: pa.Table
    retrospective: date | None = None
    seed: int = 0
