"""Why: reasons and what lowers, what is not known, and the rules that hit, from a decision document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from features.policy.vocabulary import groups
from features.wording import N_, text
from models.judgement.tiers import SEVERITY
from serving.households import words
from serving.households.records import Declared, Document
from serving.snapshots.frozen import Frozen

# Pixels of the column of bars, its least room on either side of the axis, and the room a word takes.
WIDTH, EDGE, WORD = 168, 10, 76
_RAISES = (N_("raises, strong"), N_("raises, medium"), N_("raises, weak"))
_LOWERS = (N_("lowers, strong"), N_("lowers, medium"), N_("lowers, weak"))
# Of what is not known, so many names are told a group.
NAMES = 3
# Below this part of the largest contribution a row is folded away.
SMALL = 0.02


@dataclass(frozen=True)
class Bar:
    """A contribution as a bar from the axis at ``axis``; the word stands right or left of the axis."""

    x: float
    width: float
    axis: float
    raises: bool
    word_x: float
    word_end: bool


@dataclass(frozen=True)
class ReasonRow:
    """One reason as a row. ``note`` is date known, source and norm; ``indicator`` names its facts."""

    group: str
    official: bool
    sentence: str
    known_at: str | None
    note: list[str]
    strength: str
    bar: Bar
    indicator: str
    small: bool


@dataclass(frozen=True)
class UnknownRow:
    """What to ask at the visit: its name, and what is said of it."""

    name: str
    told: str


@dataclass(frozen=True)
class SourceRow:
    """One source: when its last word of this household arrived, and how many days before the as-of day."""

    name: str
    known_at: str
    age: int


@dataclass(frozen=True)
class RuleRow:
    """A rule that hit, with its values and what it demands."""

    id: str
    group: str
    official: bool
    sentence: str
    values: list[tuple[str, str]]
    thresholds: list[tuple[str, str, str]]
    min_tier: str
    days: int | None
    source: str


def group_said(group: str, lang: str) -> str:
    known = groups().get(group)
    return words.tidy(known.name[lang], lang) if known else group


def reason_rows(document: Document, frozen: Frozen, declared: Declared, lang: str) -> list[ReasonRow]:
    """What raises the risk, the strongest first, then what lowers it.

    A group in which a rule was hit is not said to lower the risk: of two signs of one thing (a guarantee, and its
    summary) the model may weigh one against the other, which is true of the sum and misleading at the door.
    """
    rules = frozen.policy.rules
    hit = {rules[found["id"]].group for found in document["rules"] if found["id"] in rules}
    shown = [*document["reasons"], *(each for each in document["lowering"] if each["group"] not in hit)]
    bars = _bars([reason["contribution"] for reason in shown])
    largest = max((abs(reason["contribution"]) for reason in shown), default=0.0)
    rows = []
    for reason, (bar, third) in zip(shown, bars, strict=True):
        meaning = frozen.meanings.get(reason["indicator"])
        owner = words.owner_said(meaning.owner, declared, lang) if meaning else ""
        if len(document["sources"]) == 1:
            # A survey tells everything itself; the departments that own the indicators elsewhere told nothing.
            owner = words.source_said(document["sources"][0]["source"], declared, lang)
        norm = words.norm_said(reason, frozen.policy, lang)
        sentence = reason["sentence"][lang]
        rows.append(
            ReasonRow(
                group=group_said(reason["group"], lang),
                official=reason["official"],
                sentence=words.tidy(words.without_norm(sentence, lang) if norm else sentence, lang),
                known_at=reason["known_at"],
                note=[part for part in (owner, norm) if part],
                strength=text((_RAISES if bar.raises else _LOWERS)[third], lang),
                bar=bar,
                indicator=reason["indicator"],
                small=abs(reason["contribution"]) < SMALL * largest,
            )
        )
    return rows


def _bars(contributions: Sequence[float]) -> list[tuple[Bar, int]]:
    """All bars on one scale, and the third of the largest that each reaches (0 is strong)."""
    up = max((c for c in contributions if c > 0), default=0.0)
    down = max((-c for c in contributions if c < 0), default=0.0)
    largest = max(up, down) or 1.0
    scale = (WIDTH - 2 * EDGE) / (up + down or 1.0)
    axis = EDGE + down * scale
    # The word stands where there is room, on the side of most bars.
    left = WIDTH - axis < WORD
    made = []
    for contribution in contributions:
        width = max(abs(contribution) * scale, 1.0)
        third = 0 if abs(contribution) >= largest * 2 / 3 else 1 if abs(contribution) >= largest / 3 else 2
        x = axis if contribution > 0 else axis - width
        word_x = axis - 6 if left else axis + 6
        bar = Bar(round(x, 1), round(width, 1), round(axis, 1), contribution > 0, round(word_x, 1), left)
        made.append((bar, third))
    return made


def unknown_rows(document: Document, frozen: Frozen, declared: Declared, lang: str) -> list[UnknownRow]:
    """What is not known, one row a reason group: names, how many, and who would tell."""
    by_group: dict[str, dict[str, str]] = {}
    owners_of: dict[str, list[str]] = {}
    for unknown in document["unknown"]:
        meaning = frozen.meanings.get(unknown["indicator"])
        group = meaning.group if meaning else ""
        indicator = meaning.indicator if meaning else unknown["indicator"]
        # Several windows of one indicator are one thing to ask.
        by_group.setdefault(group, {})[indicator] = (
            words.tidy(meaning.name[lang], lang) if meaning else unknown["indicator"]
        )
        owners_of.setdefault(group, []).append(words.owner_said(unknown["source"], declared, lang))
    order = {group: place for place, group in enumerate(groups())}
    rows = []
    for group in sorted(by_group, key=lambda group: order.get(group, len(order))):
        names = list(by_group[group].values())
        owners = words.enumerated(list(dict.fromkeys(owners_of[group]))[:NAMES], lang)
        missing = text("No data of this household from: {sources}.", lang, sources=owners)
        if len(names) < NAMES:
            rows.append(UnknownRow(words.sentence(words.enumerated(names, lang), lang), missing))
            continue
        some = words.enumerated(names[:NAMES], lang)
        if len(names) > NAMES:
            some = text("{names} and others", lang, names=some)
        named = text("{group}: {n} items", lang, group=group_said(group, lang), n=len(names))
        rows.append(
            UnknownRow(
                words.sentence(named, lang), words.sentences([words.sentence(some, lang), missing], lang)
            )
        )
    return rows


def source_rows(document: Document, declared: Declared, lang: str) -> list[SourceRow]:
    """The sources that told something of the household, the latest first."""
    return [
        SourceRow(words.source_said(source["source"], declared, lang), source["known_at"], source["age_days"])
        for source in sorted(document["sources"], key=lambda source: source["age_days"])
    ]


def rule_rows(document: Document, frozen: Frozen, lang: str) -> list[RuleRow]:
    """The rules that hit, the gravest first."""
    hits = sorted(document["rules"], key=lambda hit: -SEVERITY[hit["min_tier"]])
    return [_rule_row(hit, document, frozen, lang) for hit in hits if hit["id"] in frozen.policy.rules]


def _rule_row(hit: Mapping[str, Any], document: Document, frozen: Frozen, lang: str) -> RuleRow:
    policy = frozen.policy
    rule = policy.rules[hit["id"]]
    values, thresholds = [], []
    as_of = date.fromisoformat(document["as_of"])
    for name, value in hit["values"].items():
        meaning = frozen.meanings.get(name)
        if meaning is not None:
            unit = policy.units.get(meaning.unit)
            values.append((words.tidy(meaning.name[lang], lang), words.said(value, unit, lang)))
        elif name in policy.parameters.ids():
            parameter = policy.parameters.parameters[name]
            entry = policy.parameters.entry(name, as_of, document["area"])
            since = entry.valid_from.isoformat() if entry else ""
            told = words.said(value, policy.units.get(parameter.unit), lang)
            thresholds.append((words.tidy(parameter.name[lang], lang), told, since))
    known = rule.days in policy.parameters.ids()
    days = policy.parameters.value(rule.days, as_of, document["area"]) if known else None
    return RuleRow(
        id=rule.id,
        group=group_said(rule.group, lang),
        official=policy.official.get(rule.group, False),
        sentence=words.tidy(rule.sentence[lang], lang),
        values=values,
        thresholds=thresholds,
        min_tier=hit["min_tier"],
        days=None if days is None else int(days),
        source=rule.source,
    )
