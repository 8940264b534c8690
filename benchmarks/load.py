"""A small load generator: a few kept-open HTTP connections, each asking again as soon as it is answered.

It writes requests that were made beforehand and reads no more of an answer than its status and length, so
that on a shared machine it takes little of what is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Answers:
    """Seconds each request took, by the clock of who asked; ``seconds`` is the whole round."""

    seconds: float = 0.0
    taken: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    wrong: bytes = b""  # the first answer that is an error

    @property
    def a_second(self) -> float:
        return len(self.taken) / self.seconds

    def within(self, percent: float) -> float:
        """Milliseconds within which that share of the requests was answered."""
        return float(np.percentile(self.taken, percent)) * 1e3


def request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def drive(port: int, requests: Iterable[bytes], connections: int, seconds: float | None = None) -> Answers:
    """Send the requests over that many connections, until they or the seconds are used up."""
    return asyncio.run(_drive(port, iter(requests), connections, seconds))


async def _drive(port: int, ahead: Iterator[bytes], connections: int, seconds: float | None) -> Answers:
    answers = Answers()
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    started = time.perf_counter()
    end = started + seconds if seconds is not None else float("inf")

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for wanted in ahead:
            begun = time.perf_counter()
            writer.write(wanted)
            status, body = await answer(reader)
            done = time.perf_counter()
            answers.taken.append(done - begun)
            answers.sizes.append(len(body))
            answers.statuses[status] = answers.statuses.get(status, 0) + 1
            if status >= 400 and not answers.wrong:
                answers.wrong = body
            if done > end:
                break

    await asyncio.gather(*(ask(reader, writer) for reader, writer in lines))
    answers.seconds = time.perf_counter() - started
    for _, writer in lines:
        writer.close()
    return answers


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of the next answer on a connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lower = head.lower()
    place = lower.find(b"content-length:")
    if place >= 0:
        length = int(lower[place + 15 : lower.index(b"\r\n", place)])
        return status, await reader.readexactly(length)
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return status, b"".join(parts)
