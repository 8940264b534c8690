"""Mapping: how a foreign table becomes facts. One YAML file a source, read strictly.

The full reference of the grammar is ``docs/mapping.md``.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Container
from collections.abc import Mapping as Table
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from features.errors import Refusal
from features.home import Home
from features.intake.bindings import FactTemplate, Trait, read_fact, read_trait
from features.intake.declared import (
    Area,
    Arrival,
    DerivedLine,
    Format,
    Outcome,
    Retraction,
    Welfare,
    read_area,
    read_arrival,
    read_format,
    read_line,
    read_outcome,
    read_register,
    read_retraction,
    read_welfare,
)
from features.intake.grammar import Section, read_yaml
from features.intake.periods import Wave, read_wave
from features.intake.rounds import ROUND, received

SHIPPED = Path(__file__).parent / "mappings"
KEYS = (
    "id", "name", "synthetic", "files", "format", "names", "optional", "missing", "household", "person", "entry", "register", "area",
    "wave", "arrival", "population", "welfare", "line", "retraction", "facts", "covariates", "outcomes",
)  # fmt: skip


@dataclass(frozen=True)
class Mapping:
    """A mapping as read and checked; ``content`` is its text, frozen beside the facts it made."""

    id: str
    label: Table[str, str]
    synthetic: bool
    files: tuple[str, ...]
    format: Format
    names: Table[str, tuple[str, ...]]
    optional: tuple[str, ...]
    missing: tuple[str, ...]
    household: tuple[str, ...]
    person: tuple[str, ...]
    entry: tuple[str, ...]
    register: Table[str, str]
    lasting: bool
    area: Area | None
    wave: Wave
    arrival: Arrival
    population: str
    welfare: Welfare | None
    line: DerivedLine | None
    retraction: Retraction | None
    facts: tuple[FactTemplate, ...]
    traits: tuple[Trait, ...]
    outcomes: tuple[Outcome, ...]
    file: str
    content: bytes

    @classmethod
    def load(cls, source: Path | str, home: Home | None = None) -> Mapping:
        """Read a mapping by path, or by id: the home's own first, then the shipped ones.

        Raises `Refusal`: ``mapping_not_found``, ``mapping_unreadable``, ``mapping_unknown_key``,
        ``mapping_missing_key`` or ``mapping_bad_value``, with file, key and remedy.
        """
        for path in _places(source, home):
            if path.is_file():
                return cls.parse(path.read_bytes(), path.name)
        raise Refusal("mapping_not_found", mapping=str(source), known=", ".join(available(home)))

    @classmethod
    def parse(cls, content: bytes, file: str) -> Mapping:
        """Read a mapping from its text; ``file`` is the name used in complaints."""
        return _read(read_yaml(content, file), content)

    def matches(self, name: str) -> bool:
        """Whether a file of this name (without folder) is this mapping's."""
        return any(fnmatch.fnmatch(name.lower(), pattern.lower()) for pattern in self.files)

    @cached_property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()

    @cached_property
    def trait_record(self) -> dict[str, object] | None:
        """The record of the kind ``trait_<id>``: one typed column a covariate."""
        if not self.traits:
            return None
        columns = {
            trait.id: {
                "type": trait.binding.target.type,
                "scale": trait.binding.target.scale,
                "name": dict(trait.label),
            }
            for trait in self.traits
        }
        return {
            "id": f"trait_{self.id}", "name": {"zh": "其他特征", "en": "further traits"}, "clock": "span",
            "subject": "household", "columns": columns,
        }  # fmt: skip

    @cached_property
    def content_columns(self) -> tuple[str, ...]:
        """Columns that say something about the household, in order of first use: what a correction can change."""
        used = [*(self.area.columns if self.area else ())]
        for template in self.facts:
            used += [column for binding in template.columns.values() for column in binding.columns]
            used += template.when
            used += [b.column for b in (template.happened_on, template.valid_from, template.valid_to) if b]
        used += [column for trait in self.traits for column in trait.binding.columns]
        return tuple(dict.fromkeys(used))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that the mapping reads."""
        used = [*self.household, *self.person, *self.entry, *self.wave.columns]
        if self.arrival.binding:
            used.append(self.arrival.binding.column)
        if self.retraction:
            used.append(self.retraction.column)
        return tuple(dict.fromkeys([*used, *self.content_columns, *self.register.values()]))

    def received(self, column: str) -> tuple[str, ...]:
        """The columns of a file behind a column of the mapping: itself, or one a round."""
        return received(column, self.wave.table) if self.wave.wide else (column,)

    @cached_property
    def headers(self) -> dict[str, tuple[str, ...]]:
        """For every column of a file that the mapping reads, the names under which it may come, its own first."""
        found: dict[str, tuple[str, ...]] = {}
        for column in (*self.columns, *self.wave.present):
            others = [self.received(name) for name in self.names.get(column, ())]
            for place, name in enumerate(self.received(column)):
                found[name] = (name, *(other[place] for other in others))
        return found

    def absent(self, at_hand: Container[str]) -> list[str]:
        """Columns that a file lacks, given the columns of `headers` that it has: of those with one a round, where it
        has none of them, or lacks one that says who was interviewed."""
        signs = [column.replace(ROUND, code) for code in self.wave.table for column in self.wave.signs(code)]
        needed = [
            column
            for column in self.columns
            if column not in self.optional and self.received(column) and column not in self.wave.present
        ]
        lacking = [column for column in needed if not any(name in at_hand for name in self.received(column))]
        return [*lacking, *(name for name in dict.fromkeys(signs) if name not in at_hand)]


def available(home: Home | None = None) -> list[str]:
    """Ids of the mappings at hand: the home's own and the shipped ones."""
    folders = [SHIPPED] if home is None else [home.folder("mappings"), SHIPPED]
    return sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})


