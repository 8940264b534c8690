"""The page of a list: valid, in both languages, in order of urgency, filtered in the store, and on record."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from features.wording import LANGUAGES
from serving.sheets.records import LINES
from serving.store.tables import list_lines
from tests.serving.pages.conftest import Browser, Page, breaks, households, rows, said, visible

LATEST = "/lists/latest"
LARGEST = 100 * 1024
SVG = "{http://www.w3.org/2000/svg}"


def addresses(browser: Browser) -> list[str]:
    list_ = browser.issued.second["list"]
    return [
        LATEST,
        f"/lists/{list_}",
        f"{LATEST}?page=2",
        f"{LATEST}?area=41/a",
        f"{LATEST}?area=41/a&print=1",
        f"{LATEST}?area=41/a/v0&blue=1",
        f"{LATEST}?tier=orange&tier=yellow&raised=score&reason=income&planned=no",
        f"{LATEST}?raised=check",
        f"{LATEST}?tier=red",
        f"/lists/{browser.issued.first['list']}?blue=1&page=99",
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_view_is_a_sound_page(browser: Browser, lang: str) -> None:
    for address in addresses(browser):
        page = browser.page(address, lang=lang)
        assert len(page.html.encode()) < LARGEST, address
        assert page.root.attrib["lang"] == lang
        ids = [element.attrib["id"] for element in page.root.iter() if "id" in element.attrib]
        assert len(set(ids)) == len(ids), address
        assert not [e.tag for e in page.root.iter() if "style" in e.attrib or e.tag in ("script", "style")]
        fields = [
            e
            for tag in ("input", "select")
            for e in page.all(f".//main//{tag}")
            if e.attrib.get("type") not in ("hidden", "checkbox")
        ]
        labels = {e.attrib.get("for") for e in page.all(".//label")}
        assert {e.attrib["id"] for e in fields} <= labels
        boxes = page.all(".//label/input[@type='checkbox']")
        assert len(boxes) == len(page.all(".//input[@type='checkbox']")) == 4, "each box in its label"
        assert len(page.all(".//h1")) == 1
        assert [e for e in page.all(".//a") if e.attrib.get("href") == "#main"]
        for table in page.all(".//table"):
            assert table.find("caption") is not None, address
        assert {e.attrib.get("hreflang") for e in page.all(".//nav/a[@hreflang]")} == set(LANGUAGES)


def test_the_other_language_keeps_the_view(browser: Browser) -> None:
    page = browser.page(f"{LATEST}?area=41/a&tier=orange&page=1")
    other = next(e.attrib["href"] for e in page.all(".//a[@hreflang='en']"))
    english = Page.read(browser.client.get(other).text)
    assert households(english) == households(page)
    assert "Jiling Township" in english.text()
    assert "霁岭镇" in page.text()
    assert browser.client.get(LATEST).text.count('<html lang="en">') == 1, "the choice is remembered"


def test_the_pages_together_hold_every_line_once_and_in_order(browser: Browser) -> None:
    expected = visible(browser.issued.second)
    assert len(expected) > LINES, "more than a page"
    first, second = browser.page(LATEST), browser.page(f"{LATEST}?page=2")
    assert len(rows(first)) == LINES
    assert households(first) + households(second) == [line["household"] for line in expected]
    assert browser.page(f"{LATEST}?page=99").html == second.html.replace("page=2&", "page=99&").replace(
        "page=2", "page=99"
    ) or households(browser.page(f"{LATEST}?page=99")) == households(second)
    assert "共2页" in first.text()
    assert [said(e) for e in first.all(".//nav[@class='pager']//strong")] == ["1"]


def test_a_group_that_goes_over_the_page_is_named_again(browser: Browser) -> None:
    expected = visible(browser.issued.second)
    above, first = expected[LINES - 1], expected[LINES]
    assert above["area"].split("/")[:2] == first["area"].split("/")[:2], "the break falls into a township"
    heading = breaks(browser.page(f"{LATEST}?page=2"))[0]
    assert heading.startswith("township: ")
    assert "（续）" in heading


def test_groups_and_breaks_stand_in_order_of_urgency(browser: Browser) -> None:
    page = browser.page(f"{LATEST}?area=41/a")
    lines = [line for line in browser.issued.second["lines"] if line["area"].startswith("41/a/")]
    tally = Counter((line["raised_by"], line["planned"], line["tier"]) for line in lines)
    beyond = sum(not line["planned"] for line in lines)
    blue = tally["score", False, "blue"]
    kinds = [found.split(":")[0] for found in breaks(page)]
    assert kinds == ["township", "break", "capacity-line", "break"]
    township, check, line, folded = breaks(page)
    capacity = browser.issued.second["capacity"]["41/a"]
    assert f"规则{capacity['rule']}户，评分{capacity['score']}户，抽查{capacity['check']}户" in township
    assert f"走访能力{capacity['visits']}户" in township
    assert f"随机抽查{capacity['check']}户" in check
    assert f"以下{beyond}户未排入本期，不表示没有风险" in line
    assert f"{blue}户" in folded
    shown = rows(page)
    assert len(shown) == len(lines) - blue
    # The planned ones first, and the last of those above the line is the one drawn by lot.
    drawn = next(n for n, row in enumerate(shown) if "抽查" in row[1])
    assert drawn == sum(line["planned"] for line in lines) - 1
    assert all("本期未排入" in row[6] for row in shown[drawn + 1 :])
    opened = browser.page(f"{LATEST}?area=41/a&blue=1")
    assert len(rows(opened)) == len(lines)


def test_a_random_check_shows_neither_tier_nor_risk(browser: Browser) -> None:
    page = browser.page(f"{LATEST}?raised=check")
    drawn = [line for line in browser.issued.second["lines"] if line["raised_by"] == "check"]
    assert households(page) == [line["household"] for line in drawn]
    for row in rows(page):
        assert row[1] == "抽查"
        assert row[3] == "抽签"
        assert "%" not in " ".join(row[3:])


def test_rows_tell_tier_risk_reason_and_due_day(browser: Browser) -> None:
    by_household = {line["household"]: line for line in browser.issued.second["lines"]}
    words = {"orange": "橙色", "yellow": "黄色", "blue": "蓝色"}
    page = browser.page(f"{LATEST}?area=41/b&blue=1")
    for household, row in zip(households(page), rows(page), strict=True):
        line = by_household[household]
        assert row[0] == str(line["rank"])
        if line["raised_by"] == "check":
            continue
        assert row[1] == words[line["tier"]]
        probability = line["probability"]
        assert row[3].endswith("—" if probability is None else f"{probability * 100:.1f}%")
        assert row[4].startswith(line["reasons"][0]["sentence"]["zh"].split("（")[0][:12])
        if not line["planned"]:
            assert row[6] == "本期未排入"
        else:
            assert (line["tier"], row[6]) == ("orange", "07-03 3天内"), "three days after 30 June"
    planned = [line for line in by_household.values() if line["planned"] and line["tier"] == "orange"]
    duties = [said(e) for e in browser.page(LATEST).all(".//div[@class='duties']//li")]
    assert duties == [f"07-03 橙色 {len(planned)}"]


@pytest.mark.parametrize(
    ("query", "keeps"),
    [
        ("tier=yellow", lambda line: line["tier"] == "yellow"),
        ("tier=blue", lambda line: line["tier"] == "blue"),
        ("raised=score", lambda line: line["raised_by"] == "score"),
        ("planned=yes", lambda line: line["planned"]),
        ("planned=no", lambda line: not line["planned"]),
        ("area=41/a/v0", lambda line: line["area"] == "41/a/v0"),
        ("reason=income", lambda line: bool(line["reasons"]) and line["reasons"][0]["group"] == "income"),
        ("reason=illness", lambda line: False),
        ("tier=orange&raised=score&planned=no&area=41/b", lambda line: (
            (line["tier"], line["raised_by"], line["planned"]) == ("orange", "score", False)
            and line["area"].startswith("41/b/")
        )),
    ],
)  # fmt: skip
def test_filters_leave_what_they_say(browser: Browser, query: str, keeps: Any) -> None:
    opens = "planned=no" in query or query == "tier=blue"
    lines = browser.issued.second["lines"] if opens else visible(browser.issued.second)
    expected = [line["household"] for line in lines if keeps(line)]
    found: list[str] = []
    for number in (1, 2):
        page = browser.page(f"{LATEST}?{query}&page={number}")
        if number == 1 or 'rel="prev"' in page.html:
            found += households(page)
    assert found == expected
    assert f"显示{len(expected)}户" in browser.page(f"{LATEST}?{query}").text()


def test_the_form_shows_what_is_set_and_a_link_clears_it(browser: Browser) -> None:
    page = browser.page(f"{LATEST}?area=41/a&tier=orange&raised=score&reason=income&planned=no")
    ticked = [e.attrib["value"] for e in page.all(".//input[@type='checkbox']") if "checked" in e.attrib]
    assert ticked == ["orange"]
    chosen = {
        select.attrib["name"]: [o.attrib["value"] for o in select if "selected" in o.attrib]
        for select in page.all(".//select")
    }
    assert chosen == {"raised": ["score"], "reason": ["income"], "planned": ["no"], "area": []}
    cleared = next(e.attrib["href"] for e in page.all(".//a") if said(e) == "清除筛选")
    assert cleared.endswith("?area=41%2Fa")
    assert "橙色·评分·收入情况·未排入" in said(page.root.find(".//summary"))


def test_nothing_found_says_what_is_empty(browser: Browser) -> None:
    page = browser.page(f"{LATEST}?tier=red")
    assert rows(page) == []
    assert "没有符合条件的农户。" in page.text()
    assert f"此处清单共{len(browser.issued.second['lines'])}户；当前只看“红色”" in page.text()


def test_what_is_counted_is_what_is_listed(browser: Browser) -> None:
    page = browser.page(LATEST)
    now = Counter(line["tier"] for line in browser.issued.second["lines"])
    before = Counter(line["tier"] for line in browser.issued.first["lines"])
    shown = [said(e) for e in page.all(".//ul[@class='tiers']/li")]
    words = {"red": "红色", "orange": "橙色", "yellow": "黄色", "blue": "蓝色"}
    for tier, text in zip(words, shown, strict=True):
        change = now[tier] - before[tier]
        sign = f"+{change}" if change > 0 else f"−{-change}" if change else "±0"
        assert text == f"{words[tier]} {now[tier]} ({sign})"
    twin = [[said(cell) for cell in row] for row in page.all(".//div[@class='trend']//tbody/tr")]
    assert twin == [
        [period, "0", str(tiers["orange"]), str(tiers["yellow"])]
        for period, tiers in (("2012Q2", before), ("2012Q3", now))
    ]
    first = browser.page(f"/lists/{browser.issued.first['list']}")
    assert not first.all(".//div[@class='trend']"), "one list is no series"
    totals = [said(e) for e in page.all(".//section[@id='capacity']//tfoot//td")]
    lines = browser.issued.second["lines"]
    planned = sum(line["planned"] for line in lines)
    assert totals[1] == str(planned)
    assert totals[-1] == str(len(lines) - planned)


def test_the_strip_has_a_cell_for_each_household_up_to_eighty(browser: Browser) -> None:
    village = browser.page(f"{LATEST}?area=41/a/v0")
    lines = [line for line in browser.issued.second["lines"] if line["area"] == "41/a/v0"]
    cells = [e.attrib["class"] for e in village.all(".//ol[@class='cells']/li")]
    above = [line for line in lines if line["planned"]]
    assert len(cells) - cells.count("cell-line") == len(lines)
    if len(above) < len(lines):
        assert cells.index("cell-line") == len(above)
    county = browser.page(LATEST)
    assert not county.all(".//ol[@class='cells']")
    width = sum(float(e.attrib["width"]) for e in county.all(f".//{SVG}svg[@class='bar']/{SVG}rect")[:-1])
    assert width == pytest.approx(1000, abs=1)


def test_what_is_kept_because_data_are_missing_stands_apart(browser: Browser) -> None:
    last = max(
        (line for line in browser.issued.second["lines"] if line["area"].startswith("41/a/")),
        key=lambda line: line["rank"],
    )
    with browser.store.writing() as writing:
        writing.connection.execute(
            sa.update(list_lines)
            .where(
                list_lines.c.list == browser.issued.second["list"],
                list_lines.c.household == last["household"],
            )
            .values(raised_by="unknown", tier="yellow", probability=None)
        )
    page = browser.page(f"{LATEST}?area=41/a")
    assert breaks(page)[-2].startswith("break: 因数据未到而保留1户")
    row = rows(page)[-1]
    assert (row[1], row[3], row[6]) == ("黄色", "数据未到 —", "—")
    english = browser.page(f"{LATEST}?area=41/a", lang="en")
    assert "Kept because data are missing, 1 household " in english.text()
    assert households(browser.page(f"{LATEST}?raised=unknown")) == [last["household"]]


def test_paper_holds_the_whole_township(browser: Browser) -> None:
    page = browser.page(f"{LATEST}?area=41/a&print=1&blue=1")
    lines = [line for line in browser.issued.second["lines"] if line["area"].startswith("41/a/")]
    assert len(rows(page)) == len(lines)
    running = said(page.root.find(".//thead/tr[@class='paper-only running']"))
    for part in (
        "预警清单2012年第3季度",
        "澄原县霁岭镇",
        browser.issued.second["list"][:12],
        "2012-06-30",
        "合成数据",
    ):
        assert part in running
    assert "有困难" in rows(page)[0][7]
    assert not page.all(".//nav[@class='pager']")
    assert not browser.page(LATEST).all(".//thead/tr/th[@class='paper-only']")
