"""Chapters on the tank, its flow, mixing and substrate."""

from __future__ import annotations

from typing import Any

import numpy as np

from rushton.case.blades import is_disc_turbine
from rushton.report import drawing, figures_flow, figures_scalar
from rushton.report.blocks import Block, Note, Prose, Section, missing, picture, table
from rushton.report.numbers import given, impeller_name, number, percent, volume
from rushton.report.pictures3d import Pictures, Scene, plain_picture, with_bar
from rushton.report.style import SPEED_MAP, SUBSTRATE_MAP
from rushton.report.vtk_scene import FASTEST


def tank(case: Any) -> Section:
    """The drawing to scale and the table of its proportions."""
    t = case.tank
    section = Section("tank", "The tank")
    section.blocks.append(
        picture(
            lambda: drawing.draw_tank(case),
            f"The tank to scale. Angle 0 is the plane of the first baffle, rotation is anticlockwise seen from above, "
            f"heights count from the floor. Cylinder of liquid {volume(t.volume)}, shaft included.",
            "Side view and plan of the tank with impellers, baffles, feed and probes",
        )
    )
    rows = [
        (
            str(n + 1),
            f"{imp.blades}-blade {impeller_name(imp)}",
            given(imp.diameter),
            imp.diameter / t.diameter,
            given(imp.clearance),
            imp.clearance / t.diameter,
            given(imp.blade_height / imp.diameter, 3),
            given(imp.blade_thickness / imp.diameter, 3),
        )
        for n, imp in enumerate(case.impellers)
    ]
    section.blocks.append(
        table(
            ("Impeller", "Type", "D, m", "D/T", "C, m", "C/T", "Blade height/D", "Thickness/D"),
            rows,
            numbers=range(2, 8),
        )
    )
    return section


def hero(pictures: Pictures | None, scene: Scene | None) -> list[Block]:
    """The three-dimensional pictures for the first screen, or the plain one with the reason."""
    if scene is None:
        return []
    if pictures is not None and pictures.images:
        shown = sorted(pictures.images.items(), reverse=True)
        if scene.uptake_ratio is None and not scene.tracks and "flow" in pictures.images:
            shown = [("flow", pictures.images["flow"])]
        return [_rendered(name, image, scene) for name, image in shown]
    out: list[Block] = [
        picture(lambda: plain_picture(scene), "The tank in perspective.", "Tank in perspective", "half")
    ]
    if pictures is not None and pictures.note:
        out.append(Note(pictures.note, "missing"))
    return out


def _rendered(name: str, image: bytes, scene: Scene) -> Block:
    if name == "flow":
        text, colours, high, label = "Streamlines of the mean flow.", SPEED_MAP, FASTEST, "speed / tip speed, –"
    else:
        text, colours, high, label = "The tank with its impellers and baffles.", SUBSTRATE_MAP, 1.0, "q / q$_{max}$, –"
        if scene.uptake_ratio is not None:
            text = "Amber: where cells are in excess, round the feed (red). Green veil: half of the largest uptake."
        if scene.tracks:
            text += f" Tubes: the ways of {len(scene.tracks)} cells over six circulations, coloured by their uptake."
    return picture(lambda: with_bar(image, colours, high, label), text, text, "half", dpi=170)


MODELS = {
    "k-epsilon": "standard k-ε model",
    "realizable-k-epsilon": "realizable k-ε model",
    "k-omega-sst": "k-ω SST model",
    "laminar": "laminar equations, no turbulence model",
}
"""Closures in the words of the report."""


