"""Carriers: a plain, xz or gzip file as blocks of UTF-8 lines, with bounded memory.

What is inside decides, not the name. Bytes that do not decode in the declared encoding are refused with
the line; nothing is replaced or dropped.
"""

from __future__ import annotations

import codecs
import gzip
import lzma
import zlib
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO

from features.errors import Refusal

XZ, GZIP = b"\xfd7zXZ\x00", b"\x1f\x8b"
CHUNK = 4 << 20
# No line of a table is longer: whatever has none shorter is not a table.
LONGEST_LINE = 1 << 20
# Uncompressed; more has to come in several files, by period. Keeps memory bounded whatever is thrown at us.
LARGEST = 1 << 29
GUESSES = ("utf-8", "gb18030", "latin-1")
# Enough of a file to see which period it is of.
GLANCE = 1 << 18


def digest(path: Path) -> str:
    """SHA-256 of the file as received."""
    with path.open("rb") as source:
        return file_digest(source, "sha256").hexdigest()


def open_carrier(path: Path) -> BinaryIO:
    """The uncompressed bytes. Raises `Refusal` ``file_missing``, ``file_empty`` or ``carrier_damaged``."""
    try:
        with path.open("rb") as source:
            magic = source.read(6)
    except OSError as problem:
        raise Refusal("file_missing", file=path.name) from problem
    if not magic:
        raise Refusal("file_empty", file=path.name)
    suffix = path.suffix.lower()
    if magic == XZ:
        return lzma.open(path)  # type: ignore[return-value]
    if magic[:2] == GZIP:
        return gzip.open(path)  # type: ignore[return-value]
    if suffix in (".xz", ".gz"):
        # A name that promises compression over other bytes: cut before its first block, or not compressed at all.
        cut = XZ.startswith(magic) or GZIP.startswith(magic)
        raise Refusal("carrier_truncated" if cut else "carrier_damaged", file=path.name, carrier=suffix[1:])
    return path.open("rb")


def chunks(path: Path, size: int = CHUNK) -> Iterator[bytes]:
    """The uncompressed bytes, piece by piece. Raises `Refusal` as `open_carrier`, and ``file_too_large``."""
    kind = {".xz": "xz", ".gz": "gz"}.get(path.suffix.lower(), "xz/gz")
    total = 0
    with open_carrier(path) as source:
        while True:
            try:
                chunk = source.read(size)
            except EOFError as problem:
                raise Refusal("carrier_truncated", file=path.name, carrier=kind) from problem
            except (lzma.LZMAError, zlib.error, gzip.BadGzipFile) as problem:
                raise Refusal("carrier_damaged", file=path.name, carrier=kind) from problem
            if not chunk:
                return
            total += len(chunk)
            if total > LARGEST:
                raise Refusal("file_too_large", file=path.name, limit=LARGEST >> 20)
            yield chunk


def _decoded(path: Path, encoding: str, size: int) -> Iterator[bytes]:
    """The file's text as UTF-8, chunk by chunk. Raises `Refusal` ``encoding_wrong`` with the line."""
    ascii_alike = _ascii_alike(encoding)
    name = codecs.lookup(encoding).name
    decoder = codecs.getincrementaldecoder("utf-8-sig" if name == "utf-8" else encoding)("strict")
    pending, done = False, 0
    for chunk in chunks(path, size):
        if not done and name != "utf-8" and chunk.startswith(codecs.BOM_UTF8):
            raise Refusal("encoding_wrong", file=path.name, row=1, encoding=encoding, guess="utf-8")
        if ascii_alike and not pending and chunk.isascii():
            yield chunk
        else:
            held = decoder.getstate()[0]
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as problem:
                raise _wrong_encoding(path, encoding, held + chunk, problem, done - len(held)) from problem
            pending = bool(decoder.getstate()[0])
            yield text.encode()
        done += len(chunk)
    held = decoder.getstate()[0]
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as problem:
        raise _wrong_encoding(path, encoding, held, problem, done - len(held)) from problem


def _ascii_alike(encoding: str) -> bool:
    plain = bytes(range(128))
    try:
        return plain.decode(encoding) == plain.decode("ascii")
    except UnicodeDecodeError:
        return False


def _wrong_encoding(
    path: Path, encoding: str, data: bytes, problem: UnicodeDecodeError, before: int
) -> Refusal:
    """The complaint with its line. ``data`` holds the bytes in error, ``before`` counts the bytes before it."""
    start, end = data.rfind(b"\n", 0, problem.start) + 1, data.find(b"\n", problem.start)
    line = data[start : end if end >= 0 else len(data)]
    row = (
        _text_before(path, encoding, before).count("\n")
        + data[: problem.start].decode(encoding, "replace").count("\n")
        + 1
    )
    for guess in GUESSES:
        if codecs.lookup(guess).name != codecs.lookup(encoding).name and _decodes(line, guess):
            return Refusal("encoding_wrong", file=path.name, row=row, encoding=encoding, guess=guess)
    return Refusal("encoding_unknown", file=path.name, row=row, encoding=encoding)


def _text_before(path: Path, encoding: str, size: int) -> str:
    found = b""
    for chunk in chunks(path):
        found += chunk
        if len(found) >= size:
            break
    return found[:size].decode(encoding, "replace")


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def line_blocks(path: Path, encoding: str, *, whole: bool = False, size: int = CHUNK) -> Iterator[bytes]:
    """UTF-8 blocks that end at a line's end (the last one perhaps not); ``whole`` gives the file as one block.

    Raises `Refusal` ``file_empty`` for a file without any text, ``not_a_table`` for a line over 1 MiB.
    """
    rest: list[bytes] = []
    held, any_text = 0, False
    for chunk in _decoded(path, encoding, size):
        any_text = any_text or not chunk.isspace()
        cut = -1 if whole else chunk.rfind(b"\n") + 1
        if cut <= 0:
            rest.append(chunk)
            held += len(chunk)
            if not whole and held > LONGEST_LINE:
                raise Refusal("not_a_table", file=path.name, limit=LONGEST_LINE >> 20)
            continue
        yield b"".join([*rest, chunk[:cut]])
        rest, held = [chunk[cut:]], len(chunk) - cut
    if not any_text:
        raise Refusal("file_empty", file=path.name)
    if any(rest):
        yield b"".join(rest)
