"""One cell model in an ideally mixed vessel: chemostat, closed box, cyclic feed, fed-batch; by-products and oxygen.

    dx/dt   = rates(C, x)                                          states of the cell, per hour
    dC/dt   = F C_feed/V - D C + q C_x + kLa (C* - C)              every species that the cell trades and feels
    dC_x/dt = (mu - k_d - D) C_x                                   biomass
    V       = V0 exp(integral of D)                                fed-batch: nothing flows out, D = F/V

Here the uptake is the model's own law, since the vessel's concentration is part of the answer. What a model asks for
besides: biomass around the cell (species "biomass") is C_x, washout (the surrounding D) is D.

Symbols: D dilution rate, 1/h; C in the unit of the model, by the name of the surrounding; q what the cells give to the
broth (negative for uptake); C_x kg dry weight per kg broth; kLa 1/h; C* at saturation; mu, k_d 1/h. Density 1000 kg/m3
for models that count per litre. Solved by LSODA with the steps cut at every change of the feed, so that no pulse is
jumped over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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
        Dilution rate D, 1/h; in a fed-batch F/V at the start of the stretch.
    inflow : dict of str to float
        What enters per broth, by name (``"C_s"``), unit of the model per hour; D C_feed for a constant feed. In a
        fed-batch at the start of the stretch.
    transfer : dict of str to (float, float)
        kLa, 1/h, and the saturation C* in the unit of the model, by name (``"C_O2"``).
    fed_batch : bool
        Nothing flows out: volume grows, and a constant pump dilutes less and less.
    growing : float
        Rate at which a fed-batch pump speeds up, F = F0 exp(growing t), 1/h.
    """

    duration: float
    dilution: float
    inflow: dict[str, float]
    transfer: dict[str, tuple[float, float]] = field(default_factory=dict)
    fed_batch: bool = False
    growing: float = 0.0


@dataclass(frozen=True)
class VesselState:
    """State of the vessel: pools of the cell, concentrations by name, biomass kg/kg, volume over that at time zero."""

    cell: np.ndarray
    concentration: dict[str, float]
    biomass: float
    volume: float = 1.0


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
        By the name of the surrounding, in the unit of the model.
    biomass : ndarray (n_time,)
        kg dry weight per kg broth.
    volume : ndarray (n_time,)
        Over the volume at time zero; one unless fed-batch.
    rates : dict of str to ndarray (n_time,)
        Reported rates of the model.
    end : VesselState
        The last state.
    """

    time: np.ndarray
    cell: np.ndarray
    concentration: dict[str, np.ndarray]
    biomass: np.ndarray
    volume: np.ndarray
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
        State at time zero; a concentration left out is taken at the model's default. What the cell feels but does not
        trade stays as it is given here.
    supplies : sequence of Supply
        One after the other.
    sample : float, optional
        Interval of the output, s; default: the borders of the stretches only.
    rtol : float
        Relative tolerance of LSODA.

    Returns
    -------
    VesselRun
    """
    model = model.with_uptake("own")
    traded = [t for t in model.trades if t.surrounding >= 0]
    place = [t.surrounding for t in traded]
    column = [t.reported for t in traded]
    dissolved = [model.environment[i] for i in place]
    _check_names(model, [s.name for s in dissolved], supplies, start)
    # unit of the model per hour and kg/kg of biomass, per unit of the rate
    gives = np.array([t.into_broth * SECONDS_PER_HOUR * model.environment[t.surrounding].per_mol_kg() for t in traded])
    n, m = model.n_state, len(dissolved)
    i_mu = model.reported_names.index("mu")
    i_kd = model.reported_names.index("k_d") if "k_d" in model.reported_names else -1
    i_x = [i for i, s in enumerate(model.environment) if s.species == "biomass"]
    i_d = [i for i, s in enumerate(model.environment) if s.name == "D"]
    per_kg = [model.environment[i].per_mol_kg() for i in i_x]
    parameters, out = model.parameter_vector, np.zeros(model.n_out)
    around = model.environment_vector()
    for name, value in start.concentration.items():
        around[model.environment_names.index(name)] = value

    def rates(y: np.ndarray, dilution: float) -> np.ndarray:
        around[place] = np.maximum(y[n : n + m], 0.0)
        around[i_x] = np.multiply(per_kg, y[n + m])
        around[i_d] = dilution
        model.rates(around, np.ascontiguousarray(y[:n]), parameters, out)
        return out[n:]

    def derivative(t: float, y: np.ndarray, supply: Supply, terms: tuple, volume: float) -> np.ndarray:
        inflow, kla, saturation = terms
        pump = np.exp(supply.growing * t) * volume / y[-1] if supply.fed_batch else 1.0
        dilution = supply.dilution * pump
        reported = rates(y, dilution)
        decay = reported[i_kd] if i_kd >= 0 else 0.0
        c, x = y[n : n + m], y[n + m]
        exchange = inflow * pump - dilution * c + gives * reported[column] * x + kla * (saturation - c)
        grown = (reported[i_mu] - decay - dilution) * x
        return np.concatenate([out[:n], exchange, [grown, dilution * y[-1] if supply.fed_batch else 0.0]])

    first = [start.concentration.get(s.name, s.default) for s in dissolved]
    y = np.concatenate([start.cell, first, [start.biomass, start.volume]])
    unit = np.array([s.per_mol_kg() for s in dissolved])
    scale = np.concatenate([np.maximum(np.abs(model.start), 1e-12), 1e-6 * unit, [1e-3, 1.0]])
    times, states, dilutions, offset = [0.0], [y], [supplies[0].dilution if supplies else 0.0], 0.0
    for supply in supplies:
        inflow = np.array([supply.inflow.get(s.name, 0.0) for s in dissolved])
        transfer = np.array([supply.transfer.get(s.name, (0.0, 0.0)) for s in dissolved]).reshape(m, 2)
        span = supply.duration / SECONDS_PER_HOUR
        at = np.array([span])
        if sample is not None:
            at = np.append(np.arange(sample, supply.duration * (1 - 1e-9), sample) / SECONDS_PER_HOUR, span)
        terms = (inflow, transfer[:, 0], transfer[:, 1])
        solution = solve_ivp(
            derivative, (0.0, span), y, "LSODA", at, args=(supply, terms, y[-1]), rtol=rtol, atol=1e-6 * scale
        )
        if not solution.success:
            raise ModelError(f"the vessel could not be followed: {solution.message}", model.name)
        pumped = np.exp(supply.growing * at) * y[-1] / solution.y[-1] if supply.fed_batch else np.ones(len(at))
        y = np.maximum(solution.y[:, -1], 0.0)
        times += list(offset + at * SECONDS_PER_HOUR)
        states += list(solution.y.T)
        dilutions += list(supply.dilution * pumped)
        offset += supply.duration
    table = np.array(states)
    reported = np.array([rates(row, dilution).copy() for row, dilution in zip(table, dilutions, strict=True)])
    return VesselRun(
        np.array(times),
        table[:, :n],
        {s.name: table[:, n + j] for j, s in enumerate(dissolved)},
        table[:, n + m],
        table[:, -1],
        {name: reported[:, k] for k, name in enumerate(model.reported_names)},
        VesselState(
            y[:n].copy(),
            {**start.concentration, **{s.name: float(y[n + j]) for j, s in enumerate(dissolved)}},
            float(y[n + m]),
            float(y[-1]),
        ),
    )


