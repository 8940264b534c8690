"""The checks of pages see what they are there for."""

from __future__ import annotations

import pytest

from tests.browser.checks import of_html

GOOD = (
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>预警清单</title></head>'
    '<body><h1>预警清单</h1><form><label for="q">户</label><input id="q" name="q"></form></body></html>'
)


def test_a_good_page_has_no_fault() -> None:
    assert of_html(GOOD) == []


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("<!doctype html>", "", "HTML at"),
        ("</h1>", "</h2>", "HTML at"),
        ("<title>预警清单</title>", "<title></title>", "title"),
        ('lang="zh-CN"', 'lang="x"', "lang"),
        ("<h1>", '<h1 id="q">', "id q stands 2 times"),
        ('for="q"', 'for="r"', "refers to no id: r"),
        ('<label for="q">户</label>', "", "no label: input q"),
        ("<h1>预警清单</h1>", "", "not exactly one h1"),
        ("<h1>", '<h1 style="color:red">', "style or script within: h1"),
        ("<form>", "<script></script><form>", "style or script within: script"),
        ("<form>", f"<p>{'户' * 40_000}</p><form>", "bytes"),
    ],
)
def test_each_fault_is_found(was: str, now: str, said: str) -> None:
    assert was in GOOD
    assert [fault for fault in of_html(GOOD.replace(was, now, 1)) if said in fault]
