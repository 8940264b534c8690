"""Canary people: names, numbers and telephones that stand nowhere by chance, and the search for them in bytes."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import random
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.intake.mapping import Mapping

# Rare characters that GBK, and so every department's file, can hold: four of them in a row are no word.
RARE = [chr(code) for code in range(0x9E00, 0x9FA6)]
CHUNK = 1 << 22


@dataclass(frozen=True)
class Canary:
    """One person; a telephone is known of heads of households alone."""

    name: str
    identity: str
    phone: str | None

    def texts(self) -> list[str]:
        return [text for text in (self.name, self.identity, self.phone) if text]


def plant(deliveries: Path) -> list[Canary]:
    """Give everybody in a county's extracts an unmistakable name, wherever that person is named; who they are now.

    Identity numbers and telephones stay: they are valid in form, begin as no real one does, and are unique.
    """
    chance = random.Random(20260930)
    # By identity number, which stands for a person in every file that has it; by person number in the others.
    people: dict[str, Canary] = {}
    numbers: dict[str, str] = {}
    for path in sorted(deliveries.glob("county_households/*")):
        for row in _records(path):
            name = "".join(chance.choices(RARE, k=4))
            people.setdefault(row["户主证件号码"], Canary(name, row["户主证件号码"], row["联系电话"]))
    for path in sorted(deliveries.glob("county_persons/*")):
        for row in _records(path):
            name = "".join(chance.choices(RARE, k=4))
            people.setdefault(row["证件号码"], Canary(name, row["证件号码"], None))
            numbers[row["人编号"]] = row["证件号码"]
    for path in sorted(deliveries.glob("county_*/*.csv*")):
        _rename(path, people, numbers)
    assert len({text for canary in people.values() for text in canary.texts()}) > 2 * len(people)
    return list(people.values())


def _records(path: Path) -> list[dict[str, str]]:
    header, rows = _read(path)
    return [dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header)]


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(_encoding(path))
    header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    return header, rows


def _encoding(path: Path) -> str:
    return Mapping.load(path.parent.name).format.encoding


def _rename(path: Path, people: dict[str, Canary], numbers: dict[str, str]) -> None:
    header, rows = _read(path)
    if "姓名" in header:
        name, person = header.index("姓名"), header.index("人编号")
        whole = [row for row in rows if len(row) == len(header)]
        for row in whole:
            row[name] = people[numbers[row[person]]].name if row[person] in numbers else ""
    elif "户主姓名" in header:
        name, identity = header.index("户主姓名"), header.index("户主证件号码")
        for row in (row for row in rows if len(row) == len(header)):
            row[name] = people[row[identity]].name
    else:
        return
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    raw = text.getvalue().encode(_encoding(path))
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


# --- in how many ways a text can stand in bytes


def written(text: str) -> set[bytes]:
    """The text in the encodings in which files, addresses and documents hold texts."""
    plain = text.encode()
    forms = {plain, text.encode("gb18030"), text.encode("utf-16-le"), text.encode("utf-16-be")}
    escaped = json.dumps(text)[1:-1]
    percent = quote(text)
    forms |= {
        each.encode() for each in (escaped, escaped.upper().replace("\\U", "\\u"), percent, percent.lower())
    }
    forms |= {text[::-1].encode(), plain.hex().encode(), plain.hex().upper().encode()}
    for offset in range(3):
        # What surrounds the text decides how its first and last characters come out: only the middle is sure.
        coded = base64.b64encode(b"\0" * offset + plain)
        forms.add(coded[(offset * 8 + 5) // 6 : (offset + len(plain)) * 8 // 6])
    assert min(len(form) for form in forms) >= Search.WINDOW
    return forms


class Search:
    """Looks for many texts in many bytes at once."""

    WINDOW = 8

    def __init__(self, texts: Iterable[str]) -> None:
        self._forms: dict[bytes, list[tuple[bytes, str]]] = {}
        self._begins = np.zeros(1 << 24, bool)
        for text in texts:
            for form in written(text):
                self._forms.setdefault(form[: self.WINDOW], []).append((form, text))
        for form in self._forms:
            self._begins[int.from_bytes(form[:3], "big")] = True

    def found(self, content: bytes) -> set[str]:
        """Which of the texts stand in ``content``, in any encoding."""
        hits: set[str] = set()
        for start in range(0, len(content), CHUNK):
            part = np.frombuffer(content, np.uint8, min(CHUNK + 2, len(content) - start), start).astype(
                np.uint32
            )
            if len(part) < 3:
                continue
            begins = self._begins[(part[:-2] << 16) | (part[1:-1] << 8) | part[2:]]
            for at in (np.flatnonzero(begins) + start).tolist():
                for form, text in self._forms.get(content[at : at + self.WINDOW], ()):
                    if content.startswith(form, at):
                        hits.add(text)
        return hits

    def found_in(self, folder: Path, leaving: Sequence[Path] = ()) -> dict[Path, set[str]]:
        """Files of a folder that hold any of the texts, also inside what is compressed."""
        return {
            path: hits
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not any(path.is_relative_to(each) for each in leaving)
            if (hits := set().union(*(self.found(content) for content in unfolded(path))))
        }


def unfolded(path: Path) -> Iterator[bytes]:
    """A file's name and bytes, and what they hold where they are compressed."""
    content = path.read_bytes()
    yield str(path).encode()
    yield content
    if content.startswith(b"PAR1"):
        yield from _parquet(path)
    elif content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    elif zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield archive.read(name)


def _parquet(path: Path) -> Iterator[bytes]:
    file = pq.ParquetFile(path)
    yield str(file.schema_arrow).encode()
    yield repr(file.schema_arrow.metadata).encode()
    for column in file.read().columns:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            yield "\n".join(text or "" for text in column.to_pylist()).encode()
        elif pa.types.is_nested(kind):
            yield json.dumps(column.to_pylist(), ensure_ascii=False, default=str).encode()
