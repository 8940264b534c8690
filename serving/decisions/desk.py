"""The desk at which decisions are asked for while the service runs.

One thread judges and writes for all callers: it takes whatever is waiting, answers it by one reading, one
scoring and one transaction, and so a commit's wait for the disk is shared by all who wait at that moment.
A lone caller waits for nobody. Where several ask again and again, the thread gives those whom it has just
answered a moment to come back, so that all share the next commit rather than one half at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from threading import Condition, Thread

from features.errors import Refusal
from features.home import Home
from serving.decisions import service
from serving.decisions.records import Asked, StoredDecision
from serving.scope import Scope
from serving.store import Store

Answer = StoredDecision | Refusal

# Households that are answered in one transaction: a commit is shared by many, and nobody waits long for others.
TOGETHER = 128
# Households that may wait; who comes when there is no room is told so at once. About ten seconds of work.
ROOM = 4000
# Seconds that callers get to come back: about what their answers and next questions take to travel.
GATHER = 0.002


@dataclass
class _Party:
    """What one caller asked, the answers so far, and where they are awaited."""

    asked: Sequence[Asked]
    loop: asyncio.AbstractEventLoop
    answered: asyncio.Future[list[Answer]]
    answers: list[Answer] = field(default_factory=list)
    taken: int = 0

    def take(self, most: int) -> list[Asked]:
        part = self.asked[self.taken : self.taken + most]
        self.taken += len(part)
        return list(part)

    @property
    def left(self) -> int:
        """Questions that nobody has taken up yet; of a caller who went away, none."""
        return 0 if self.answered.done() else len(self.asked) - self.taken


class DecisionDesk:
    """Takes what many callers ask at once and answers each when its decision is on the disk."""

    def __init__(self, home: Home, store: Store, *, room: int = ROOM) -> None:
        self.home, self.store, self.room = home, store, room
        self._waiting: deque[_Party] = deque()
        self._bell = Condition()
        self._closed = False
        self._clerk: Thread | None = None
        # Callers of the last transaction, and how many must wait before the thread is woken.
        self._served, self._awaited = 0, 1

    async def decide(self, *, scope: Scope, household: str, as_of: date | None, by: str) -> StoredDecision:
        """As `serving.decisions.service.decide`; raises also `Refusal` ``too_busy``."""
        answers = await self.decide_many(scope=scope, households=[household], as_of=as_of, by=by)
        if isinstance(answers[0], Refusal):
            raise answers[0]
        return answers[0]

    async def decide_many(
        self, *, scope: Scope, households: Sequence[str], as_of: date | None, by: str
    ) -> list[StoredDecision | Refusal]:
        """One answer a household, in their order; a refusal of one leaves the others alone.

        Raises `Refusal` ``too_busy`` where more would wait than there is room for.
        """
        if not households:
            return []
        loop = asyncio.get_running_loop()
        asked = [Asked(household, as_of, scope, by) for household in households]
        party = _Party(asked, loop, loop.create_future())
        with self._bell:
            if self._closed or sum(each.left for each in self._waiting) + len(asked) > self.room:
                raise Refusal("too_busy")
            if self._clerk is None:
                # Started when first needed, so that making a service starts nothing.
                self._clerk = Thread(target=self._work, name="decision-desk", daemon=True)
                self._clerk.start()
            self._waiting.append(party)
            if len(self._waiting) >= self._awaited:
                self._bell.notify()
        return await party.answered

    def close(self) -> None:
        """Answer what was asked, and take nothing more."""
        with self._bell:
            self._closed = True
            self._bell.notify()
        if self._clerk is not None:
            self._clerk.join()

    def _work(self) -> None:
        while parties := self._next():
            asked = [one for _, part in parties for one in part]
            try:
                answers = iter(service.decide_together(home=self.home, store=self.store, asked=asked))
            except Refusal as refusal:
                # Nothing was stored: it is everybody's answer.
                answers = iter([refusal] * len(asked))
            except Exception as bug:
                _hand_out([party for party, _ in parties], bug)
                continue
            for party, part in parties:
                party.answers += islice(answers, len(part))
            _hand_out([party for party, _ in parties if len(party.answers) == len(party.asked)])

    def _present(self) -> int:
        """Callers with questions that nobody has taken up."""
        self._waiting = deque(party for party in self._waiting if party.left)
        return len(self._waiting)

    def _next(self) -> list[tuple[_Party, list[Asked]]]:
        """An equal share of what each caller waits for; nothing once the desk is closed and all is answered."""
        with self._bell:
            # Those who were just answered, and those who came meanwhile.
            expected = self._served + self._present()
            self._bell.wait_for(lambda: self._present() or self._closed)
            if self._present() < expected:
                self._awaited = expected
                self._bell.wait_for(lambda: self._present() >= expected or self._closed, GATHER)
                self._awaited = 1
            here = list(islice(self._waiting, TOGETHER))
            # A caller with a thousand households does not hold up one with a single one.
            taken = [(party, party.take(TOGETHER // len(here))) for party in here]
            self._served = sum(not party.left for party in here)
            return taken


def _hand_out(parties: Sequence[_Party], bug: Exception | None = None) -> None:
    """Wake the callers, each event loop once."""
    for loop in {party.loop for party in parties}:
        ours = [party for party in parties if party.loop is loop]
        # A loop that has ended has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_answer, ours, bug)


def _answer(parties: Sequence[_Party], bug: Exception | None) -> None:
    for party in parties:
        if party.answered.done():  # the caller went away
            continue
        if bug is None:
            party.answered.set_result(party.answers)
        else:
            party.answered.set_exception(bug)