def _places(source: Path | str, home: Home | None) -> list[Path]:
    path = Path(source)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        return [path]
    own = [home.folder("mappings") / f"{source}.yaml"] if home else []
    return [*own, SHIPPED / f"{source}.yaml"]


def _read(root: Section, content: bytes) -> Mapping:
    root.only(*KEYS)
    entry = root.value.get("entry")
    lasting = False
    if isinstance(entry, dict):
        inner = root.section("entry")
        inner.only("columns", "lasting")
        lasting, entries = inner.flag("lasting", False), inner.texts("columns")
    else:
        entries = root.texts("entry", ())
    names = (
        {column: root.section("names").texts(column) for column in root.section("names").names()}
        if "names" in root
        else {}
    )
    covariates = root.section("covariates") if "covariates" in root else None
    mapping = Mapping(
        id=root.id("id"),
        label=root.both("name"),
        synthetic=root.flag("synthetic", False),
        files=root.texts("files", ()),
        format=read_format(root.section("format")) if "format" in root else Format(),
        names=names,
        optional=root.texts("optional", ()),
        missing=root.texts("missing", ("",)),
        household=root.texts("household"),
        person=root.texts("person", ()),
        entry=entries,
        register=read_register(root.section("register")) if "register" in root else {},
        lasting=lasting,
        area=read_area(root.section("area")) if "area" in root else None,
        wave=read_wave(root.section("wave")),
        arrival=read_arrival(root),
        population=root.choice("population", ("interviewed", "registered", "none"), "none"),
        welfare=read_welfare(root.section("welfare")) if "welfare" in root else None,
        line=read_line(root.section("line")) if "line" in root else None,
        retraction=read_retraction(root.section("retraction")) if "retraction" in root else None,
        facts=tuple(read_fact(section, slot) for slot, section in enumerate(root.sections("facts"))),
        traits=tuple(read_trait(covariates, key) for key in covariates.names()) if covariates else (),
        outcomes=tuple(read_outcome(section) for section in root.sections("outcomes")),
        file=root.file,
        content=content,
    )
    _check_whole(root, mapping)
    return mapping


def _check_whole(root: Section, mapping: Mapping) -> None:
    if not mapping.household:
        raise root.wrong("household", "texts")
    if not mapping.facts and not mapping.traits:
        raise Refusal("mapping_missing_key", file=root.file, key="facts")
    if mapping.line is not None and mapping.line.of_wave and mapping.welfare is None:
        raise Refusal("mapping_missing_key", file=root.file, key="welfare")
    if mapping.line is not None and mapping.line.of_wave and mapping.welfare is not None:
        concept = mapping.welfare.concept
        if not any(
            _may_say(template, part="total", per="person", concept=concept) for template in mapping.facts
        ):
            raise Refusal("mapping_line_without_welfare", file=root.file, key="line", concept=concept)
    _check_rounds(root, mapping)
    used = {*mapping.columns, *mapping.wave.present}
    for column in (*mapping.names, *mapping.optional):
        if column not in used:
            raise root.wrong(
                "names" if column in mapping.names else "optional", "choice", known=", ".join(sorted(used))
            )


def _check_rounds(root: Section, mapping: Mapping) -> None:
    """One column a round only where the wave tells rounds, and never as a key or a detail of the register."""
    keys = {"household": mapping.household, "person": mapping.person, "entry": mapping.entry}
    keys["register"] = tuple(mapping.register.values())
    if mapping.arrival.binding is not None:
        keys["arrival.column"] = (mapping.arrival.binding.column,)
    if not mapping.wave.wide:
        keys |= {"facts": mapping.columns, "names": tuple(mapping.names)}
    for key, columns in keys.items():
        for column in columns:
            if ROUND in column:
                raise root.wrong(key, "without_round")
    for column, others in mapping.names.items():
        if any((ROUND in column) != (ROUND in other) for other in others):
            raise root.wrong(f"names.{column}", "round" if ROUND in column else "without_round")


def _may_say(template: FactTemplate, **values: str) -> bool:
    """Whether an income fact has these values, or reads them from the row."""
    return template.kind.id == "income" and all(
        column in template.columns or template.always.get(column) == value for column, value in values.items()
    )
