"""A visit budget on the synthetic county: the score's list beside the rules' leads, and who was hidden.

    fangpin evaluate BUNDLE --home HOME
    python benchmarks/county_visits.py --home HOME [--bundle BUNDLE] [--share 0.01] [--draws 20]

HOME: a county with its ``truth/`` folder and a trained bundle. Prints Markdown. All of it describes a county that
does not exist: the author of the simulator chose what causes need, so nothing here is evidence of accuracy.

The rules' leads are put in five orders, since counties state none; where an order leaves ties, ``--draws`` random
draws are averaged. A *hidden* case is a spell of need of the simulated truth that no channel ever found.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pyarrow.parquet as pq

from features.home import Home
from features.indicators.catalogue import load
from training import leads, visits
from training.capacity import Bools, Bootstrap, Floats, Ints, Rows, figures, planned
from training.metrics import REPLICATES, interval
from training.visits import Backtest

# How leads of the rules may be put in order: the gravest first, the newest first, most rules first, or by lot.
ORDERS: Mapping[str, Callable[[Rows], Rows]] = {
    "gravest tier, newest hit": lambda rows: rows,
    "gravest tier, by lot": lambda rows: replace(rows, age=np.zeros_like(rows.age)),
    "newest hit, gravest tier": lambda rows: _by(
        rows, (99 - np.minimum(rows.age, 99).astype(np.intp)) * 8 + rows.severity
    ),
    "most rules, gravest tier": lambda rows: _by(rows, rows.hits.astype(np.intp) * 8 + rows.severity),
    "by lot": lambda rows: _by(rows, np.ones(len(rows), np.intp)),
}


def _by(rows: Rows, weight: Ints) -> Rows:
    """Rows whose leads are ordered by ``weight`` alone, the highest first."""
    order = np.where(rows.severity > 0, weight, 0)
    return replace(rows, severity=order, age=np.zeros_like(rows.age))


def tally(rows: Rows, made: Bools) -> tuple[Floats, Floats]:
    """Right and judged visits by household."""
    size = int(rows.household.max()) + 1
    judged = made & rows.judged
    right = judged & (rows.outcome == 1)
    return (
        np.bincount(rows.household[right], minlength=size).astype(float),
        np.bincount(rows.household[judged], minlength=size).astype(float),
    )


def averaged(rows: Rows, order: Callable[[Rows], Rows], share: float, draws: int) -> tuple[Floats, Floats]:
    """`tally` of the rules' leads in an order, on average over random draws of ties."""
    random = np.random.default_rng(0)
    right = judged = np.zeros(int(rows.household.max()) + 1)
    for _ in range(draws):
        drawn = order(replace(rows, draw=random.random(len(rows))))
        one, all_ = tally(rows, planned(drawn, "rules", share, floor=0, score_share=0))
        right, judged = right + one / draws, judged + all_ / draws
    return right, judged


def share_of(figure: Mapping[str, float] | None) -> str:
    if figure is None:
        return "–"
    return f"{100 * figure['value']:.1f} % [{100 * figure['low']:.1f}, {100 * figure['high']:.1f}]"


def times(bootstrap: Bootstrap, ours: tuple[Floats, Floats], theirs: tuple[Floats, Floats]) -> str:
    """Our precision over theirs, paired on the same draws of households."""
    value = (ours[0].sum() / ours[1].sum()) / (theirs[0].sum() / theirs[1].sum())
    w = bootstrap.weights
    drawn = (w @ ours[0] / (w @ ours[1])) / (w @ theirs[0] / (w @ theirs[1]))
    low, high = interval(drawn)
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def orders(back: Backtest, share: float, draws: int, bootstrap: Bootstrap) -> None:
    """The score's list beside the rules' leads in each order, at the same number of visits."""
    rows = back.rows
    lowest = min(back.floors.values())
    ours = tally(rows, planned(rows, "score", share, floor=lowest, score_share=0))
    print(f"\n| visits of {100 * share:g} % of households | visits | right | precision | the score, times |")
    print("|---|---|---|---|---|")

    def line(name: str, found: tuple[Floats, Floats], against: str) -> None:
        right, judged = found
        print(
            f"| {name} | {judged.sum():,.0f} | {right.sum():,.0f} | {share_of(bootstrap.ratio(right, judged))} | {against} |"
        )

    line("score", ours, "")
    for name, order in ORDERS.items():
        found = averaged(rows, order, share, draws)
        line(f"rules: {name}", found, times(bootstrap, ours, found))
    every = tally(rows, rows.judged & (rows.severity > 0))
    line("all leads on households at risk", every, times(bootstrap, ours, every))


