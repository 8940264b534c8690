"""How many failed sign-ins may come from one address, whatever names they try."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from threading import Lock

from features.errors import Refusal

# Addresses that are remembered at once; the longest quiet is forgotten first.
_MOST = 10_000


class Throttle:
    """Counts failures by address in memory: a guard against many names being tried, beside each account's lock."""

    def __init__(self, failures: int, window: timedelta) -> None:
        self.failures, self.window = failures, window
        self._failed: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._turn = Lock()

    def admit(self, source: str, now: datetime) -> None:
        """Raises `Refusal` ``sign_in_locked`` where too many came from this address lately."""
        with self._turn:
            failed = self._recent(_place(source), now)
            if len(failed) >= self.failures:
                wait = failed[0] + self.window - now
                raise locked(wait)

    def failed(self, source: str, now: datetime) -> None:
        place = _place(source)
        with self._turn:
            failed = self._recent(place, now)
            self._failed[place] = deque([*failed, now], maxlen=self.failures)
            self._failed.move_to_end(place)
            while len(self._failed) > _MOST:
                self._failed.popitem(last=False)

    def _recent(self, place: str, now: datetime) -> deque[datetime]:
        failed = self._failed.get(place, deque())
        while failed and failed[0] + self.window <= now:
            failed.popleft()
        return failed


def locked(wait: timedelta) -> Refusal:
    """The refusal of one who has to wait, in whole minutes and never none."""
    return Refusal("sign_in_locked", minutes=max(1, math.ceil(wait / timedelta(minutes=1))))


def _place(source: str) -> str:
    """The address; of IPv6 the network, since a customer is given a whole one."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return "elsewhere"
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else source
