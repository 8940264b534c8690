"""Who reaches a list, what a strange address gets, what is on record, and the table to take away."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import unquote

import pytest
import sqlalchemy as sa

from serving.store.tables import access_log, list_lines, lists
from tests.serving.pages.conftest import Browser, breaks, households, rows, said, visible

LATEST = "/lists/latest"


def actions(browser: Browser) -> list[tuple[str, str]]:
    with browser.store.reading() as reading:
        query = sa.select(access_log.c.action, access_log.c.accessed_by)
        return [tuple(found) for found in reading.connection.execute(query)]


def test_whoever_sees_a_township_sees_no_other(neighbour: Browser) -> None:
    page = neighbour.page(LATEST)
    lines = [line for line in visible(neighbour.issued.second) if line["area"].startswith("41/b/")]
    assert households(page) == [line["household"] for line in lines]
    assert said(page.root.find(".//p[@class='crumb']")) == "澄原县 › 砚溪镇"
    assert "走访能力2户" in breaks(page)[0]
    villages = [o.attrib["value"] for o in page.all(".//select[@id='area']/option")]
    assert villages[0] == "41/b"
    assert all(value.startswith("41/b/") for value in villages[1:])
    assert len(rows(neighbour.page(f"{LATEST}?print=1&blue=1"))) == sum(
        line["area"].startswith("41/b/") for line in neighbour.issued.second["lines"]
    )
    for elsewhere in ("霁岭镇", "41/a", "41%2Fa"):
        assert elsewhere not in page.html
    neighbour.page(f"{LATEST}?area=41/a", status=404)
    table = neighbour.client.get(f"{LATEST}.csv").text
    assert "41/b/" in table
    assert "41/a/" not in table
    assert neighbour.client.get(f"{LATEST}.csv?area=41/a").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("tier=purple", 422),
        ("raised=nobody", 422),
        ("reason=nothing", 422),
        ("planned=maybe", 422),
        ("page=0", 422),
        ("page=x", 422),
        ("area=41//a", 422),
        ("area=%00", 422),
        ("area=99/1", 200),
        ("reason=&raised=&planned=&tier=red&tier=orange&tier=yellow&tier=blue", 200),
    ],
)
def test_a_strange_address_gets_a_clear_page(browser: Browser, query: str, status: int) -> None:
    page = browser.page(f"{LATEST}?{query}", status=status)
    assert "Traceback" not in page.html


def test_lists_that_are_not_there(browser: Browser) -> None:
    browser.page("/lists/0000", status=404)
    browser.page(f"/lists/{'0' * 64}", status=404)
    assert browser.client.get("/lists/nothing.csv").status_code == 404
    with browser.store.writing() as writing:
        writing.connection.execute(sa.delete(list_lines))
        writing.connection.execute(sa.text("PRAGMA foreign_keys = OFF"))
        writing.connection.execute(sa.text("DELETE FROM score_rows"))
        writing.connection.execute(sa.delete(lists))
    page = browser.page(LATEST)
    assert "还没有下发清单。" in page.text()


def test_without_a_session_the_way_leads_to_the_door(browser: Browser) -> None:
    browser.client.cookies.clear()
    answer = browser.client.get(LATEST)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
    assert browser.client.get(f"{LATEST}.csv").status_code == 303


def test_reading_and_taking_away_are_on_record_and_nothing_else_changes(browser: Browser) -> None:
    browser.page(LATEST)
    browser.client.get(f"{LATEST}.csv?tier=orange")
    assert actions(browser) == [("view_list", "chen.jg"), ("export_list", "chen.jg")]


def test_the_table_has_the_same_filters_and_no_live_cell(browser: Browser) -> None:
    answer = browser.client.get(f"{LATEST}.csv?tier=orange&area=41/c&lang=zh")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    file = re.search(r"filename\*=UTF-8''(\S+)", answer.headers["content-disposition"])
    assert file is not None
    assert unquote(file[1]).startswith("预警清单-2012年第3季度-")
    assert '"' not in file[1]
    assert answer.content.startswith("\ufeff".encode())
    table = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    expected = [
        line["household"]
        for line in browser.issued.second["lines"]
        if line["tier"] == "orange" and line["area"].startswith("41/c/")
    ]
    assert [row[1] for row in table[1:]] == expected
    assert not [cell for row in table for cell in row if cell[:1] in "=+-@\t\r" and cell]
    assert "澄原县 =HYPERLINK(1)<b>镇" in table[1][-1], "the name is there, behind a name that is none"
    whole = browser.client.get(f"{LATEST}.csv").text
    assert len(whole.splitlines()) == 1 + len(browser.issued.second["lines"]), "folded lines too"


def test_a_name_is_text_and_never_a_tag(browser: Browser) -> None:
    page = browser.page(LATEST)
    assert "=HYPERLINK(1)&lt;b&gt;镇" in page.html
    assert "HYPERLINK(1)<b>" not in page.html


def test_the_style_is_kept_for_good_and_named_by_its_bytes(browser: Browser) -> None:
    page = browser.page(LATEST)
    href = page.all(".//link[@rel='stylesheet']")[0].attrib["href"]
    answer = browser.client.get(href)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")
    assert len(answer.content) < 64 * 1024
    assert browser.client.get(href.replace("sheet.", "sheet.0")).status_code == 404
    icon = page.all(".//link[@rel='icon']")[0].attrib["href"]
    assert browser.client.get(icon).headers["content-type"] == "image/svg+xml"
