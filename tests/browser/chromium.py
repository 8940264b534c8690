"""A real Chromium: where it is, how it is started, at which sizes pages are looked at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

WIDTHS = {1280: 800, 390: 844}
# Without these it asks its maker's servers for things, which a closed network refuses one by one.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find() -> Path | None:
    """``FANGPIN_CHROMIUM``, else what the machine calls chromium; None where there is none."""
    named = os.environ.get("FANGPIN_CHROMIUM")
    found = named or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    return Path(found) if found else None


@contextmanager
def started() -> Iterator[Browser]:
    """The browser, headless, with an empty profile that vanishes with it."""
    path = find()
    if path is None:
        raise RuntimeError("no Chromium: install the package chromium, or name one by FANGPIN_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
