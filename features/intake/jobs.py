"""Which files are to be taken in, and by which mapping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from features.errors import Refusal
from features.home import Home
from features.intake.carriers import digest
from features.intake.mapping import Mapping, available


@dataclass(frozen=True)
class Job:
    """A file and its mapping, or why it has none."""

    path: Path
    mapping: Mapping | None
    refusal: Refusal | None = None


def choose_jobs(
    home: Home, files: list[Path], mapping: Path | str | None, seen: Callable[[Mapping, str], bool]
) -> list[Job]:
    """The named files; without any, what is new under ``deliveries/<mapping id>/``.

    ``seen`` says whether a file of this SHA-256 was taken in by the mapping before.
    """
    if not files:
        return _new_deliveries(home, mapping, seen)
    if mapping is not None:
        chosen = Mapping.load(mapping, home)
        return [Job(path, chosen) for path in files]
    known = [Mapping.load(name, home) for name in available(home)]
    return [_choose(path, known) for path in files]


def _new_deliveries(
    home: Home, mapping: Path | str | None, seen: Callable[[Mapping, str], bool]
) -> list[Job]:
    jobs = []
    for source in available(home) if mapping is None else [mapping]:
        name = source if mapping is None else Mapping.load(source, home).id
        folder = home.folder("deliveries") / str(name)
        found = sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))
        if found:
            of_folder = Mapping.load(source, home)
            jobs += [Job(path, of_folder) for path in found if not seen(of_folder, digest(path))]
    return jobs


def _choose(path: Path, known: list[Mapping]) -> Job:
    """The mapping of a file: that of its folder under ``deliveries/``, else the one whose globs match."""
    of_folder = [mapping for mapping in known if path.parent.name == mapping.id]
    fitting = of_folder or [mapping for mapping in known if mapping.matches(path.name)]
    if len(fitting) == 1:
        return Job(path, fitting[0])
    if not fitting:
        return Job(path, None, Refusal("no_mapping_for_file", file=path.name))
    names = ", ".join(mapping.id for mapping in fitting)
    return Job(path, None, Refusal("several_mappings", file=path.name, known=names))
