"""``make pictures``: every page as a picture, zh and en, wide and narrow, under build/pictures."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser import chromium, walk
from tests.browser.served import Visit, started
from tests.house.tree import ROOT

TARGET = ROOT / "build" / "pictures"
LANGUAGES = ("zh", "en")


def pages(page: Page, visit: Visit, lang: str) -> Iterator[str]:
    """Bring up each page in turn and give its name; the visitor is signed in before the second."""
    page.goto(f"{visit.address}/login?lang={lang}")
    yield "login"
    walk.sign_in(page, visit, lang)
    yield "list"
    page.goto(visit.address + walk.households(page)[0])
    yield "household"
    page.goto(visit.address + "/models")
    yield "models"


def take(browser: Browser, visit: Visit, target: Path = TARGET) -> list[Path]:
    """Take every picture, and the list and a household as they are printed."""
    target.mkdir(parents=True, exist_ok=True)
    taken = []
    for lang in LANGUAGES:
        for width, height in chromium.WIDTHS.items():
            context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
            page = context.new_page()
            for name in pages(page, visit, lang):
                taken.append(target / f"{name}-{lang}-{width}.png")
                page.screenshot(path=taken[-1], full_page=True)
                if width == max(chromium.WIDTHS) and name not in ("login", "models"):
                    if name == "list":
                        page.goto(visit.address + walk.paper(page))
                    taken.append(target / f"print-{name}-{lang}.pdf")
                    page.pdf(path=taken[-1], prefer_css_page_size=True, print_background=True)
            context.close()
    return taken


def main() -> int:
    home = Path(os.environ.get("FANGPIN_HOME") or ROOT / "home").resolve()
    fangpin = str(Path(sys.executable).with_name("fangpin"))
    if not (home / "home.json").exists():
        print(f"no demo home at {home.name}: make demo first", file=sys.stderr)
        return 3
    with (
        started([fangpin, "serve", "--visitor", "--port", "0"], home, within=60) as visit,
        chromium.started() as browser,
    ):
        for path in take(browser, visit):
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
