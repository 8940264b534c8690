"""A newcomer's first quarter of an hour: ``make demo``, sign in with what it printed, the list, a household."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import chromium, walk
from tests.browser.checks import Heard, faults
from tests.browser.pictures import LANGUAGES, take
from tests.browser.served import Visit, started

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    home = tmp_path_factory.mktemp("demo") / "home"
    with started(["make", "demo"], home, within=900) as visit:
        yield visit


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.started() as browser:
        yield browser


@pytest.fixture(
    params=[(lang, width) for lang in LANGUAGES for width in chromium.WIDTHS], ids=lambda p: f"{p[0]}-{p[1]}"
)
def window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, Heard, str]]:
    """A fresh browser in a language and a width, and what it complains about."""
    lang, width = request.param
    context = browser.new_context(viewport={"width": width, "height": chromium.WIDTHS[width]})
    page, heard = context.new_page(), Heard()
    heard.listen(page)
    yield page, heard, lang
    context.close()


def test_it_ends_with_the_list_and_a_sign_in(visit: Visit) -> None:
    assert "2026-10" in visit.printed
    assert "合成" in visit.printed or "模拟" in visit.printed


def test_every_page_is_sound(window: tuple[Page, Heard, str], visit: Visit) -> None:
    page, heard, lang = window
    found: dict[str, list[str]] = {}
    answer = page.goto(f"{visit.address}/login?lang={lang}")
    assert answer is not None
    found["login"] = faults(page, answer, heard)
    found["list"] = faults(page, walk.sign_in(page, visit, lang), heard)
    assert (page.get_attribute("html", "lang") or "").startswith(lang)
    addresses = walk.households(page)
    assert len(addresses) > 20
    for name, address in {"first": addresses[0], "last": addresses[-1]}.items():
        answer = page.goto(visit.address + address)
        assert answer is not None
        assert answer.status == 200
        found[f"household {name}"] = faults(page, answer, heard)
    for address in (
        "/households/search",
        "/lists/latest?tier=orange",
        "/lists/latest?tier=blue&raised_by=rule",
        "/models",
    ):
        answer = page.goto(visit.address + address)
        assert answer is not None
        assert answer.status == 200
        found[address] = faults(page, answer, heard)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.fixture
def plain(browser: Browser) -> Iterator[BrowserContext]:
    """An old laptop that runs no scripts."""
    context = browser.new_context(java_script_enabled=False)
    yield context
    context.close()


def test_everything_works_without_scripts(plain: BrowserContext, visit: Visit) -> None:
    page = walk.signed_in(plain, visit)
    assert "/lists/" in page.url
    first = page.locator("main a[href*='/households/']").first
    first.click()
    assert "/households/" in page.url
    page.get_by_role("link", name="EN").click()
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator("form[action='/logout'] button").click()
    assert page.url.endswith("/login")
    answer = page.goto(visit.address + "/lists/latest")
    assert answer is not None
    assert "/login" in page.url


def test_pictures_of_every_page(browser: Browser, visit: Visit, tmp_path: Path) -> None:
    taken = {path.name for path in take(browser, visit, tmp_path)}
    wanted = {
        f"{p}-{lang}-{w}.png"
        for p in ("login", "list", "household", "models")
        for lang in LANGUAGES
        for w in chromium.WIDTHS
    }
    assert wanted <= taken
    assert all((tmp_path / name).stat().st_size > 10_000 for name in taken)
