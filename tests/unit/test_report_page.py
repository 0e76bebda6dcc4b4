"""The report of made-up results on a real mesh: what stands in it, what stands in for what is missing."""

from __future__ import annotations

import math
import re
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rushton.case import Case
from rushton.case.schema import Regimes
from rushton.flow.field import Flow, FlowNumbers
from rushton.lifelines.analysis import analyse
from rushton.lifelines.environment import surround, tank_scalars
from rushton.lifelines.record_curves import Signals
from rushton.lifelines.regimes import RESIDENCE_EDGES, signal_statistics
from rushton.lifelines.result import TRACKS, Lifelines
from rushton.lifelines.sample import sample_of
from rushton.lifelines.track_file import TrackFile
from rushton.mesh import build_mesh
from rushton.report import checks, cover, figures_flow, published, style, variables, write, write_cover, write_report
from rushton.report.numbers import number
from rushton.report.pictures3d import Pictures, build_scene, render
from rushton.response.result import Response
from rushton.scaledown.match import PARTS
from rushton.scaledown.result import Design, Scaledown
from rushton.scaledown.robustness import NAMES as ROBUSTNESS
from rushton.scaledown.verdict import Gap, Verdict
from rushton.transport.mixing import Mixing
from rushton.transport.substrate import Substrate

PROTOCOL = """# Pulsed feed in one vessel

A stirred vessel of **3 L** working volume.

| Item | Value | Unit |
|:--|--:|:--|
| Feed pump | 12.4 | mL/min |

1. Fill & sterilise the vessel <with care>.
2. Start the feed:
   - on 3.2 s
   - off 37.8 s

> Stop when the oxygen falls below 20 %.
"""

KEYS = {
    "flow": ("power_W",),
    "mixing": ("theta95_probe_s", "theta95_variance_s"),
    "substrate": ("mean_mol_m3", "share_starvation"),
    "refine": ("power_number_band", "theta95_probe_band_s"),
    "gas": ("kla_1_h",),
    "lifelines": ("cells", "share_starvation"),
    "environment": ("oxygen_critical_share",),
    "response": ("relative_productivity",),
    "sensitivity": ("largest",),
    "scaledown": ("best", "floor"),
}
"""Keys that a section without a result has, each null with a reason."""


