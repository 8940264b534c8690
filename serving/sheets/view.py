"""The page of a list, from what was read of it: pure functions, one language at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from features.policy.areas import at_depth, covers, depth
from features.policy.vocabulary import departments, groups
from features.wording import N_, text
from serving.households import words
from serving.sheets.pictures import Strip, Trend, strip, trend
from serving.sheets.records import SHOWN_TIERS, Count, Line, Mark, Sheet
from serving.web.formats import period

RAISED = {
    "rule": N_("Rule"),
    "score": N_("Score"),
    "both": N_("Rule and score"),
    "check": N_("By lot"),
    "unknown": N_("Data missing"),
}
# What stands in the household's row beside its name, where the catalogue has it.
MEMBERS, TYPE = "members", "household_type"
CHIPS = 3
# Groups of a township in order of the list.
PLANNED, CHECK, BEYOND, KEPT = "planned", "check", "beyond", "kept"


@dataclass(frozen=True)
class Row:
    """One household."""

    line: Line
    village: str
    name: str
    size: str
    type: str
    raised: str
    sentence: str
    chips: Sequence[str]
    unknown: str
    owners: str
    due: date | None
    days: int | None


@dataclass(frozen=True)
class Group:
    """Rows under one heading. ``township`` heads the first group of a township; ``continued``: it began on
    the page before. ``hidden`` blue lines are folded at the end of the township."""

    kind: str
    township: Township | None
    continued: bool
    rows: Sequence[Row]
    lines: int
    hidden: int


@dataclass(frozen=True)
class Township:
    """A place that plans visits: what it foresaw and planned as a whole, and its lines in the asked area, by
    what raised those that are planned, by tier, and those below the line (``blue`` is part of ``beyond``). ``whole``: all of it is in that area."""

    area: str
    name: str
    visits: int
    all_planned: int
    lines: int
    rule: int
    score: int
    check: int
    tiers: Counter[str]
    beyond: int
    kept: int
    blue: int
    whole: bool

    @property
    def planned(self) -> int:
        return self.rule + self.score + self.check

    @property
    def short(self) -> str:
        """The name without what all of them are."""
        return self.name.removesuffix(" Township")


@dataclass(frozen=True)
class Tier:
    """How many households of a tier, and the change against the list before; none where there is no other."""

    tier: str
    lines: int
    change: int | None


@dataclass(frozen=True)
class Deadline:
    """Planned households of a tier, and when they are to be visited."""

    tier: str
    lines: int
    days: int
    due: date


@dataclass(frozen=True)
class View:
    """What the template draws."""

    title: str
    where: str
    crumbs: Sequence[tuple[str, str]]
    model: str
    line: str
    tiers: Sequence[Tier]
    listed: int
    change: int | None
    townships: Sequence[Township]
    chosen: Township | None
    villages: Sequence[tuple[str, str]]
    reasons: Sequence[tuple[str, str]]
    raised: Sequence[tuple[str, str]]
    deadlines: Sequence[Deadline]
    strip: Strip
    trend: Trend | None
    groups: Sequence[Group]
    filters: str
    all_lines: int
    planned: int
    checks: int


def view(sheet: Sheet, lang: str) -> View:
    """The page in one language."""
    here = sheet.area
    townships = _townships(sheet, lang)
    months = [(month.period, month.tiers) for month in sheet.months]
    before = months[-2][1] if len(months) > 1 else None
    now = Counter[str]()
    for count in sheet.counts:
        now[count.tier] += count.lines
    names = sheet.places.names_of(here, lang) or [sheet.places.top(lang)]
    listed = sum(now[tier] for tier in SHOWN_TIERS)
    stated = sheet.header.document["line"]
    return View(
        title=period(sheet.header.period, lang),
        where=("" if lang == "zh" else ", ").join(name for name in names if name),
        crumbs=_crumbs(sheet, lang),
        model=sheet.outcome.get(lang, sheet.header.outcome),
        line="" if stated is None else _line_said(stated, sheet, lang),
        tiers=[Tier(t, now[t], None if before is None else now[t] - before.get(t, 0)) for t in SHOWN_TIERS],
        listed=listed,
        change=None if before is None else listed - sum(before.get(t, 0) for t in SHOWN_TIERS),
        townships=townships,
        chosen=next((t for t in townships if here and covers(t.area, here)), None),
        villages=_villages(sheet, lang),
        reasons=[(id_, words.tidy(group.name[lang], lang)) for id_, group in groups().items()],
        raised=[(id_, text(said, lang)) for id_, said in RAISED.items()],
        deadlines=_deadlines(sheet),
        strip=strip(_kinds(sheet.counts, True), _kinds(sheet.counts, False)),
        trend=trend(months) if len(months) > 1 else None,
        groups=list(_groups(sheet, townships, lang)),
        filters=_filters_said(sheet, lang),
        all_lines=sum(count.lines for count in sheet.counts),
        planned=sum(count.lines for count in sheet.counts if count.planned),
        checks=sum(count.lines for count in sheet.counts if count.raised_by == "check"),
    )


def place_of(area: str, sheet: Sheet) -> str:
    """The place that plans the visits of an area."""
    return area if sheet.visit_depth is None else at_depth(area, sheet.visit_depth)


def _crumbs(sheet: Sheet, lang: str) -> list[tuple[str, str]]:
    """(path, name) from the top to the area, the whole home by its name if it has one."""
    area = sheet.area
    if not area:
        top = sheet.places.top(lang)
        return [("", top)] if top else []
    steps = area.split("/")
    paths = ["/".join(steps[: n + 1]) for n in range(len(steps))]
    return list(zip(paths, sheet.places.names_of(area, lang), strict=True))


def _line_said(stated: dict[str, Any], sheet: Sheet, lang: str) -> str:
    unit = sheet.frozen.policy.units.get(stated["unit"])
    return words.said(stated["value"], unit, lang)


def _kinds(counts: Iterable[Count], planned: bool) -> Counter[str]:
    kinds = Counter[str]()
    for count in counts:
        if count.planned is planned:
            own = count.raised_by in ("check", "unknown")
            kinds[count.raised_by if own else count.tier] += count.lines
    return kinds


def _townships(sheet: Sheet, lang: str) -> list[Township]:
    """The places of the list that the caller may see, in order of their paths."""
    made = []
    for place, capacity in sorted(sheet.capacity.items()):
        own = [count for count in sheet.counts if covers(place, count.area)]
        tiers, raised = Counter[str](), Counter[str]()
        for count in own:
            tiers[count.tier] += count.lines
            raised[count.raised_by] += count.lines if count.planned else 0
        below = [count for count in own if not count.planned]
        made.append(
            Township(
                area=place,
                name=sheet.places.name(place, lang),
                visits=capacity["visits"],
                all_planned=capacity["rule"] + capacity["score"] + capacity["check"],
                lines=sum(count.lines for count in own),
                rule=raised["rule"] + raised["both"],
                score=raised["score"],
                check=raised["check"],
                tiers=tiers,
                beyond=sum(count.lines for count in below if count.raised_by != "unknown"),
                kept=sum(count.lines for count in below if count.raised_by == "unknown"),
                blue=sum(count.lines for count in below if count.folded),
                whole=not sheet.area or covers(sheet.area, place),
            )
        )
    return made


def _villages(sheet: Sheet, lang: str) -> list[tuple[str, str]]:
    """(path, name) of the areas below the chosen township, that have lines on the list."""
    place = place_of(sheet.area or "/", sheet)
    if sheet.area == "" or place == "/" or sheet.visit_depth is None or depth(sheet.area) < sheet.visit_depth:
        return []
    areas = {count.area for count in sheet.counts if covers(place, count.area)} | {sheet.area}
    return [(area, sheet.places.name(area, lang)) for area in sorted(areas) if area != place]


def _deadlines(sheet: Sheet) -> list[Deadline]:
    """By tier, until when the planned households are to be visited: the days that policy sets."""
    planned = Counter[str]()
    for count in sheet.counts:
        if count.planned and count.raised_by != "check":
            planned[count.tier] += count.lines
    found = []
    for tier in SHOWN_TIERS[:-1]:
        days = _days(f"visit_days_{tier}", sheet, sheet.area or "/")
        if planned[tier] and days is not None:
            found.append(Deadline(tier, planned[tier], days, sheet.header.as_of + timedelta(days=days)))
    return found


def _days(parameter: str, sheet: Sheet, area: str) -> int | None:
    parameters = sheet.frozen.policy.parameters
    if parameter not in parameters.ids():
        return None
    days = parameters.value(parameter, sheet.header.as_of, area)
    return None if days is None else int(days)


def _kind(line: Line | Mark | Count) -> str:
    if line.raised_by == "check":
        return CHECK
    if line.planned:
        return PLANNED
    return KEPT if line.raised_by == "unknown" else BEYOND


def _groups(sheet: Sheet, townships: Sequence[Township], lang: str) -> Iterator[Group]:
    by_area = {township.area: township for township in townships}
    hidden = Counter[str]()
    if sheet.asked.folds_blue:
        for count in sheet.matching:
            hidden[place_of(count.area, sheet)] += count.lines if count.folded else 0
    runs: list[tuple[str, str, list[Line]]] = []
    for line in sheet.lines:
        place, kind = place_of(line.area, sheet), _kind(line)
        if not runs or runs[-1][:2] != (place, kind):
            runs.append((place, kind, []))
        runs[-1][2].append(line)
    above = None if sheet.before is None else (place_of(sheet.before.area, sheet), _kind(sheet.before))
    lines_of = _lines_of(sheet)
    last = sheet.asked.number == sheet.last_page
    for number, (place, kind, lines) in enumerate(runs):
        following = runs[number + 1][0] if number + 1 < len(runs) else None
        # Whether a township ends with the page is known where another follows, or nothing does.
        ends = following != place and (following is not None or last)
        first = above is None or above[0] != place
        yield Group(
            kind=kind,
            township=by_area.get(place) if number == 0 or first else None,
            continued=number == 0 and above == (place, kind),
            rows=[_row(line, sheet, lang) for line in lines],
            lines=lines_of[place, kind],
            hidden=hidden[place] if ends else 0,
        )
        above = (place, kind)


def _lines_of(sheet: Sheet) -> Counter[tuple[str, str]]:
    """How many lines of each group the filters leave in each township."""
    found: Counter[tuple[str, str]] = Counter()
    for count in sheet.matching:
        found[place_of(count.area, sheet), _kind(count)] += count.lines
    return found


def _row(line: Line, sheet: Sheet, lang: str) -> Row:
    decision = sheet.decisions.get(line.decision, {})
    reasons = [words.tidy(words.without_norm(r["sentence"][lang], lang), lang) for r in line.reasons[:1]]
    chips = list(dict.fromkeys(reason["group"] for reason in line.reasons))[:CHIPS]
    unknown, owners = _unknown(decision, sheet, lang) if line.raised_by != "check" else ("", "")
    days, due = _due(line, decision, sheet)
    values = sheet.values.get(line.household, {})
    return Row(
        line=line,
        village="" if line.area in ("", "/") else sheet.places.name(line.area, lang),
        name=sheet.names.get(line.household, ""),
        size=_said(MEMBERS, values, sheet, lang),
        type=_said(TYPE, values, sheet, lang),
        raised=text(RAISED[line.raised_by], lang),
        sentence=reasons[0] if reasons else "",
        chips=[groups()[chip].name[lang] if chip in groups() else chip for chip in chips],
        unknown=unknown,
        owners=owners,
        due=due,
        days=days,
    )


def _said(column: str, values: Any, sheet: Sheet, lang: str) -> str:
    meaning, value = sheet.frozen.meanings.get(column), values.get(column)
    if meaning is None or value is None:
        return ""
    return words.said(value, sheet.frozen.policy.units.get(meaning.unit), lang)


def _unknown(decision: Any, sheet: Sheet, lang: str) -> tuple[str, str]:
    """What is not known of a household, whose data it would be, and how much else is not."""
    # First what would matter most: what stands in for it now weighs most in the score.
    terms = decision.get("contributions", {}).get("terms", {})
    missing = sorted(decision.get("unknown", ()), key=lambda m: -abs(terms.get(m["indicator"], 0.0)))
    if not missing:
        return "", ""
    first, meanings = missing[0], sheet.frozen.meanings
    named = meanings[first["indicator"]].name[lang] if first["indicator"] in meanings else first["indicator"]
    owner = departments()[first["source"]][lang] if first["source"] in departments() else ""
    more = text("{n} more", lang, n=len(missing) - 1) if len(missing) > 1 else ""
    return words.tidy(named, lang), ("·" if lang == "zh" else " · ").join(filter(None, (owner, more)))


def _due(line: Line, decision: Any, sheet: Sheet) -> tuple[int | None, date | None]:
    """The earliest deadline: of the rules that hit, and of the tier that the score raised."""
    if not line.planned or line.raised_by == "check":
        return None, None
    rules = sheet.frozen.policy.rules
    named = [rules[hit["id"]].days for hit in decision.get("rules", ()) if hit["id"] in rules]
    if line.raised_by in ("score", "both"):
        named.append(f"visit_days_{line.tier}")
    found = [d for name in named if (d := _days(name, sheet, line.area)) is not None]
    if not found:
        return None, None
    return min(found), sheet.header.as_of + timedelta(days=min(found))


def _filters_said(sheet: Sheet, lang: str) -> str:
    """The filters in words: what an empty page says, and what a folded form says of itself."""
    asked, said = sheet.asked, []
    if asked.by_tier:
        tiers = {"red": N_("Red"), "orange": N_("Orange"), "yellow": N_("Yellow"), "blue": N_("Blue")}
        said += ["、".join(text(tiers[t], lang) for t in SHOWN_TIERS if t in asked.by_tier)]
    said += [text(RAISED[asked.raised], lang)] if asked.raised else []
    said += [groups()[asked.reason].name[lang]] if asked.reason in groups() else []
    planned = {"yes": N_("Planned"), "no": N_("Not planned")}
    said += [text(planned[asked.planned], lang)] if asked.planned else []
    separator = "·" if lang == "zh" else " · "
    return separator.join(said) if lang == "zh" else separator.join(said).replace("、", ", ")
