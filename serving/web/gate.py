"""Nothing but the door's own answers while the service cannot work."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from features.errors import Refusal
from serving.health.readiness import Readiness
from serving.web.limits import Answer

# What is answered although the service is not ready: whether it lives, why it is not ready, the way in.
OPEN = ("/livez", "/readyz", "/login", "/static/")
# What a route answers itself: what is stored can be read, and deciding is refused with 409.
OWN_ANSWER = ("catalogue_mismatch", "not_published")


class ReadyGate:
    """Answers 503 ``not_ready`` with the reason while `Readiness` names one.

    What it found last counts for `Readiness.KEPT` seconds, so that a request costs no look into the store;
    a promotion or publication is noticed by then.
    """

    def __init__(self, app: ASGIApp, *, readiness: Readiness, answer: Answer) -> None:
        self.app, self.readiness, self.answer = app, readiness, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OPEN):
            await self.app(scope, receive, send)
            return
        if not self.readiness.fresh():
            await run_in_threadpool(self.readiness.lacking)
        lacking = self.readiness.found
        if lacking is None or lacking.code in OWN_ANSWER:
            await self.app(scope, receive, send)
            return
        refusal = Refusal("not_ready", reason=lacking.message())
        await self.answer(Request(scope), refusal)(scope, receive, send)
