"""The desk at which decisions are asked for while the service runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from starlette.concurrency import run_in_threadpool

from features.errors import Refusal
from features.home import Home
from serving.decisions import service
from serving.decisions.records import StoredDecision
from serving.scope import Scope
from serving.store import Store


class DecisionDesk:
    """Takes what many callers ask at once and answers each when its decision is on the disk."""

    def __init__(self, home: Home, store: Store) -> None:
        self.home, self.store = home, store

    async def decide(self, *, scope: Scope, household: str, as_of: date | None, by: str) -> StoredDecision:
        """As `serving.decisions.service.decide`."""
        answers = await self.decide_many(scope=scope, households=[household], as_of=as_of, by=by)
        if isinstance(answers[0], Refusal):
            raise answers[0]
        return answers[0]

    async def decide_many(
        self, *, scope: Scope, households: Sequence[str], as_of: date | None, by: str
    ) -> list[StoredDecision | Refusal]:
        """One answer a household, in their order; a refusal of one leaves the others alone."""
        return await run_in_threadpool(self._decide_all, scope, households, as_of, by)

    def _decide_all(
        self, scope: Scope, households: Sequence[str], as_of: date | None, by: str
    ) -> list[StoredDecision | Refusal]:
        answers: list[StoredDecision | Refusal] = []
        for household in households:
            try:
                answers.append(
                    service.decide(
                        home=self.home, store=self.store, scope=scope, household=household, as_of=as_of, by=by
                    )
                )
            except Refusal as refusal:
                answers.append(refusal)
        return answers

    def close(self) -> None:
        """Answer what was asked, and take nothing more."""