def made(kind: type, **values: Any) -> Any:
    """A result of a stage; what the report does not read is None."""
    unread = {f.name: None for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
    return kind(**unread | values)


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
        "mixing": {
            "pulse": {**here, "diameter": 0.4},
            "probes": [{"radius": 0.75, "angle": 1.25 * math.pi, "height": 0.25}],
        },
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
    flux_r = -np.diff(p, axis=1)[:, None, :] * mesh.dtheta[:, None] * ones
    flux_z = np.diff(p, axis=0)[:, None, :] * mesh.dtheta[:, None] * ones
    u_t = 0.35 * tip * (r / 0.65) * np.exp(-((r / 0.9) ** 2)) * (0.3 + jet) * ripple
    k = (0.02 + 0.09 * jet * np.exp(-(((r - 0.75) / 0.45) ** 2))) * tip**2 * 0.3 * ripple
    epsilon = k**1.5 / 0.25
    numbers = FlowNumbers(
        speed=case.operation.speed,
        density=1000.0,
        viscosity=1e-3,
        impeller_diameter=(1.3, 1.3),
        power_W=196e3,
        power_number=(6.81, 5.31),
        flow_number=(0.89, 0.75),
        reynolds=2.76e6,
        tip_speed_m_s=tip,
        dissipation_power_ratio=0.68,
        numerical_dissipation_ratio=0.27,
        torque_imbalance=4e-4,
        mass_imbalance=3e-14,
        circulation_time_s=18.4,
        converged=True,
        iterations=400,
    )
    shape = mesh.shape
    return Flow(
        mesh=mesh,
        flux_r=np.ascontiguousarray(np.broadcast_to(flux_r, (shape[0] + 1, *shape[1:]))),
        flux_theta=u_t * mesh.area_theta,
        flux_z=np.ascontiguousarray(np.broadcast_to(flux_z, (*shape[:2], shape[2] + 1))),
        k=np.where(mesh.solid, 0.0, k),
        epsilon=np.where(mesh.solid, 0.0, epsilon),
        nu_t=np.where(mesh.solid, 0.0, 0.09 * k**2 / epsilon),
        numbers=numbers,
    )


def make_mixing(case: Case) -> Mixing:
    """Probes that overshoot and settle."""
    time = np.linspace(0.0, 110.0, 440)
    probes = np.array([(p.radius, p.angle, p.height) for p in case.mixing.probes])
    lag = np.linspace(20.0, 9.0, len(probes))[:, None]
    x = np.clip(time[None, :] - 0.4 * lag, 0.0, None) / lag
    pulse = case.mixing.pulse
    return made(
        Mixing,
        time=time,
        probe_curves=1.0 - np.exp(-x) * (np.cos(1.1 * x) + 0.1 * np.sin(2.0 * x)),
        variance_curve=6.0 * np.exp(-time / 11.5),
        probes=probes,
        pulse=np.array([pulse.radius, pulse.angle, pulse.height, pulse.diameter]),
        theta95_probes_s=np.linspace(65.2, 30.0, len(probes)),
        theta95_probe_s=65.2,
        theta95_variance_s=57.6,
        slowest_mode_s=52.2,
        n_theta95=94.1,
        tracer_mass_error=3e-9,
        schmidt_turbulent=0.7,
        time_step=0.25,
    )


def make_substrate(flow: Flow) -> Substrate:
    """Exponential decay away from the feed."""
    mesh = flow.mesh
    th = mesh.theta_centre[None, :, None]
    rc = mesh.r_centre[:, None, None]
    x, y, z = rc * np.cos(th), rc * np.sin(th), mesh.z_centre[None, None, :]
    away = np.sqrt((x - 0.56) ** 2 + (y - 0.56) ** 2 + (0.55 * (z - 7.35)) ** 2)
    c = 5.0 * np.exp(-away / 0.22) + 0.2 * np.exp(-away / 0.55) + 1e-7
    s = c / (7.8e-3 + c)
    v = mesh.volumes / mesh.volume
    return made(
        Substrate,
        mesh=mesh,
        name="glucose",
        concentration=c,
        uptake_ratio=s,
        feed_mol_s=0.37,
        max_uptake_mol_m3_s=0.02444,
        half_saturation_mol_m3=7.8e-3,
        starvation=0.05,
        excess=0.95,
        ideal_mixed_mol_m3=3.04e-3,
        ideal_mixed_uptake_ratio=0.28,
        share_excess=float(v[s > 0.95].sum()),
        share_limitation=float(v[(s >= 0.05) & (s <= 0.95)].sum()),
        share_starvation=float(v[s < 0.05].sum()),
        percentiles_mol_m3=np.percentile(c, (1, 5, 25, 50, 75, 95, 99)),
        mass_balance_error=2e-8,
        residual=1e-7,
        steps=80,
        converged=True,
    )


def make_lifelines(case: Case, folder: Path, cells: int = 60) -> Lifelines:
    """Signals of a bounded random walk with regular visits to the feed, read by the real statistics."""
    rng = np.random.default_rng(3)
    dt, n = 0.1, 2000
    level = np.cumsum(rng.normal(0.0, 0.55, (cells, n)), axis=1)
    level -= np.linspace(0, 1, n) * level[:, -1:]
    kick = 9.0 * np.exp(-((np.mod(np.arange(n) * dt + rng.uniform(0, 30, (cells, 1)), 30.0)) / 5.0))
    s = 1.0 / (1.0 + np.exp(-(0.25 * level + kick - 4.0)))
    sample = sample_of(s, dt, case.strain.regimes)
    t = np.arange(n)[::3] * dt
    turn = 0.6 * t + rng.uniform(0, 6, (cells, 1))
    r = 0.8 + 0.4 * np.sin(0.31 * t + rng.uniform(0, 6, (cells, 1)))
    z = 3.85 + 3.4 * np.sin(0.11 * t + rng.uniform(0, 6, (cells, 1)))
    full = np.stack([r * np.cos(turn), r * np.sin(turn), z, s[:, ::3]], axis=-1).astype(np.float32)
    tracks = TrackFile(folder / TRACKS, cells, cells, t.size, 0.3, 1000, {})
    tracks.write(np.zeros((cells, t.size), np.int32), full)
    tracks.close()
    returns = rng.gamma(0.9, 10.5, (sample.n_group, 2_000)) + 1.0
    sample = replace(
        sample,
        returns=np.stack([np.histogram(x, RESIDENCE_EDGES)[0] for x in returns]),
        return_time=returns.sum(axis=1),
    )
    both = sample.statistics()
    half_length = sample_of(s[:, : n // 2], dt, case.strain.regimes)
    signals = Signals(0.3, s[:, ::3].astype(np.float32), z)
    return made(
        Lifelines,
        clearances=(0.9, 3.9),
        analysis=analyse(sample, half_length, signals, (0.9, 3.9), cells),
        folder=folder,
        sample=sample,
        half_length=half_length,
        volume_shares=both.raw_shares + np.array([0.001, -0.002, 0.001]),
        cells=100_000,
        stored_cells=cells,
        mesh_cells=1000,
        duration=600.0,
        time_step=0.03,
        sampling=0.3,
        smoothing=0.36,
        schmidt=0.7,
        walk="end-point",
        coupling="one-way",
        seed=1,
        well_mixed_chi2=1.31,
        lost=0,
        in_solid=0,
        given_up=0,
        hops_per_step=1.8,
        mean_uptake=0.2805,
        expected_uptake=0.2801,
        steps_per_core_second=3.4e6,
    )


def make_response() -> Response:
    """Pools that drift away from the reference over 80 h."""
    rng = np.random.default_rng(5)
    states = (("X_gly", "umol/gdw"), ("X_AA", "umol/gdw"), ("X_sto", "umol/gdw"), ("X_E11", "-"), ("X_E4", "-"))
    rates = (("q_s", "mol/Cmol/h"), ("mu", "1/h"), ("q_p", "mol/Cmol/h"))
    time = (np.arange(80) + 0.5) * 3600.0
    ideal, ideal_rates = np.array([18.0, 927.0, 2672.0, 0.12, 0.034]), np.array([0.0128, 0.033, 4.3e-4])
    fade = 1.0 - np.exp(-time / 72e3)
    spread = rng.normal(1.0, 0.05, (80, 40, 5)).astype(np.float32)
    course = np.stack([1.0 + 0 * fade, 1.0 - 0.05 * fade, 1.0 - 0.45 * fade], axis=1)[:, None, :]
    closeup_time = np.arange(0, 1200, 1.5)
    signal = 0.5 + 0.5 * np.sin(closeup_time / 20.0)
    kept = np.tile(np.append(ideal, ideal_rates).astype(np.float32), (2, closeup_time.size, 1))
    kept[..., 0] *= 1.0 + 0.6 * signal
    return made(
        Response,
        model="penicillium_tang2017",
        uptake="imposed",
        state_names=tuple(n for n, _ in states),
        state_units=tuple(u for _, u in states),
        sources=("Tang et al. 2017, Biotechnol. Bioeng., doi 10.1002/bit.26294",),
        rate_names=tuple(n for n, _ in rates),
        rate_units=tuple(u for _, u in rates),
        has_product=True,
        duration=288e3,
        final_window=72e3,
        dt=0.3,
        time=time,
        rates=(course * ideal_rates * rng.normal(1.0, 0.03, (80, 40, 3))).astype(np.float32),
        states=spread * ideal,
        reference_state=ideal,
        rate_si=np.array([1 / 101.0, 1 / 3600.0, 1 / 101.0]),
        snapshots=(course * ideal_rates * rng.lognormal(0.0, 0.4, (80, 40, 3))).astype(np.float32),
        own_reference=np.tile(ideal_rates, (40, 1)),
        trajectory_time=time,
        trajectory=kept[:, :80],
        closeup_time=closeup_time,
        closeup=kept,
        closeup_s=np.tile(signal, (2, 1)),
        mean_ratio=0.28,
        stitched_ratio=0.2803,
        fed_uptake=0.01279,
        joins=26_400,
        far_joins=0,
        largest_jump=0.02,
        records=1000,
        borrowed=0,
        group=np.arange(40) % 20,
        seed=1,
        varying=("q_s", "C_s"),
        constants={"C_PAA": 5e-3},
        defaults=("C_PAA",),
        lacking=(),
        substeps=1,
        integration_error=1e-5,
        sampling_error=4e-4,
        spread={"v13max": 0.1},
        uniform_reference=0.99 * ideal_rates,
        twins=np.arange(0, 40, 4),
        twin_rates=np.tile((0.97 * course * ideal_rates).astype(np.float32), (1, 10, 1)),
    )


def make_summary(case: Case, **results: Any) -> dict[str, Any]:
    """summary.json of these results, completed as the pipeline completes it."""
    parts: dict[str, Any] = {"title": case.title, "case": case.name}
    for name, keys in KEYS.items():
        result = results.get(name)
        if result is not None:
            parts[name] = result.summary()
        else:
            parts[name] = {key: None for key in keys} | {f"{key}_reason": "the case has no [[feed]]" for key in keys}
    parts["timing"] = {
        "mesh": {"wall": 0.4, "cpu": 0.4},
        "flow": {"wall": 9.1, "cpu": 15.2},
        "lifelines": {"wall": 310.0, "cpu": 612.0},
    }
    return parts


def make_scaledown(lifelines: Lifelines) -> Scaledown:
    """Three rigs whose cells live through a regular wave."""
    designs = []
    for rig, distance, reference, period in (
        ("pulsed-feed", 0.118, False, 41.0),
        ("str-pfr", 0.204, False, 80.0),
        ("str-pfr", 0.613, True, 300.0),
    ):
        time = 0.1 * np.arange(12_000)
        s = np.clip(0.5 + 0.6 * np.sin(2.0 * math.pi * time / period), 0.0, 1.0)
        designs.append(
            made(
                Design,
                rig=rig,
                reference=reference,
                settings={"period": period},
                distance=distance,
                parts=dict.fromkeys(PARTS, distance),
                missing=(),
                drift=(0.14, 0.15),
                searched_distance=distance,
                evaluations=100,
                milliseconds=2.0,
                mean_uptake=0.28,
                inside={"relative_productivity": 0.7, "relative_productivity_final": 0.6, "relative_yield": 0.95},
                statistics=signal_statistics(s[None], 0.1, Regimes()),
                excerpt=s[::3].astype(np.float32),
                excerpt_step=0.3,
                protocol=PROTOCOL,
                table="t_s,rate\n",
                distance_band=(0.98 * distance, 1.03 * distance),
                optimum=distance,
                finalists=(),
                gaps={"relative_productivity_final": Gap(0.04, (0.03, 0.05))},
                robustness=dict.fromkeys(ROBUSTNESS, 1.2 * distance),
                verdict=Verdict("partly representative", "partly representative: it is a wave."),
                effort={"vessels": 1.0, "dosing_pumps": 2.0},
                limit="its pump gives 2.50 L/min",
            )
        )
    return made(
        Scaledown,
        designs=tuple(designs),
        floor=0.012,
        floor_parts=dict.fromkeys(PARTS, 0.012),
        tank=lifelines.statistics,
        tank_excerpt=lifelines.records().s[0],
        tank_excerpt_step=0.3,
        tank_response={"relative_productivity": 0.66, "relative_productivity_final": 0.56, "relative_yield": 0.96},
        seconds=12.0,
    )


# --- the page ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Results of every stage, and the folder of the lifelines."""
    folder = tmp_path_factory.mktemp("stages")
    case = make_case()
    flow = make_flow(case)
    lifelines = make_lifelines(case, folder)
    substrate, mesh = make_substrate(flow), flow.mesh
    assert case.strain is not None
    critical = case.strain.critical.model_copy(update={"dissipation": 1.0})
    scalars = tank_scalars(flow, substrate, None, critical)
    on_file = len(lifelines.cell_index())
    without = {"oxygen": "the case has no [gas]"}
    return {
        "case": case,
        "flow": flow,
        "mixing": make_mixing(case),
        "substrate": substrate,
        "lifelines": lifelines,
        "environment": surround(replace(lifelines, cells=on_file), scalars, mesh.volumes[~mesh.solid], without),
        "response": make_response(),
        "scaledown": make_scaledown(lifelines),
    }


@pytest.fixture
def no_vtk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which VTK cannot draw; the figures are made but not painted, which takes most of the time."""
    monkeypatch.setattr(style, "svg_uri", lambda figure, dpi: "data:image/svg+xml;base64,")
    monkeypatch.setattr(
        write, "render", lambda scene: Pictures({}, note="VTK cannot draw on this machine (no display)")
    )


def page(folder: Path, results: dict[str, Any], **missing: None) -> str:
    used = results | missing
    stages = {name: value for name, value in used.items() if name != "case"}
    path = write_report(folder, used["case"], **stages, summary=make_summary(used["case"], **stages))
    assert path == folder / "report.html"
    return path.read_text(encoding="utf-8")


def test_the_whole_page_is_one_file_with_every_figure(tmp_path: Path, results: dict[str, Any]) -> None:
    html = page(tmp_path, results)
    assert "could not be" not in html, re.findall("could not be[^<]*", html)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert len(html) < 8e6
    images = re.findall(r"<img ([^>]*)>", html)
    assert len(images) >= 18
    assert all(re.search('src="data:image/(svg\\+xml|png);base64,', image) for image in images)
    assert all(re.search('alt="[^"]+"', image) for image in images)
    bare = re.sub(r"data:image/[^\"]*", "", html)
    for outside in ("<script", "<link", "@import", 'src="http', "url(http"):
        assert outside not in bare
    for text in ("65.2", "57.6", "pulsed feed", "196", "58.8 / 60.9 / 57.7"):
        assert text in bare
    assert "dissipation &gt; 1 W/kg" in bare and "No oxygen: the case has no [gas]" in bare
    assert "vessel &lt;with care&gt;" in bare
    assert "scaledown.limits.bores" in bare and "Launder" in bare


def test_without_a_display_a_plainer_picture_and_the_reason(
    tmp_path: Path, results: dict[str, Any], no_vtk: None
) -> None:
    html = page(tmp_path, results)
    assert "VTK cannot draw on this machine" in html
    assert 'alt="Tank in perspective"' in html
    assert "could not be" not in html


def test_a_missing_stage_leaves_its_reason(tmp_path: Path, results: dict[str, Any], no_vtk: None) -> None:
    none: dict[str, None] = dict.fromkeys(("substrate", "lifelines", "environment", "response", "scaledown"))
    html = page(tmp_path, results, **none)
    assert html.count(": not computed. The case has no [[feed]].") == 7  # gas and sensitivity too
    assert "could not be" not in html
    nothing = page(tmp_path, results, **none, flow=None, mixing=None)
    assert nothing.count(": not computed. The case has no [[feed]].") == 9
    assert "No checks could be made yet." in nothing


def test_a_tank_without_feed_strain_or_baffles(tmp_path: Path, no_vtk: None) -> None:
    case = make_case(feed=[], strain=None, scaledown=None, title='<b>"bold"</b> & co')
    bare = case.tank.model_copy(update={"baffles": case.tank.baffles.model_copy(update={"count": 0})})
    case = case.model_copy(update={"tank": bare})
    flow = make_flow(case)
    html = page(tmp_path, {"case": case, "flow": flow, "mixing": make_mixing(case)})
    assert "could not be" not in html
    assert "<b>" not in html and "&lt;b&gt;" in html


def test_a_figure_that_fails_costs_only_itself(
    tmp_path: Path, results: dict[str, Any], no_vtk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise ValueError("no such colour")

    monkeypatch.setattr(figures_flow, "velocity_planes", broken)
    monkeypatch.setattr(variables, "variables", broken)
    html = page(tmp_path, results)
    assert "This figure could not be drawn (Speed on two vertical planes): ValueError: no such colour" in html
    assert "This chapter could not be written: ValueError: no such colour" in html
    assert "Speed at the impellers from above" in html


def test_a_picture_that_takes_too_long_is_given_up(results: dict[str, Any]) -> None:
    scene = build_scene(results["case"], results["flow"].mesh, results["flow"])
    pictures = render(scene, windows=("vtkEGLRenderWindow",), limit_s=0.02)
    assert not pictures.images
    assert "no answer within" in pictures.note


def test_checks_judge_what_the_stages_say(results: dict[str, Any]) -> None:
    stages = {name: value for name, value in results.items() if name != "case"}
    summary = make_summary(results["case"], **stages)
    found = {check.what: check for check in checks.gather(summary)}
    assert found["Torque of impellers and shaft against walls and baffles"].passed is True
    assert found["Lifelines: a uniform cloud stays uniform (chi² per degree of freedom)"].passed is False
    assert [c.passed for what, c in found.items() if what.startswith("Raw time share")] == [True] * 3
    summary["flow"]["torque_imbalance"] = -0.02
    summary["mixing"]["tracer_mass_error"] = None
    found = {check.what: check for check in checks.gather(summary)}
    assert found["Torque of impellers and shaft against walls and baffles"].passed is False
    assert found["Tracer: mass gained or lost"].passed is None
    text, tone = checks.verdict(list(found.values()))
    assert tone == "warn" and "Torque" in text


def test_published_values_stand_beside_the_tank_they_belong_to(results: dict[str, Any]) -> None:
    case = results["case"]
    summary = make_summary(case, **{name: value for name, value in results.items() if name != "case"})
    rows = published.rows_for(case, summary)
    circulation = [row for row in rows if row[0].startswith("Circulation")]
    assert circulation[0][1] == number(2 * summary["flow"]["circulation_time_s"])
    slower = case.model_copy(update={"operation": case.operation.model_copy(update={"speed": 1.0})})
    assert published.rows_for(slower, summary) == []


def test_the_cover_picture(tmp_path: Path, results: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cover, "render", lambda scene: Pictures({}))
    for substrate in (results["substrate"], None):
        path = write_cover(results["case"], results["flow"], substrate, tmp_path / "cover.png", dpi=40)
        assert path.read_bytes().startswith(b"\x89PNG")
