"""The model card as a page shows it: the little Markdown that cards are written in, as HTML, all text escaped.

Headings, paragraphs, lists, tables, quotations, rules, **bold** and `code`; whatever else is text stays text.
The card's own title falls away (the page has one), its sections become headings of the third rank.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from markupsafe import Markup, escape

_HEADING = re.compile(r"(#{1,6}) +(.*)")
_ITEM = re.compile(r"[-*] +(.*)")
_RULE = re.compile(r"(-{3,}|\*{3,})")
_CELLS = re.compile(r"(?<!\\)\|")
_DIVIDER = re.compile(r":?-+:?")
_MARKED = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")


def drawn(card: str, untitled: str) -> Markup:
    """A card as HTML.

    Parameters
    ----------
    card : Markdown
    untitled : the caption of a table before which no heading stands
    """
    return Markup("\n").join(_blocks(card.splitlines(), untitled))


def _blocks(lines: list[str], caption: str) -> Iterator[Markup]:
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        heading = _HEADING.fullmatch(line)
        if heading:
            if len(heading[1]) > 1:
                caption = _MARKED.sub(lambda m: m[1] or m[2], heading[2])
                yield Markup("<h3>{}</h3>").format(_inline(heading[2]))
            at += 1
        elif line.startswith("|"):
            rows, at = _while(lines, at, lambda each: each.startswith("|"))
            yield _table([_split(row) for row in rows], caption)
        elif line.startswith(">"):
            rows, at = _while(lines, at, lambda each: each.startswith(">"))
            said = Markup("<br>").join(_inline(row.lstrip("> ")) for row in rows)
            yield Markup("<blockquote><p>{}</p></blockquote>").format(said)
        elif _ITEM.fullmatch(line):
            rows, at = _while(lines, at, lambda each: _ITEM.fullmatch(each) is not None)
            items = [Markup("<li>{}</li>").format(_inline(row[1:].strip())) for row in rows]
            yield Markup("<ul>{}</ul>").format(Markup("").join(items))
        elif _RULE.fullmatch(line):
            yield Markup("<hr>")
            at += 1
        elif line:
            rows, at = _while(lines, at, _plain)
            yield Markup("<p>{}</p>").format(_inline(" ".join(rows)))
        else:
            at += 1


def _plain(line: str) -> bool:
    return bool(line) and not (
        line.startswith(("|", ">"))
        or _HEADING.fullmatch(line)
        or _ITEM.fullmatch(line)
        or _RULE.fullmatch(line)
    )


def _while(lines: list[str], at: int, belongs: Callable[[str], bool]) -> tuple[list[str], int]:
    found = []
    while at < len(lines) and belongs(lines[at].strip()):
        found.append(lines[at].strip())
        at += 1
    return found, at


def _split(row: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELLS.split(row.strip("|"))]


def _table(rows: list[list[str]], caption: str) -> Markup:
    head, body, right = [], rows, [False] * len(rows[0])
    if len(rows) > 1 and all(_DIVIDER.fullmatch(cell) for cell in rows[1]):
        head, body = rows[0], rows[2:]
        right = [cell.endswith(":") for cell in rows[1]]

    def cells(row: list[str], lead: str) -> Markup:
        drawn = Markup("")
        for place, cell in enumerate(row):
            tag = lead if place == 0 or lead == "col" else ""
            kind = Markup(' class="number"') if place < len(right) and right[place] else Markup("")
            name, scope = ("th", Markup(' scope="{}"').format(tag)) if tag else ("td", Markup(""))
            drawn += Markup("<{0}{1}{2}>{3}</{0}>").format(name, scope, kind, _inline(cell))
        return Markup("<tr>{}</tr>").format(drawn)

    # A table of facts has an empty head: its rows name themselves.
    top = Markup("<thead>{}</thead>").format(cells(head, "col")) if any(head) else Markup("")
    below = Markup("").join(cells(row, "row") for row in body)
    return Markup('<table><caption class="hidden">{}</caption>{}<tbody>{}</tbody></table>').format(
        caption, top, below
    )


def _inline(said: str) -> Markup:
    drawn, last = Markup(""), 0
    for match in _MARKED.finditer(said):
        drawn += escape(said[last : match.start()])
        form = "<strong>{}</strong>" if match[1] else "<code>{}</code>"
        drawn += Markup(form).format(_inline(match[1]) if match[1] else match[2])
        last = match.end()
    return drawn + escape(said[last:])
