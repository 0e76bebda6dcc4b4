"""What the turbulent Schmidt number does to the blend time.

    D = D_m + nu_t / Sc_t,      theta95 again with Sc_t / 2 and 2 Sc_t

Sc_t is not known for a stirred tank: values from 0.2 to 1 are in use, and nothing of the flow settles it. The blend
time of the tank (volume variance, :mod:`rushton.transport.criteria`) is therefore computed with half and with double
the value of the case, from the same pulse on the same flow. These two runs lengthen their steps twice as fast and end
when the tank is blended; against the usual steps that moves theta95 by less than 1 %.

Range in use (0.2 to 1.3, flows round buildings): Y. Tominaga, T. Stathopoulos, Atmos. Environ. 41, 8091-8099 (2007),
doi:10.1016/j.atmosenv.2007.06.054 (from memory, unverified).
"""

from __future__ import annotations

import numpy as np

from rushton.cores import Team
from rushton.transport.criteria import BAND, last_time_outside, volume_deviation
from rushton.transport.operator import ScalarOperator
from rushton.transport.stepping import TimeStepper

FACTORS = (0.5, 2.0)
"""Sc_t over that of the case, -."""
FIRST_STEP, RESOLUTION = 0.125, 50
"""First time step, revolutions; doubled whenever the time elapsed is so many steps, -."""


def volume_blend_time(
    operator: ScalarOperator, pulse: np.ndarray, speed: float, limit: float, team: Team
) -> tuple[float, float]:
    """Blend time by volume variance of one operator.

    Parameters
    ----------
    operator : ScalarOperator
    pulse : (nr, nt, nz) float
        C/Cinf at the start.
    speed : float
        1/s, for the time step.
    limit : float
        Longest time, s.
    team : Team

    Returns
    -------
    float, float
        s, nan if the tank is not blended by then; relative change of the amount of tracer.
    """
    c, dt = pulse, FIRST_STEP / speed
    stepper = TimeStepper(operator, dt, team=team)
    time, spread = [0.0], [volume_deviation(c, operator.volumes)]
    while spread[-1] > BAND and time[-1] < limit:
        if time[-1] > (RESOLUTION - 0.5) * dt:
            stepper.double_step()
            dt *= 2.0
        c = stepper.step(c)
        time.append(time[-1] + dt)
        spread.append(volume_deviation(c, operator.volumes))
    error = abs(float((operator.volumes * c).sum()) / float((operator.volumes * pulse).sum()) - 1.0)
    return last_time_outside(np.array(time), np.array(spread)), error
