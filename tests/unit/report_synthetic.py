"""Made-up results on a real mesh, for tests of the report: shapes and names as the stages hand them over."""

from __future__ import annotations

import math
from types import SimpleNamespace as Box
from typing import Any

import numpy as np

from rushton.case import Case
from rushton.flow.field import Flow, FlowNumbers
from rushton.lifelines.regimes import signal_statistics
from rushton.mesh import build_mesh


def make_case(**changes: Any) -> Case:
    """The 54 m3 tank with a feed at the top, all sections present."""
    here = {"radius": 0.8, "angle": math.pi / 4, "height": 7.35}
    data: dict[str, Any] = {
        "name": "synthetic",
        "title": "Penicillin fed-batch, 54 m³ (synthetic numbers)",
        "tank": {"diameter": 3.0, "liquid_height": 7.7, "baffles": {"count": 4, "width": 0.3}, "shaft_diameter": 0.27},
        "impeller": [
            {"diameter": 1.3, "clearance": 0.9, "blades": 8},
            {"diameter": 1.3, "clearance": 3.9, "blades": 6},
        ],
        "operation": {"speed": 98.0 / 60.0},
        "broth": {"biomass": 55.0},
        "feed": [{"substrate": "glucose", "rate": 0.37, "position": here, "diameter": 0.4}],
        "mixing": {"pulse": {**here, "diameter": 0.4}, "probes": [{"radius": 0.75, "angle": 1.25 * math.pi, "height": 0.25}]},
        "strain": {"model": "penicillium_tang2017", "uptake": {"max": 4.444e-4, "half_saturation": 7.8e-3}},
        "scaledown": {},
        "numerics": {"mesh_cells": 20_000},
    }
    data.update(changes)
    return Case.model_validate(data)


def make_flow(case: Case) -> Flow:
    """Swirl and two loops over an impeller each; not a solution of anything."""
    mesh = build_mesh(case)
    r, z = mesh.r_centre[:, None, None], mesh.z_centre[None, None, :]
    radius, height = mesh.r[-1], mesh.z[-1]
    tip = math.pi * case.operation.speed * case.impellers[0].diameter
    jet = sum(np.exp(-(((z - imp.clearance) / 0.35) ** 2)) for imp in case.impellers)
    ones = np.ones((1, mesh.shape[1], 1))
    ripple = 1.0 + 0.2 * np.cos(4.0 * mesh.theta_centre)[None, :, None]

    def psi(rf: np.ndarray, zf: np.ndarray) -> np.ndarray:
        loops = np.sin(math.pi * np.clip(zf / 2.4 - 0.375, -0.375, 99) * 1.0) * np.sin(math.pi * zf / height)
        return 0.9 * rf**2 * (1.0 - (rf / radius) ** 2) * loops

    p = psi(mesh.r[:, None], mesh.z[None, :])
    flux_r = -np.diff(p, axis=1)[:, None, :] * mesh.dtheta * ones
    flux_z = np.diff(p, axis=0)[:, None, :] * mesh.dtheta * ones
    u_t = 0.35 * tip * (r / 0.65) * np.exp(-((r / 0.9) ** 2)) * (0.3 + jet) * ripple
    k = (0.02 + 0.09 * jet * np.exp(-(((r - 0.75) / 0.45) ** 2))) * tip**2 * 0.3 * ripple
    epsilon = k**1.5 / 0.25
    numbers = FlowNumbers(
        speed=case.operation.speed, density=1000.0, viscosity=1e-3, impeller_diameter=(1.3, 1.3), power_W=196e3,
        power_number=(6.81, 5.31), flow_number=(0.89, 0.75), reynolds=2.76e6, tip_speed_m_s=tip, dissipation_power_ratio=0.68,
        numerical_dissipation_ratio=0.27, torque_imbalance=4e-4, mass_imbalance=3e-14, circulation_time_s=18.4, converged=True, iterations=400,
    )
    shape = mesh.shape
    return Flow(
        mesh=mesh, flux_r=np.ascontiguousarray(np.broadcast_to(flux_r, (shape[0] + 1, *shape[1:]))),
        flux_theta=u_t * mesh.area_theta, flux_z=np.ascontiguousarray(np.broadcast_to(flux_z, (*shape[:2], shape[2] + 1))),
        k=np.where(mesh.solid, 0.0, k), epsilon=np.where(mesh.solid, 0.0, epsilon), nu_t=np.where(mesh.solid, 0.0, 0.09 * k**2 / epsilon),
        numbers=numbers,
    )


def make_mixing(case: Case) -> Box:
    """A probe that overshoots and settles."""
    time = np.linspace(0.0, 110.0, 440)
    n = len(case.mixing.probes)
    lag = np.linspace(20.0, 9.0, n)[:, None]
    x = np.clip(time[None, :] - 0.4 * lag, 0.0, None) / lag
    curves = 1.0 - np.exp(-x) * (np.cos(1.1 * x) + 0.1 * np.sin(2.0 * x))
    return Box(time=time, probe_curves=curves, variance=6.0 * np.exp(-time / 11.5), probes=case.mixing.probes)


