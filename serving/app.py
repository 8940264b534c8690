"""The service: `create_app` puts together what the other rooms hold."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from features.errors import Refusal
from features.home import Home
from serving.accounts import pages as account_pages
from serving.accounts import service as accounts
from serving.accounts.attendance import Attendance
from serving.accounts.throttle import Throttle
from serving.champion import pages as champion_pages
from serving.decisions import api as decisions_api
from serving.decisions.desk import DecisionDesk
from serving.health import api as health_api
from serving.health.readiness import Readiness
from serving.households import api as households_api
from serving.households import pages as household_pages
from serving.lists import api as lists_api
from serving.lists import pages as list_pages
from serving.register import pages as register_pages
from serving.store import Store
from serving.web.context import Service
from serving.web.errors import answer, answer_errors
from serving.web.gate import ReadyGate
from serving.web.headers import SecurityHeaders
from serving.web.limits import BodyLimit, Deadline
from serving.web.logs import log
from serving.web.openapi import describe
from serving.web.openapi import router as openapi_router
from serving.web.settings import Settings
from serving.web.static import router as static_router
from serving.web.trail import Trail

ROUTERS = (
    health_api.router,
    openapi_router,
    decisions_api.router,
    lists_api.router,
    households_api.router,
    account_pages.router,
    list_pages.router,
    # Before the household's own page: "search" is no household.
    register_pages.router,
    household_pages.router,
    champion_pages.router,
    static_router,
)

# Seconds between two notes of what was used.
USES_EVERY = 60.0


def create_app(home: Home | Path | str | None = None, settings: Settings | None = None) -> FastAPI:
    """The service over a home (default: ``FANGPIN_HOME``, else ``./home``), ready to be run by uvicorn.

    Raises `Refusal` ``home_missing``, ``home_damaged``, ``key_missing`` or ``store_damaged``. A champion that
    does not verify keeps the service from answering anything but ``/livez`` and ``/readyz``.
    """
    if not isinstance(home, Home):
        home = Home.open(home or os.environ.get("FANGPIN_HOME") or "home")
    settings = settings or Settings()
    store = Store.open(home, patience=settings.patience)
    service = Service(
        home,
        store,
        DecisionDesk(home, store),
        Readiness(home, store),
        settings,
        Attendance(),
        Throttle(settings.source_failures, settings.lock),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(service.readiness.lacking)
        keeping = asyncio.create_task(_keep_uses(service))
        yield
        keeping.cancel()
        service.close()

    app = FastAPI(
        title="fangpin",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    describe(app)
    app.state.service = service
    answer_errors(app)
    # The last one added is the first that a request meets.
    app.add_middleware(ReadyGate, readiness=service.readiness, answer=answer)
    app.add_middleware(BodyLimit, limit=settings.body_limit, answer=answer)
    app.add_middleware(Deadline, seconds=settings.deadline, answer=answer)
    app.add_middleware(Trail, answer=answer)
    app.add_middleware(SecurityHeaders, secure=settings.secure_cookies)
    for router in ROUTERS:
        app.include_router(router)
    return app


async def _keep_uses(service: Service) -> None:
    """Write down once a minute when sessions and tokens were used: a request that reads writes nothing."""
    while True:
        await asyncio.sleep(USES_EVERY)
        try:
            await run_in_threadpool(accounts.note_uses, store=service.store, attendance=service.attendance)
        except Refusal as refusal:
            # What could not be written waits for the next time.
            log.warning("uses were not written down: %s", refusal.code)
