"""The real app over a home of its own, asked as a browser or a program would."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from serving.accounts import service as accounts
from serving.accounts.service import Handed
from serving.app import create_app
from serving.scope import scope_of
from serving.store import Store
from serving.web.settings import Settings
from tests.serving.api.prepare import Prepared, prepare
from tests.serving.panel import Panel

HTML = {"accept": "text/html,application/xhtml+xml"}


class House:
    """A running app, with an account at hand."""

    def __init__(self, app: FastAPI, home: Path, account: Handed, client: TestClient) -> None:
        self.app, self.home, self.account, self.client = app, home, account, client

    @property
    def store(self) -> Store:
        store: Store = self.app.state.service.store
        return store

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.account.token}"}

    def browser(self) -> TestClient:
        """Another browser: no cookies yet; it follows nothing by itself."""
        return TestClient(self.app, base_url=str(self.client.base_url), headers=HTML, follow_redirects=False)

    def sign_in(self, browser: TestClient, password: str | None = None, **more: str) -> httpx.Response:
        """Open the form and send it."""
        fields = {"account": self.account.user, "password": password or self.account.password, **more}
        return browser.post("/login", data={"csrf": form_token(browser.get("/login").text), **fields})

    def signed_in(self) -> TestClient:
        browser = self.browser()
        assert self.sign_in(browser).status_code == 303
        return browser


def form_token(html: str) -> str:
    """The CSRF token of a page's first form."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', html)
    assert found is not None, "no form with a token"
    return found[1]


@pytest.fixture(scope="session")
def prepared(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(tmp_path_factory.mktemp("web"), panel)


Build = Callable[..., House]


@pytest.fixture
def build(prepared: Prepared, tmp_path: Path) -> Iterator[Build]:
    """``build(settings, home=…)``: an app that runs for the length of the test."""
    with ExitStack() as stack:

        def make(settings: Settings | None = None, *, home: Path | None = None) -> House:
            settings = settings or Settings()
            folder = home or Path(shutil.copytree(prepared.home, tmp_path / "home"))
            app = create_app(folder, settings)
            scheme = "https" if settings.secure_cookies else "http"
            client = stack.enter_context(
                TestClient(app, base_url=f"{scheme}://testserver", follow_redirects=False)
            )
            store = app.state.service.store
            handed = accounts.add(
                store=store, scope=scope_of("/"), name="web", role="county", area="/", by="li"
            )
            return House(app, folder, handed, client)

        yield make


@pytest.fixture
def house(build: Build) -> House:
    return build()


@pytest.fixture
def panel_home(panel: Panel, tmp_path: Path) -> Path:
    """A home of which nothing is published."""
    return Path(shutil.copytree(panel.home.path, tmp_path / "bare"))
