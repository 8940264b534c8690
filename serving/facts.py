"""The facts of a home, opened once: a delivery's manifest never changes, so a running service reads each once."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from features.home import Home

if TYPE_CHECKING:
    from features.facts.store import FactStore

# Homes that stay open; a service has one.
_KEPT = 4
_turn = Lock()
_stores: OrderedDict[str, FactStore] = OrderedDict()


def open_facts(home: Home) -> FactStore:
    """The home's fact store; what is delivered meanwhile is seen by its next reader."""
    # pyarrow comes with the facts, and not before somebody asks for them.
    from features.facts.store import FactStore

    with _turn:
        found = _stores.get(str(home.path))
        if found is None:
            found = _stores[str(home.path)] = FactStore(home)
            while len(_stores) > _KEPT:
                _stores.popitem(last=False)
        return found
