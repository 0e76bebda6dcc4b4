"""Numbers as people write them, and the little Markdown of protocols."""

from __future__ import annotations

import pytest

from rushton.report.markdown import to_html
from rushton.report.numbers import duration, given, number, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (65.24, "65.2"),
        (0.012345, "0.0123"),
        (-28.66, "−28.7"),
        (196_000.0, "196\u202f000"),
        (100_000, "100\u202f000"),
        (2.76e6, "2.76·10⁶"),
        (3e-14, "3.00·10⁻¹⁴"),
        (9.999e-7, "1.00·10⁻⁶"),
        (float("nan"), "–"),
        (True, "yes"),
        ([5.4, 6.0], "5.40, 6.00"),
    ],
)
def test_a_number_has_three_figures(value: object, text: str) -> None:
    assert number(value) == text


def test_what_somebody_chose_stands_as_he_wrote_it() -> None:
    assert [given(v) for v in (98.0, 0.3, 7.35, 1e-7, 4)] == ["98", "0.3", "7.35", "1·10⁻⁷", "4"]
    assert percent(0.4876) == "48.8 %"
    assert [duration(s) for s in (None, 36.0, 600.0, 288_000.0)] == ["–", "36 s", "10 min", "80 h"]


def test_markdown_of_a_protocol() -> None:
    html = str(
        to_html(
            "# Feed\n\nUse **3 L** of `salts`.\n\n| Item | Rate |\n|:--|--:|\n| pump \\| valve | 12.4 |\n\n"
            "1. Fill\n2. Feed\n   - on 3 s\n   - off 38 s\n3. Sample\n\n> Stop *early*.\n\n```\na < b\n```\n\n---\n"
        )
    )
    assert "<h3>Feed</h3>" in html
    assert "<p>Use <strong>3 L</strong> of <code>salts</code>.</p>" in html
    assert '<th class="number">Rate</th>' in html and '<td class="number">12.4</td>' in html
    assert "<td>pump | valve</td>" in html
    assert "<ol><li>Fill</li><li>Feed<ul><li>on 3 s</li><li>off 38 s</li></ul></li><li>Sample</li></ol>" in html
    assert "<blockquote><p>Stop <em>early</em>.</p></blockquote>" in html
    assert "<pre>a &lt; b</pre>" in html and "<hr>" in html


def test_markdown_lets_nothing_through() -> None:
    html = str(
        to_html('<script>alert(1)</script>\n\n[x](javascript:alert(1)) **<b>** "q"\n\n| <i> |\n|--|\n| <img src=x> |')
    )
    for bad in ("<script", "<b>", "<i>", "<img", 'href="javascript'):
        assert bad not in html


@pytest.mark.parametrize("text", ["", "\n\n", "- ", "| a |\n|--|", "```\nnever closed", "1. a\n- b\n  2. c", "#", ">"])
def test_markdown_survives_odd_texts(text: str) -> None:
    assert isinstance(str(to_html(text)), str)
