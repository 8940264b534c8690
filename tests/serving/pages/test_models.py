"""The pages of the models through the real app: what they show, what they do not know, and who may change what."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from features.wording import LANGUAGES
from serving.champion import service as champion
from serving.champion.pages import TABS
from serving.scope import scope_of
from serving.store.tables import access_log
from serving.web.formats import number
from tests.serving.pages import models
from tests.serving.pages.conftest import Browser, Page, said, signed_in
from tests.serving.pages.models import Judged
from tests.serving.panel import Panel

HEAVIEST = 100 * 1024
SVG = "{http://www.w3.org/2000/svg}"
FORMS = {"promotion": "/models/{}/promotion", "rollback": "/models/rollback"}


@pytest.fixture(scope="session")
def judged(issued: Any, panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return models.make(issued, panel, tmp_path_factory.mktemp("models") / "home")


@pytest.fixture
def desk(judged: Judged, tmp_path: Path) -> Iterator[Browser]:
    """Signed in for the whole county, over a home of one's own with judged bundles."""
    yield from signed_in(judged.issued, tmp_path / "home", "/")


@pytest.fixture
def township(judged: Judged, tmp_path: Path) -> Iterator[Browser]:
    yield from signed_in(judged.issued, tmp_path / "township", "41/b")


def address(model: str, tab: str = "promotion") -> str:
    return f"/models/{model}/{tab}"


def csrf(page: Page) -> str:
    return next(str(e.get("value")) for e in page.all(".//main//form/input[@name='csrf']"))


def section(page: Page, name: str) -> Element:
    return next(e for e in page.all(".//section") if e.get("aria-labelledby") == name)


def evidence(judged: Judged, name: str, model: str | None = None) -> dict[str, Any]:
    folder = judged.issued.path / "bundles" / (model or judged.challenger) / "evidence"
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def in_office(browser: Browser) -> str | None:
    return champion.champion(store=browser.store, scope=scope_of("/"))


def acts(browser: Browser) -> list[dict[str, Any]]:
    return champion.history(store=browser.store, scope=scope_of("/"))


def sound(page: Page, where: str) -> None:
    assert len(page.all(".//h1")) == 1, where
    assert not [e for e in page.root.iter() if e.get("style") or e.tag in ("style", "script")], where
    ids = Counter(e.get("id") for e in page.root.iter() if e.get("id"))
    assert not {name for name, n in ids.items() if n > 1}, where
    for attribute in ("aria-labelledby", "aria-describedby", "for"):
        referred = {n for e in page.root.iter() for n in (e.get(attribute) or "").split()}
        assert referred <= set(ids), where
    fields = [
        e for e in page.root.iter() if e.tag in ("input", "textarea", "select") and e.get("type") != "hidden"
    ]
    assert {e.get("id") for e in fields} <= {e.get("for") for e in page.root.iter("label")}, where
    assert all(table.find("caption") is not None for table in page.root.iter("table")), where
    assert all(drawing.get("aria-hidden") == "true" for drawing in page.root.iter(f"{SVG}svg")), where
    assert len(page.html.encode()) < HEAVIEST, where


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_side_of_every_bundle_is_a_sound_page(desk: Browser, judged: Judged, lang: str) -> None:
    for model in (judged.champion, judged.challenger, judged.shuffled):
        for tab in TABS:
            page = desk.page(address(model, tab), lang=lang)
            assert page.root.get("lang") == lang
            sound(page, f"{model[:6]} {tab}")
    sound(desk.page("/models", lang=lang), "models")


def test_the_newest_bundle_stands_beside_the_champion(desk: Browser, judged: Judged) -> None:
    page = desk.page("/models")
    faces = [said(e) for e in page.all(".//section") if (e.get("aria-labelledby") or "").startswith("face-")]
    assert [judged.champion[:4] in faces[0], judged.challenger[:4] in faces[1], len(faces)] == [True, True, 2]
    assert "wang" in faces[0]
    assert "autumn list" in faces[0]
    current = [e for e in page.all(".//nav[@class='tabs']/a") if e.get("aria-current")]
    assert [e.get("href") for e in current] == ["/models"]


def test_the_figures_are_those_of_the_evidence(desk: Browser, judged: Judged) -> None:
    evaluation = evidence(judged, "evidence")["evaluation"]
    page = desk.page("/models", lang="en")
    table = said(section(page, "backtest"))
    for model in evaluation["models"]:
        for metric, digits in (("ap", 3), ("recall_10", 3), ("precision_10", 3), ("auc", 3), ("brier", 4)):
            of = model[metric]
            assert f"{of['value']:.{digits}f} [{of['low']:.{digits}f}, {of['high']:.{digits}f}]" in table
    assert f"{evaluation['events']} events in {evaluation['rows']}" in table
    told = said(page.root.find(".//dl[@class='origin']"))
    assert "synthetic households: no evidence of accuracy" in told
    assert f"{number(evaluation['events'])} events" in told
    gate = evidence(judged, "comparison")["gate"]
    rows = section(page, "gate").findall(".//tbody/tr")
    assert [said(row.find("th")) for row in rows] == [each["requirement"]["en"] for each in gate]
    assert [said(row.findall("td")[-1]) for row in rows] == [each["verdict"] for each in gate]


