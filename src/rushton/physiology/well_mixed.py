"""One cell model in an ideally mixed vessel: chemostat, closed box, cyclic feed.

    dx/dt   = rates(C, x)                                          states of the cell, per hour
    dC/dt   = D (C_feed(t) - C) - q C_x/M                          every dissolved substance that the cell takes up
    dC_x/dt = (mu - k_d - D) C_x                                   biomass

Here the uptake is the model's own law, since the vessel's concentration is part of the answer.

Symbols: D dilution rate, 1/h; C, C_feed mol/kg broth; q mol/(Cmol h); C_x kg dry weight per kg broth; M kg/Cmol;
mu, k_d 1/h. Constant volume. Solved by BDF with the steps cut at every change of the feed, so that no pulse is jumped
over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from rushton.errors import ModelError
from rushton.physiology.model import SECONDS_PER_HOUR, CellModel


@dataclass(frozen=True)
class Supply:
    """A stretch of time with constant flow and feed.

    Parameters
    ----------
    duration : float
        s.
    dilution : float
        Dilution rate D, 1/h.
    inflow : dict of str to float
        What enters per mass of broth, by name (``"C_s"``), mol/(kg h); D C_feed for a constant feed.
    """

    duration: float
    dilution: float
    inflow: dict[str, float]


@dataclass(frozen=True)
class VesselState:
    """State of the vessel: pools of the cell, concentrations mol/kg by name, biomass kg/kg."""

    cell: np.ndarray
    concentration: dict[str, float]
    biomass: float


@dataclass(frozen=True)
class VesselRun:
    """Time course in a well-mixed vessel.

    Parameters
    ----------
    time : ndarray (n_time,)
        s.
    cell : ndarray (n_time, n_state)
        States of the cell.
    concentration : dict of str to ndarray (n_time,)
        mol/kg.
    biomass : ndarray (n_time,)
        kg dry weight per kg broth.
    rates : dict of str to ndarray (n_time,)
        Reported rates of the model.
    end : VesselState
        The last state.
    """

    time: np.ndarray
    cell: np.ndarray
    concentration: dict[str, np.ndarray]
    biomass: np.ndarray
    rates: dict[str, np.ndarray]
    end: VesselState


def run_vessel(
    model: CellModel, start: VesselState, supplies: Sequence[Supply], sample: float | None = None, rtol: float = 1e-7
) -> VesselRun:
    """Follow a well-mixed vessel through stretches of constant feed.

    Parameters
    ----------
    model : CellModel
        The cell; its own uptake law is used.
    start : VesselState
        State at time zero; a concentration left out is taken at the model's default.
    supplies : sequence of Supply
        One after the other.
    sample : float, optional
        Interval of the output, s; default: the borders of the stretches only.
    rtol : float
        Relative tolerance of BDF.

    Returns
    -------
    VesselRun
    """
    model = model.with_uptake("own")
    traded = [t for t in model.trades if t.surrounding >= 0]
    place = [t.surrounding for t in traded]
    column = [t.reported for t in traded]
    dissolved = [model.environment[i] for i in place]
    # unit of the model per hour and kg/kg of biomass, per unit of the rate
    gives = np.array([t.into_broth * SECONDS_PER_HOUR * model.environment[t.surrounding].per_mol_kg() for t in traded])
    n, m = model.n_state, len(dissolved)
    i_mu = model.reported_names.index("mu")
    i_kd = model.reported_names.index("k_d") if "k_d" in model.reported_names else -1
    parameters, out = model.parameter_vector, np.zeros(model.n_out)
    around = model.environment_vector()

    def rates(y: np.ndarray) -> np.ndarray:
        around[place] = np.maximum(y[n : n + m], 0.0)
        model.rates(around, np.ascontiguousarray(y[:n]), parameters, out)
        return out[n:]

    def derivative(t: float, y: np.ndarray, dilution: float, inflow: np.ndarray) -> np.ndarray:
        reported = rates(y)
        decay = reported[i_kd] if i_kd >= 0 else 0.0
        exchange = inflow - dilution * y[n : n + m] + gives * reported[column] * y[-1]
        return np.concatenate([out[:n], exchange, [(reported[i_mu] - decay - dilution) * y[-1]]])

    y = np.concatenate([start.cell, [start.concentration.get(s.name, s.default) for s in dissolved], [start.biomass]])
    scale = np.concatenate([np.maximum(np.abs(model.start), 1e-12), np.full(m, 1e-6), [1e-3]])
    times, states, offset = [0.0], [y], 0.0
    for supply in supplies:
        inflow = np.array([supply.inflow.get(s.name, 0.0) for s in dissolved])
        span = supply.duration / SECONDS_PER_HOUR
        at = np.array([span])
        if sample is not None:
            at = np.append(np.arange(sample, supply.duration * (1 - 1e-9), sample) / SECONDS_PER_HOUR, span)
        solution = solve_ivp(
            derivative, (0.0, span), y, "BDF", at, args=(supply.dilution, inflow), rtol=rtol, atol=1e-6 * scale
        )
        if not solution.success:
            raise ModelError(f"the vessel could not be followed: {solution.message}", model.name)
        y = np.maximum(solution.y[:, -1], 0.0)
        times += list(offset + at * SECONDS_PER_HOUR)
        states += list(solution.y.T)
        offset += supply.duration
    table = np.array(states)
    reported = np.array([rates(row).copy() for row in table])
    return VesselRun(
        np.array(times),
        table[:, :n],
        {s.name: table[:, n + j] for j, s in enumerate(dissolved)},
        table[:, -1],
        {name: reported[:, k] for k, name in enumerate(model.reported_names)},
        VesselState(y[:n].copy(), {s.name: float(y[n + j]) for j, s in enumerate(dissolved)}, float(y[-1])),
    )


def chemostat(
    model: CellModel, dilution: float, feed: dict[str, float], hours: float = 1500.0, biomass: float = 5e-3
) -> VesselRun:
    """Chemostat from the model's plausible start until rest.

    Parameters
    ----------
    model : CellModel
        The cell.
    dilution : float
        D, 1/h.
    feed : dict of str to float
        Concentrations in the feed by name, mol/kg.
    hours : float
        How long, h.
    biomass : float
        Biomass at the start, kg/kg.

    Returns
    -------
    VesselRun
        Start and end; a culture that is washed out ends without biomass.
    """
    start = VesselState(np.array(model.start), {"C_s": 1e-5}, biomass)
    inflow = {name: dilution * value for name, value in feed.items()}
    return run_vessel(model, start, [Supply(hours * SECONDS_PER_HOUR, dilution, inflow)])


def feast_famine(
    model: CellModel,
    start: VesselState,
    dilution: float,
    feed: dict[str, float],
    cycle: float = 360.0,
    feast: float = 36.0,
    cycles: int = 100,
    sample: float = 4.0,
) -> VesselRun:
    """Intermittent feed: all of each cycle's feed in its first seconds, constant dilution.

    The protocol of de Jonge et al. 2011 for P. chrysogenum in a chemostat at 0.05 1/h: cycles of 360 s, feed in the
    first 36 s. The output holds the last cycle only; see `run_vessel` for the parameters.

    Prediction for Tang 2017 on 0.0895 mol/kg glucose, from the steady chemostat: X_gly swings between 4 and 42
    umol/gdw within each cycle, storage rises by half, and q_p falls over days, to 0.79 of the chemostat's after 6 h,
    0.51 after 30 h and 0.47 after 60 h, while growth and uptake stay those of the chemostat.
    """
    on = {name: dilution * value * cycle / feast for name, value in feed.items()}
    one = [Supply(feast, dilution, on), Supply(cycle - feast, dilution, {})]
    before = run_vessel(model, start, one * (cycles - 1)).end if cycles > 1 else start
    return run_vessel(model, before, one, sample)