def all_leads(back: Backtest) -> None:
    """What the leads of the rules are, as they come: also on households that are in need already."""
    rows = back.rows
    raised = rows.severity > 0
    days = len(back.days)
    print(
        f"\nRule leads a month, as they come: {raised.sum() / days:,.0f} of {len(rows) / days:,.0f} households; "
    )
    print(
        f"{100 * (raised & ~rows.judged).sum() / raised.sum():.0f} % on households in need already; "
        f"of all leads {100 * (raised & (rows.outcome == 1)).sum() / raised.sum():.1f} % are at risk and fall within "
        f"{back.tier_horizon} months."
    )


def by_rule(home: Home, back: Backtest) -> None:
    """Each rule alone: its leads, how many are at risk, and how many of those were right."""
    seen, held = leads.asked(load(home), back.policy, back.days)
    rows = back.rows
    place = {
        key: n
        for n, key in enumerate(zip(*(seen[k].to_pylist() for k in ("household", "as_of")), strict=True))
    }
    own = zip(rows.household.tolist(), rows.day.tolist(), strict=True)
    held = held[:, [place[back.households[who], back.days[day]] for who, day in own]]
    print("\n| rule | tier | leads a month | at risk | right, of those at risk |")
    print("|---|---|---|---|---|")
    for rule, hit in sorted(
        zip(back.policy.rules.values(), held, strict=True), key=lambda pair: -pair[1].sum()
    ):
        judged = hit & rows.judged
        right = int((judged & (rows.outcome == 1)).sum())
        precision = (
            f"{100 * right / judged.sum():.1f} % ({right} of {judged.sum():,})" if judged.any() else "–"
        )
        print(
            f"| `{rule.id}` | {rule.min_tier} | {hit.sum() / len(back.days):,.1f} | "
            f"{100 * judged.sum() / max(hit.sum(), 1):.0f} % | {precision} |"
        )


def found_by_register(home: Home, back: Backtest, share: float) -> None:
    """The measure of published leads: how many visits a case was opened after, within the horizon."""
    entered: dict[str, list[int]] = {}
    for step in _truth(home, "register.csv"):
        if step["step"] in ("entered", "reverted"):
            month = 12 * int(step["day"][:4]) + int(step["day"][4:6]) - 1
            entered.setdefault(home.pseudonym(step["household"]), []).append(month)
    rows = back.rows
    opened = _within(back, entered)
    print("\n| visits, and who entered the register within the horizon | visits | entered | share |")
    print("|---|---|---|---|")
    for name, made in (
        ("all rule leads, as they come", rows.severity > 0),
        ("rule leads on households at risk", rows.judged & (rows.severity > 0)),
        (f"score, {100 * share:g} %", planned(rows, "score", share, floor=0, score_share=0)),
        ("every household at risk", rows.judged),
    ):
        hit = made & (opened >= 0)
        print(f"| {name} | {made.sum():,} | {hit.sum():,} | {100 * hit.sum() / made.sum():.1f} % |")


