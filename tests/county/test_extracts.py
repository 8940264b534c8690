"""What the departments send: the same bytes for the same seed, nobody real, and the truth kept apart."""

from __future__ import annotations

import gzip
import re
from hashlib import sha256
from pathlib import Path

import pytest

import county
from county.departments import departments
from features.intake.mapping import Mapping, available
from tests.county.test_identity import right


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def readable(path: Path) -> str:
    """The text of an extract, by its mapping's encoding."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return content.decode(Mapping.load(path.parent.name).format.encoding)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(written: Path, tmp_path: Path) -> None:
    county.write(tmp_path / "again", households=300, months=14, seed=5)
    assert files(tmp_path / "again") == files(written)
    county.write(tmp_path / "other", households=300, months=14, seed=6)
    assert files(tmp_path / "other") != files(written)


def test_progress_tells_every_step(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    county.write(tmp_path, households=40, months=2, seed=1, progress=lambda *step: told.append(step))
    assert [done for done, _, _ in told] == list(range(1, told[-1][1] + 1))
    assert {total for _, total, _ in told} == {told[-1][0]}


def test_a_county_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        county.write(tmp_path, households=0)


def test_every_department_has_its_mapping_and_every_file_one_mapping(written: Path) -> None:
    ids = {name for name in available() if name.startswith("county_")}
    assert {office.id for office in departments(12)} == ids
    mappings = [Mapping.load(name) for name in available()]
    for path in (written / "deliveries").rglob("*.*"):
        assert [m.id for m in mappings if m.matches(path.name)] == [path.parent.name]
    assert all(m.synthetic for m in mappings if m.id in ids)


def test_no_mapping_reads_the_truth(written: Path) -> None:
    truth = sorted(path.name for path in (written / "truth").iterdir())
    assert truth == ["county.json", "events.csv", "faults.csv", "needs.csv", "register.csv", "state.parquet"]
    assert not [(m, name) for m in available() for name in truth if Mapping.load(m).matches(name)]
    assert not list((written / "deliveries").rglob("*truth*"))


def test_no_number_could_be_a_real_persons_or_places(written: Path) -> None:
    identities = 0
    for path in (written / "deliveries").rglob("*.*"):
        text = readable(path)
        for number in re.findall(r"(?<![0-9])[0-9]{17}[0-9X](?:[0-9]{2})?(?![0-9X])", text):
            assert number.startswith("99")
            assert right(number[:18])
            identities += 1
        assert all(number.startswith("99") for number in re.findall(r"(?<![0-9])[0-9]{12}(?![0-9])", text))
        assert not re.findall(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9.])", text)
    assert identities > 1_000


def test_headers_drift_and_encodings_differ(written: Path) -> None:
    incomes = sorted((written / "deliveries" / "county_income").iterdir())
    first, last = readable(incomes[0]).splitlines()[0], readable(incomes[-1]).splitlines()[0]
    assert "人均纯收入" in first.split(",")
    assert "家庭人均纯收入" in last.split(",")
    persons = next((written / "deliveries" / "county_persons").iterdir()).read_bytes()
    with pytest.raises(UnicodeDecodeError):
        persons.decode("utf-8")


def test_one_delivery_never_comes(written: Path) -> None:
    names = [path.name for path in (written / "deliveries" / "county_work").iterdir()]
    faults = (written / "truth" / "faults.csv").read_text(encoding="utf-8").splitlines()
    missed = [line.split(",")[1] for line in faults if ",missed_delivery," in line]
    assert len(missed) == 1
    assert missed[0] not in names
