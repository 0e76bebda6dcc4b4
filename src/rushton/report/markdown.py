"""The little Markdown that protocols are written in, as HTML; everything else is escaped.

Known: ``#`` headings, ``-``/``*``/``1.`` lists (nested by indent), pipe tables, fenced code, quotes, rules,
paragraphs; inside a line ``**bold**``, ``*emphasis*``, `` `code` `` and ``[text](#or https address)``.
"""

from __future__ import annotations

import re
from html import escape

from markupsafe import Markup

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_ITEM = re.compile(r"^(\s*)([-*+]|\d+[.)])\s+(.*)$")
_RULE = re.compile(r"^\s*([-*_])(\s*\1){2,}\s*$")
_TABLE_LINE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")


def to_html(text: str, top_level: int = 3) -> Markup:
    """Markdown as safe HTML.

    Parameters
    ----------
    text : str
        Markdown source.
    top_level : int
        Level at which ``#`` enters the page, so that a protocol fits under the report's own headings.
    """
    lines = text.replace("\r\n", "\n").expandtabs(4).split("\n")
    return Markup(_blocks(lines, top_level))


def inline(text: str) -> str:
    """One line of Markdown as escaped HTML."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(
        f"<code>{escape(p[1:-1])}</code>" if len(p) > 2 and p[0] == p[-1] == "`" else _emphasis(p) for p in parts
    )


def _emphasis(text: str) -> str:
    out = escape(text, quote=True)
    out = re.sub(r"\[([^\]]+)\]\((https?://[^\s)]+|#[\w-]+)\)", r'<a href="\2">\1</a>', out)
    out = re.sub(r"\*\*(\S(?:.*?\S)?)\*\*", r"<strong>\1</strong>", out)
    return re.sub(r"(?<![\w*])\*(?!\s)([^*]+?)(?<!\s)\*(?![\w*])", r"<em>\1</em>", out)


def _blocks(lines: list[str], top_level: int) -> str:
    html: list[str] = []
    n = 0
    while n < len(lines):
        line = lines[n]
        if not line.strip():
            n += 1
        elif _FENCE.match(line):
            n, block = _fence(lines, n)
            html.append(block)
        elif heading := _HEADING.match(line):
            level = min(6, top_level + len(heading[1]) - 1)
            html.append(f"<h{level}>{inline(heading[2])}</h{level}>")
            n += 1
        elif _RULE.match(line):
            html.append("<hr>")
            n += 1
        elif "|" in line and n + 1 < len(lines) and _TABLE_LINE.match(lines[n + 1]):
            n, block = _table(lines, n)
            html.append(block)
        elif _ITEM.match(line):
            n, block = _list(lines, n)
            html.append(block)
        elif line.lstrip().startswith(">"):
            start = n
            while n < len(lines) and lines[n].lstrip().startswith(">"):
                n += 1
            inner = [re.sub(r"^\s*>\s?", "", q) for q in lines[start:n]]
            html.append(f"<blockquote>{_blocks(inner, top_level)}</blockquote>")
        else:
            n, block = _paragraph(lines, n)
            html.append(block)
    return "\n".join(html)


def _fence(lines: list[str], n: int) -> tuple[int, str]:
    start = n = n + 1
    while n < len(lines) and not _FENCE.match(lines[n]):
        n += 1
    return n + 1, f"<pre>{escape(chr(10).join(lines[start:n]))}</pre>"


def _cells(line: str) -> list[str]:
    line = line.strip().removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)]


def _table(lines: list[str], n: int) -> tuple[int, str]:
    head = _cells(lines[n])
    right = [mark.endswith(":") for mark in _cells(lines[n + 1])]
    right += [False] * (len(head) - len(right))
    n += 2
    rows = []
    while n < len(lines) and "|" in lines[n] and lines[n].strip():
        rows.append(_cells(lines[n]))
        n += 1

    def row(tag: str, cells: list[str]) -> str:
        cells = (cells + [""] * len(head))[: len(head)]
        marks = (' class="number"' if r else "" for r in right)
        return "<tr>" + "".join(f"<{tag}{m}>{inline(c)}</{tag}>" for c, m in zip(cells, marks, strict=False)) + "</tr>"

    body = "".join(row("td", cells) for cells in rows)
    return n, f'<div class="scroll"><table><thead>{row("th", head)}</thead><tbody>{body}</tbody></table></div>'


def _list(lines: list[str], n: int) -> tuple[int, str]:
    first = _ITEM.match(lines[n])
    if first is None:
        raise ValueError("a list starts with an item")
    indent, ordered = len(first[1]), first[2][0].isdigit()
    items: list[str] = []
    while n < len(lines):
        item = _ITEM.match(lines[n])
        if item is None or len(item[1]) < indent or (len(item[1]) == indent and item[2][0].isdigit() != ordered):
            break
        if len(item[1]) > indent:
            n, block = _list(lines, n)
            items[-1] += block
            continue
        words = [item[3]]
        n += 1
        while (
            n < len(lines)
            and lines[n].strip()
            and lines[n].startswith(" " * (indent + 1))
            and not _ITEM.match(lines[n])
        ):
            words.append(lines[n].strip())
            n += 1
        items.append(inline(" ".join(words)))
        # one empty line between items keeps the list together
        if n + 1 < len(lines) and not lines[n].strip() and _ITEM.match(lines[n + 1]):
            n += 1
    tag = "ol" if ordered else "ul"
    return n, f"<{tag}>" + "".join(f"<li>{i}</li>" for i in items) + f"</{tag}>"


def _paragraph(lines: list[str], n: int) -> tuple[int, str]:
    start = n
    n += 1
    while (
        n < len(lines)
        and lines[n].strip()
        and not (_HEADING.match(lines[n]) or _ITEM.match(lines[n]) or _FENCE.match(lines[n]))
    ):
        if "|" in lines[n] and n + 1 < len(lines) and _TABLE_LINE.match(lines[n + 1]):
            break
        n += 1
    return n, f"<p>{inline(' '.join(part.strip() for part in lines[start:n]))}</p>"
