"""The flow of one tank: what every later stage is handed, whoever made it.

Volume fluxes through faces, absolute (laboratory) frame, m3/s, positive in +r, +theta, +z::

    flux_r[i+1] - flux_r[i] + flux_theta[j+1] - flux_theta[j] + flux_z[k+1] - flux_z[k] = 0

to rounding in every fluid mesh cell. Inside a rotating zone the theta faces carry the fluid's absolute flux; at a blade
that is Omega r A, the blade sweeps, so blades are open to advection and closed to diffusion. Baffles, discs, shaft and
walls are closed to both.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rushton.flow.vortex import vortex_depth
from rushton.mesh.cylinder import TankMesh


@dataclass(frozen=True)
class FlowNumbers:
    """Integral numbers of a flow; relative errors are zero when perfect. Definitions: docs of ``rushton.flow``.

    Attributes
    ----------
    speed : float
        Rotational speed, 1/s.
    density, viscosity : float
        Of the liquid, kg/m3 and Pa s; of a power-law broth at the shear rate of the impeller (Metzner and Otto).
    impeller_diameter : tuple of float
        One per impeller from the bottom, m.
    power_W : float
        Shaft power, W.
    power_number, flow_number : tuple of float
        One per impeller, from the bottom, -.
    power_number_catalogue, flow_number_catalogue : tuple of float
        What published laws expect of each impeller (``rushton.case.catalogue``), -.
    power_number_imposed : tuple of float or None
        What the case imposes, for each impeller; no solved value is scaled to it, -.
    reynolds, tip_speed_m_s : float
        Of the largest impeller, - and m/s.
    dissipation_power_ratio, numerical_dissipation_ratio : float
        Integral of rho epsilon, and the kinetic energy that the convection scheme takes from the mean flow, over shaft
        power, -. Part of the latter is handed to turbulence and ends in epsilon.
    rotor : str
        "frozen", or "sliding": averaged over a rotor that turned in time (``rushton.flow.sliding``).
    revolutions, power_number_frozen, periodic_energy_ratio : float, tuple of float, float or None
        Of a sliding rotor: revolutions turned, power numbers of the frozen one at the start, energy of what varies in
        time outside the rotating zones over the turbulent energy there, -.
    turbulence_production_ratio, viscous_dissipation_ratio, wall_work_ratio : float or None
        What the mean flow gives to turbulence, to viscosity and to the wall functions, over shaft power, -.
    energy_balance_ratio : float or None
        Sum of those, of the scheme's part and of what immersed blades take (``rushton.flow.energy``), -.
    turbulence_balance_ratio : float or None
        Integral of epsilon over what turbulence is given, -; None in laminar flow.
    lifting_power_W : float
        Work of gas on the mean flow, int rho g alpha u_z dV; in the ratios above it joins the shaft power.
    torque_imbalance, mass_imbalance : float
        (Shaft torque - wall torque) / shaft torque; sum |div| / (N D3).
    circulation_time_s : float
        Liquid volume over the sum of impeller flows, s.
    converged : bool
    iterations : int
        On the finest grid.
    history : tuple of dict
        Monitors of the iteration (level, iteration, power number, torque imbalance ...).
    source : str
        What made the flow.
    turbulence_model, reynolds_regime : str
        Closure that was used, and "laminar", "transitional" or "turbulent" (``rushton.flow.regime``).
    blades : str
        "solid" or "thin": whether the mesh holds blades and discs of disc turbines with their thickness.
    """

    speed: float
    density: float
    viscosity: float
    impeller_diameter: tuple[float, ...]
    power_W: float
    power_number: tuple[float, ...]
    flow_number: tuple[float, ...]
    reynolds: float
    tip_speed_m_s: float
    dissipation_power_ratio: float
    numerical_dissipation_ratio: float
    torque_imbalance: float
    mass_imbalance: float
    circulation_time_s: float
    converged: bool
    iterations: int
    message: str = ""
    history: tuple[dict[str, float], ...] = ()
    source: str = "rans"
    turbulence_model: str = "k-epsilon"
    reynolds_regime: str = "turbulent"
    blades: str = "solid"
    power_number_catalogue: tuple[float, ...] = ()
    flow_number_catalogue: tuple[float | None, ...] = ()
    power_number_imposed: tuple[float | None, ...] = ()
    rotor: str = "frozen"
    revolutions: float | None = None
    power_number_frozen: tuple[float, ...] | None = None
    periodic_energy_ratio: float | None = None
    turbulence_production_ratio: float | None = None
    viscous_dissipation_ratio: float | None = None
    wall_work_ratio: float | None = None
    energy_balance_ratio: float | None = None
    turbulence_balance_ratio: float | None = None
    lifting_power_W: float = 0.0


@dataclass(frozen=True, eq=False)
class Flow:
    """Velocity and turbulence of the full tank on its mesh.

    Attributes
    ----------
    mesh : TankMesh
        Full tank (sector 1).
    flux_r : (nr+1, nt, nz) float
        Absolute volume flux through r faces, m3/s.
    flux_theta : (nr, nt, nz) float
        Absolute volume flux through the lower theta face of each mesh cell, m3/s.
    flux_z : (nr, nt, nz+1) float
        Absolute volume flux through z faces, m3/s.
    k, epsilon, nu_t : (nr, nt, nz) float
        Turbulent kinetic energy m2/s2, its dissipation m2/s3, eddy viscosity m2/s; 0 in the solid.
    numbers : FlowNumbers
    apparent_viscosity : (nr, nt, nz) float or None
        Viscosity at the local shear rate of a power-law broth, Pa s, 0 in the solid; None for a Newtonian one.
    """

    mesh: TankMesh
    flux_r: np.ndarray
    flux_theta: np.ndarray
    flux_z: np.ndarray
    k: np.ndarray
    epsilon: np.ndarray
    nu_t: np.ndarray
    numbers: FlowNumbers
    apparent_viscosity: np.ndarray | None = None

    @property
    def speed(self) -> float:
        """Rotational speed N, 1/s."""
        return self.numbers.speed

    @property
    def converged(self) -> bool:
        """Whether the solver met its stopping rule."""
        return self.numbers.converged

    @cached_property
    def divergence(self) -> np.ndarray:
        """(nr, nt, nz) net volume flux out of every mesh cell, m3/s."""
        out = np.diff(self.flux_r, axis=0) + np.diff(self.flux_z, axis=2)
        out += np.roll(self.flux_theta, -1, axis=1) - self.flux_theta
        return np.where(self.mesh.solid, 0.0, out)

    @cached_property
    def velocity(self) -> np.ndarray:
        """(nr, nt, nz, 3) velocity (u_r, u_theta, u_z) at mesh-cell centres, m/s; 0 in the solid."""
        m = self.mesh
        with np.errstate(divide="ignore", invalid="ignore"):
            u_r = np.where(m.area_r > 0.0, self.flux_r / m.area_r, 0.0)
        u_t = self.flux_theta / m.area_theta
        u_z = self.flux_z / m.area_z
        if m.r[0] == 0.0:
            u_r[0] = u_r[1]
        u = np.stack(
            [0.5 * (u_r[1:] + u_r[:-1]), 0.5 * (u_t + np.roll(u_t, -1, axis=1)), 0.5 * (u_z[..., 1:] + u_z[..., :-1])],
            axis=-1,
        )
        u[m.solid] = 0.0
        return u

    @cached_property
    def dissipation_scale(self) -> float | None:
        """Shaft power and work of gas over the integral of rho epsilon, -; None without shaft power or epsilon."""
        n = self.numbers
        resolved = n.density * float((self.epsilon * self.mesh.volumes).sum())
        return (n.power_W + n.lifting_power_W) / resolved if n.power_W > 0.0 and resolved > 0.0 else None

    @cached_property
    def dissipation_scaled(self) -> np.ndarray:
        """(nr, nt, nz) epsilon scaled so that its integral is the shaft power, m2/s3 = W/kg; 0 in the solid.

        What decides on bubbles, shear and the smallest eddies: the model and the mesh leave part of the power out of
        epsilon (``rushton.flow.energy``). A flow without shaft power (an analytic field) is not scaled.
        """
        return self.epsilon * (self.dissipation_scale or 1.0)

    @cached_property
    def vortex_depth(self) -> float:
        """Depth of the vortex that the swirl below the flat surface would make (``rushton.flow.vortex``), m."""
        return vortex_depth(self.mesh, self.velocity)

    @cached_property
    def kolmogorov_length(self) -> np.ndarray:
        """(nr, nt, nz) smallest eddies (nu^3 / epsilon)^(1/4) by the scaled dissipation, m; 0 in the solid."""
        with np.errstate(divide="ignore"):
            length = (self._nu**3 / self.dissipation_scaled) ** 0.25
        return np.where(self.mesh.solid, 0.0, length)

    @cached_property
    def turbulent_shear_rate(self) -> np.ndarray:
        """(nr, nt, nz) shear rate of the smallest eddies (epsilon / nu)^(1/2), scaled as above, 1/s; 0 in the solid."""
        return np.sqrt(self.dissipation_scaled / self._nu)

    @property
    def _nu(self) -> np.ndarray | float:
        """Kinematic viscosity of the liquid, of a power-law broth at every place (1 m2/s in the solid)."""
        if self.apparent_viscosity is None:
            return self.numbers.viscosity / self.numbers.density
        return np.where(self.mesh.solid, 1.0, self.apparent_viscosity / self.numbers.density)

    @cached_property
    def velocity_xyz(self) -> np.ndarray:
        """(n_mesh_cell, 3) Cartesian velocity of the fluid mesh cells, m/s."""
        u = self.velocity[~self.mesh.solid]
        th = self.mesh.theta_centre[self.mesh.fluid_cells[:, 1]]
        return np.column_stack(
            [u[:, 0] * np.cos(th) - u[:, 1] * np.sin(th), u[:, 0] * np.sin(th) + u[:, 1] * np.cos(th), u[:, 2]]
        )

    def summary(self) -> dict[str, Any]:
        """Section ``flow`` of summary.json."""
        n = self.numbers
        return {
            "volume_m3": self.mesh.volume,
            "mesh_cells": self.mesh.n_mesh_cell,
            "iterations": n.iterations,
            "converged": n.converged,
            "message": n.message,
            "power_W": n.power_W,
            "specific_power_W_m3": n.power_W / self.mesh.volume,
            "power_number": list(n.power_number),
            "flow_number": list(n.flow_number),
            **self._catalogue(),
            "tip_speed_m_s": n.tip_speed_m_s,
            "reynolds": n.reynolds,
            "reynolds_regime": n.reynolds_regime,
            "turbulence_model": n.turbulence_model,
            "blades": n.blades,
            "viscosity_at_impeller_Pa_s": n.viscosity,
            **self._viscosities(),
            **self._rotor(),
            "dissipation_power_ratio": n.dissipation_power_ratio,
            "numerical_dissipation_ratio": n.numerical_dissipation_ratio,
            **self._energy(),
            **self._scaled(),
            "torque_imbalance": n.torque_imbalance,
            "mass_imbalance": n.mass_imbalance,
            "circulation_time_s": n.circulation_time_s,
            "vortex_depth_m": self.vortex_depth,
        }

    def _catalogue(self) -> dict[str, Any]:
        """Catalogue and imposed numbers, with the reason where there is none."""
        n = self.numbers
        out: dict[str, Any] = {}
        for key in ("power_number_catalogue", "flow_number_catalogue"):
            values = getattr(n, key)
            out[key] = list(values) or None
            if None in values:
                out[f"{key}_reason"] = "null: none published for the type"
            if not values:
                out[f"{key}_reason"] = f"the flow comes from '{n.source}', which knows no impeller of the catalogue"
        if all(value is None for value in n.power_number_imposed):
            reason = "the case imposes no power number (power_number in [[impeller]])"
            names = ("power_number_imposed", "power_imposed_W")
            return out | dict.fromkeys(names) | {f"{name}_reason": reason for name in names}
        power = n.power_W
        for solved, imposed, d in zip(n.power_number, n.power_number_imposed, n.impeller_diameter, strict=True):
            power += 0.0 if imposed is None else (imposed - solved) * n.density * n.speed**3 * d**5
        return out | {"power_number_imposed": list(n.power_number_imposed), "power_imposed_W": power}

    def _rotor(self) -> dict[str, Any]:
        """How the rotor was treated, and what only a turning one has."""
        n = self.numbers
        frozen = n.power_number_frozen
        out = {
            "rotor": n.rotor,
            "revolutions": n.revolutions,
            "power_number_frozen": None if frozen is None else list(frozen),
            "periodic_energy_ratio": n.periodic_energy_ratio,
        }
        return out | {f"{key}_reason": "the rotor is frozen (flow.rotor)" for key in out if out[key] is None}

    def _energy(self) -> dict[str, Any]:
        """Parts of the energy balance, with the reason where there is none."""
        out: dict[str, Any] = {}
        for key in (
            "turbulence_production_ratio", "viscous_dissipation_ratio", "wall_work_ratio", "energy_balance_ratio",
            "turbulence_balance_ratio",
        ):  # fmt: skip
            out[key] = getattr(self.numbers, key)
            if out[key] is None:
                laminar = self.numbers.turbulence_model == "laminar" and key == "turbulence_balance_ratio"
                source = f"the flow comes from '{self.numbers.source}', which has no balance of energy"
                out[f"{key}_reason"] = "laminar flow has no turbulence" if laminar else source
        return out

    def _scaled(self) -> dict[str, Any]:
        """What local dissipation was multiplied by to hold the shaft power, and the scales of turbulence from it."""
        names = ("dissipation_scale", "kolmogorov_length_median_m", "turbulent_shear_rate_exceeded_by_a_tenth_1_s")
        if self.dissipation_scale is None:
            return dict.fromkeys(names) | {
                f"{name}_reason": "the flow has no shaft power to scale to" for name in names
            }
        shear = self._by_volume(self.turbulent_shear_rate, 0.9)
        return dict(
            zip(names, (self.dissipation_scale, self._by_volume(self.kolmogorov_length, 0.5), shear), strict=True)
        )

    def _by_volume(self, field: np.ndarray, share: float) -> float:
        """Value of a mesh-cell field that a share of the liquid lies below."""
        fluid = ~self.mesh.solid
        values = field[fluid]
        order = np.argsort(values)
        below = np.cumsum(self.mesh.volumes[fluid][order]) / self.mesh.volume
        return float(values[order][min(np.searchsorted(below, share), values.size - 1)])

    def _viscosities(self) -> dict[str, Any]:
        """Volume shares of the apparent viscosity: median, and what a tenth of the liquid exceeds, Pa s."""
        names = ("median_viscosity_Pa_s", "viscosity_exceeded_by_a_tenth_Pa_s")
        if self.apparent_viscosity is None:
            reason = {f"{name}_reason": "the broth is Newtonian: one viscosity everywhere" for name in names}
            return dict.fromkeys(names) | reason
        return {n: self._by_volume(self.apparent_viscosity, q) for n, q in zip(names, (0.5, 0.9), strict=True)}

    def save(self, folder: Path) -> None:
        """Write the flow into a folder (float64, so that the fluxes stay divergence-free)."""
        from rushton.store import save_result

        names = ("flux_r", "flux_theta", "flux_z", "k", "epsilon", "nu_t", "apparent_viscosity")
        arrays = {n: getattr(self, n) for n in names if getattr(self, n) is not None}
        save_result(folder, self.mesh.to_arrays() | arrays, {"numbers": asdict(self.numbers)})

    @classmethod
    def load(cls, folder: Path) -> Flow:
        """Read what ``save`` wrote."""
        from rushton.store import load_result

        arrays, meta = load_result(folder)
        raw: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in meta["numbers"].items()}
        known = {f.name for f in fields(FlowNumbers)}
        numbers = FlowNumbers(**{k: v for k, v in raw.items() if k in known})
        names = ("flux_r", "flux_theta", "flux_z", "k", "epsilon", "nu_t")
        fields_ = {n: arrays[n] for n in names}
        viscosity = arrays.get("apparent_viscosity")
        return cls(mesh=TankMesh.from_arrays(arrays), numbers=numbers, apparent_viscosity=viscosity, **fields_)

    def export(self, results_folder: Path, name: str = "flow.vtu") -> None:
        """Write the fields (cell data, SI) for ParaView into the results folder."""
        from rushton.mesh.io import write_vtu

        u, fluid = self.velocity_xyz, ~self.mesh.solid
        data = {
            "velocity": u,
            "k": self.k[fluid],
            "epsilon": self.epsilon[fluid],
            "dissipation_scaled": self.dissipation_scaled[fluid],
            "kolmogorov_length": self.kolmogorov_length[fluid],
            "nu_t": self.nu_t[fluid],
        }
        if self.apparent_viscosity is not None:
            data["apparent_viscosity"] = self.apparent_viscosity[fluid]
        write_vtu(Path(results_folder) / name, self.mesh, data)
