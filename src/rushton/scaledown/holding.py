r"""How a vessel that switches oxygen is held at the tank's mean while it settles, at the end, and in the reference run.

.. math:: k_La = \frac{q_O X\,C/(C + K_O)}{C^*(y) - C}

with the gas of the rich phase, so that nothing but the stirrer differs from the gradient phase; where the vessel has no
speed for that, with air, and where it has none for air either, with oxygen in whole per cent, the nearest to air.

Symbols: C oxygen that is held, mol/m3; y mole fraction in the gas; C*(y) at 1 atm; q_O mol/(kg s); X kg/m3. Source:
balance written out here; kLa against speed: ``transfer``. Validity: oxygen demand as in the design.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rushton.correlations import OXYGEN_IN_AIR
from rushton.scaledown.bench import Bench
from rushton.scaledown.rig import OxygenDuty
from rushton.scaledown.switching import saturation_of
from rushton.scaledown.transfer import Transfer


@dataclass(frozen=True)
class Hold:
    """A steady state: oxygen, mol/m3; uptake, mol/(m3 s); kLa, 1/s; stirrer, 1/s; mole fraction of oxygen in the gas;
    and whether the vessel can hold it.
    """

    oxygen: float
    uptake: float
    kla: float
    speed: float
    gas: float
    possible: bool


def hold(need: OxygenDuty, bench: Bench, biomass: float, rich: float) -> Hold:
    """How oxygen is held at the tank's mean.

    Parameters
    ----------
    need : OxygenDuty
    bench : Bench
    biomass : float
        X, kg/m3.
    rich : float
        Mole fraction of oxygen in the gas of the rich phase.
    """
    vessel = Transfer.of(bench)
    uptake = need.uptake * biomass * need.mean / (need.mean + need.half_saturation)
    per_cent = np.arange(1.0, np.floor(100.0 * bench["gas_oxygen_max"]) + 1.0) / 100.0
    others = sorted(per_cent, key=lambda y: abs(y - OXYGEN_IN_AIR))
    for gas in (rich, OXYGEN_IN_AIR, *others):
        force = saturation_of(bench, gas) - need.mean
        if force > 0.0 and vessel.low <= uptake / force <= vessel.high:
            kla = uptake / force
            return Hold(need.mean, uptake, kla, vessel.speed(kla), float(gas), True)
    most = float(max(rich, per_cent[-1]))
    return Hold(need.mean, uptake, vessel.high, vessel.fastest, most, False)
