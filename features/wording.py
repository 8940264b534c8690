"""Words shown to people, in Chinese and English, through gettext.

The message id is the English sentence itself; Chinese stands in
``features/locale/zh/LC_MESSAGES/*.po``, one catalogue a room, merged when first used.
"""

from __future__ import annotations

import gettext
import io
from functools import cache, lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
LOCALE = Path(__file__).parent / "locale"


def N_(message: str) -> str:
    """Mark a message that is translated later, where it is shown."""
    return message


@cache
def _translations(lang: str) -> gettext.NullTranslations:
    merged = gettext.NullTranslations()
    for path in sorted((LOCALE / lang / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as source:
            compiled = io.BytesIO()
            write_mo(compiled, read_po(source, locale=lang))
        compiled.seek(0)
        room = gettext.GNUTranslations(compiled)
        room.add_fallback(merged)
        merged = room
    return merged


@lru_cache(maxsize=4096)
def _translated(msgid: str, lang: str) -> str:
    # Asked thousands of times for one page; the catalogues of all rooms are searched one after the other.
    return _translations(lang).gettext(msgid)


def text(msgid: str, lang: str, **params: object) -> str:
    """The sentence ``msgid`` in ``lang`` ("zh" or "en"), its {named} places filled from ``params``.

    >>> text("{n} rows", "en", n=3)
    '3 rows'
    """
    sentence = msgid if lang == "en" else _translated(msgid, lang)
    return sentence.format(**params) if params else sentence


def both(msgid: str, **params: object) -> dict[str, str]:
    """The sentence in every language: ``{"zh": …, "en": …}``.

    A parameter that is itself a ``{"zh", "en"}`` record is shown in the language of the sentence.
    """
    return {
        lang: text(
            msgid,
            lang,
            **{
                key: value[lang] if isinstance(value, dict) and lang in value else value
                for key, value in params.items()
            },
        )
        for lang in LANGUAGES
    }
