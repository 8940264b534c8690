"""How a page is drawn: one template, one language, no script.

In a template ``_("Sign in")`` says a sentence in the page's language, ``_("{n} households", n=3)`` fills its
places; ``lang`` is the language, ``here`` the page's address in it, ``caller`` who is signed in (or none).
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.wording import LANGUAGES, text
from serving.accounts.records import Caller

TEMPLATES = Path(__file__).parents[1] / "templates"
LANG_COOKIE = "fangpin_lang"


@cache
def environment() -> Environment:
    """The templates of the service: everything is escaped, and a name that is missing is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


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


def page(
    request: Request, template: str, *, caller: Caller | None = None, status: int = 200, **shown: Any
) -> Response:
    """Draw ``template`` for who asks."""
    lang = language(request, caller)
    body = (
        environment()
        .get_template(template)
        .render(
            _=partial(_say, lang),
            lang=lang,
            languages={each: same_page(request, each) for each in LANGUAGES},
            caller=caller,
            **shown,
        )
    )
    response = Response(body, status_code=status, media_type="text/html; charset=utf-8")
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(LANG_COOKIE, lang, max_age=365 * 86400, httponly=True, samesite="strict")
    return response


def _say(lang: str, msgid: str, /, **params: object) -> str:
    return text(msgid, lang, **params)
