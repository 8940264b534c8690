"""A list for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from features.policy.places import Places
from features.wording import N_, text

_TIERS = {
    "red": N_("red"),
    "orange": N_("orange"),
    "yellow": N_("yellow"),
    "blue": N_("blue"),
    "none": N_("none"),
}
_RAISED_BY = {
    "rule": N_("rule"),
    "score": N_("score"),
    "both": N_("rule and score"),
    "check": N_("random check"),
    "unknown": N_("feed overdue"),
}
_YES, _NO = N_("yes"), N_("no")
HEADER = (
    N_("Rank"), N_("Household"), N_("Area"), N_("Tier"), N_("Raised by"), N_("Visit planned"),
    N_("Probability"), N_("Reasons"), N_("Decision"),
)  # fmt: skip
PLACE = N_("Name of the area")
SYNTHETIC = N_("Synthetic data")
# A cell that begins with one of these would be read as a formula.
_LIVE = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(document: Mapping[str, Any], lang: str = "zh", *, places: Places | None = None) -> bytes:
    """The lines of a list document as UTF-8 with a byte order mark, so that spreadsheets read Chinese.

    With ``places`` a last column says what each household's area is called, from the top down.

    No cell is a live formula: one that would begin like a formula begins with an apostrophe instead.
    """
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\r\n")
    titles: tuple[str, ...] = (*HEADER, SYNTHETIC) if document["synthetic"] else HEADER
    titles += (PLACE,) if places else ()
    writer.writerow([text(title, lang) for title in titles])
    for line in document["lines"]:
        probability = line["probability"]
        cells = [
            str(line["rank"]),
            line["household"],
            line["area"],
            text(_TIERS[line["tier"]], lang),
            text(_RAISED_BY[line["raised_by"]], lang),
            text(_YES if line["planned"] else _NO, lang),
            "" if probability is None else f"{probability:.4f}",
            "; ".join(reason["sentence"][lang] for reason in line["reasons"]),
            line["decision"],
        ]
        cells += [text(_YES, lang)] if document["synthetic"] else []
        cells += [" ".join(places.names_of(line["area"], lang))] if places else []
        writer.writerow([plain(cell) for cell in cells])
    return ("\ufeff" + sink.getvalue()).encode()


def plain(cell: str) -> str:
    """The cell, never a live formula.

    >>> plain("=1+1"), plain("99/01")
    ("'=1+1", '99/01')
    """
    return f"'{cell}" if cell.startswith(_LIVE) else cell
