"""Issuing a list, and reading issued ones."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from itertools import takewhile
from typing import Any

from features.errors import Refusal
from features.home import Home
from features.policy.areas import WHOLE
from models.judgement import listing
from models.judgement.tiers import SEVERITY
from models.record.canonical import canonical, digest
from models.record.decision import Judge, Judged
from serving.decisions.judging import Bench, bench
from serving.decisions.records import PLAIN, decision_row
from serving.decisions.repository import DecisionRepository, DecisionWriter
from serving.lists import cursor as cursors
from serving.lists.repository import ListRepository, ListWriter
from serving.scope import Scope, area_path, scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.store import Store
from serving.store.record import tell

PERIOD = re.compile(r"\d{4}(-(0[1-9]|1[0-2])|Q[1-4])?")


def issue(
    *, home: Home, store: Store, scope: Scope, area: str, period: str, as_of: date | None = None, by: str
) -> dict[str, Any]:
    """Issue the list of an area for a period: the list, a decision for every household on it, and a score
    row for every household of the area, all in one transaction.

    The same area, period, snapshot, bundle and parameters name the same list: it is issued once.

    Parameters
    ----------
    area : codes joined by "/"; "/" is the whole home
    period : ``YYYY``, ``YYYY-MM`` or ``YYYYQn``, for which the visits are planned
    as_of : a published day; default the latest

    Raises
    ------
    Refusal
        ``bad_period``, ``bad_area``, ``out_of_scope``, ``empty_area``, ``not_published``, ``no_champion``,
        ``catalogue_mismatch``, ``contributions_differ``.
    """
    if not PERIOD.fullmatch(period):
        raise Refusal("bad_period", period=period)
    here = scope_of(area, within=scope)
    with store.reading() as reading:
        sitting = bench(reading, home, scope, as_of)
        id_ = _identity(sitting, here, period)
        known = ListRepository(reading).header(here, id_)
        rows = [] if known else list(SnapshotRepository(reading).rows(here, sitting.published))
    if known is not None:
        return fetch(store=store, scope=scope, name=id_)
    if not rows:
        raise Refusal("empty_area", area=here.area)
    judged = {j.row.household: j for j in sitting.judge.judge(rows)}
    made = _build(sitting, judged, id_)
    documents = {line.household: sitting.judge.document(judged[line.household]) for line in made.lines}
    lines = [
        _line(position, line, documents[line.household], judged[line.household], sitting.judge)
        for position, line in enumerate(made.lines)
    ]
    header = _header(sitting, here, period, id_, made, _common(judged))
    document = {**header, "lines": lines}
    stored, salt = canonical(header), secrets.token_bytes(16)
    seal = digest(salt, canonical(document))
    with store.writing() as writing:
        if ListRepository(writing).header(here, id_) is not None:
            return _whole(ListRepository(writing), here, id_)
        decisions = DecisionRepository(writing).of_judgement(
            here, header["snapshot"], header["bundle"], header["parameters"]
        )
        new = [decision_row(d) for d in documents.values() if d["id"] not in decisions]
        DecisionWriter(writing).add(here, new, by)
        row = {
            "id": id_,
            "area": area_path(area),
            "period": period,
            "as_of": sitting.published.as_of,
            "snapshot": header["snapshot"],
            "bundle": header["bundle"],
            "parameters": header["parameters"],
            "document": stored,
            "salt": salt,
            "key_id": PLAIN,
            "digest": seal,
        }
        ListWriter(writing).add(here, row, _line_rows(id_, lines), _score_rows(id_, judged), by)
        tell(
            writing,
            "list_issued",
            subject=id_,
            area=here.area,
            by=by,
            period=period,
            as_of=header["as_of"],
            snapshot=header["snapshot"],
            bundle=header["bundle"],
            parameters=header["parameters"],
            lines=len(lines),
            digest=seal,
        )
        # Before the commit: a home that believes too early that it has issued a list loses nothing.
        home.mark_list_issued()
    return document


def fetch(*, store: Store, scope: Scope, name: str = "latest", area: str | None = None) -> dict[str, Any]:
    """An issued list, or the latest, with the lines that lie in the scope (and in ``area``).

    The latest of an ``area`` is the last list that holds all of it; a list of a part is no answer.

    Raises `Refusal` ``unknown_list``, ``out_of_scope``.
    """
    here = scope if area is None else scope_of(area, within=scope)
    with store.reading() as reading:
        return _whole(ListRepository(reading), here, name, of_area=area is not None)


def page(
    *,
    store: Store,
    scope: Scope,
    name: str = "latest",
    area: str | None = None,
    tier: str | None = None,
    cursor: str | None = None,
    most: int,
) -> dict[str, Any]:
    """Up to ``most`` lines of a list, as `fetch` with ``next``, the cursor of the following page (or None).

    ``tier``: only its lines. A list never changes, so its pages never shift.

    Raises `Refusal` ``unknown_list``, ``bad_area``, ``out_of_scope``, ``bad_cursor``, and ``empty_area``
    where no household of the area was judged for the list.
    """
    here = scope if area is None else scope_of(area, within=scope)
    with store.reading() as reading:
        repository = ListRepository(reading)
        header = _head(repository, here, name, of_area=area is not None)
        list_ = header["list"]
        start = cursors.position(cursor, list_=list_, area=here.area, tier=tier) if cursor is not None else 0
        # One more than a page holds tells whether another follows.
        lines = repository.lines(here, list_, tier=tier, start=start, most=most + 1)
        if not lines and not repository.judged_any(here, list_):
            raise Refusal("empty_area", area=here.area)
        following = None
        if len(lines) > most:
            begins = repository.position(here, list_, lines[most]["household"])
            assert begins is not None
            following = cursors.mark(begins, list_=list_, area=here.area, tier=tier)
    return {**header, "lines": lines[:most], "next": following}


def _whole(repository: ListRepository, scope: Scope, name: str, *, of_area: bool = False) -> dict[str, Any]:
    header = _head(repository, scope, name, of_area=of_area)
    return {**header, "lines": repository.lines(scope, header["list"])}


def _head(repository: ListRepository, scope: Scope, name: str, *, of_area: bool) -> dict[str, Any]:
    header = repository.latest(scope, of_area=of_area) if name == "latest" else repository.header(scope, name)
    if header is None:
        raise Refusal("unknown_list")
    return {**header, "capacity": {place: c for place, c in header["capacity"].items() if scope.holds(place)}}


def _identity(sitting: Bench, here: Scope, period: str) -> str:
    named = {
        "area": here.area,
        "period": period,
        "snapshot": sitting.published.snapshot,
        "bundle": sitting.judge.bundle.model_sha256,
        "parameters": sitting.published.parameters,
    }
    return sha256(canonical(named)).hexdigest()


def _build(sitting: Bench, judged: Mapping[str, Judged], id_: str) -> listing.Listing:
    published, policy = sitting.published, sitting.judge.policy
    candidates = [
        listing.Candidate(
            household=j.row.household,
            area=j.row.area,
            place=published.place(j.row.area),
            tier=j.tier,
            raised_by=j.raised_by,
            probability=j.probability,
        )
        for j in judged.values()
    ]
    plan = policy.plan(published.as_of, {c.place for c in candidates}, _common(judged))
    return listing.build(
        candidates,
        visits=plan.visits,
        seed=id_,
        visits_share=plan.visits_share,
        score_share=plan.score_share,
        check_share=plan.check_share,
    )


def _common(judged: Mapping[str, Judged]) -> str:
    """The deepest area that holds all of them: whose line and shares the list goes by."""
    paths = [j.row.area.strip("/").split("/") for j in judged.values()]
    shared = takewhile(lambda codes: len(set(codes)) == 1, zip(*paths, strict=False))
    return "/".join(codes[0] for codes in shared) or WHOLE


def _header(
    sitting: Bench, here: Scope, period: str, id_: str, made: listing.Listing, common: str
) -> dict[str, Any]:
    return {
        "list": id_,
        "area": here.area,
        "period": period,
        "as_of": sitting.published.as_of.isoformat(),
        "snapshot": sitting.published.snapshot,
        "bundle": sitting.judge.bundle.model_sha256,
        "parameters": sitting.published.parameters,
        "line": sitting.judge.line(common),
        "synthetic": sitting.judge.setting.synthetic,
        "capacity": {
            place: {"visits": c.visits, "rule": c.rule, "score": c.score, "check": c.check}
            for place, c in made.capacity.items()
        },
    }


def _line(
    position: int, line: listing.Line, decision: dict[str, Any], judged: Judged, judge: Judge
) -> dict[str, Any]:
    # The gravest first; among equals in the order of the rules.
    hits = sorted(judged.rules.hits, key=lambda hit: -SEVERITY[hit.min_tier])
    by_rule = [_rule_reason(judge, hit.id) for hit in hits]
    reasons: Sequence[dict[str, Any]] = {
        "rule": by_rule,
        "both": [*by_rule, *decision["reasons"]],
        # Who visits a check is not told what the model thought of it.
        "check": [],
    }.get(line.raised_by, decision["reasons"])
    return {
        "rank": line.rank,
        "household": line.household,
        "area": line.area,
        "tier": line.tier,
        "raised_by": line.raised_by,
        "planned": line.planned,
        "probability": line.probability,
        "reasons": list(reasons),
        "decision": decision["id"],
    }


def _rule_reason(judge: Judge, rule: str) -> dict[str, Any]:
    """A rule's sentence as a reason: no share of the margin, no indicator."""
    known = judge.policy.rules[rule]
    nothing = dict.fromkeys(("contribution", "indicator", "value", "unit", "norm", "norm_kind", "known_at"))
    return {
        "group": known.group,
        "official": judge.policy.official.get(known.group, False),
        **nothing,
        "sentence": dict(known.sentence),
    }


def _line_rows(id_: str, lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            **line,
            "list": id_,
            "position": position,
            "reasons": json.dumps(line["reasons"], ensure_ascii=False, allow_nan=False),
        }
        for position, line in enumerate(lines)
    ]


def _score_rows(id_: str, judged: Mapping[str, Judged]) -> list[dict[str, Any]]:
    return [
        {
            "list": id_,
            "household": household,
            "area": j.row.area,
            "at_risk": j.at_risk is not False,
            "margin": j.margin,
            "probability": j.probability,
            "tier": j.tier,
            "raised_by": j.raised_by,
        }
        for household, j in judged.items()
    ]
