"""The page of a household through the real app: what it says in each state, and what it leaves alone."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element

import pytest
import sqlalchemy as sa

from features.home import Home
from models.record.decision import identity
from serving.champion import service as champion
from serving.scope import scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.store.tables import access_log, decisions, metadata, published_rows
from tests.serving.pages.conftest import Browser, Page, said

HEAVIEST = 100 * 1024
LANGUAGES = ("zh", "en")
SVG = "{http://www.w3.org/2000/svg}"


def address(household: str, **query: str) -> str:
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    return f"/households/{household}{'?' + asked if asked else ''}"


def line_of(browser: Browser, **wanted: Any) -> dict[str, Any]:
    """The first line of the second list that is as wanted."""
    for line in browser.issued.second["lines"]:
        if all(line[key] == value for key, value in wanted.items()):
            found: dict[str, Any] = line
            return found
    raise AssertionError(f"no line has {wanted}")


def never_judged(browser: Browser) -> str:
    with browser.store.reading() as reading:
        judged = sa.select(decisions.c.household)
        query = sa.select(published_rows.c.household).where(
            published_rows.c.snapshot == browser.issued.second["snapshot"],
            published_rows.c.household.not_in(judged),
        )
        return str(reading.connection.execute(query.order_by(published_rows.c.household)).scalars().first())


def not_at_risk(browser: Browser) -> str:
    """A household for whom the outcome has already come, judged when asked."""
    with browser.store.reading() as reading:
        snapshots = SnapshotRepository(reading)
        published = snapshots.latest(scope_of("/"))
        assert published is not None
        rows = snapshots.rows(scope_of("/"), published)
        found = next(row.household for row in rows if row.values["at_risk_falls"] is False)
    judge(browser, found)
    return found


def judge(browser: Browser, household: str, **fields: str) -> None:
    page = browser.page(address(household))
    answer = browser.client.post(f"/households/{household}/decisions", data={"csrf": csrf(page), **fields})
    assert answer.status_code == 303
    assert answer.headers["location"] == address(
        household, **{k: v for k, v in fields.items() if k == "list"}
    )


def csrf(page: Page) -> str:
    return next(str(e.get("value")) for e in page.all(".//input[@name='csrf']"))


def state_of_the_store(browser: Browser) -> dict[str, int]:
    """Rows a table, without what is written by looking and by being there."""
    with browser.store.reading() as reading:
        return {
            table.name: reading.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table is not access_log
        }


def section(page: Page, name: str) -> Element:
    return next(e for e in page.all(".//section") if e.get("aria-labelledby") == name)


def names_of_classes(element: Element) -> list[str]:
    return (element.get("class") or "").split()


def households(browser: Browser) -> dict[str, str]:
    return {
        "listed": line_of(browser, raised_by="score", planned=True)["household"],
        "beyond capacity": line_of(browser, raised_by="score", planned=False)["household"],
        "check": line_of(browser, raised_by="check")["household"],
        "never judged": never_judged(browser),
        "not at risk": not_at_risk(browser),
    }


def in_words(contribution: float, largest: float) -> str:
    """Thirds of the largest contribution."""
    part = abs(contribution) / largest
    word = "strong" if part >= 2 / 3 else "medium" if part >= 1 / 3 else "weak"
    return f"{'raises' if contribution > 0 else 'lowers'}, {word}"


def test_every_state_in_both_languages_is_a_sound_page(browser: Browser) -> None:
    of_list = browser.issued.second["list"]
    for state, household in households(browser).items():
        for lang in LANGUAGES:
            page = browser.page(address(household, list=of_list), lang=lang)
            assert page.root.get("lang") == lang
            assert len(page.all(".//h1")) == 1
            assert not [e for e in page.root.iter() if e.get("style") or e.tag in ("style", "script")], state
            ids = Counter(e.get("id") for e in page.root.iter() if e.get("id"))
            assert not {name for name, n in ids.items() if n > 1}, state
            for attribute in ("aria-labelledby", "aria-describedby", "for"):
                referred = {e.get(attribute) for e in page.root.iter() if e.get(attribute)}
                assert referred <= set(ids), state
            fields = [e for e in page.root.iter("input") if e.get("type") != "hidden"]
            labelled = {e.get("for") for e in page.root.iter("label")}
            assert {e.get("id") for e in fields} <= labelled, state
            assert all(table.find("caption") is not None for table in page.root.iter("table")), state
            for drawing in page.root.iter(f"{SVG}svg"):
                assert drawing.get("aria-hidden") == "true", "a drawing has its twin in words"
            assert len(page.html.encode()) < HEAVIEST, state


def test_titles_tell_households_apart(browser: Browser) -> None:
    titles = {
        browser.page(address(household)).root.findtext("head/title")
        for household in households(browser).values()
    }
    assert len(titles) == 5


def test_the_order_is_what_to_do_why_what_is_not_known_and_the_proof(browser: Browser) -> None:
    page = browser.page(address(line_of(browser, raised_by="score")["household"]))
    order = [e.get("aria-labelledby") for e in page.all(".//section")]
    assert order.index("why") < order.index("rules") < order.index("unknown") < order.index("score")
    assert order.index("score") < order.index("facts") < order.index("lists") < order.index("decided")
    assert page.html.index('class="verdict"') < page.html.index('id="why"')


def test_crumb_and_neighbours_follow_the_list(browser: Browser) -> None:
    lines, of_list = browser.issued.second["lines"], browser.issued.second["list"]
    page = browser.page(address(lines[1]["household"], list=of_list))
    links = {e.get("rel"): e.get("href") for e in page.all(".//a[@rel]")}
    assert links["prev"] == address(lines[0]["household"], list=of_list)
    assert links["next"] == address(lines[2]["household"], list=of_list)
    assert f"第2户，共{len(lines)}户" in page.text()
    first = browser.page(address(lines[0]["household"], list=of_list))
    assert "prev" not in {e.get("rel") for e in first.all(".//a[@rel]")}
    assert not browser.page(address(lines[1]["household"])).all(".//a[@rel='next']")
    assert not browser.page(address(lines[1]["household"], list="f" * 64)).all(".//a[@rel='next']")


def test_the_probability_is_a_figure_and_a_sentence(browser: Browser) -> None:
    line = line_of(browser, raised_by="score", planned=True)
    percent = f"{line['probability'] * 100:.1f}%"
    zh = browser.page(address(line["household"])).text()
    assert percent in zh
    assert f"100户情况相似的农户中，约{round(line['probability'] * 100)}户在3个月后会处于线下。" in zh
    en = browser.page(address(line["household"]), lang="en").text()
    assert f"about {round(line['probability'] * 100)} will be below the line in 3 months." in en
    assert "in 3 months" in en
    assert "within 3 months" not in en, "this outcome is a state at the horizon"


def test_not_at_risk_says_why_there_is_no_probability(browser: Browser) -> None:
    household = not_at_risk(browser)
    page = browser.page(address(household))
    verdict = next(e for e in page.root.iter("div") if "verdict-chance" in names_of_classes(e))
    assert "不给出概率：本户现在已属于“跌落”（本期人均收入低于监测线）" in said(verdict)
    assert "%" not in said(verdict)
    english = said(section(browser.page(address(household), lang="en"), "score"))
    assert "probability" in english


def test_reasons_keep_the_documents_order_and_mark_what_is_not_official(browser: Browser) -> None:
    line = line_of(browser, raised_by="score", planned=True)
    document = browser.client.get(f"/v1/decisions/{line['decision']}").json()
    page = browser.page(address(line["household"]), lang="en")
    rows = [e for e in section(page, "why").iter("tr") if "reason" in names_of_classes(e)]
    shown = [*document["reasons"], *document["lowering"]]
    assert len(rows) == len(shown)
    largest = max(abs(reason["contribution"]) for reason in shown)
    folded_last = sorted(shown, key=lambda reason: abs(reason["contribution"]) < 0.02 * largest)
    told = [in_words(reason["contribution"], largest) for reason in folded_last]
    assert [said(row.find(".//span[@class='hidden']")) for row in rows] == told
    marked = sum("not an official code" in said(row) for row in rows)
    assert marked == sum(not reason["official"] for reason in shown) > 0
    for row in rows:
        bar = row.find(f".//{SVG}rect")
        assert bar is not None
        assert float(str(bar.get("x"))) >= 0
        assert float(str(bar.get("x"))) + float(str(bar.get("width"))) <= 168
        raises = said(row.find(".//span[@class='hidden']")).startswith("raises")
        assert ("hatch" in str(bar.get("fill"))) != raises, "what lowers is hatched"


def test_what_is_not_known_is_short_and_complete(browser: Browser) -> None:
    for line in browser.issued.second["lines"]:
        document = browser.client.get(f"/v1/decisions/{line['decision']}").json()
        if document["unknown"]:
            break
    page = browser.page(address(line["household"]), lang="en")
    rows = section(page, "unknown").findall(".//li")
    assert 0 < len(rows) <= len({u["indicator"] for u in document["unknown"]})
    assert len(rows) <= 15
    assert all("No data of this household from" in said(row) for row in rows)


def test_the_facts_behind_a_reason_name_file_and_line(browser: Browser) -> None:
    household = line_of(browser, raised_by="score", planned=True)["household"]
    page = browser.page(address(household))
    behind = [e for e in section(page, "why").iter("details") if "behind" in names_of_classes(e)]
    assert behind
    assert re.search(r"tiny_20\d\dq\d\.csv:\d+", said(behind[0]))
    assert "tiny_2012q3.csv" not in page.html, "nothing that came after the decision's day"
    every = browser.page(address(household, facts="all"))
    assert len(every.html) > len(page.html)
    assert "known" in {c for e in section(every, "facts").iter("div") for c in names_of_classes(e)}


def test_lists_and_decisions_are_told_with_rank_and_plan(browser: Browser) -> None:
    line = line_of(browser, raised_by="score", planned=False)
    page = browser.page(address(line["household"]))
    newest = section(page, "lists").findall(".//tbody/tr")[0]
    assert "2012年第3季度" in said(newest)
    assert "本期未排入" in said(newest)
    assert f"镇内排位 {line['rank']}" in said(newest)
    assert len(section(page, "lists").findall(".//tbody/tr")) == 2
    first = section(page, "decided").findall(".//tbody/tr")[0]
    assert line["decision"][:4] in said(first)
    assert "未排入本期走访" in page.text()
    assert "这不表示没有风险" in page.text()


def test_a_check_is_told_as_drawn_by_lot(browser: Browser) -> None:
    page = browser.page(address(line_of(browser, raised_by="check")["household"]))
    assert "由抽签选出，与风险高低无关。" in page.text()
    newest = said(section(page, "lists").findall(".//tbody/tr")[0])
    assert "抽查" in newest
    assert "%" not in newest, "the line of a check shows no probability"


def test_never_judged_offers_to_judge_and_get_decides_nothing(browser: Browser) -> None:
    household = never_judged(browser)
    before = state_of_the_store(browser)
    page = browser.page(address(household))
    assert "本户还没有评分。" in page.text()
    assert not [e for e in page.root.iter("div") if "verdict" in names_of_classes(e)]
    forms = [e.get("action") for e in page.root.iter("form")]
    assert f"/households/{household}/decisions" in forms
    assert state_of_the_store(browser) == before
    judge(browser, household, list=browser.issued.second["list"])
    judged = browser.page(address(household))
    assert "本户还没有评分。" not in judged.text()
    assert section(judged, "why") is not None
    with browser.store.reading() as reading:
        found = reading.connection.execute(
            sa.select(decisions.c.id, decisions.c.asked_by).where(decisions.c.household == household)
        ).all()
    second = browser.issued.second
    assert [tuple(row) for row in found] == [
        (identity(household, second["snapshot"], second["bundle"], second["parameters"]), "chen.jg")
    ]


def test_looking_changes_nothing_but_the_access_log(browser: Browser) -> None:
    line = line_of(browser, raised_by="score", planned=True)
    before = state_of_the_store(browser)
    browser.page(address(line["household"], list=browser.issued.second["list"]))
    browser.page(address(line["household"], decision=line["decision"], facts="all"), lang="en")
    assert state_of_the_store(browser) == before
    with browser.store.reading() as reading:
        looked = reading.connection.execute(
            sa.select(access_log).where(access_log.c.action == "view_household")
        ).all()
    assert [(e.subject, e.accessed_by, e.detail["decision"]) for e in looked] == [
        (line["household"], "chen.jg", line["decision"])
    ] * 2


def test_an_older_decision_is_shown_as_it_was(browser: Browser) -> None:
    both = {line["household"] for line in browser.issued.first["lines"]}
    line = next(line for line in browser.issued.second["lines"] if line["household"] in both)
    old = next(e for e in browser.issued.first["lines"] if e["household"] == line["household"])
    page = browser.page(address(line["household"], decision=old["decision"]))
    assert "这是一条较早的记录。" in page.text()
    assert "2012-03-31" in said(next(e for e in page.root.iter("dl") if "origin" in names_of_classes(e)))
    assert "2012-06-30" not in said(section(page, "facts"))
    drawings = section(page, "score").findall(f".//figure/{SVG}svg")
    assert [e.get("width") for e in drawings] == ["800", "358", "288"]
    assert len(section(page, "score").findall(".//tbody/tr")) == 2, "the table is the drawing's twin"


def test_one_point_is_no_drawing(browser: Browser) -> None:
    household = line_of(browser, raised_by="score", planned=True)["household"]
    with browser.store.writing() as writing:
        first = browser.issued.first["list"]
        for table in ("score_rows", "list_lines"):
            writing.connection.execute(sa.text(f"DELETE FROM {table} WHERE list = :list"), {"list": first})
        writing.connection.execute(
            sa.delete(decisions).where(decisions.c.snapshot == browser.issued.first["snapshot"])
        )
    score = section(browser.page(address(household)), "score")
    assert score.find(".//figure") is None
    assert "目前只有一次评分" in said(score)


def test_another_model_makes_the_decision_outdated_and_marks_the_score(browser: Browser, panel: Any) -> None:
    line = line_of(browser, raised_by="score", planned=True)
    champion.promote(
        home=Home.open(browser.client.app.state.service.home.path),  # type: ignore[attr-defined]
        store=browser.store,
        scope=scope_of("/"),
        bundle=panel.other.model_sha256,
        by="wang",
        reason="winter list",
        overrule=True,
    )
    page = browser.page(address(line["household"]))
    assert "还没有按最新数据评分。" in page.text()
    judge(browser, line["household"])
    page = browser.page(address(line["household"]))
    assert "还没有按最新数据评分。" not in page.text()
    assert f"换用模型{panel.other.model_sha256[:4]}" in said(section(page, "score"))


def test_replay_answers_equal_and_different(browser: Browser) -> None:
    line = line_of(browser, raised_by="score", planned=True)
    replay = f"/households/{line['household']}/decisions/{line['decision']}/replay"
    token = csrf(browser.page(address(line["household"])))
    equal = browser.client.post(replay, data={"csrf": token})
    assert equal.status_code == 200
    assert "重算核对：一致。" in Page.read(equal.text).text()
    with browser.store.writing() as writing:
        body = writing.connection.execute(
            sa.select(decisions.c.document).where(decisions.c.id == line["decision"])
        ).scalar_one()
        changed = body.replace(b'"raised_by":"score"', b'"raised_by":"rules"', 1)
        assert changed != body
        writing.connection.execute(
            sa.update(decisions).where(decisions.c.id == line["decision"]).values(document=changed)
        )
    different = Page.read(browser.client.post(replay, data={"csrf": token}).text).text()
    assert "重算核对：不一致。" in different
    assert "raised_by" in different
    led = browser.client.get(replay)
    assert led.headers["location"] == address(line["household"], decision=line["decision"])


def test_forms_need_their_token(browser: Browser) -> None:
    line = line_of(browser, raised_by="score", planned=True)
    before = state_of_the_store(browser)
    for act in ("decisions", f"decisions/{line['decision']}/replay"):
        answer = browser.client.post(f"/households/{line['household']}/{act}", data={"csrf": "0" * 64})
        assert answer.status_code == 403
    assert state_of_the_store(browser) == before


@pytest.mark.parametrize("household", ["f" * 64, "F" * 64, "short", "%00"])
def test_what_is_not_there_is_not_found(browser: Browser, household: str) -> None:
    assert browser.client.get(f"/households/{household}").status_code == 404


def test_a_decision_of_another_household_is_not_found(browser: Browser) -> None:
    lines = browser.issued.second["lines"]
    browser.page(address(lines[0]["household"], decision=lines[1]["decision"]), status=404)


def test_out_of_scope_looks_as_if_it_were_not_there(neighbour: Browser) -> None:
    elsewhere = next(e for e in neighbour.issued.second["lines"] if e["area"].startswith("41/a"))
    own = next(e for e in neighbour.issued.second["lines"] if e["area"].startswith("41/b"))
    page = neighbour.page(address(own["household"], list=neighbour.issued.second["list"]))
    links = {e.get("href") for e in page.all(".//a[@rel]")}
    within = {e["household"] for e in neighbour.issued.second["lines"] if e["area"].startswith("41/b")}
    assert all(any(household in str(link) for household in within) for link in links)
    hidden = neighbour.client.get(address(elsewhere["household"]))
    missing = neighbour.client.get(address("f" * 64))
    assert hidden.status_code == missing.status_code == 404
    number = re.compile(r"[0-9a-f]{12,}|href=\"[^\"]*\"")
    assert number.sub("", hidden.text) == number.sub("", missing.text)
    token = csrf(page)
    answer = neighbour.client.post(f"/households/{elsewhere['household']}/decisions", data={"csrf": token})
    assert answer.status_code == 404


def test_nobody_signed_in_is_led_to_sign_in(browser: Browser) -> None:
    browser.client.cookies.clear()
    answer = browser.client.get(address(line_of(browser)["household"]))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
