"""Limits of every request: how large its body may be, and how long its answer may take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.errors import Refusal
from serving.web.logs import log, trace_of

Answer = Callable[[Request, Refusal], Response]


class _TooLarge(Exception):
    """Ends the reading of a body that grew past the limit."""


class BodyLimit:
    """Refuses (413 ``body_too_large``) a body larger than ``limit`` bytes before any parser has seen it whole.

    A declared length is refused unread. A body that is streamed is counted as it comes, and never more
    than the limit and one piece are held.
    """

    def __init__(self, app: ASGIApp, *, limit: int, answer: Answer) -> None:
        self.app, self.limit, self.answer = app, limit, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > self.limit:
            await self._refuse(scope, receive, send)
            return
        read, begun, refused = 0, False, False

        async def counted() -> Message:
            nonlocal read, refused
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.limit:
                refused = True
                raise _TooLarge
            return message

        async def heard(message: Message) -> None:
            nonlocal begun
            # What the parser makes of its broken body is not the answer.
            if not refused or begun:
                begun = True
                await send(message)

        with suppress(_TooLarge):
            await self.app(scope, counted, heard)
        if refused and not begun:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.answer(Request(scope), Refusal("body_too_large", limit=self.limit))
        await answer(scope, receive, send)


class Deadline:
    """Answers 503 ``deadline_exceeded`` where there is no answer after ``seconds``.

    The work itself may be in a thread, which nobody can stop: it ends by itself, its transaction as a whole,
    and its answer goes nowhere. An answer that had begun is cut off.
    """

    def __init__(self, app: ASGIApp, *, seconds: float, answer: Answer) -> None:
        self.app, self.seconds, self.answer = app, seconds, answer
        self.late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = over = False

        async def in_time(message: Message) -> None:
            nonlocal begun
            if not over:
                begun = True
                await send(message)

        task = asyncio.ensure_future(self._work(scope, receive, in_time))
        try:
            await asyncio.wait({task}, timeout=self.seconds)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done():
            task.result()
            return
        over = True
        self.late.add(task)
        task.add_done_callback(self._ended)
        task.cancel()
        if not begun:
            seconds = f"{self.seconds:g}"
            answer = self.answer(Request(scope), Refusal("deadline_exceeded", seconds=seconds))
            await answer(scope, receive, send)

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.late.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("ended after its deadline\n%s", trace_of(error))
