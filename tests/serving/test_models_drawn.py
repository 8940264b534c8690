"""What the models pages draw: cards are text, however they are written; plots stay inside their axes."""

from __future__ import annotations

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.champion import card, charts

CARD = """# Title

> **Synthetic**, `a|b`

| | |
|---|---|
| what | falls |

## One <script>alert(1)</script>

| model | AP |
|---|---:|
| **ours** | 0.3 \\| 0.4 |

- first
- second `x < y`

---
Last words.
"""


def test_a_card_becomes_headings_tables_and_lists() -> None:
    drawn = str(card.drawn(CARD, "Facts"))
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(drawn)
    assert [e.tag for e in root] == ["blockquote", "table", "h3", "table", "ul", "hr", "p"]
    assert [c.text for c in root.iter("caption")] == ["Facts", "One <script>alert(1)</script>"]
    assert [td.text for td in root.iter("td")] == ["falls", "0.3 | 0.4"]
    assert [td.get("class") for td in root.iter("td")] == [None, "number"]
    assert not list(root.iter("script"))


@given(st.text(alphabet=st.sampled_from("#|-*`> <&\"'\\a1:\n"), max_size=120))
def test_whatever_is_written_only_known_elements_come_out(said: str) -> None:
    drawn = str(card.drawn(said, "Facts"))
    root = html5lib.HTMLParser(namespaceHTMLElements=False).parseFragment(drawn)
    known = {
        "DOCUMENT_FRAGMENT", "h3", "p", "ul", "li", "table", "caption", "thead", "tbody", "tr", "th", "td", "hr",
        "blockquote", "strong", "code", "br",
    }  # fmt: skip
    assert {e.tag for e in root.iter()} <= known
    assert not [e for e in root.iter() if set(e.keys()) - {"class", "scope"}]


FIGURE = st.tuples(*[st.floats(-5, 5)] * 3).map(lambda t: (sorted(t)[1], sorted(t)[0], sorted(t)[2]))


@given(st.lists(st.none() | FIGURE, max_size=12), st.none() | st.floats(-5, 5), st.booleans())
def test_every_interval_and_the_reference_stand_inside_the_axis(
    figures: list[tuple[float, float, float] | None], reference: float | None, zero: bool
) -> None:
    axis, drawn = charts.intervals(
        [("rival", f) if f else None for f in figures], reference, charts.ROW_WIDE, zero=zero
    )
    assert [each is None for each in drawn] == [f is None for f in figures]
    for each in drawn:
        if each is not None:
            assert 0 <= each.low <= each.x <= each.high <= axis.width
    assert axis.reference is None or 0 <= axis.reference <= axis.width
    places = [x for x, _ in axis.ticks]
    assert places == sorted(places)
    assert len({tick for _, tick in axis.ticks}) == len(axis.ticks) <= 8


SHARE = st.floats(0, 1)


@given(st.lists(st.lists(st.tuples(SHARE, SHARE), min_size=1, max_size=20), min_size=1, max_size=3))
@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_every_point_stands_inside_the_plot(width: int, curves: list[list[tuple[float, float]]]) -> None:
    made = charts.plot(
        [charts.Curve("champion", [(x, y, None, None) for x, y in points]) for points in curves],
        width,
        ideal=True,
    )
    assert len(made.lines) == len(curves)
    for line in made.lines:
        for dot in line.dots:
            assert made.left <= dot.x <= made.right
            assert charts.TOP <= dot.y <= made.base
    assert made.xs[0][1] == made.ys[0][1] == "0%"
    assert len(made.xs) <= charts.STEPS + 2
