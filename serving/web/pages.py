"""How a page is drawn: one template, one language, no script.

In a template ``_("Sign in")`` says a sentence in the page's language, ``_("{n} households", n=3)`` fills its
places; ``lang`` is the language, ``languages`` the page's address in each, ``caller`` who is signed in (or
none), ``place`` the caller's area by name, ``synthetic`` whether the home's data are invented, and
``place_name(area)`` what an area is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from features.errors import Refusal
from features.policy.places import Places
from features.wording import LANGUAGES, text
from serving.accounts.records import Caller
from serving.scope import scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.store import Unforeseen
from serving.web.formats import FILTERS, singular
from serving.web.static import asset

# Characters that no page may hold, whoever sent them.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
TEMPLATES = Path(__file__).parents[1] / "templates"
LANG_COOKIE = "fangpin_lang"


@cache
def environment() -> Environment:
    """The templates of the service: everything is escaped, and a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS, asset=asset)
    return made


def language(request: Request, caller: Caller | None = None) -> str:
    """What ``?lang=`` says, else what the browser chose before, else the account's own, else Chinese."""
    asked = (
        request.query_params.get("lang"),
        request.cookies.get(LANG_COOKIE),
        caller.lang if caller else None,
    )
    return next((lang for lang in asked if lang in LANGUAGES), LANGUAGES[0])


def same_page(request: Request, lang: str) -> str:
    """The page that is shown, with its filters, in another language."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    return f"{request.url.path}?{urlencode([*kept, ('lang', lang)])}"


def published_setting(request: Request) -> Mapping[str, Any]:
    """What the latest publication says of the home; empty where nothing is published or the store is silent."""
    store = request.app.state.service.store
    whole = scope_of("/")
    try:
        with store.reading() as reading:
            latest = SnapshotRepository(reading).latest(whole)
    except (Refusal, Unforeseen):
        # The page that says what is wrong with the store is drawn too.
        return {}
    return {} if latest is None else latest.setting


def page(
    request: Request, template: str, *, caller: Caller | None = None, status: int = 200, **shown: Any
) -> Response:
    """Draw ``template`` for who asks. What is ``shown`` wins over what every page has."""
    lang = language(request, caller)
    setting = published_setting(request)
    places = Places(setting.get("places", {}))
    area = caller.scope.area if caller else "/"
    every: dict[str, Any] = {
        "_": partial(_say, lang),
        "lang": lang,
        "languages": {each: same_page(request, each) for each in LANGUAGES},
        # Between two sentences: Chinese full stops bring their own room.
        "gap": "" if lang == "zh" else " ",
        "caller": caller,
        "synthetic": setting.get("synthetic", False),
        "place": places.name(area, lang) if area != "/" else places.top(lang),
        "place_name": lambda area: places.name(area, lang),
    }
    body = environment().get_template(template).render(every | shown)
    response = Response(
        _NO_TEXT.sub("\ufffd", body), status_code=status, media_type="text/html; charset=utf-8"
    )
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(LANG_COOKIE, lang, max_age=365 * 86400, httponly=True, samesite="strict")
    return response


def _say(lang: str, msgid: str, /, **params: object) -> str:
    """The sentence; what a filter drew to stand in it stays drawn."""
    if any(hasattr(value, "__html__") for value in params.values()):
        return Markup(escape(text(msgid, lang))).format(**params)
    said = text(msgid, lang, **params)
    return singular(said) if lang == "en" and params else said
