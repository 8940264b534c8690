"""What a running service holds: the home, the open store, the decision desk and its settings."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from features.errors import Refusal
from features.home import Home
from serving.accounts import service as accounts
from serving.accounts.attendance import Attendance
from serving.accounts.throttle import Throttle
from serving.decisions.desk import DecisionDesk
from serving.health.readiness import Readiness
from serving.store import Store
from serving.web.settings import Settings


@dataclass(frozen=True)
class Service:
    """One running service. Made once by `serving.app.create_app`."""

    home: Home
    store: Store
    desk: DecisionDesk
    readiness: Readiness
    settings: Settings
    attendance: Attendance
    throttle: Throttle

    def close(self) -> None:
        """Answer what was asked, write down what waits, and let go of the store; a second time does nothing."""
        self.desk.close()
        with suppress(Refusal):
            accounts.note_uses(store=self.store, attendance=self.attendance)
        self.store.close()


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Here = Annotated[Service, Depends(_service)]