def flow(case: Any, result: Any, summary: dict[str, Any]) -> Section:
    """Velocity, turbulence, power."""
    part = summary.get("flow") or {}
    section = Section("flow", "Flow and power")
    if result is None:
        section.blocks.append(missing(part, "Flow"))
        return section
    if part.get("converged") is False:
        section.blocks.append(
            Note(
                "The flow solver stopped before its own rule was met. The flow is kept and everything below rests on "
                "it; judge it before use"
                + (
                    f" ({result.numbers.message})." if getattr(getattr(result, "numbers", None), "message", "") else "."
                ),
                "warn",
            )
        )
    elif getattr(getattr(result, "numbers", None), "message", ""):
        section.blocks.append(Note(result.numbers.message[0].upper() + result.numbers.message[1:] + ".", "warn"))
    section.lead = (
        f"Steady mean flow on {number(int(part.get('mesh_cells') or result.mesh.n_mesh_cell))} mesh cells with the "
        f"{MODELS.get(str(part.get('turbulence_model')), 'standard k-ε model')}; {_blades(case, part)}"
        f"tip speed {number(part.get('tip_speed_m_s'))} m/s, Reynolds number {number(part.get('reynolds'))}."
    )
    section.blocks += [
        picture(
            lambda: figures_flow.velocity_planes(case, result),
            "Speed over tip speed with in-plane streamlines: mid-way between two baffles, and in the layer just "
            "behind a baffle.",
            "Speed on two vertical planes",
        ),
        picture(
            lambda: figures_flow.impeller_planes(case, result),
            "Speed at the mid-plane of each impeller from above; blades white, baffles black.",
            "Speed at the impellers from above",
        ),
        picture(
            lambda: figures_flow.turbulence_planes(case, result),
            "Turbulence mid-way between two baffles, logarithmic: energy, dissipation (scaled to add up to the "
            "shaft power) and the eddy viscosity that spreads tracer and cells.",
            "Turbulence on a vertical plane",
        ),
        table(
            ("Impeller", "Power number", "expected", "Flow number", "expected"),
            [_impeller_row(case, part, n) for n in range(len(case.impellers))],
            "Power and pumping of each impeller",
            numbers=(1, 2, 3, 4),
        ),
        Prose(
            "Solved on the geometry of the case and never rescaled. Expected: the law of blade thickness of Bujalski "
            "et al. and the flow number of a "
            "standard turbine, each with the scatter of its own data; ~ marks a turbine outside the range they were "
            "fitted in."
        ),
        table(
            ("Integral", "Value"),
            [
                ("Shaft power", _si(part.get("power_W"), "W")),
                *_imposed(part),
                ("Specific power", _si(part.get("specific_power_W_m3"), "W/m³")),
                ("Circulation time, volume over pumped flow", _si(part.get("circulation_time_s"), "s")),
                (
                    "Depth of the vortex by the swirl at the surface (computed as flat)",
                    _si(part.get("vortex_depth_m"), "m"),
                ),
                *_energy(part),
                *_scaled(part),
                *_viscosities(part),
                *_rotor(part),
                ("Iterations on the finest mesh", number(part.get("iterations"))),
            ],
            numbers=(1,),
        ),
    ]
    return section


def _blades(case: Any, part: dict[str, Any]) -> str:
    """How the mesh holds blades and discs, where the tank has disc turbines."""
    if not any(is_disc_turbine(imp) for imp in case.impellers):
        return ""
    if part.get("blades") == "thin":
        return (
            "blades and discs without thickness, which a mesh this coarse does not resolve; "
            if (case.flow.blades == "auto")
            else "blades and discs without thickness, as asked; "
        )
    return "blades and discs with their thickness; "


def _imposed(part: dict[str, Any]) -> list[tuple[str, str]]:
    """Row of the power with imposed power numbers; none where the case imposes none."""
    if part.get("power_imposed_W") is None:
        return []
    return [("Shaft power with the imposed power numbers (imposed, not solved)", _si(part["power_imposed_W"], "W"))]


