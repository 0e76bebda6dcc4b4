"""The rigs ranked in the report: acceptance, limits, trade-off, loops of the usual kind."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rushton.case.schema import Regimes
from rushton.lifelines import signal_statistics
from rushton.report import figures_scaledown, scaledown_ranking
from rushton.report.style import look
from rushton.scaledown.effort import total, weights
from rushton.scaledown.robustness import NAMES
from rushton.scaledown.verdict import Verdict


def design(rig: str, distance: float, effort: dict[str, float], reference: bool = False) -> SimpleNamespace:
    return SimpleNamespace(
        rig=rig, reference=reference, distance=distance, distance_band=(0.9 * distance, 1.1 * distance),
        verdict=Verdict("not representative", "not representative: it is far."), mismatch=0.2, effort=effort,
        limit=f"the pump of {rig} gives 2.50 L/min", misfits=(), robustness=dict.fromkeys(NAMES, 2.0 * distance),
    )  # fmt: skip


@pytest.fixture(scope="module")
def result():
    s = np.clip(0.5 + 0.6 * np.sin(np.linspace(0.0, 400.0, 6000)), 0.0, 1.0)
    designs = (
        design("microfluidic", 0.2, {"microscope": 1.0}),
        design("pulsed-feed", 0.9, {"vessels": 1.0}),
        design("str-pfr", 1.8, {"vessels": 1.0, "loop_pumps": 1.0}, True),
    )
    loops = tuple(
        {"stay_s": t, "flow_m3_s": 6e-4 / t, "distance": 1.0 + abs(t - 10.0) / 50.0, "within": float(t > 14.0)}
        for t in (5.0, 10.0, 30.0, 60.0, 120.0)
    )
    return SimpleNamespace(
        designs=designs, best=designs[0], reference=designs[2], floor=0.01, classic=loops,
        tank=signal_statistics(s[None], 0.1, Regimes()),
    )  # fmt: skip


def test_the_ranking_names_the_limit_and_the_effort_of_each(result):
    table = scaledown_ranking.ranking(result)
    assert [row[0] for row in table.rows] == ["microfluidic", "pulsed feed", "STR-PFR (standard)"]
    for row, d in zip(table.rows, result.designs, strict=True):
        assert row[-1] == d.limit and float(row[-2]) == pytest.approx(total(d.effort), rel=0.05)
    assert table.marks == ("best", "", "")
    odd = SimpleNamespace(**vars(result.designs[1]) | {"misfits": ("the pump is too small",)})
    assert scaledown_ranking.ranking(SimpleNamespace(designs=[odd], best=odd)).rows[0][-1].startswith("does not fit")


@pytest.mark.parametrize(("standard", "words"), [(1.8, "at most half of it"), (0.3, "the aim of a half is missed")])
def test_the_acceptance_is_said_either_way(result, standard, words):
    changed = SimpleNamespace(**vars(result) | {"reference": design("str-pfr", standard, {}, True)})
    text = scaledown_ranking.verdicts(changed)[0].text
    assert words in text and "hold broth to sample, pulsed feed is nearest, at 0.900" in text


def test_what_the_search_took_is_said(result):
    assert scaledown_ranking.cost(SimpleNamespace(designs=[SimpleNamespace(evaluations=0)])) == []
    tried = [SimpleNamespace(evaluations=n, milliseconds=ms) for n, ms in ((0, 0.0), (700, 1.25), (900, 4.0))]
    (said,) = scaledown_ranking.cost(SimpleNamespace(designs=tried, seconds=71.3))
    assert "1,600 candidates" in said.text and "1.2 to 4.0 ms each" in said.text and "71 s in all" in said.text


def test_usual_loops_are_compared_with_the_stays_of_the_tank(result):
    prose, figure = scaledown_ranking.classic(result)
    assert "distance of 1.40 to 3.20, test something else" in prose.text
    assert "holds its broth for 10 s and needs 3.60 L/min, more than the loop pump gives" in prose.text
    assert "Shorter ones are farther again" in prose.text
    assert figure.kind == "picture"
    assert scaledown_ranking.classic(SimpleNamespace(classic=())) == []


def test_effort_is_shown_in_its_parts(result):
    figure, table = scaledown_ranking.trade_off(result)
    assert figure.kind == "picture"
    assert [row[0] for row in table.rows[:-1]] == [
        name.replace("_", " ") for name in weights() if name in ("vessels", "loop_pumps", "microscope")
    ]
    assert [float(x) for x in table.rows[-1][2:]] == pytest.approx([5.0, 1.0, 1.3])


def test_the_front_and_the_places_of_names():
    assert figures_scaledown.front([(2.0, 2.0), (1.0, 3.0), (3.0, 2.5), (4.0, 1.0)]) == [1, 0, 3]
    rows = [("a long name", 1.0, 1.0, None, False), ("another long name", 1.05, 1.0, None, False)]
    places = figures_scaledown._places(rows, 2.0, 2.0)
    assert len(set(places)) == 2
    with look():
        figure = figures_scaledown.trade_off(rows, None, None)
    assert {t.get_text() for t in figure.axes[0].texts} == {"a long name", "another long name"}


def test_robustness_has_every_change(result):
    (table,) = scaledown_ranking.robustness(result)
    assert len(table.head) == 2 + len(NAMES) and len(table.rows) == 3
