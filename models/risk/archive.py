"""A folder's files, written so that the same content always has the same bytes, and read with distrust."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

DAY_ZERO = (1980, 1, 1, 0, 0, 0)
"""Date of every entry: the earliest that a zip file can hold."""


def canonical(document: Any) -> bytes:
    """JSON with sorted keys, no spaces, no NaN, in UTF-8."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pack_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """An ``.npz`` file's bytes: stored, sorted by name, without dates."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            entry = zipfile.ZipInfo(f"{name}.npy", DAY_ZERO)
            entry.external_attr = 0o600 << 16
            entry.create_system = 3
            content = io.BytesIO()
            np.lib.format.write_array(
                content, np.ascontiguousarray(arrays[name]), version=(1, 0), allow_pickle=False
            )
            archive.writestr(entry, content.getvalue())
    return buffer.getvalue()


def unpack_arrays(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an ``.npz`` file; ValueError where a size, a name or a type is not plain.

    Nothing is unpickled, and no memory is asked for that the file does not fill.
    """
    arrays: dict[str, npt.NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED or not entry.filename.endswith(".npy"):
                    raise ValueError("an entry is not a plainly stored array")
                if entry.file_size > len(data):
                    raise ValueError("an entry claims more than the file holds")
                arrays[entry.filename.removesuffix(".npy")] = _array(archive.read(entry))
    # What zipfile raises for bytes that are no archive, or one of a compression or encryption it does not know.
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"not a readable archive: {error}") from error
    return arrays


def _array(data: bytes) -> npt.NDArray[Any]:
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array has an unknown format")
    shape, by_columns, kind = np.lib.format.read_array_header_1_0(stream)
    content = data[stream.tell() :]
    if kind.hasobject or (by_columns and len(shape) > 1):
        raise ValueError("an array is not plain")
    count = 1
    for size in shape:
        count *= int(size)
    if count * kind.itemsize != len(content):
        raise ValueError("an array is shorter or longer than it says")
    return np.frombuffer(content, dtype=kind).reshape(shape)


def read_file(folder: Path, name: str) -> bytes:
    """A file of the folder; ValueError for a name that leads out of it, OSError where it is not there."""
    parts = name.split("/")
    if not name or any(p in ("", ".", "..") or "\\" in p or ":" in p for p in parts):
        raise ValueError("a file name leads out of the bundle")
    path = folder.joinpath(*parts)
    if path.is_symlink():
        raise ValueError("a file of the bundle is a link")
    return path.read_bytes()