def _rotor(part: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows of a rotor that turned in time; none for a frozen one."""
    if part.get("rotor") != "sliding":
        return []
    frozen = ", ".join(number(x) for x in part.get("power_number_frozen") or [])
    return [
        ("Rotor turned in time and averaged (in step with the blades in their zones), revolutions",
         number(part.get("revolutions"))),
        ("Power number with the frozen rotor it started from", frozen),
        ("Energy of what varies in time outside the zones over turbulent energy, not in ν_t",
         number(part.get("periodic_energy_ratio"))),
    ]  # fmt: skip


def _energy(part: dict[str, Any]) -> list[tuple[str, str]]:
    """Where the shaft power goes; rows as far as the flow knows them."""
    rows = (
        ("Of the shaft power: to turbulence by the mean flow", "turbulence_production_ratio"),
        ("to viscosity of the mean flow", "viscous_dissipation_ratio"),
        ("to walls, by the wall functions", "wall_work_ratio"),
        ("to the convection scheme (most of it handed on to turbulence)", "numerical_dissipation_ratio"),
        ("accounted for, all parts", "energy_balance_ratio"),
        ("Dissipation of the turbulence model over shaft power", "dissipation_power_ratio"),
    )
    return [(name, number(part[key])) for name, key in rows if part.get(key) is not None]


def _scaled(part: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows of the scaled dissipation; none where there is no shaft power to scale to."""
    scale = part.get("dissipation_scale")
    if scale is None or part.get("kolmogorov_length_median_m") is None:
        return []
    return [
        (f"Smallest eddies, median (local dissipation × {number(scale)}, to hold the shaft power)",
         _si(1e6 * part["kolmogorov_length_median_m"], "µm")),
        ("Turbulent shear rate that a tenth of the liquid exceeds (same dissipation)",
         _si(part.get("turbulent_shear_rate_exceeded_by_a_tenth_1_s"), "1/s")),
    ]  # fmt: skip


def _viscosities(part: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows of a shear-thinning broth; none for a Newtonian one."""
    if part.get("median_viscosity_Pa_s") is None:
        return []
    return [
        ("Viscosity at the impeller, by Metzner and Otto", _si(part.get("viscosity_at_impeller_Pa_s"), "Pa s")),
        ("Viscosity that half the liquid exceeds", _si(part.get("median_viscosity_Pa_s"), "Pa s")),
        ("Viscosity that a tenth exceeds", _si(part.get("viscosity_exceeded_by_a_tenth_Pa_s"), "Pa s")),
    ]


def _impeller_row(case: Any, part: dict[str, Any], n: int) -> tuple[Any, ...]:
    """One impeller: solved values beside what correlations expect of it."""
    from rushton.case import catalogue

    imp = case.impellers[n]
    powers, pumping = part.get("power_number") or [], part.get("flow_number") or []
    po = catalogue.power_number(imp, case.tank, float(part.get("reynolds") or np.inf))
    imposed = "" if imp.power_number is None else f"; {given(imp.power_number)} imposed"
    return (
        f"{n + 1} ({imp.blades}-blade, {given(imp.diameter)} m)",
        powers[n] if n < len(powers) else None,
        _expected(po) + imposed,
        pumping[n] if n < len(pumping) else None,
        _expected(catalogue.flow_number(imp)),
    )


def _expected(estimate: Any) -> str:
    return f"{'' if estimate.valid else '~ '}{number(estimate.low, 2)} to {number(estimate.high, 2)}"


BLEND_TIMES = {
    "theta95_probe_s": "Slowest probe",
    "theta95_multi_probe_s": "Variance of the probes",
    "theta95_variance_s": "Variance of the tank",
    "slowest_mode_s": "Slowest mode",
    "n_theta95": "Revolutions to mix, N θ₉₅",
}
FRAMES = {"relative": "with the blades (relative flux)", "absolute": "past the blades (absolute flux)"}


def mixing(case: Any, result: Any, summary: dict[str, Any]) -> Section:
    """Tracer pulse and blend time by each definition."""
    part = summary.get("mixing") or {}
    section = Section("mixing", "Mixing")
    if result is None:
        section.blocks.append(missing(part, "Mixing"))
        return section
    pulse = case.mixing.pulse
    section.lead = (
        f"A pulse of tracer is put into a sphere of {given(pulse.diameter)} m at radius {given(pulse.radius)} m and "
        "height "
        f"{given(pulse.height)} m, and followed until the whole tank is even. Turbulent Schmidt number "
        f"{given(case.mixing.schmidt_turbulent)}; inside rotating zones the liquid moves {FRAMES[case.numerics.frame]}."
    )
    labels = [_place(p) for p in case.mixing.probes]
    time = np.asarray(result.time)
    variance = np.asarray(result.variance_curve)
    for key in ("theta95_probe_s", "theta95_variance_s"):
        if part.get(key) is None and part.get(f"{key}_reason"):
            section.blocks.append(
                Note(f"No {'probe' if 'probe' in key else 'whole-tank'} mixing time: {part[f'{key}_reason']}.", "warn")
            )
    section.blocks += [
        picture(
            lambda: figures_scalar.tracer_curves(
                time,
                np.asarray(result.probe_curves),
                np.asarray(result.theta95_probes_s),
                labels,
                variance,
                part.get("theta95_probe_s"),
                part.get("theta95_variance_s"),
            ),
            "Left: tracer at the probes over its final value, with the band of 1 ± 0.05. Right: unevenness of the "
            "whole tank, "
            "below 0.05 it counts as mixed.",
            "Tracer curves and variance over time",
        ),
        table(
            ("Mixing time", "Value", "Definition"),
            [
                (BLEND_TIMES[key], number(part.get(key)) if key == "n_theta95" else _si(part.get(key), "s"), meaning)
                for key, meaning in (part.get("definitions") or {}).items()
            ],
            "Mixing time by each definition",
            numbers=(1,),
        ),
    ]
    times, varied = part.get("theta95_variance_varied_s"), part.get("schmidt_varied")
    if times is not None and varied is not None and part.get("theta95_variance_s"):
        usual = float(part["theta95_variance_s"])
        effect = " and ".join(
            f"{number(t)} s ({100.0 * (t / usual - 1.0):+.0f} %) with {given(s)}"
            for s, t in zip(varied, times, strict=True)
        )
        section.blocks.append(
            Prose(
                f"Effect of the turbulent Schmidt number, which no flow model gives: by variance the tank is mixed in "
                f"{effect}, against {number(usual)} s with {given(case.mixing.schmidt_turbulent)}."
            )
        )
    return section


def substrate(case: Any, result: Any, mesh: Any, summary: dict[str, Any]) -> Section:
    """Gradient of the fed substrate and its regimes."""
    part = summary.get("substrate") or {}
    section = Section("substrate", "Substrate gradients")
    if result is None or mesh is None:
        section.blocks.append(missing(part, "Substrate gradients"))
        return section
    regimes = case.strain.regimes
    name = case.feeds[0].substrate
    section.lead = (
        f"The {name} is fed at one place and eaten everywhere: near the feed cells are in excess (q above "
        f"{given(100 * regimes.excess, 3)} % of its largest value), far from it they starve (below "
        f"{given(100 * regimes.starvation, 3)} %)."
    )
    section.blocks += [
        picture(
            lambda: figures_scalar.gradient_planes(
                case,
                mesh,
                np.asarray(result.concentration),
                np.asarray(result.uptake_ratio),
                regimes.starvation,
                regimes.excess,
            ),
            f"Concentration of {name} (logarithmic) and relative uptake q/q_max. Orange line: border of excess; "
            "light blue line: border of "
            "starvation.",
            "Substrate gradient on vertical planes",
        ),
        table(
            ("Quantity", "Value"),
            [
                ("Mean concentration", _si(part.get("mean_mol_m3"), "mol/m³")),
                ("Lowest", _si(part.get("min_mol_m3"), "mol/m³")),
                ("Highest", _si(part.get("max_mol_m3"), "mol/m³")),
                ("In an ideally mixed vessel with the same feed", _si(part.get("ideal_mixed_mol_m3"), "mol/m³")),
                ("Volume in excess", percent(part.get("share_excess"))),
                ("Volume in limitation", percent(part.get("share_limitation"))),
                ("Volume in starvation", percent(part.get("share_starvation"))),
            ],
            numbers=(1,),
        ),
    ]
    return section


def _place(p: Any) -> str:
    return f"r {p.radius:.2g} m, {np.degrees(p.angle):.0f}°, z {p.height:.2g} m"


def _si(value: Any, unit: str) -> str:
    return "–" if value is None else f"{number(value)} {unit}"
