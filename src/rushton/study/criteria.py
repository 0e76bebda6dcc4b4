"""Scale-up criteria of one tank, from its solved numbers where there are some, else from correlations.

    P/V = Np rho N^3 D^5 / V            tip speed = pi N D            Re = rho N D^2 / mu
    Fr = N^2 D / g                      vs = Q_g / (pi T^2 / 4)       Fl = Q_g / (N D^3)
    eta = (nu^3 / eps)^(1/4)            tc = V / sum Nq N D^3         EDCF: rushton.correlations.edcf
    q_jacket = (q_met + P) / (pi T H)

N speed, 1/s; D impeller and T tank diameter, m; V liquid volume, m3; eps = P/(rho V), W/kg; Q_g gas rate at mid-height,
m3/s; Nq flow number; q_met metabolic heat, W. The jacket is the cylindrical wall below the surface: a heat flux of much
more than a few kW/m2 needs coils (rule of thumb, not traced to a source). Re, Fr, Fl and tip speed are those of the
largest impeller, EDCF of the one that draws most. With several impellers kLa and hold-up follow from the sum of their
gassed powers. Sources and ranges of the correlations stand with them in :mod:`rushton.correlations`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushton import correlations as c
from rushton.case.advice import advise, gassed_power

if TYPE_CHECKING:
    from rushton.case import Case

SOLVED, ESTIMATED, EXACT = "solved", "correlation", "exact"
CRITERIA: dict[str, tuple[str, str, float]] = {
    "volume": ("Liquid volume", "m3", 1.0),
    "speed": ("Stirrer speed", "rpm", 60.0),
    "power": ("Shaft power", "W", 1.0),
    "P/V": ("Specific power", "W/m3", 1.0),
    "tip-speed": ("Tip speed", "m/s", 1.0),
    "Re": ("Reynolds number", "", 1.0),
    "Fr": ("Froude number", "", 1.0),
    "theta95": ("Blend time, variance, solved", "s", 1.0),
    "theta95-correlation": ("Blend time, correlation", "s", 1.0),
    "circulation": ("Circulation time", "s", 1.0),
    "kolmogorov": ("Kolmogorov length", "um", 1e6),
    "EDCF": ("Energy dissipation / circulation", "kW/(m3 s)", 1e-3),
    "vs": ("Superficial gas velocity", "mm/s", 1e3),
    "Fl": ("Gas flow number", "", 1.0),
    "kLa": ("kLa", "1/h", 3600.0),
    "metabolic-heat": ("Metabolic heat", "kW", 1e-3),
    "jacket-flux": ("Heat over jacket area", "kW/m2", 1e-3),
}
"""Key -> name, unit shown, factor from SI."""


@dataclass(frozen=True)
class Criteria:
    """Criteria of one tank.

    Attributes
    ----------
    name : str
    case : Case
    values : dict of str to float or None
        SI, by the keys of `CRITERIA`.
    origin : dict of str to str
        "solved", "correlation", "exact"; for a missing value the reason.
    power_numbers, flow_numbers : tuple of float
        One per impeller, solved or expected.
    gas_rate : float or None
        At mid-height, m3/s.
    kla_factor : float
        Solved kLa over that of the correlation, -; 1 where the gas was not solved.
    warnings : tuple of str
    """

    name: str
    case: Case
    values: dict[str, float | None]
    origin: dict[str, str]
    power_numbers: tuple[float, ...]
    flow_numbers: tuple[float, ...]
    gas_rate: float | None
    warnings: tuple[str, ...]
    kla_factor: float = 1.0


def load(given: str | Path) -> tuple[Case, dict[str, Any] | None, str]:
    """(case, summary or None, name) of a results folder or a case file, which is not run."""
    path = Path(given)
    if path.is_dir():
        from rushton.pipeline import open_results

        results = open_results(path)
        return results.case, results.summary, path.name.removesuffix(".results")
    from rushton.case import load_case

    case = load_case(path)
    return case, None, case.name


def criteria_of(given: str | Path) -> Criteria:
    """Criteria of a results folder, or of a case file by correlation alone."""
    case, summary, name = load(given)
    return criteria(case, summary, name)


def criteria(case: Case, summary: dict[str, Any] | None, name: str) -> Criteria:
    """Criteria of a case; ``summary`` as in summary.json where it was run."""
    advice = advise(case)
    flow, mixing = ((summary or {}).get(part) or {} for part in ("flow", "mixing"))
    imps, n, volume, rho = case.impellers, case.operation.speed, case.liquid_volume, case.broth.density
    solved = flow.get("power_number") is not None
    np_ = tuple(flow["power_number"]) if solved else tuple(i.power_number.value for i in advice.impellers)
    nq = tuple(flow["flow_number"]) if solved else tuple(i.flow_number.value for i in advice.impellers)
    values: dict[str, float | None] = {}
    origin: dict[str, str] = {}

    def put(key: str, value: float | None, how: str) -> None:
        values[key], origin[key] = value, how

    how = SOLVED if solved else ESTIMATED
    powers = [c.power(p, rho, n, imp.diameter) for p, imp in zip(np_, imps, strict=True)]
    power = float(flow["power_W"]) if solved else sum(powers)
    largest = max(imps, key=lambda imp: imp.diameter)
    strongest = max(range(len(imps)), key=lambda k: powers[k])
    dissipation = c.mean_dissipation(power, rho, volume)
    pumped = sum(q * n * imp.diameter**3 for q, imp in zip(nq, imps, strict=True))
    put("volume", volume, EXACT)
    put("speed", n, EXACT)
    put("power", power, how)
    put("P/V", power / volume, how)
    put("tip-speed", c.tip_speed(n, largest.diameter), EXACT)
    put("Re", c.reynolds(n, largest.diameter, case.broth.kinematic_viscosity), EXACT)
    put("Fr", c.froude(n, largest.diameter), EXACT)
    theta = mixing.get("theta95_variance_s")
    why = str(mixing.get("theta95_variance_s_reason") or "the case was not run: `rushton run` solves it")
    put("theta95", theta, SOLVED if theta is not None else why)
    put("theta95-correlation", advice.blend[0][1].value, ESTIMATED)
    put("circulation", c.circulation_time(volume, pumped), how)
    put("kolmogorov", c.kolmogorov_length(case.broth.kinematic_viscosity, dissipation), how)
    imp = imps[strongest]
    put("EDCF", c.edcf(powers[strongest], imp.diameter, imp.blade_height, volume, nq[strongest], n).value, how)
    no_gas = "the case has no [gas]"
    rate = None if case.gas is None else advice.gas.rate
    kla_factor = 1.0
    if rate is None:
        for key in ("vs", "Fl", "kLa"):
            put(key, None, no_gas)
    else:
        put("vs", advice.gas.gas_velocity, EXACT)
        put("Fl", c.flow_number_gas(rate, n, imps[0].diameter), EXACT)
        correlation, found = kla(case, np_, n, rate), ((summary or {}).get("gas") or {}).get("kla_1_h")
        put("kLa", correlation if found is None else found / 3600.0, ESTIMATED if found is None else SOLVED)
        kla_factor = 1.0 if found is None else found / 3600.0 / correlation
    heat = None if advice.demand is None else advice.demand.heat
    put("metabolic-heat", heat, ESTIMATED if heat is not None else "the case has no feed, strain and biomass")
    area = math.pi * case.tank.diameter * case.tank.liquid_height
    put("jacket-flux", ((heat or 0.0) + power) / area, ESTIMATED if heat is not None else "stirrer power only")
    return Criteria(name, case, values, origin, np_, nq, rate, _warnings(case, flow, theta), kla_factor)


def kla(case: Case, power_numbers: tuple[float, ...], speed: float, gas_rate: float) -> float:
    """kLa by the correlation for the bubbles of the case at a speed and a gas rate at mid-height, 1/s."""
    powers = tuple(
        c.power(p, case.broth.density, speed, imp.diameter)
        for p, imp in zip(power_numbers, case.impellers, strict=True)
    )
    gassed = gassed_power(case, powers, speed, gas_rate)
    velocity = gas_rate / (0.25 * math.pi * case.tank.diameter**2)
    law = c.kla_noncoalescing if case.gas is not None and case.gas.bubbles == "non-coalescing" else c.kla_coalescing
    return law(gassed / case.liquid_volume, velocity, case.liquid_volume).value


def _warnings(case: Case, flow: dict[str, Any], theta: float | None) -> tuple[str, ...]:
    out = []
    if flow.get("power_number") is None:
        out.append("power and flow numbers are those of correlations: the case was not run")
    elif flow.get("converged") is False:
        out.append("the flow did not converge; its numbers are kept and should be judged first")
    if theta is None:
        out.append("no solved blend time: that of the correlation is used where one is needed")
    if case.gas is None:
        out.append("no [gas]: superficial velocity, gas flow number and kLa are not computed")
    return tuple(out)