def hidden(home: Home, back: Backtest, shares: list[float], bootstrap: Bootstrap, least: int) -> None:
    """Cases of the truth that no channel found: who finds them, and did a rule raise them."""
    onset: dict[str, list[int]] = {}
    for spell in _truth(home, "needs.csv"):
        if not spell["discovered"] and int(spell["months"]) >= least and spell["open_at_start"] == "False":
            year, month = spell["onset"].split("-")
            onset.setdefault(home.pseudonym(spell["household"]), []).append(12 * int(year) + int(month) - 1)
    rows = back.rows
    when = np.where(rows.judged, _within(back, onset), -1)
    truth = replace(rows, event_month=when, outcome=np.where(rows.judged, (when >= 0) * 1.0, np.nan))
    lasting = f" of {least} months or more" if least > 1 else ""
    print(
        f"\nHidden cases{lasting}: {len(truth.case_household):,}, on {int((when >= 0).sum()):,} household-days.\n"
    )
    print(
        "| visits | by | hidden cases found | recall | no rule raised | of those found | of all hidden | months of lead |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for share in shares:
        for policy in ("rules", "score", "both"):
            made = planned(
                rows,
                policy,
                share,
                floor=min(back.floors.values()),
                score_share=float(back.policy.parameters.value("visit_score_share", back.days[-1], "/")),
            )
            said = figures(truth, made, bootstrap)
            lead = said["lead_months"]
            print(
                f"| {100 * share:g} % ({said['visits']:,}) | {policy} | {said['finds']:,} | {share_of(said['recall'])} | "
                f"{said['no_rule_finds']:,} | {share_of(said['no_rule_share'])} | "
                f"{100 * said['no_rule_finds'] / len(truth.case_household):.1f} % | "
                + (f"{lead['median']:g} ({lead['q1']:g}–{lead['q3']:g}) |" if lead else "– |")
            )
    quiet = ~truth.per_case(rows.severity > 0)
    print(
        f"\nNo rule raises {int(quiet.sum()):,} of the hidden cases ({100 * quiet.mean():.0f} %) on any day before."
    )


def _within(back: Backtest, months: Mapping[str, list[int]]) -> Ints:
    """For each row, the first of its household's ``months`` within the horizon after the as-of month, else -1."""
    rows = back.rows
    found = np.full(len(rows), -1, np.intp)
    known = [sorted(months.get(name, ())) for name in back.households]
    for row, (household, month) in enumerate(zip(rows.household.tolist(), rows.month.tolist(), strict=True)):
        for when in known[household]:
            if month < when <= month + back.tier_horizon:
                found[row] = when
                break
    return found


def _truth(home: Home, name: str) -> list[dict[str, str]]:
    with (home.folder("deliveries").parent / "truth" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("--outcome", default="needs_help")
    parser.add_argument("--bundle", default="")
    parser.add_argument("--share", default=0.01, type=float)
    parser.add_argument("--draws", default=20, type=int)
    options = parser.parse_args()
    home = Home.open(options.home)
    named = (
        [path.name for path in home.folder("bundles").glob(f"{options.bundle}*")] if options.bundle else []
    )
    loaded = visits.bundle_of(home, options.outcome, named)
    left = visits.left_by(home, loaded)
    if left is None:
        parser.error("no backtest of this bundle: fangpin evaluate BUNDLE")
    back = visits.of_table(home, loaded, pq.read_table(left[1]))
    rows = back.rows
    bootstrap = Bootstrap.of(len(back.households), REPLICATES, 0)
    print(
        f"Synthetic county. {back.outcome} within {back.tier_horizon} months; {len(back.days)} monthly lists, "
        f"{back.days[0]} to {back.days[-1]} ({left[0]} backtest); {int(rows.judged.sum()):,} household-days at risk, "
        f"{int((rows.outcome == 1).sum()):,} events, {len(rows.case_household):,} cases."
    )
    orders(back, options.share, options.draws, bootstrap)
    all_leads(back)
    by_rule(home, back)
    found_by_register(home, back, options.share)
    for least in (1, 3):
        hidden(home, back, [options.share, 0.05], bootstrap, least)
    return 0


if __name__ == "__main__":
    sys.exit(main())
