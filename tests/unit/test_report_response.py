"""The chapters on the response for models of every kind: without pools, without a product, with cells that differ."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rushton.physiology import get_model
from rushton.report import response_section, style, variables
from rushton.report.blocks import Note, Picture, Section
from rushton.response.drive import run_histories
from rushton.response.stitch import Records, encode
from rushton.response.surroundings import surroundings

REGIMES = SimpleNamespace(starvation=0.05, excess=0.95)


def made(name: str, parameters: dict[str, float] | None = None, spread: dict[str, float] | None = None) -> Any:
    """A short response to a square wave."""
    random = np.random.default_rng(1)
    s = np.where(np.sin(np.linspace(0, 40, 300) + random.random((60, 1)) * 7) > 0.3, 0.8, 0.02)
    records = Records(encode(s), 0.3)
    model = get_model(name, parameters or {})
    q_max = 1600e-6 / 3.6 if name == "penicillium_tang2017" else 1.3 / 3.6 / 180.0  # mol/(kg s)
    around = surroundings(model, records.ratio, q_max, 2.8e-4)
    settings = SimpleNamespace(histories=12, duration=1800.0, join_tolerance=0.02)
    return run_histories(model, records, around, settings, REGIMES, records.mean, seed=1, spread=spread)


def chapter(response: Any) -> Section:
    case = SimpleNamespace(strain=SimpleNamespace(regimes=REGIMES))
    return response_section.response(case, response, {"response": response.summary()})


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "svg_uri", lambda figure, dpi: "data:image/svg+xml;base64,")


@pytest.mark.parametrize(
    ("name", "parameters", "spread"),
    [
        ("monod", {}, None),
        ("monod", {"alpha": 0.01, "beta": 1e-3}, {"Y_xs": 0.1}),
        ("ecoli_xu1999", {}, {"qOmax": 0.2}),
        ("penicillium_tang2017", {}, None),
    ],
)
def test_every_figure_can_be_drawn(
    name: str, parameters: dict[str, float], spread: dict[str, float] | None, unpainted: None
) -> None:
    response = made(name, parameters, spread)
    blocks = chapter(response).blocks
    assert not [block.text for block in blocks if isinstance(block, Note) and "could not be drawn" in block.text]
    assert len([block for block in blocks if isinstance(block, Picture)]) >= 3
    tables = [block for block in blocks if block.kind == "table"]
    assert any("Cells that differ" in table.head for table in tables) == bool(spread)
    notes = " ".join(block.text for block in blocks if isinstance(block, Note))
    assert ("o field of C_A = 0, C_O2 = 0.21" in notes) == (name == "ecoli_xu1999")


def test_no_loss_stands_without_its_band() -> None:
    response = made("penicillium_tang2017")
    summary = response.summary()
    rows = variables.physiological({"response": summary})
    over = [row[-1] for row in rows if row[-1] not in ("", "–")]
    assert len(over) > 10 and all(" to " in text or "no band" in text for text in over)
    few = variables.with_band(0.8, None)
    assert few == "80.00 % (no band)"
    rq = [row for row in variables.physiological({"response": made("ecoli_xu1999").summary()}) if row[0] == "RQ"]
    assert len(rq) == 1 and rq[0][1].endswith("mol/mol")
