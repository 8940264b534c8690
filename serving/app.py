"""The service: `create_app` puts together what the other rooms hold."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from features.home import Home
from serving.accounts import pages as account_pages
from serving.accounts.attendance import Attendance
from serving.accounts.throttle import Throttle
from serving.decisions import api as decisions_api
from serving.decisions.desk import DecisionDesk
from serving.health import api as health_api
from serving.health.readiness import Readiness
from serving.households import api as households_api
from serving.households import pages as household_pages
from serving.lists import api as lists_api
from serving.lists import pages as list_pages
from serving.store import Store
from serving.web.context import Service
from serving.web.errors import answer_errors
from serving.web.openapi import describe
from serving.web.openapi import router as openapi_router
from serving.web.settings import Settings
from serving.web.static import router as static_router

ROUTERS = (
    health_api.router,
    openapi_router,
    decisions_api.router,
    lists_api.router,
    households_api.router,
    account_pages.router,
    list_pages.router,
    household_pages.router,
    static_router,
)


def create_app(home: Home | Path | str | None = None, settings: Settings | None = None) -> FastAPI:
    """The service over a home (default: ``FANGPIN_HOME``, else ``./home``), ready to be run by uvicorn.

    Raises `Refusal` ``home_missing``, ``home_damaged``, ``key_missing`` or ``store_damaged``. A champion that
    does not verify keeps the service from answering anything but ``/livez`` and ``/readyz``.
    """
    if not isinstance(home, Home):
        home = Home.open(home or os.environ.get("FANGPIN_HOME") or "home")
    store = Store.open(home)
    settings = settings or Settings()
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
        yield
        service.close()

    app = FastAPI(title="fangpin", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    describe(app)
    app.state.service = service
    answer_errors(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
