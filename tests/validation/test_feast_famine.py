"""Tang 2017 in the feast-famine protocol of de Jonge et al. 2011: cycles of 360 s, all feed in 36 s, D = 0.05 1/h.

A prediction of the model as transcribed here; the authors validated theirs on this protocol (Tang et al. 2017,
Biotechnol. Bioeng., doi 10.1002/bit.26294). The measured courses are not at hand, so what is asserted is the program's
own prediction: the loss of product takes days, ends near one half, and neither growth nor uptake explains it.
"""

from __future__ import annotations

import numpy as np
import pytest

from rushton.physiology import get_model
from rushton.physiology.well_mixed import chemostat, feast_famine

pytestmark = pytest.mark.long


def test_sixty_hours_of_feast_and_famine():
    model = get_model("penicillium_tang2017")
    feed = {"C_s": 0.0895, "C_PAA": 5e-3}
    steady = chemostat(model, 0.05, feed)
    run = feast_famine(model, steady.end, 0.05, feed, cycles=600)
    mean = {name: np.trapezoid(value, run.time) / 360.0 for name, value in run.rates.items()}
    assert mean["q_p"] / steady.rates["q_p"][-1] == pytest.approx(0.47, abs=0.02)
    assert mean["mu"] == pytest.approx(0.055, rel=0.01)
    assert mean["q_s"] == pytest.approx(steady.rates["q_s"][-1], rel=0.05)
    assert run.cell[:, 0].max() == pytest.approx(41.5, abs=1.0) and run.cell[:, 0].min() == pytest.approx(4.4, abs=0.3)