def test_each_chart_has_a_table_of_the_same_points(desk: Browser, judged: Judged) -> None:
    page = desk.page("/models", lang="en")
    bins = evidence(judged, "reliability")["bins"]
    assert len(section(page, "reliability").findall(".//tbody/tr")) == len(bins)
    ours = next(m for m in evidence(judged, "precision_recall")["models"] if m["model"] == "fangpin")
    assert len(section(page, "curve").findall(".//tbody/tr")) == len(ours["points"])
    plots = [e for e in page.root.iter(f"{SVG}svg") if (e.get("class") or "").startswith("plot-")]
    assert [e.get("width") for e in plots] == ["590", "358"] * 2
    for svg in plots:
        for point in " ".join(str(e.get("points")) for e in svg.iter(f"{SVG}polyline")).split():
            x, y = (float(v) for v in point.split(","))
            assert 0 <= x <= float(str(svg.get("width")))
            assert 0 <= y <= float(str(svg.get("height")))


def test_drift_fairness_and_capacity_tell_every_row(desk: Browser, judged: Judged) -> None:
    drift = desk.page(address(judged.challenger, "drift"), lang="en")
    columns = evidence(judged, "drift")["columns"]
    assert len(section(drift, "drift").findall(".//tbody/tr")) == len(columns)
    fairness = said(section(desk.page(address(judged.challenger, "fairness"), lang="en"), "fairness"))
    for group in evidence(judged, "fairness")["groups"]:
        assert group["name"]["en"] in fairness
    capacity = desk.page(address(judged.challenger, "capacity"), lang="en")
    whole = next(a for a in evidence(judged, "capacity")["areas"] if a["area"] == "/")
    rows = section(capacity, "capacity").findall(".//tbody/tr")
    assert len(rows) == len(whole["shares"]) * 4
    card = said(section(desk.page(address(judged.challenger, "card")), "card"))
    assert "☐" in card
    assert judged.challenger in card


def test_what_a_bundle_lacks_is_not_judged_and_never_blank(desk: Browser, judged: Judged) -> None:
    for tab in ("fairness", "drift", "capacity", "card"):
        assert "Not judged" in desk.page(address(judged.champion, tab), lang="en").text(), tab
        assert "未判断" in desk.page(address(judged.champion, tab)).text(), tab
    alone = desk.page(address(judged.champion), lang="en").text()
    assert "Not judged: the bundle holds no backtest." in alone
    assert "Not judged: the bundle holds no reliability." in alone


def test_damaged_evidence_is_named_and_not_shown(judged: Judged, tmp_path: Path) -> None:
    for browser in signed_in(judged.issued, tmp_path / "home", "/"):
        path = tmp_path / "home" / "bundles" / judged.challenger / "evidence" / "reliability.json"
        path.write_bytes(path.read_bytes().replace(b'"slope"', b'"slopy"'))
        page = browser.page("/models", lang="en")
        assert "Evidence is damaged. reliability.json" in page.text()
        assert "Not judged: the bundle holds no reliability." in said(section(page, "reliability"))
        assert not [e for e in page.all(".//button") if e.get("class") == "button-main"]
        assert "It cannot be promoted" in page.text()


def test_a_form_without_its_token_changes_nothing(desk: Browser, judged: Judged) -> None:
    for address_ in (FORMS["promotion"].format(judged.challenger), FORMS["rollback"]):
        for fields in ({"reason": "better"}, {"reason": "better", "csrf": "0" * 64}):
            assert desk.client.post(address_, data=fields).status_code == 403
    assert in_office(desk) == judged.champion
    assert len(acts(desk)) == 1


def clean(folder: Path, model: str) -> None:
    """Let the tiny panel's challenger pass or be explained, whatever its few events say: its figures replaced."""

    def better(document: dict[str, Any]) -> dict[str, Any]:
        pairs = [
            {"metric": m, "champion": 0.3, "challenger": 0.4, "difference": d, "low": d / 2, "high": d * 2}
            for m, d in (("ap", 0.1), ("brier", -0.01))
        ]
        pairs[1]["low"], pairs[1]["high"] = -0.02, -0.005
        changes = {**document["tier_changes"], "changed": 1}
        return {**document, "metrics": pairs, "tier_changes": changes}

    def told(document: dict[str, Any]) -> dict[str, Any]:
        return {
            **document,
            "slope": {"value": 1.0, "low": 0.9, "high": 1.1},
            "ece": {"value": 0.01, "low": 0.0, "high": 0.02},
        }

    models.with_document(folder, model, "comparison.json", better)
    models.with_document(folder, model, "reliability.json", told)


