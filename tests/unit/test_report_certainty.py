"""The report says how sure the statistics of lifelines are, and what a number was not converged in."""

from types import SimpleNamespace

import numpy as np

from rushton.lifelines.analysis import analyse
from rushton.lifelines.analysis_summary import extend
from rushton.lifelines.record_curves import Signals
from rushton.lifelines.sample import sample_of
from rushton.report.lifeline_certainty import banded, cautions, certainty, fluctuations

REGIMES = SimpleNamespace(starvation=0.05, excess=0.95, margin=0.01, smoothing=0.36)


def make(n_time, cells=64, dt=0.12):
    rng = np.random.default_rng(2)
    level = np.cumsum(rng.normal(0.0, 0.3, (cells, n_time)), axis=1)
    s = 0.5 + 0.5 * np.sin(level)
    whole, half = sample_of(s, dt, REGIMES), sample_of(s[:, : n_time // 2], dt, REGIMES)
    found = analyse(whole, half, Signals(dt, s, 2.4 + level), (0.9, 3.9), cells, (whole, Signals(dt, s, 2.4 + level)))
    part = {"residence_s": whole.statistics().residence()}
    extend(part, found, 1)
    return SimpleNamespace(statistics=whole.statistics(), analysis=found), part


def test_numbers_carry_their_band():
    assert banded(3.3, [3.2, 3.41]) == "3.30 (3.20 to 3.41)"
    assert banded(3.3, None) == "3.30" and banded(None, None) == "–"


def test_a_short_run_is_warned_of_and_marked():
    result, part = make(250)
    notes = [note.text for note in cautions(part)]
    assert any("30 s are too short" in text for text in notes) and any("cells are too few" in text for text in notes)
    _, rows = certainty(part)
    answers = [row[-1] for row in rows.rows]
    assert any("length" in answer for answer in answers) and any("cells" in answer for answer in answers)
    assert [mark == "warn" for mark in rows.marks] == [answer.startswith("no") for answer in answers]
    assert len(rows.rows) == sum(v["headline"] for v in part["convergence"]) < len(part["convergence"])


def test_fluctuations_are_drawn_and_told():
    result, part = make(4000)
    blocks = fluctuations(result, part)
    assert [b.kind for b in blocks if b.kind == "note"] == []
    assert sum(b.kind == "picture" for b in blocks) == 4
    text = " ".join(b.text for b in blocks if b.kind == "prose")
    assert "A cell enters excess" in text and "No cell returned to an impeller zone." in text
    assert certainty({}) == [] and cautions({}) == []
