"""What `doctor` looks at: each check opens the real thing, and a refusal is its own remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from features.errors import Refusal
from features.wording import N_, both

# A snapshot of 100,000 households with its working space.
BYTES_NEEDED = 2 * 1024**3


class _Lacking(Exception):
    """Something is not there yet; the message id says what to do."""


@contextmanager
def _noted(name: str, checks: list[dict[str, Any]]) -> Iterator[None]:
    """Run one check and note how it went; only what is a refusal or lacking counts as an answer."""
    try:
        yield
    except Refusal as refusal:
        said, remedy = refusal.message(), refusal.remedy()
        checks.append({"name": name, "ok": False, "remedy": {k: f"{said[k]} {remedy[k]}" for k in said}})
    except _Lacking as lacking:
        checks.append({"name": name, "ok": False, "remedy": both(str(lacking))})
    else:
        checks.append({"name": name, "ok": True, "remedy": None})


def examine(path: Path) -> list[dict[str, Any]]:
    """Every check in order; where there is no home, the rest is not asked."""
    from features.home import Home

    checks: list[dict[str, Any]] = []
    with _noted("home", checks):
        Home.open(path)
    if not checks[0]["ok"]:
        return checks
    home = Home.open(path)
    named: tuple[tuple[str, Callable[[Any], None]], ...] = (
        ("space", _space),
        ("mappings", _mappings),
        ("facts", _facts),
        ("parameters", _policy),
        ("catalogue", _catalogue),
        ("store", _store),
        ("register", _register),
        ("champion", _champion),
        ("published", _published),
    )
    for name, check in named:
        with _noted(name, checks):
            check(home)
    return checks


def _space(home: Any) -> None:
    if shutil.disk_usage(home.path).free < BYTES_NEEDED:
        raise _Lacking(N_("Less than 2 GB are free where the home lies: make room."))


def _mappings(home: Any) -> None:
    from features.intake.mapping import Mapping

    for file in sorted(home.folder("mappings").glob("*.yaml")):
        Mapping.load(file, home)


def _facts(home: Any) -> None:
    from features.facts.store import FactStore

    store = FactStore(home)
    deliveries = store.deliveries()
    if not deliveries:
        raise _Lacking(N_("Nothing has been taken in yet: fangpin ingest --mapping M FILE."))
    for delivery in deliveries:
        for kind, name in delivery.files.items():
            try:
                content = (store.folder / name).read_bytes()
            except OSError as problem:
                raise Refusal("home_damaged", file=name, reason=type(problem).__name__) from problem
            if sha256(content).hexdigest() != delivery.digests[kind]:
                raise Refusal("home_damaged", file=name, reason="SHA-256")


def _policy(home: Any) -> None:
    from models.judgement.policy import policy_document

    policy_document(home)


def _catalogue(home: Any) -> None:
    from features.indicators import catalogue

    catalogue.load(home)


def _store(home: Any) -> None:
    from serving.store import Store

    with Store.open(home):
        pass


def _register(home: Any) -> None:
    from serving.register.service import check
    from serving.store import Store

    with Store.open(home) as store:
        check(home=home, store=store)


def _champion(home: Any) -> None:
    from serving.champion import service
    from serving.scope import scope_of
    from serving.store import Store

    with Store.open(home) as store:
        champion = service.champion(store=store, scope=scope_of("/"))
    if champion is None:
        raise _Lacking(N_("No bundle is champion yet: fangpin train, then fangpin promote."))
    load_bundle(home, champion)


def _published(home: Any) -> None:
    from serving.scope import scope_of
    from serving.snapshots.repository import SnapshotRepository
    from serving.store import Store

    with Store.open(home) as store, store.reading() as reading:
        latest = SnapshotRepository(reading).latest(scope_of("/"))
    if latest is None:
        raise _Lacking(N_("No snapshot is published yet: fangpin snapshot, then fangpin publish."))


def load_bundle(home: Any, model_sha256: str) -> Any:
    """The bundle of that number in the home, verified. Raises `Refusal` ``unknown_bundle`` or ``bundle_damaged``."""
    from models.risk import bundle

    return bundle.load(home.folder("bundles") / model_sha256)
