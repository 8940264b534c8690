"""The pages as a browser gets them: the real app over a home with named areas and two lists."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from starlette.testclient import TestClient

from features.home import Home
from serving.accounts import service as accounts
from serving.app import create_app
from serving.champion import service as champion
from serving.lists import service as lists
from serving.scope import scope_of
from serving.snapshots import service as snapshots
from serving.store import Store
from tests.serving.panel import Panel

HTML = {"accept": "text/html,application/xhtml+xml"}
NAMES = """
"41": {zh: 澄原县, en: Chengyuan County}
41/a: {zh: 霁岭镇, en: Jiling Township}
41/b: {zh: 砚溪镇, en: Yanxi Township}
41/a/v0: {zh: 晴坡村, en: Qingpo}
# What a spreadsheet would take for a formula, and a browser for a tag.
41/c: {zh: "=HYPERLINK(1)<b>镇", en: "@SUM(1)<b>"}
"""
DAYS = """
- id: visit_days_orange
  values: [{from: 2010-01-01, area: "/", value: 3, source: "invented for tests"}]
"""


@dataclass(frozen=True)
class Issued:
    """A home with its two lists."""

    path: Path
    first: dict[str, Any]
    second: dict[str, Any]


@dataclass(frozen=True)
class Browser:
    """Somebody signed in."""

    client: TestClient
    issued: Issued
    store: Store

    def page(self, address: str, status: int = 200, lang: str = "zh") -> Page:
        joined = "&" if "?" in address else "?"
        answer = self.client.get(f"{address}{joined}lang={lang}")
        assert answer.status_code == status, answer.text[:2000]
        return Page.read(answer.text)


@dataclass(frozen=True)
class Page:
    """A page that is valid HTML."""

    html: str
    root: Element

    @classmethod
    def read(cls, html: str) -> Page:
        # Strict: raises at the first thing that the standard calls an error.
        return cls(html, html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html))

    def all(self, path: str) -> list[Element]:
        return self.root.findall(path)

    def text(self) -> str:
        return said(self.root.find("body"))


def said(element: Element | None) -> str:
    """The text of an element, blanks made one."""
    assert element is not None
    return " ".join("".join(element.itertext()).split())


def rows(page: Page) -> list[list[str]]:
    """The cells of the households' rows."""
    return [
        [said(cell) for cell in row]
        for row in page.all(".//table[@class='list']/tbody/tr")
        if "class" not in row.attrib
    ]


def breaks(page: Page) -> list[str]:
    """Class and text of the rows between them."""
    return [
        f"{row.attrib['class']}: {said(row)}"
        for row in page.all(".//table[@class='list']/tbody/tr")
        if "class" in row.attrib
    ]


def visible(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines that are not folded."""
    return [
        line
        for line in document["lines"]
        if not (line["tier"] == "blue" and line["raised_by"] == "score" and not line["planned"])
    ]


def households(page: Page) -> list[str]:
    return [
        link.attrib["href"].split("/")[2].split("?")[0]
        for link in page.all(".//table[@class='list']/tbody/tr/th/a")
    ]


@pytest.fixture(scope="session")
def issued(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Issued:
    folder = tmp_path_factory.mktemp("pages") / "home"
    shutil.copytree(panel.home.path, folder)
    home, whole = Home.open(folder), scope_of("/")
    (home.folder("areas") / "names.yaml").write_text(NAMES, encoding="utf-8")
    (home.folder("parameters") / "days.yaml").write_text(DAYS, encoding="utf-8")
    with Store.open(home) as store:
        for snapshot in (panel.first, panel.second):
            snapshots.publish(home=home, store=store, scope=whole, snapshot=snapshot, by="li")
        champion.promote(
            home=home,
            store=store,
            scope=whole,
            bundle=panel.bundle.model_sha256,
            by="wang",
            reason="autumn list",
        )
        made = [
            lists.issue(home=home, store=store, scope=whole, area="/", period=period, as_of=as_of, by="li")
            for period, as_of in (("2012Q2", date(2012, 3, 31)), ("2012Q3", date(2012, 6, 30)))
        ]
    return Issued(folder, *made)


@pytest.fixture
def browser(issued: Issued, tmp_path: Path) -> Iterator[Browser]:
    """Signed in for the whole county, in a copy of the home of one's own."""
    yield from signed_in(issued, tmp_path / "home", "/")


@pytest.fixture
def neighbour(issued: Issued, tmp_path: Path) -> Iterator[Browser]:
    """Signed in for one township."""
    yield from signed_in(issued, tmp_path / "neighbour", "41/b")


def signed_in(issued: Issued, folder: Path, area: str) -> Iterator[Browser]:
    shutil.copytree(issued.path, folder)
    app = create_app(folder)
    with TestClient(app, headers=HTML, follow_redirects=False) as client:
        store = app.state.service.store
        handed = accounts.add(
            store=store, scope=scope_of("/"), name="chen.jg", role="county", area=area, by="li"
        )
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/login").text)
        assert token is not None
        fields = {"csrf": token[1], "account": handed.user, "password": handed.password}
        assert client.post("/login", data=fields).status_code == 303
        yield Browser(client, issued, store)
