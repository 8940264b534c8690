"""`doctor` and `month`: whether this home can work, and a month's work in one go."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer

from commands import asked
from commands.desk import Answer, Desk, verb
from features.errors import Refusal

STEPS = ("ingest", "snapshot", "publish", "issue")


@verb()
def doctor(desk: Desk) -> Answer:
    """Check what a month needs: home and key, space, facts, records, store, champion, publication."""
    from commands.checkup import examine
    from commands.documents.service import DoctorDocument

    checks = examine(desk.home_path)
    return DoctorDocument.model_validate({"ready": all(c["ok"] for c in checks), "checks": checks})


@verb()
def month(
    desk: Desk,
    month: Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month.")],
    from_step: Annotated[
        str | None,
        typer.Option(
            "--from", help="Repeat from this step: ingest, snapshot, publish, issue.", metavar="STEP"
        ),
    ] = None,
) -> Answer:
    """Do a month: take in what is new, build the snapshot of its last day, publish it, issue the list."""
    from commands.documents.service import MonthDocument
    from features.home import write_atomically

    if from_step is not None and from_step not in STEPS:
        raise Refusal("usage", reason=f"--from {from_step}: {', '.join(STEPS)}")
    last_day = asked.month_end(month)
    home = desk.home
    book = home.folder("store") / "months" / f"{month}.json"
    done: dict[str, Any] = json.loads(book.read_bytes()) if book.exists() else {}
    if from_step is not None:
        done = {step: done[step] for step in STEPS[: STEPS.index(from_step)] if step in done}

    def work(step: str) -> Any:
        if step == "ingest":
            from commands.deliveries import take_in

            taken = take_in(desk, home)
            refused = [part for part in taken if part["status"] == "refused"]
            if refused:
                raise Refusal("deliveries_refused", file=refused[0]["file"], n=len(refused))
            return [part["sha256"] for part in taken]
        if step == "snapshot":
            from features import snapshots

            with desk.step("Building the snapshot of {day}", day=last_day.isoformat()):
                return snapshots.build(home, last_day).id
        return _publish_or_issue(desk, home, step, done["snapshot"], month, last_day)

    steps = []
    for step in STEPS:
        started = time.monotonic()
        status = "skipped"
        if step not in done:
            done[step] = work(step)
            status = "done"
            # Written after each step: an interrupted month goes on with the next one.
            write_atomically(book, json.dumps(done, sort_keys=True).encode())
        steps.append({"step": step, "status": status, "seconds": round(time.monotonic() - started, 3)})
    return MonthDocument.model_validate({"steps": steps, "list": done["issue"]})


def _publish_or_issue(desk: Desk, home: Any, step: str, snapshot: str, period: str, as_of: Any) -> Any:
    from serving.lists import service as lists
    from serving.scope import scope_of
    from serving.snapshots import service as snapshots
    from serving.store import Store

    with Store.open(home) as store:
        common: dict[str, Any] = {"home": home, "store": store, "scope": scope_of("/"), "by": asked.asker()}
        if step == "publish":
            with desk.step("Publishing snapshot {snapshot}", snapshot=snapshot[:12]):
                return snapshots.publish(snapshot=snapshot, **common)["rows"]
        with desk.step("Issuing the list of {period}", period=period):
            return lists.issue(area="/", period=period, as_of=as_of, **common)["list"]
