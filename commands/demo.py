"""`demo`: the whole way on a synthetic county, from an empty folder to a printed list. What ``make demo`` runs.

Each step asks the home whether its work is there already, so that a second run repeats nothing that has not changed.
"""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from typing import Any

from commands import asked
from commands.deliveries import take_in
from commands.desk import Answer, Desk, verb
from commands.learning import cores
from features.errors import Refusal
from features.home import Home, write_atomically

HOUSEHOLDS, MONTHS, SEED = 6_000, 36, 1
# The model knows what was known on the first of these days; a list stands on each of them.
LISTS = {
    date(2026, 6, 30): "2026-07",
    date(2026, 7, 31): "2026-08",
    date(2026, 8, 31): "2026-09",
    date(2026, 9, 30): "2026-10",
}
FIRST = min(LISTS)
PROMOTER, REASON = "demo", "first model of the demonstration"


@verb(hidden=True)
def demo(desk: Desk) -> Answer:
    """From nothing to a list, on a synthetic county."""
    from serving.lists.documents import ListDocument

    home = _home(desk)
    _county(desk, home)
    if _waiting(home):
        take_in(desk, home)
    _publish(desk, home, FIRST)
    _promote(desk, home, _bundle(desk, home))
    for day, period in LISTS.items():
        _publish(desk, home, day)
        issued = _issue(desk, home, day, period)
    desk.tell("This county is synthetic: no household of it exists, and no accuracy is claimed on it.")
    return ListDocument.model_validate(issued)


def _home(desk: Desk) -> Home:
    try:
        return Home.open(desk.home_path)
    except Refusal as refusal:
        if refusal.code != "home_missing":
            raise
    desk.tell("A new home with a simulated clock: {path}", path=str(desk.home_path))
    return Home.create(desk.home_path, clock="simulated")


def _county(desk: Desk, home: Home) -> None:
    """The extracts; written once for a size and a seed."""
    from county import write

    wanted = {"households": HOUSEHOLDS, "months": MONTHS, "seed": SEED}
    book = home.folder("deliveries") / ".county.json"
    if book.exists():
        if json.loads(book.read_bytes()) != wanted:
            raise Refusal("demo_home_differs", path=str(home.path))
        return desk.tell("The extracts of the county are there.")
    if any(home.folder("deliveries").iterdir()) or any((home.folder("facts") / "deliveries").glob("*.json")):
        raise Refusal("demo_home_differs", path=str(home.path))
    with desk.step("Simulating a county of {n} households", n=HOUSEHOLDS) as progress:
        write(home, households=HOUSEHOLDS, months=MONTHS, seed=SEED, progress=progress)
    write_atomically(book, json.dumps(wanted).encode())
    return None


def _waiting(home: Home) -> bool:
    """Whether a file under deliveries/ was not taken in yet."""
    from features.facts.store import FactStore

    taken = {(d.mapping, d.file) for d in FactStore(home).deliveries()}
    waiting = [p for p in home.folder("deliveries").glob("*/*") if not p.name.startswith(".")]
    return any((path.parent.name, path.name) not in taken for path in waiting)


def _state(home: Home) -> str:
    """What a snapshot or a model is made from: deliveries, catalogue and parameters, by their hashes."""
    from features.facts.store import FactStore
    from features.indicators import catalogue

    known = catalogue.load(home)
    parts = [known.hash, known.parameters.hash, *(d.sha256 for d in FactStore(home).deliveries())]
    return sha256("\n".join(parts).encode()).hexdigest()


def _kept(home: Home, name: str, key: str) -> Any:
    """What an earlier run noted under ``name``, if it was made from the same."""
    book = home.folder("store") / "demo" / f"{name}.json"
    noted = json.loads(book.read_bytes()) if book.exists() else {}
    return noted.get("made") if noted.get("from") == key else None


def _keep(home: Home, name: str, key: str, made: Any) -> Any:
    note = {"from": key, "made": made}
    write_atomically(home.folder("store") / "demo" / f"{name}.json", json.dumps(note).encode())
    return made


def _publish(desk: Desk, home: Home, day: date) -> str:
    """The published snapshot of a day."""
    from features import snapshots
    from serving.scope import scope_of
    from serving.snapshots import service
    from serving.store import Store

    key, name = _state(home), f"snapshot-{day.isoformat()}"
    kept = _kept(home, name, key)
    if kept is not None:
        desk.tell("The snapshot of {day} is there and published.", day=day.isoformat())
        return str(kept)
    with desk.step("Building the snapshot of {day}", day=day.isoformat()):
        built = snapshots.build(home, day)
    with Store.open(home) as store, desk.step("Publishing snapshot {snapshot}", snapshot=built.id[:12]):
        service.publish(home=home, store=store, scope=scope_of("/"), snapshot=built.id, by=asked.asker())
    return str(_keep(home, name, key, built.id))


def _bundle(desk: Desk, home: Home) -> str:
    """The model that learned from everything known on the last day."""
    from training.fit import train

    key = _state(home)
    kept = _kept(home, "bundle", key)
    if kept is not None and (home.folder("bundles") / kept / "manifest.json").exists():
        desk.tell("The model is there: {bundle}", bundle=kept[:12])
        return str(kept)
    with desk.step("Training with what was known on {day}", day=FIRST.isoformat()) as progress:
        trained = train(home, until=FIRST, threads=cores(), progress=progress)
    return str(_keep(home, "bundle", key, trained["bundle"]))


def _promote(desk: Desk, home: Home, bundle: str) -> None:
    from commands.tracking import set_champion
    from serving.champion import service
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(home) as store:
        if service.champion(store=store, scope=scope_of("/")) == bundle:
            return desk.tell("It is the champion already.")
        with desk.step("Promoting {bundle}", bundle=bundle[:12]):
            service.promote(
                home=home,
                store=store,
                scope=scope_of("/"),
                bundle=bundle,
                by=PROMOTER,
                reason=REASON,
                mirror=lambda model: set_champion(desk, home, model),
            )
    return None


def _issue(desk: Desk, home: Home, day: date, period: str) -> dict[str, Any]:
    from serving.lists import service
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(home) as store, desk.step("Issuing the list of {period}", period=period):
        return service.issue(
            home=home,
            store=store,
            scope=scope_of("/"),
            area="/",
            period=period,
            as_of=day,
            by=asked.asker(),
        )