def _check_names(model: CellModel, dissolved: list[str], supplies: Sequence[Supply], start: VesselState) -> None:
    """Refuse concentrations that the model does not look at, and feeds of what it does not trade."""
    for name in start.concentration:
        if name not in model.environment_names[1:]:
            model.environment_vector(**{name: 0.0})  # raises, unless it is q_s
    for name in {name for supply in supplies for name in (*supply.inflow, *supply.transfer)}:
        if name not in dissolved:
            raise ModelError(
                f"'{name}' is fed or aerated, but the cell neither takes it up nor gives it off",
                model.name,
                f"It trades: {', '.join(dissolved)}.",
            )


def chemostat(
    model: CellModel,
    dilution: float,
    feed: dict[str, float],
    hours: float = 1500.0,
    biomass: float = 5e-3,
    transfer: dict[str, tuple[float, float]] | None = None,
    start: dict[str, float] | None = None,
) -> VesselRun:
    """Chemostat from the model's plausible start until rest.

    Parameters
    ----------
    model : CellModel
        The cell.
    dilution : float
        D, 1/h.
    feed : dict of str to float
        Concentrations in the feed by name, in the unit of the model.
    hours : float
        How long, h.
    biomass : float
        Biomass at the start, kg/kg.
    transfer : dict of str to (float, float), optional
        kLa, 1/h, and saturation by name; without it a species that the cell trades is neither supplied nor stripped,
        and oxygen that a model feels runs out.
    start : dict of str to float, optional
        Concentrations at the start; default 1e-5 mol/kg of substrate and the model's defaults.

    Returns
    -------
    VesselRun
        Start and end; a culture that is washed out ends without biomass.
    """
    first = {"C_s": 1e-5 * model.environment[1].per_mol_kg(), **(start or {})}
    inflow = {name: dilution * value for name, value in feed.items()}
    supply = Supply(hours * SECONDS_PER_HOUR, dilution, inflow, transfer or {})
    return run_vessel(model, VesselState(np.array(model.start), first, biomass), [supply])


def fed_batch(
    model: CellModel,
    start: VesselState,
    growth: float,
    feed: dict[str, float],
    dilution: float,
    hours: float,
    transfer: dict[str, tuple[float, float]] | None = None,
    sample: float = 600.0,
) -> VesselRun:
    """Fed-batch with a pump that speeds up exponentially (growth = 0: a constant pump).

    Parameters
    ----------
    model : CellModel
        The cell.
    start : VesselState
        State at the start of the feed.
    growth : float
        F = F0 exp(growth t): the growth rate that the feed asks for, 1/h.
    feed : dict of str to float
        Concentrations in the feed by name, in the unit of the model.
    dilution : float
        F0/V0, 1/h.
    hours : float
        How long, h.
    transfer : dict of str to (float, float), optional
        kLa, 1/h, and saturation by name.
    sample : float
        Interval of the output, s.

    Returns
    -------
    VesselRun
    """
    inflow = {name: dilution * value for name, value in feed.items()}
    supply = Supply(hours * SECONDS_PER_HOUR, dilution, inflow, transfer or {}, True, growth)
    return run_vessel(model, start, [supply], sample)


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