def test_a_named_person_promotes_with_a_reason_and_rolls_back(judged: Judged, tmp_path: Path) -> None:
    clean_home = tmp_path / "home"
    for browser in signed_in(judged.issued, clean_home, "/"):
        clean(clean_home, judged.challenger)
        page = browser.page("/models", lang="en")
        assert not page.all(".//span[@class='judged judged-bad']")
        button = next(e for e in page.all(".//button") if e.get("class") == "button-main")
        assert said(button) == "Promote as chen.jg"
        token = csrf(page)
        form = FORMS["promotion"].format(judged.challenger)
        blank = browser.client.post(form, data={"csrf": token, "reason": "  "})
        assert blank.status_code == 422
        wrong = Page.read(blank.text)
        sound(wrong, "blank reason")
        assert wrong.all(".//textarea[@aria-invalid='true']")
        assert in_office(browser) == judged.champion
        done = browser.client.post(form, data={"csrf": token, "reason": "AP高，校准更好"})
        assert done.status_code == 303
        assert in_office(browser) == judged.challenger
        after = browser.page(done.headers["location"], lang="en")
        assert "Promoted and on record." in after.text()
        assert "AP高，校准更好" in after.text()
        told = said(section(browser.page(address(judged.challenger, "history"), lang="en"), "history"))
        assert "chen.jg" in told
        assert acts(browser)[0]["record"] in told
        back = browser.client.post(FORMS["rollback"], data={"csrf": token, "reason": "  "})
        assert back.status_code == 422
        back = browser.client.post(FORMS["rollback"], data={"csrf": token, "reason": "走访反映不好"})
        assert back.status_code == 303
        assert in_office(browser) == judged.champion
        assert [(act["action"], act["by"]) for act in acts(browser)[:2]] == [
            ("rollback", "chen.jg"),
            ("promote", "chen.jg"),
        ]


def test_a_failed_gate_has_no_plain_button_and_is_overruled_only_by_name(
    desk: Browser, judged: Judged
) -> None:
    page = desk.page(address(judged.shuffled), lang="en")
    acts_ = section(page, "act")
    assert "It cannot simply be promoted: the gate fails." in said(acts_)
    assert [said(b) for b in acts_.iter("button")] == ["Overrule the gate as chen.jg"]
    assert not [b for b in page.all(".//button") if b.get("class") == "button-main"]
    token, form = csrf(page), FORMS["promotion"].format(judged.shuffled)
    plain = desk.client.post(form, data={"csrf": token, "reason": "<b>try</b> it"})
    assert plain.status_code == 409
    refused = Page.read(plain.text)
    sound(refused, "refused")
    assert [e.text for e in refused.all(".//textarea[@id='promotion-reason']")] == ["<b>try</b> it"]
    unsigned = desk.client.post(form, data={"csrf": token, "reason": "try it", "overrule": "yes"})
    assert unsigned.status_code == 422
    assert [e.text for e in Page.read(unsigned.text).all(".//textarea[@id='promotion-reason']")] == ["try it"]
    assert in_office(desk) == judged.champion
    fields = {"csrf": token, "reason": "a drill", "overrule": "yes", "answer": "yes"}
    assert desk.client.post(form, data=fields).status_code == 303
    assert in_office(desk) == judged.shuffled
    newest = acts(desk)[0]
    assert (newest["gate"], newest["by"], newest["reason"]) == ("overruled", "chen.jg", "a drill")
    assert [act["gate"] for act in acts(desk)] == ["overruled", "failed", "passed"]
    told = said(section(desk.page(address(judged.shuffled, "history"), lang="en"), "history"))
    assert "overruled" in told
    assert "refused: nothing changed" in told
    assert "past a failed gate" in desk.page("/models", lang="en").text()


def test_a_township_reads_and_decides_nothing(township: Browser, judged: Judged) -> None:
    page = township.page("/models", lang="en")
    assert not page.all(".//main//form[@method='post']")
    places = {said(e) for e in page.all(".//table[@class='mover-list']/tbody/tr/th/small")}
    assert len(places) <= len(
        [w for w in evidence(judged, "comparison")["tier_changes"]["why"] if w["area"].startswith("41/b")]
    )
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
    assert token is not None
    for form in (FORMS["promotion"].format(judged.challenger), FORMS["rollback"]):
        assert township.client.post(form, data={"csrf": token[1], "reason": "mine"}).status_code == 404
    assert in_office(township) == judged.champion
    history = township.page(address(judged.challenger, "history"), lang="en")
    assert "autumn list" not in said(section(history, "history"))
    shown = township.page(f"{address(judged.challenger, 'capacity')}?area=41/a", lang="en")
    assert [e.get("value") for e in shown.all(".//select[@id='area']/option")] in ([], ["41/b"])


def test_who_read_whose_tier_would_change_is_on_record(desk: Browser, judged: Judged) -> None:
    desk.page("/models")
    with desk.store.reading() as reading:
        rows = reading.connection.execute(
            access_log.select().where(access_log.c.action == "read_model")
        ).all()
    why = evidence(judged, "comparison")["tier_changes"]["why"]
    assert [(row.subject, row.accessed_by) for row in rows] == [(judged.challenger, "chen.jg")] * (
        len(why) > 0
    )


def test_what_is_no_model_is_not_found(desk: Browser, judged: Judged) -> None:
    desk.page(address("0" * 64), status=404)
    desk.page(f"/models/{judged.challenger}/secrets", status=404)
