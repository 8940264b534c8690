"""What every page must be, whatever it shows: checked on each page that a test visits."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

import html5lib
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Response

HEAVIEST = 100 * 1024
_axe = Axe()


@dataclass
class Heard:
    """What the browser complained about since the last page."""

    complaints: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Hear errors of the console (a breach of the security policy is one), of scripts and of missing parts."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.complaints.append(f"{response.status}: {response.url}")


def faults(page: Page, response: Response, heard: Heard) -> list[str]:
    """Everything that is wrong with the page that is shown; its ``response`` is looked at as it was sent."""
    html = response.text()
    found = [*of_html(html), *_of_policy(response), *heard.complaints, *_of_reach(page)]
    heard.complaints.clear()
    violations = _axe.run(page).response["violations"]
    found += [
        f"axe {v['id']} ({v['impact']}): {v['help']}: {[n['html'][:120] for n in v['nodes'][:3]]}"
        for v in violations
        if v["impact"] in ("serious", "critical")
    ]
    return found


def of_html(html: str) -> list[str]:
    """Faults of the text of a page: the standard's parser, title, language, ids, labels, weight."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    document = parser.parse(html)
    found = [f"HTML at {place}: {code}" for place, code, _ in parser.errors]
    title = document.findtext("head/title") or ""
    if len(title.strip()) < 4:
        found.append(f"title: {title!r}")
    if document.get("lang") not in ("zh-CN", "zh", "en"):
        found.append(f"lang: {document.get('lang')!r}")
    ids = Counter(e.get("id") for e in document.iter() if e.get("id"))
    found += [f"id {name} stands {n} times" for name, n in ids.items() if n > 1]
    found += [f"refers to no id: {name}" for name in _referred(document) if name not in ids]
    found += _unlabelled(document)
    if len(document.findall(".//h1")) != 1:
        found.append("not exactly one h1")
    found += [
        f"style or script within: {e.tag}"
        for e in document.iter()
        if e.get("style") or e.tag in ("style", "script")
    ]
    if len(html.encode()) > HEAVIEST:
        found.append(f"{len(html.encode())} bytes")
    return found


def _referred(document: Element) -> set[str]:
    named = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers", "list", "form")
    return {name for e in document.iter() for attribute in named for name in (e.get(attribute) or "").split()}


def _unlabelled(document: Element) -> list[str]:
    labelled = {e.get("for") for e in document.iter("label")}
    inside = {id(e) for label in document.iter("label") for e in label.iter()}
    return [
        f"no label: {e.tag} {e.get('name')}"
        for e in document.iter()
        if e.tag in ("input", "select", "textarea")
        and e.get("type") not in ("hidden", "submit")
        and e.get("id") not in labelled
        and id(e) not in inside
        and not e.get("aria-label")
    ]


def _of_policy(response: Response) -> list[str]:
    headers = response.headers
    policy = headers.get("content-security-policy", "")
    found = []
    if "default-src 'none'" not in policy or re.search("unsafe-(inline|eval)", policy):
        found.append(f"security policy: {policy!r}")
    if headers.get("x-content-type-options") != "nosniff" or "no-store" not in headers.get(
        "cache-control", ""
    ):
        found.append(f"headers: {headers}")
    return found


def _of_reach(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"scrolls sideways by {wide} px"] if wide > 0 else []
