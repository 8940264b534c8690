"""The ways through the pages that tests and pictures share."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, Response

from tests.browser.served import Visit


def sign_in(page: Page, visit: Visit, lang: str = "zh") -> Response:
    """From the address to the list, as somebody types it; gives the answer that holds the list."""
    page.goto(f"{visit.address}/login?lang={lang}")
    page.fill("input[name=account]", visit.account)
    page.fill("input[name=password]", visit.password)
    with page.expect_response(lambda r: "/lists/" in r.url and r.status == 200) as answer:
        page.click("main button[type=submit]")
    return answer.value


def signed_in(context: BrowserContext, visit: Visit) -> Page:
    page = context.new_page()
    sign_in(page, visit)
    return page


def households(page: Page) -> list[str]:
    """The addresses of the households that the page leads to, in its order."""
    found = page.eval_on_selector_all(
        "main a[href*='/households/']", "links => links.map(a => a.getAttribute('href'))"
    )
    return list(dict.fromkeys(href for href in found if "/search" not in href))


def paper(page: Page) -> str:
    """The address of the first township's list as it goes on paper."""
    places = page.eval_on_selector_all(
        "main a[href*='area=']", "links => links.map(a => a.getAttribute('href'))"
    )
    return f"{places[0]}&print=1"
