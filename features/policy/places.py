"""What areas are called: names for the eye, frozen with a published snapshot and never part of a decision.

A home gives names in ``areas/*.yaml``, each file a mapping of area paths (or of last codes) to ``{zh, en}``::

    99/9902: {zh: 青禾镇, en: Qinghe Township}

A place without a name is shown by its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from features import plain_yaml
from features.errors import Refusal
from features.home import Home
from features.policy import areas

LANGUAGES = ("zh", "en")
LONGEST = 40


@dataclass(frozen=True)
class Places:
    """Names by area path or last code, each ``{"zh", "en"}``."""

    names: Mapping[str, Mapping[str, str]]

    def name(self, area: str, lang: str) -> str:
        """What an area is called, without the places above it; its own code where it has no name.

        >>> Places({"99/01": {"zh": "青禾镇", "en": "Qinghe"}}).name("99/01", "zh"), Places({}).name("99/01", "zh")
        ('青禾镇', '01')
        """
        path = area.strip("/")
        code = areas.own_code(path or areas.WHOLE)
        named = self.names.get(path) or self.names.get(code)
        return named[lang] if named else code

    def top(self, lang: str) -> str:
        """What the whole home is called: the one place at the top, where there is just one with a name.

        >>> Places({"99": {"zh": "云屏县", "en": "Yunping County"}}).top("en"), Places({}).top("en")
        ('Yunping County', '')
        """
        tops = [name for path, name in self.names.items() if "/" not in path]
        return tops[0][lang] if len(tops) == 1 else ""

    def names_of(self, area: str, lang: str) -> list[str]:
        """The names from the top down to the area; none for the whole home."""
        steps = areas.parts(area.strip("/") or areas.WHOLE)
        return [self.name("/".join(steps[: n + 1]), lang) for n in range(len(steps))]


def read(home: Home) -> dict[str, dict[str, str]]:
    """The names that a home gives to its areas, in order of their paths.

    Raises `Refusal` ``bad_record``, naming the file, where it is not a mapping of paths to ``{zh, en}``.
    """
    names: dict[str, dict[str, str]] = {}
    for path in sorted(home.folder("areas").glob("*.yaml")):
        found = plain_yaml.load(path.read_bytes())
        if not isinstance(found, dict):
            raise _wrong(path.name, "/", "not a mapping of areas to names")
        for area, named in found.items():
            if not _named(area, named):
                raise _wrong(path.name, str(area)[:LONGEST], "not a name in zh and in en")
            names[str(area).strip("/")] = {lang: named[lang] for lang in LANGUAGES}
    return dict(sorted(names.items()))


def _named(area: object, named: object) -> bool:
    return (
        areas.valid(str(area))
        and isinstance(named, dict)
        and set(named) == set(LANGUAGES)
        and all(
            isinstance(word, str) and 0 < len(word) <= LONGEST and word.isprintable()
            for word in named.values()
        )
    )


def _wrong(file: str, area: str, reason: str) -> Refusal:
    return Refusal("bad_record", record=area, file=file, place=area, reason=reason)
