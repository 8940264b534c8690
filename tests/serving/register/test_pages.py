"""Looking somebody up and reading full names, asked of a running service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
import sqlalchemy as sa

from features.wording import text
from serving.accounts import service as accounts
from serving.register.records import PURPOSES
from serving.scope import scope_of
from serving.store.tables import access_log
from tests.serving.api.running import in_a_thread
from tests.serving.register.conftest import Named


@dataclass(frozen=True)
class Signed:
    """A browser that is signed in, and the token of its forms."""

    client: httpx.Client
    csrf: str
    named: Named

    def search(self, q: str, **more: str) -> httpx.Response:
        return self.client.post("/households/search", data={"q": q, "csrf": self.csrf, **more})

    def reveal(self, number: str, purpose: str = "visit", **more: str) -> httpx.Response:
        address = f"/households/{self.named.id(number)}/name"
        return self.client.post(address, data={"purpose": purpose, "csrf": self.csrf, **more})

    def logged(self, action: str) -> int:
        with self.named.store.reading() as reading:
            query = sa.select(sa.func.count()).where(access_log.c.action == action)
            return int(reading.connection.execute(query).scalar_one())


def _field(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


@pytest.fixture
def signed(named: Named, request: pytest.FixtureRequest) -> Iterator[Signed]:
    """Signed in for the area that the test is given, else for the whole home."""
    area = getattr(request, "param", "/")
    handed = accounts.add(
        store=named.store, scope=scope_of("/"), name="wang.li", role="county", area=area, by="li"
    )
    with (
        in_a_thread(named.home.path, handed.token) as running,
        httpx.Client(base_url=running.base, timeout=30) as client,
    ):
        sent = {
            "account": handed.user, "password": handed.password, "csrf": _field(client.get("/login")),
        }  # fmt: skip
        assert client.post("/login", data=sent).status_code == 303
        page = client.get("/households/search")
        assert page.status_code == 200
        yield Signed(client, _field(page), named)


def test_a_household_is_found_and_shown_masked(signed: Signed) -> None:
    page = signed.search("王 建国")
    assert page.status_code == 200
    for number, masked in (("h0", "王*国"), ("h1", "覃*")):
        assert f'href="/households/{signed.named.id(number)}"' in page.text
        assert masked in page.text
    # What was typed stays in its field; nobody else is named.
    assert 'value="王 建国"' in page.text
    assert "王建国" not in page.text
    assert "覃芳" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert signed.logged("search_register") == 1


def test_nobody_found_is_said(signed: Signed) -> None:
    page = signed.search("诸葛无名")
    assert page.status_code == 200
    assert text("No household of your area has exactly this number or name.", "zh") in page.text
    assert "<table" not in page.text


def test_an_empty_search_says_what_is_lacking(signed: Signed) -> None:
    page = signed.search("  ")
    assert page.status_code == 422
    assert text("Write a number or a name.", "zh") in page.text
    assert signed.logged("search_register") == 0


def test_what_was_typed_is_never_markup(signed: Signed) -> None:
    page = signed.search('"><script>alert(1)</script>')
    assert page.status_code == 200
    assert "<script" not in page.text


def test_a_common_name_is_cut_short_and_says_so(signed: Signed) -> None:
    from features.intake.register import Introduction
    from serving.register.remembering import HomeRegister

    home = signed.named.home
    crowd = [Introduction(home.pseudonym(f"h{n}"), f"h{n}", None, {"name": "张伟"}) for n in range(20, 140)]
    with HomeRegister(home, by="li") as register:
        register.remember(crowd, source="tiny", delivery=2)
    page = signed.search("张伟")
    assert page.text.count('scope="row"') == 100
    assert text("Found: {n}", "zh", n=120) in page.text
    assert len(page.content) < 100 * 1024


def test_full_names_are_told_for_a_purpose_and_logged(signed: Signed) -> None:
    page = signed.reveal("h0", "contact")
    assert page.status_code == 200
    for told in ("王建国", "王小红", "阿依·古丽", "10012345678", "h0"):
        assert told in page.text
    assert "99010119440101789X" not in page.text
    assert text(PURPOSES["contact"], "zh") in page.text
    assert page.headers["Cache-Control"] == "no-store"
    # A title stands in the browser's history.
    title = re.search(r"<title>(.*?)</title>", page.text)
    assert title is not None
    assert "王" not in title[1]
    assert signed.logged("reveal_names") == 1


@pytest.mark.parametrize("purpose", ["", "curiosity", "visit,contact"])
def test_no_purpose_no_name(signed: Signed, purpose: str) -> None:
    page = signed.reveal("h0", purpose)
    assert page.status_code == 422
    assert "王建国" not in page.text
    assert signed.logged("reveal_names") == 0


def test_a_form_that_is_not_ours_tells_nothing(signed: Signed) -> None:
    for csrf in ("", "0" * 64):
        assert signed.reveal("h0", csrf=csrf).status_code == 403
        assert signed.search("王建国", csrf=csrf).status_code == 403
    signed.client.cookies.clear()
    for page in (signed.reveal("h0"), signed.search("王建国"), signed.client.get("/households/search")):
        assert page.status_code == 303
        assert page.headers["location"].startswith("/login")
    assert signed.logged("reveal_names") + signed.logged("search_register") == 0


def test_a_name_is_told_in_answer_to_a_form_alone(signed: Signed) -> None:
    household = signed.named.id("h0")
    page = signed.client.get(f"/households/{household}/name?lang=en")
    assert page.status_code == 303
    assert page.headers["location"] == f"/households/{household}?lang=en"
    assert signed.logged("reveal_names") == 0


@pytest.mark.parametrize("signed", ["41/a"], indirect=True)
def test_outside_of_the_scope_there_is_nobody(signed: Signed) -> None:
    assert signed.reveal("h0").status_code == 200
    assert signed.reveal("h1").status_code == 404
    assert signed.reveal("nowhere").status_code == 404
    page = signed.search("王建国")
    assert signed.named.id("h0") in page.text
    assert signed.named.id("h1") not in page.text
    assert signed.logged("reveal_names") == 1


def test_where_the_log_cannot_be_written_nothing_is_told(signed: Signed) -> None:
    with signed.named.store.writing() as writing:
        writing.connection.execute(
            sa.text(
                "CREATE TRIGGER no_log BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    for page in (signed.reveal("h0"), signed.search("王建国")):
        assert page.status_code == 500
        assert "王*国" not in page.text
        assert "王建国" not in page.text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_both_languages(signed: Signed, lang: str) -> None:
    signed.client.get(f"/households/search?lang={lang}")
    assert f"<h1>{text('Find a household', lang)}</h1>" in signed.search("h0").text
    assert text("This view is on record.", lang) in signed.reveal("h0").text
