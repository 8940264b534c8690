"""What every request leaves in the log, and what happens when something of ours breaks."""

from __future__ import annotations

import secrets
import time

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.errors import Refusal
from serving.web.limits import Answer
from serving.web.logs import log, trace_of

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")


class Trail:
    """Numbers each request, notes route, status and time, and answers what nobody else answered.

    The number stands in the header ``Fangpin-Request``, on error pages and in the log. An unexpected error
    is answered with ``bug``: its trace goes to the log and nowhere else.
    """

    def __init__(self, app: ASGIApp, *, answer: Answer) -> None:
        self.app, self.answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number, begun_at, status = secrets.token_hex(6), time.perf_counter(), 0
        scope.setdefault("state", {})["number"] = number

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"fangpin-request", number.encode())]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except ClientDisconnect:
            log.info("%s the caller went away", number)
        except Exception as error:
            log.error("%s failed\n%s", number, trace_of(error))
            if not status:
                await self._broken(Request(scope), error)(scope, receive, noted)
        finally:
            self._write(scope, number, status, time.perf_counter() - begun_at)

    def _broken(self, request: Request, error: Exception) -> ASGIApp:
        return self.answer(request, Refusal("bug", kind=type(error).__name__))

    def _write(self, scope: Scope, number: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        # The route as it is declared: what somebody typed into an address may be a name.
        route = getattr(scope.get("route"), "path_format", None) or "(none)"
        code = scope["state"].get("code", "")
        log.info("%s %s %s %s %.1f ms %s", number, method, route, status or "cut", seconds * 1000, code)
