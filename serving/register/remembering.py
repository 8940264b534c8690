"""What a delivery says of people, written to the register: encrypted, indexed, the latest word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol

from features.home import Home
from serving.register.blind import BlindIndex, normalised
from serving.register.keys import Keys
from serving.register.records import INDEXED, NUMBER, Place
from serving.register.repository import RegisterRepository, RegisterWriter
from serving.register.vault import Vault
from serving.scope import scope_of
from serving.store import Store
from serving.store.record import tell


class Introduced(Protocol):
    """A household or a member as intake introduces them: `features.intake.register.Introduction`."""

    @property
    def household(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def person(self) -> str | None: ...
    @property
    def details(self) -> Mapping[str, str]: ...


class HomeRegister:
    """The register of a home, as intake is given it. Keys and store are opened when the first name comes."""

    def __init__(self, home: Home, *, by: str) -> None:
        self.home, self.by = home, by
        self._scope = scope_of("/")
        self._opened: tuple[Store, Vault, BlindIndex] | None = None

    def remember(self, introductions: Sequence[Introduced], *, source: str, delivery: int) -> None:
        """Keep what is new or different, all of it or nothing.

        Raises `Refusal` ``key_missing`` or ``key_damaged``, and what a store raises that cannot be written.
        """
        store, vault, index = self._open()
        said = _said(introductions)
        same = {place: index.sameness(place, text) for place, text in said.items()}
        with store.reading() as reading:
            known = RegisterRepository(reading).kept(self._scope, {place.household for place in said})
        # What stands under a former key is written again, so that one day that key can go.
        news = [place for place in said if known.get(place) != (same[place], vault.key_id)]
        if not news:
            return
        rows: list[dict[str, Any]] = [
            {
                **place._asdict(),
                "sealed": vault.seal(said[place], place),
                "key_id": vault.key_id,
                "sameness": same[place],
                "lookup": _lookup(index, place, said[place]),
                "source": source,
                "delivery": delivery,
            }
            for place in news
        ]
        with store.writing() as writing:
            writer = RegisterWriter(writing)
            writer.add(
                self._scope, [row for row, place in zip(rows, news, strict=True) if place not in known]
            )
            writer.replace(
                self._scope, [row for row, place in zip(rows, news, strict=True) if place in known]
            )
            tell(
                writing,
                "people_remembered",
                subject=source,
                area="",
                by=self.by,
                delivery=delivery,
                details=len(rows),
            )

    def _open(self) -> tuple[Store, Vault, BlindIndex]:
        if self._opened is None:
            keys = Keys.of(self.home)
            self._opened = Store.open(self.home), Vault(keys), BlindIndex(keys)
        return self._opened

    def close(self) -> None:
        if self._opened is not None:
            self._opened[0].close()
            self._opened = None

    def __enter__(self) -> HomeRegister:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _said(introductions: Sequence[Introduced]) -> dict[Place, str]:
    said: dict[Place, str] = {}
    for one in introductions:
        said[Place(one.household, "", NUMBER)] = one.key
        for detail, text in one.details.items():
            said[Place(one.household, one.person or "", detail)] = text
    return said


def _lookup(index: BlindIndex, place: Place, text: str) -> str | None:
    """Digest to find it by; none for what is not looked up, and for a text of blanks and dots."""
    if place.detail not in INDEXED or not normalised(text):
        return None
    return index.lookup(place.detail, text)
