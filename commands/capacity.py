"""`capacity`: what a number of visits, or a floor, would have found, before it is decided."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from commands.desk import Answer, Desk, verb
from commands.learning import Threads, cores
from features.errors import Refusal


@verb()
def capacity(
    desk: Desk,
    area: Annotated[str, typer.Option("--area", help="Codes joined by /; / alone is the whole home.")] = "/",
    share: Annotated[
        list[float] | None,
        typer.Option(
            "--share",
            help="Of the households of a place, visits planned for a list; may be repeated. Default: 0.005 to 0.1.",
            min=0,
            max=1,
            show_default=False,
        ),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option("--outcome", help="An outcome; else the champion's.", metavar="ID", show_default=False),
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle",
            help="A bundle by its SHA-256 or the beginning of it; else the champion, else the last trained.",
            show_default=False,
        ),
    ] = None,
    threads: Threads = None,
) -> Answer:
    """What each number of visits and each floor would have found on the backtest: precision, recall, months of lead."""
    import pyarrow.parquet as pq

    from commands.documents.capacity import CapacityDocument
    from features.policy.areas import WHOLE, valid
    from training import visits
    from training.capacity import SHARES

    area = area.strip("/") or WHOLE
    if not valid(area):
        raise Refusal("bad_area", area=area)
    home = desk.home
    chosen = _bundle(home, outcome, bundle)
    left = visits.left_by(home, chosen)
    if left is None:
        with desk.step(
            "No backtest of {bundle} yet: evaluating", bundle=chosen.model_sha256[:12]
        ) as progress:
            path = visits.leave(home, chosen, threads=threads or cores(), progress=progress)
        left = "rolling", path
    name, path = left
    if name == "single":
        desk.tell(
            "Only one block of days was tested when {bundle} was trained; all of them: fangpin evaluate {bundle}",
            bundle=chosen.model_sha256[:12],
        )
    with desk.step("Simulating lists") as progress:
        found = visits.of_table(home, chosen, pq.read_table(path), progress=progress)
    return CapacityDocument.model_validate(
        {
            "outcome": found.outcome,
            "tier_horizon": found.tier_horizon,
            "bundle": chosen.model_sha256,
            "synthetic": found.synthetic,
            "backtest": name,
            "first_day": found.days[0],
            "last_day": found.days[-1],
            "area": area,
            **found.document(area, tuple(sorted(set(share))) if share else SHARES),
        }
    )


def _bundle(home: Any, outcome: str | None, name: str | None) -> Any:
    """The bundle asked for. Raises `Refusal` ``unknown_bundle``, ``unknown_outcome``."""
    from features.indicators.catalogue import load
    from features.outcomes import choose
    from models.risk import bundle as bundles
    from serving.champion.repository import ChampionRepository
    from serving.scope import scope_of
    from serving.store import Store
    from training import visits

    if name is not None:
        found = [path for path in home.folder("bundles").glob(f"{name}*") if path.is_dir()] if name else []
        if len(found) != 1:
            raise Refusal("unknown_bundle", bundle=name)
        loaded = bundles.load(found[0])
        if outcome not in (None, loaded.outcome):
            raise Refusal("unknown_outcome", outcome=outcome, known=loaded.outcome)
        return loaded
    scope = scope_of("/")
    with Store.open(home) as store, store.reading() as reading:
        champion = ChampionRepository(reading).champion(scope)
    wanted = outcome or (champion.outcome if champion else None)
    return visits.bundle_of(home, choose(load(home), wanted).id, (champion.model_sha256,) if champion else ())
