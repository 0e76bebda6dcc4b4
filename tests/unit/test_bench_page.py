"""The bench sheet to print: one file, the words of the protocol, the drawing, two signals."""

from __future__ import annotations

import re
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from rushton.report import bench_page as bench_page_module
from rushton.report.bench_page import bench_page, halves, with_drawing, write_bench_pages
from rushton.scaledown.sketch import Sketch

PROTOCOL = """# A rig: scale-down of a tank

```
  +--+
```

## 1. Equipment

| ☐ | Item | Specification |
|---|---|---|
| ☐ | vessel | 3 L <b> |

## 2. Target against achieved

It is near.
"""


@pytest.fixture(scope="module")
def drawing():
    d = Sketch(300.0, 200.0, 'a "rig" & more')
    d.vessel(20, 20, 90, 120, ["1000 mL", "700 rpm"])
    d.pump(150, 60, "down")
    d.bottle(200, 20, ["stock < 10 g/L"])
    d.port(150, 120, "V")
    d.coil(180, 100, 80, 60, 2)
    d.waste(60, 160, "bleed")
    return d.svg()


@pytest.fixture(scope="module")
def made(drawing):
    s = np.linspace(0.0, 1.0, 500, dtype=np.float32)
    design = SimpleNamespace(
        name="str-pfr", rig="str-pfr", reference=False, protocol=PROTOCOL, drawing=drawing, excerpt=s, excerpt_step=0.5
    )
    regimes = SimpleNamespace(starvation=0.05, excess=0.95)
    case = SimpleNamespace(title="A tank", name="tank", strain=SimpleNamespace(regimes=regimes))
    scaledown = SimpleNamespace(designs=(design,), tank_excerpt=s[::-1], tank_excerpt_step=0.5, oxygen=None)
    return case, scaledown, design


def test_a_drawing_is_well_formed_and_escapes_words(drawing):
    root = ElementTree.fromstring(drawing)
    assert root.get("viewBox") == "0 0 300 200" and root.get("aria-label") == 'a "rig" & more'
    words = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"1000 mL", "700 rpm", "stock < 10 g/L", "V", "bleed"} <= set(words)


def test_the_page_needs_no_other_file_and_says_what_the_protocol_says(made):
    case, scaledown, design = made
    page = bench_page(case, scaledown, design)
    assert page.count("<svg") == 1 and "+--+" not in page
    assert "A rig: scale-down of a tank" in page and "3 L &lt;b&gt;" in page
    assert "@page{size:A4" in page
    for link in re.findall(r"(?:src|href)=[\"']([^\"']*)", page):
        assert link.startswith(("data:", "#")), link
    assert "http" not in page.replace("http://www.w3.org", "")
    build, evidence = page.split('<section class="evidence">')
    assert "Equipment" in build and "Target against achieved" not in build
    assert evidence.index("data:image/svg+xml") < evidence.index("Target against achieved")


def test_without_a_drawing_the_characters_stay():
    assert with_drawing("<p>a</p><pre>+-+</pre>", "") == "<p>a</p><pre>+-+</pre>"
    assert with_drawing(r"<pre>\1</pre><pre>b</pre>", "<svg/>") == '<div class="drawing"><svg/></div><pre>b</pre>'
    assert halves("<h2>1. Equipment</h2>") == ("<h2>1. Equipment</h2>", "")


def test_a_file_for_every_design(made, tmp_path, monkeypatch):
    case, scaledown, _ = made
    assert [p.name for p in write_bench_pages(tmp_path, case, scaledown)] == ["protocol-str-pfr.html"]
    assert (tmp_path / "protocol-str-pfr.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert write_bench_pages(tmp_path, case, None) == []
    without = SimpleNamespace(designs=(), oxygen=scaledown)
    (tmp_path / "oxygen").mkdir()
    monkeypatch.setattr(bench_page_module, "oxygen_regimes", lambda case, step: case.strain.regimes)
    assert [p.parent.name for p in write_bench_pages(tmp_path, case, without)] == ["oxygen"]
