"""Stata files (.dta) as tables: observations as rows, values as text, never their labels.

Read by pyreadstat in blocks of observations, so that memory stays bounded; nothing that serves imports this.
An observation's row is its number plus one, as if the names of the variables stood in row 1.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import Refusal
from features.intake.carriers import LARGEST, chunks, open_carrier

# Since format 117 a file is told by its first tag and ends with its last; before, by release, byte order, and 1.
FIRST_TAG, LAST_TAG = b"<stata_dta>", b"</stata_dta>"
RELEASES = range(104, 116)
SUFFIXES = (".dta", ".dta.xz", ".dta.gz")
# Values held at a time as objects of Python.
CELLS = 2_000_000


@dataclass(frozen=True)
class Stata:
    """A readable Stata file: its name as received, where its unpacked bytes are, its variables, its observations."""

    file: str
    path: Path
    encoding: str | None
    variables: dict[str, str]
    observations: int

    def blocks(self, variables: Sequence[str], most: int | None = None) -> Iterator[pa.Table]:
        """Observations as text columns, each value kept once; at most ``most`` observations a block."""
        size = min(max(CELLS // max(len(variables), 1), 1), most or CELLS)
        for first in range(0, self.observations, size):
            columns, _ = _read(self, usecols=list(variables), row_offset=first, row_limit=size)
            here = min(size, self.observations - first)
            if any(len(columns[name]) != here for name in variables):
                raise Refusal("carrier_truncated", file=self.file, carrier="dta")
            yield pa.table({name: as_text(columns[name], self.variables[name]) for name in variables})

    def rows(self, lines: set[int]) -> Iterator[tuple[int, list[str]]]:
        """The given rows, cell by cell."""
        line = 2
        for block in self.blocks(list(self.variables)):
            for number in sorted(one for one in lines if line <= one < line + block.num_rows):
                yield number, [str(column[number - line].as_py()) for column in block.columns]
            line += block.num_rows


def is_stata(path: Path) -> bool:
    """Whether the file, unpacked, begins as a Stata file does.

    Raises `Refusal` ``carrier_truncated`` or ``carrier_damaged`` where only its name says that it is one.
    """
    named = path.name.lower().endswith(SUFFIXES)
    try:
        with open_carrier(path) as source:
            start = source.read(len(FIRST_TAG))
    except (OSError, EOFError, ValueError) as problem:
        if named:
            raise Refusal("carrier_damaged", file=path.name, carrier="dta") from problem
        return False  # the one who reads it as text says what is wrong
    except Refusal:
        return False
    if start == FIRST_TAG or (start[:1] and start[0] in RELEASES and start[1:4] in (b"\1\1\0", b"\2\1\0")):
        return True
    if named:
        cut = not start or FIRST_TAG.startswith(start)
        raise Refusal("carrier_truncated" if cut else "carrier_damaged", file=path.name, carrier="dta")
    return False


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[Stata]:
    """The file, unpacked if need be.

    Parameters
    ----------
    encoding : of the texts in files older than format 118, where it is not ``utf-8`` (Windows' Latin by default)

    Raises
    ------
    Refusal : ``carrier_damaged``, ``carrier_truncated``, ``file_too_large``
    """
    with tempfile.TemporaryDirectory() as scratch:
        plain = path
        if path.open("rb").read(2) != FIRST_TAG[:2] and not _is_old(path):
            plain = Path(scratch) / "unpacked.dta"
            with plain.open("wb") as sink:
                for chunk in chunks(path):
                    sink.write(chunk)
        if plain.stat().st_size > LARGEST:
            raise Refusal("file_too_large", file=path.name, limit=LARGEST >> 20)
        _check_end(plain, path.name)
        found = Stata(path.name, plain, None if encoding == "utf-8" else encoding, {}, 0)
        _, meta = _read(found, metadataonly=True)
        types = {name: meta.readstat_variable_types[name] for name in meta.column_names}
        yield Stata(path.name, plain, found.encoding, types, int(meta.number_rows or 0))
        shutil.rmtree(scratch, ignore_errors=True)


def _is_old(path: Path) -> bool:
    with path.open("rb") as source:
        start = source.read(4)
    return len(start) == 4 and start[0] in RELEASES and start[1:] in (b"\1\1\0", b"\2\1\0")


def _check_end(path: Path, file: str) -> None:
    """A file that ends before its last tag was cut short. (Older formats have none; reading tells.)"""
    with path.open("rb") as source:
        tagged = source.read(len(FIRST_TAG)) == FIRST_TAG
        source.seek(max(path.stat().st_size - 64, 0))
        if tagged and not source.read().rstrip(b"\0\r\n ").endswith(LAST_TAG):
            raise Refusal("carrier_truncated", file=file, carrier="dta")


def _read(stata: Stata, **wanted: Any) -> tuple[dict[str, list[object]], Any]:
    import pyreadstat

    try:
        columns, meta = pyreadstat.read_dta(
            str(stata.path), output_format="dict", encoding=stata.encoding, **wanted
        )
    except MemoryError:
        raise
    except Exception as problem:  # whatever a damaged file makes the reader stumble over
        cut = "Unable to read from file" in str(problem)
        raise Refusal(
            "carrier_truncated" if cut else "carrier_damaged", file=stata.file, carrier="dta"
        ) from problem
    return columns, meta


def as_text(values: list[object], kind: str) -> pa.DictionaryArray:
    """Values as the shortest text that means them; Stata's missing values as empty text.

    ``kind`` is the storage type: ``float`` has seven digits, ``double`` sixteen; days are written 2020-05-14.
    """
    if kind in ("float", "double") and not any(isinstance(value, str) for value in values):
        try:
            array = pa.array(values, pa.float64())
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            array = _texts(values)
    else:
        array = _texts(values) if kind != "string" else pa.array(values, pa.string())
    coded = array.dictionary_encode()
    texts = coded.dictionary
    if pa.types.is_floating(texts.type):
        narrow = np.float32 if kind == "float" else np.float64
        texts = pa.array([_number(narrow(value)) for value in texts.to_pylist()], pa.string())
    blank = len(texts)
    indices = pc.fill_null(coded.indices, blank)
    return pa.DictionaryArray.from_arrays(indices, pa.concat_arrays([texts, pa.array([""])]))


def _texts(values: list[object]) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _number(value: np.floating[Any]) -> str:
    return "" if np.isnan(value) else np.format_float_positional(value, trim="-")
