"""Blend time: a pulse of tracer on the frozen flow, read by probes and by the volume.

::

    V dC/dt + A C = T(C),      C(0) = pulse, 1 mol in a sphere

The blend times are those of :mod:`rushton.transport.criteria`; lambda_2 is the slowest decay but one (the constant)
of C -> V^-1 (A C - T(C)), 1/s. Symbols and units as in :mod:`rushton.transport.operator`; Cinf = 1 mol / liquid
volume. The slowest mode does not depend on pulse and probes; the others do, so both places are part of the result. A
probe reads its mesh cell. The mode is found by power iteration, which is what a tracer run is: whatever the pulse,
the deviation falls like exp(-lambda_2 t) at last. The eigenvalues of the upwind matrix A are not used: they
decay 5 to 25 % too fast on 1e5 to 2e4 mesh cells.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rushton.cores import Team, usable_cores
from rushton.flow.field import Flow
from rushton.store import Progress, load_result, save_result, silent
from rushton.transport.criteria import BAND, DEFINITIONS, last_time_outside, late_decay, volume_deviation
from rushton.transport.operator import ScalarOperator, assemble
from rushton.transport.schmidt import FACTORS, volume_blend_time
from rushton.transport.stepping import TimeStepper

if TYPE_CHECKING:
    from rushton.case.schema import Case

FIRST_STEP = 0.125
"""First time step, revolutions."""
RESOLUTION = 100
"""The time step is doubled whenever the time elapsed is so many time steps, -."""
MARGIN, MOST_MARGIN = 1.3, 1.4
"""The run goes on to the first times the blend time, to see whether anything leaves the band again, and at most to the
second, until the decay rate is steady, -."""
STEADY = 0.01
"""Relative change of the decay rate at which the slowest mode is taken as found, -."""
LONGEST = 2000.0
"""Revolutions after which an unmixed run stops, unless the case sets a duration, -."""


@dataclass(frozen=True, eq=False)
class Mixing:
    """Blend times of one pulse.

    Attributes
    ----------
    time : (n_time,) float
        s.
    probe_curves : (n_probe, n_time) float
        C/Cinf in the mesh cell of each probe.
    variance_curve : (n_time,) float
        sqrt(sum V (C/Cinf - 1)^2 / sum V).
    probes : (n_probe, 3) float
        Radius m, angle rad, height m.
    pulse : (4,) float
        Radius m, angle rad, height m, diameter m of the sphere.
    theta95_probes_s : (n_probe,) float
        Blend time of each probe, s; nan if the run ended before.
    theta95_probe_s, theta95_multi_probe_s, theta95_variance_s : float or None
        s; None if the run ended before.
    slowest_mode_s : float or None
        3/|lambda_2|, s.
    n_theta95 : float or None
        Revolutions to theta95_variance_s.
    tracer_mass_error : float
        Largest relative change of the amount of tracer.
    slowest_mode_change : float
        Relative change of that decay rate between the last two quarters of the run.
    schmidt_turbulent : float
    frame : str
        Of the flux in the rotating zones: absolute or relative.
    time_step : float
        First time step, s.
    schmidt_varied : tuple of float
        Other turbulent Schmidt numbers, half and double; empty if their effect was not asked for.
    theta95_varied_s : tuple of float
        Blend time by volume variance with each of them, s; nan if the tank was not blended in the longest time.
    reason : str
        Why a blend time is missing; empty if none is.
    """

    time: np.ndarray
    probe_curves: np.ndarray
    variance_curve: np.ndarray
    probes: np.ndarray
    pulse: np.ndarray
    theta95_probes_s: np.ndarray
    theta95_probe_s: float | None
    theta95_multi_probe_s: float | None
    theta95_variance_s: float | None
    slowest_mode_s: float | None
    n_theta95: float | None
    tracer_mass_error: float
    slowest_mode_change: float
    schmidt_turbulent: float
    frame: str
    time_step: float
    schmidt_varied: tuple[float, ...] = ()
    theta95_varied_s: tuple[float, ...] = ()
    reason: str = ""

    @property
    def probe_deviation(self) -> np.ndarray:
        """(n_time,) sqrt(mean of (C/Cinf - 1)^2 over the probes)."""
        return np.sqrt(((self.probe_curves - 1.0) ** 2).mean(axis=0))

    def summary(self) -> dict[str, Any]:
        """Section ``mixing`` of summary.json."""
        out: dict[str, Any] = {"tracer_mass_error": self.tracer_mass_error}
        for key in DEFINITIONS:
            out[key] = getattr(self, key)
            if out[key] is None:
                out[f"{key}_reason"] = self.reason
        out["definitions"] = dict(DEFINITIONS)
        out |= {"schmidt_turbulent": self.schmidt_turbulent, "rotating_zone_frame": self.frame}
        known = bool(self.theta95_varied_s) and not any(math.isnan(t) for t in self.theta95_varied_s)
        out["schmidt_varied"] = list(self.schmidt_varied) if known else None
        out["theta95_variance_varied_s"] = list(self.theta95_varied_s) if known else None
        if not known:
            why = "not blended in the longest time" if self.theta95_varied_s else "not asked for"
            out |= {"schmidt_varied_reason": why, "theta95_variance_varied_s_reason": why}
        return out

    def save(self, folder: Path) -> None:
        """Write the result into a folder."""
        arrays = {n: getattr(self, n) for n in _ARRAYS}
        arrays |= {n: np.array(getattr(self, n), float) for n in ("schmidt_varied", "theta95_varied_s")}
        save_result(folder, arrays, {n: getattr(self, n) for n in _VALUES})

    @classmethod
    def load(cls, folder: Path) -> Mixing:
        """Read what ``save`` wrote."""
        arrays, meta = load_result(folder)
        values: dict[str, Any] = {n: arrays[n] for n in _ARRAYS} | {n: meta[n] for n in _VALUES}
        for name in ("schmidt_varied", "theta95_varied_s"):
            values[name] = tuple(float(v) for v in arrays[name])
        return cls(**values)

    def export(self, results_folder: Path) -> None:
        """Write mixing.csv (deviations), probes.csv (each probe) and blend_times.csv into the results folder."""
        folder = Path(results_folder)
        deviations = np.column_stack([self.time, self.variance_curve, self.probe_deviation])
        _write_csv(folder / "mixing.csv", ["time_s", "deviation", "probe_deviation"], deviations)
        names = [f"r{r:.4g}m_a{math.degrees(a):.4g}deg_h{h:.4g}m" for r, a, h in self.probes]
        _write_csv(folder / "probes.csv", ["time_s", *names], np.column_stack([self.time, self.probe_curves.T]))
        with (folder / "blend_times.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["quantity", "value", "definition"])
            for key, meaning in DEFINITIONS.items():
                value = getattr(self, key)
                writer.writerow([key, "" if value is None else f"{value:.7g}", meaning])


_ARRAYS = ("time", "probe_curves", "variance_curve", "probes", "pulse", "theta95_probes_s")
_VALUES = (
    "theta95_probe_s", "theta95_multi_probe_s", "theta95_variance_s", "slowest_mode_s", "n_theta95",
    "tracer_mass_error", "slowest_mode_change", "schmidt_turbulent", "frame", "time_step", "reason",
)  # fmt: skip


def _write_csv(path: Path, header: list[str], rows: np.ndarray) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([[f"{v:.7g}" for v in row] for row in rows])


def blend(
    case: Case,
    flow: Flow,
    progress: Progress = silent,
    threads: int | None = None,
    schmidt_effect: bool = False,
) -> Mixing:
    """Run the tracer test of a case.

    Parameters
    ----------
    case : Case
        ``case.mixing`` names pulse, probes and turbulent Schmidt number.
    flow : Flow
    progress : Progress
    threads : int, optional
        Cores; by default all that may be used. The result is the same to the last digit on any number.
    schmidt_effect : bool
        Also with half and with double the turbulent Schmidt number, see :mod:`rushton.transport.schmidt`.

    Returns
    -------
    Mixing
    """
    settings, mesh = case.mixing, flow.mesh
    pulse = settings.pulse
    weights = mesh.sphere_weights(pulse.radius, pulse.angle, pulse.height, pulse.diameter)
    cells = [mesh.locate(p.radius, p.angle, p.height) for p in settings.probes]
    progress(0.0, "assembling the transport operator")
    operator = assemble(flow, settings.schmidt_turbulent, frame=case.numerics.frame)
    time_step = FIRST_STEP / flow.speed
    limit = settings.duration or LONGEST / flow.speed
    with Team(threads or usable_cores()) as team:
        c = _pulse(operator, weights)
        time, probes, spread, mass_error = _run(operator, c, cells, time_step, limit, progress, team)
        varied, others = [], []
        for factor in FACTORS if schmidt_effect else ():
            varied.append(factor * settings.schmidt_turbulent)
            progress(0.99, f"tracer with a turbulent Schmidt number of {varied[-1]:.3g}")
            other = assemble(flow, varied[-1], frame=case.numerics.frame)
            longest = settings.duration or 3.0 * float(time[-1])
            others.append(volume_blend_time(other, c, flow.speed, longest, team))
        mass_error = max([mass_error, *(error for _, error in others)])
    blended = np.array([last_time_outside(time, np.abs(curve - 1.0)) for curve in probes])
    by_probe = None if np.isnan(blended).any() else float(blended.max())
    by_probes = last_time_outside(time, np.sqrt(((probes - 1.0) ** 2).mean(axis=0)))
    by_volume = last_time_outside(time, spread)
    reason = "" if by_probe is not None and not math.isnan(by_volume) else f"not blended within {time[-1]:.4g} s"
    rate, change = late_decay(time, spread)
    settled = not reason and change < 10.0 * STEADY
    if not (settled or reason):
        reason = f"the decay rate still changed by {100.0 * change:.2g} % at {time[-1]:.4g} s"
    return Mixing(
        time=time,
        probe_curves=probes,
        variance_curve=spread,
        probes=np.array([(p.radius, p.angle, p.height) for p in settings.probes]),
        pulse=np.array([pulse.radius, pulse.angle, pulse.height, pulse.diameter]),
        theta95_probes_s=blended,
        theta95_probe_s=by_probe,
        theta95_multi_probe_s=None if math.isnan(by_probes) else by_probes,
        theta95_variance_s=None if math.isnan(by_volume) else by_volume,
        slowest_mode_s=3.0 / rate if settled else None,
        slowest_mode_change=change,
        n_theta95=None if math.isnan(by_volume) else case.operation.speed * by_volume,
        tracer_mass_error=mass_error,
        schmidt_turbulent=settings.schmidt_turbulent,
        time_step=time_step,
        frame=operator.frame,
        schmidt_varied=tuple(varied),
        theta95_varied_s=tuple(seconds for seconds, _ in others),
        reason=reason,
    )


def _run(
    operator: ScalarOperator,
    c: np.ndarray,
    cells: list[tuple[int, int, int]],
    time_step: float,
    limit: float,
    progress: Progress,
    team: Team,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Step until everything has been blended for a while: (time, probes C/Cinf, deviation, mass error)."""
    volumes = operator.volumes
    total = float(volumes.sum())
    stepper = TimeStepper(operator, time_step, team=team)
    where = tuple(np.array(cells).T)
    time, probes, spread = [0.0], [c[where]], [volume_deviation(c, volumes)]
    mass_error = abs(float((volumes * c).sum()) / total - 1.0)
    blended = 0.0
    while time[-1] < limit * (1.0 - 1e-9):
        if time[-1] > MOST_MARGIN * blended + 20.0 * time_step:
            break
        late = time[-1] > MARGIN * blended + 10.0 * time_step
        if late and len(time) % 5 == 0 and late_decay(np.array(time), np.array(spread))[1] < STEADY:
            break
        if time[-1] > (RESOLUTION - 0.5) * time_step:
            stepper.double_step()
            time_step *= 2.0
        c = stepper.step(c)
        time.append(time[-1] + time_step)
        probes.append(c[where])
        spread.append(volume_deviation(c, volumes))
        mass_error = max(mass_error, abs(float((volumes * c).sum()) / total - 1.0))
        if spread[-1] > BAND or np.abs(probes[-1] - 1.0).max() > BAND:
            blended = time[-1]
        if len(time) % 10 == 0:
            progress(0.05 + 0.95 * _done(spread, time[-1], limit), f"tracer at {time[-1]:.4g} s")
    return np.array(time), np.array(probes).T, np.array(spread), mass_error


def _pulse(operator: ScalarOperator, weights: np.ndarray) -> np.ndarray:
    """C/Cinf at the start from the share of the pulse in each mesh cell, both (nr, nt, nz)."""
    volumes = operator.volumes
    fluid = volumes > 0.0
    c = np.zeros(volumes.shape)
    c[fluid] = weights[fluid] * float(volumes.sum()) / volumes[fluid]
    return c


def _done(spread: list[float], time: float, limit: float) -> float:
    """Share of the run: the deviation falls from its first value to about 0.02, by decades."""
    decades = math.log(spread[0] / max(spread[-1], 1e-6)) / math.log(spread[0] / 0.02)
    return min(1.0, max(decades, time / limit))