def make_substrate(flow: Flow) -> Box:
    """Exponential decay away from the feed."""
    mesh = flow.mesh
    th = mesh.theta_centre[None, :, None]
    rc = mesh.r_centre[:, None, None]
    x, y, z = rc * np.cos(th), rc * np.sin(th), mesh.z_centre[None, None, :]
    away = np.sqrt((x - 0.56) ** 2 + (y - 0.56) ** 2 + (0.55 * (z - 7.35)) ** 2)
    c = 5.0 * np.exp(-away / 0.22) + 0.2 * np.exp(-away / 0.55) + 1e-7
    return Box(concentration=c, uptake_ratio=c / (7.8e-3 + c))


def make_lifelines(case: Case, cells: int = 200) -> Box:
    """Signals of an ageing random walk, read by the real statistics."""
    rng = np.random.default_rng(3)
    dt, n = 0.1, 3000
    level = np.cumsum(rng.normal(0.0, 0.55, (cells, n)), axis=1)
    level -= np.linspace(0, 1, n) * level[:, -1:]
    kick = 9.0 * np.exp(-((np.mod(np.arange(n) * dt + rng.uniform(0, 30, (cells, 1)), 30.0)) / 5.0))
    s = 1.0 / (1.0 + np.exp(-(0.25 * level + kick - 4.0)))
    halves = (signal_statistics(s[::2], dt, case.strain.regimes), signal_statistics(s[1::2], dt, case.strain.regimes))
    t = np.arange(n) * dt
    turn = 0.6 * t + rng.uniform(0, 6, (cells, 1))
    r = 0.8 + 0.4 * np.sin(0.31 * t + rng.uniform(0, 6, (cells, 1)))
    z = 3.85 + 3.4 * np.sin(0.11 * t + rng.uniform(0, 6, (cells, 1)))
    records = Box(time=t, x=r * np.cos(turn), y=r * np.sin(turn), z=z, s=s)
    edges = np.linspace(0.0, 200.0, 401)
    return Box(
        statistics=halves, records=lambda: records, circulation_edges=edges,
        circulation_counts=np.histogram(rng.gamma(0.9, 10.5, 20_000) + 1.0, edges)[0],
    )


def make_summary(case: Case, flow: Flow, lifelines: Any) -> dict[str, Any]:
    """summary.json with every section filled."""
    both = lifelines.statistics[0] + lifelines.statistics[1]
    shares = dict(zip(("share_excess", "share_limitation", "share_starvation"), map(float, both.shares), strict=True))
    raw = dict(zip(("raw_share_excess", "raw_share_limitation", "raw_share_starvation"), map(float, both.raw_shares), strict=True))
    designs = [
        {"rig": "pulsed-feed", "distance": 0.118, "settings": {"period_s": 41.0, "on_s": 3.2}},
        {"rig": "str-pfr", "distance": 0.204, "settings": {"share": 0.08, "tube_s": 6.1}},
        {"rig": "str-pfr", "distance": 0.613, "settings": {"share": 0.2, "tube_s": 60.0}, "reference": True},
    ]
    return {
        "title": case.title,
        "flow": flow.summary(),
        "mixing": {"theta95_probe_s": 65.2, "theta95_variance_s": 57.6, "slowest_mode_s": 52.2, "n_theta95": 94.1, "tracer_mass_error": -3e-9},
        "substrate": {
            "mean_mol_m3": 0.054, "min_mol_m3": 1e-9, "max_mol_m3": 6.4, "ideal_mixed_mol_m3": 3.04e-3, "share_excess": raw["raw_share_excess"] + 0.001,
            "share_limitation": raw["raw_share_limitation"] - 0.002, "share_starvation": raw["raw_share_starvation"] + 0.001, "mass_balance_error": 2e-8,
        },
        "gas": {"kla_1_h": None, "kla_1_h_reason": "this version computes the liquid only"},
        "lifelines": {
            "cells": 100_000, "duration_s": 600.0, "time_step_s": 0.03, "coupling": "one-way", "lost": 0, "steps_per_core_second": 3.4e6,
            **shares, **raw, "residence_s": both.residence(), "circulation_time_s": 9.5, "well_mixed_chi2": 1.31,
        },
        "response": {
            "model": "penicillium_tang2017", "relative_productivity": 0.713, "relative_productivity_final": 0.58, "relative_yield": 0.94,
            "uptake_mismatch": 1.1e-3, "mean_mu_1_h": 0.0301,
        },
        "scaledown": {"floor": 0.012, "best": designs[0], "designs": designs},
        "timing": {"mesh": {"wall": 0.4, "cpu": 0.4}, "flow": {"wall": 9.1, "cpu": 15.2}, "lifelines": {"wall": 310.0, "cpu": 612.0}},
    }
