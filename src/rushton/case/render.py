"""How ``rushton check`` looks: drawing, estimates, regime analysis, run time, warnings, as rich renderables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rushton.case.drawing import draw_text
from rushton.case.schema import QUALITIES

if TYPE_CHECKING:
    from rushton.case.advice import Advice
    from rushton.correlations import Estimate


def render_check(advice: Advice, ascii_only: bool = False, width: int = 100) -> list[RenderableType]:
    """Everything ``rushton check`` shows.

    Parameters
    ----------
    advice : Advice
    ascii_only : bool
        For terminals without box characters.
    width : int
        Columns of the terminal.

    Returns
    -------
    list of renderables
    """
    case = advice.case
    parts: list[RenderableType] = [
        Text(case.title or case.name, style="bold"),
        Text(""),
        Text("\n".join(draw_text(case, columns=min(40, max(20, width - 48)), ascii_only=ascii_only)), no_wrap=True),
        Text(""),
        _operation(advice),
        _blending(advice),
    ]
    parts += [_gas(advice), _times(advice), _ratios(advice), _run_time(advice), _filled_in(advice), _warnings(advice)]
    return parts


def _table(title: str, *headers: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for n, header in enumerate(headers):
        table.add_column(header, justify="right" if n == 1 else "left", overflow="fold")
    return table


def _operation(advice: Advice) -> Table:
    case = advice.case
    table = _table("Expected of the impellers", "", "value", "")
    table.add_row("speed", f"{60 * case.operation.speed:.4g} rpm", f"{case.operation.speed:.4g} rev/s")
    table.add_row(
        "liquid volume", _volume(case.liquid_volume), f"H/T = {case.tank.liquid_height / case.tank.diameter:.2f}"
    )
    for n, imp in reversed(list(enumerate(advice.impellers, 1))):
        name = f"impeller {n}" if len(advice.impellers) > 1 else "impeller"
        table.add_row(f"{name}: Re", f"{imp.reynolds:.3g}", "turbulent" if imp.reynolds >= 1e4 else "not turbulent")
        table.add_row(f"{name}: tip speed", f"{imp.tip_speed:.3g} m/s", "")
        table.add_row(f"{name}: power number", _band(imp.power_number), _range(imp.power_number))
        imposed = case.impellers[n - 1].power_number
        if imposed is not None:
            table.add_row(
                f"{name}: power number, imposed", f"{imposed:.4g}", "beside the solved one, never in its place"
            )
        table.add_row(f"{name}: power", _power(imp.power), "")
        table.add_row(f"{name}: flow number", _band(imp.flow_number), _range(imp.flow_number))
    table.add_row("power, sum", _power(advice.power), "not gassed")
    table.add_row("specific power", f"{advice.specific_power:.4g} W/m3", f"{advice.dissipation:.3g} W/kg")
    table.add_row("Kolmogorov length", f"{1e6 * advice.kolmogorov:.3g} um", "at the mean dissipation")
    table.add_row("EDCF", f"{advice.edcf.value:.3g} W/m3/s", "P/(k D3 tc), orders the break-up of hyphae")
    table.add_row("circulation time", _time(advice.circulation), "V/(mean Nq N D3)")
    if len(advice.impellers) > 1:
        table.add_row("", _time(advice.turnover), "V/(sum of Nq N D3)")
    return table


def _blending(advice: Advice) -> Table:
    table = _table("Blend time to 95 %, by correlation", "form", "theta95", "range")
    for name, estimate in advice.blend:
        table.add_row(name, f"{estimate.value:.3g} s", _range(estimate))
    return table


def _gas(advice: Advice) -> Table:
    gas = advice.gas
    title = "Gas transfer, for orientation: no [gas] in the case" if gas.assumed else "Expected of the air supply"
    table = _table(escape(title), "", "value", "")
    basis = "at 0 degC and 1.013 bar" + ("; assumed: 1 vvm, at most 0.05 m/s" if gas.assumed else "")
    table.add_row("gas rate", f"{60 * gas.normal_rate / advice.case.liquid_volume:.3g} vvm", basis)
    table.add_row("superficial velocity", f"{1e3 * gas.gas_velocity:.3g} mm/s", "at mid-height pressure")
    table.add_row(
        "gassed power",
        _power(gas.gassed_power),
        f"{gas.gassed_power / advice.power:.2f} of the ungassed; Michel, Miller",
    )
    flooded = "floods" if gas.flow_number > gas.flooding else "not flooded"
    table.add_row("gas flow number", f"{gas.flow_number:.3g}", f"{flooded}: limit {gas.flooding:.3g}, lowest impeller")
    for name, estimate in gas.kla:
        table.add_row("kLa", f"{3600 * estimate.value:.3g} 1/h", f"{name}. {_range(estimate)}")
    if gas.kla_needed is not None:
        table.add_row("kLa needed", f"{3600 * gas.kla_needed:.3g} 1/h", "to keep 30 % of saturation at this feed")
    table.add_row("gas hold-up", f"{100 * gas.holdup.value:.2g} %", "0.13 (Pg/V)^1/3 vs^2/3")
    return table


def _times(advice: Advice) -> Table:
    table = _table("Characteristic times", "process", "time", "from")
    for t in sorted(advice.times, key=lambda t: (t.seconds is None, t.seconds)):
        value = "-" if t.seconds is None else _time(t.seconds)
        table.add_row(t.name, value, escape(f"{t.formula}; {t.note}" if t.note else t.formula))
    if advice.demand is not None:
        d = advice.demand
        table.add_row("mean q/q_max", f"{d.feed_ratio:.3f}", f"feed over capacity q_max X V = {d.capacity:.4g} mol/s")
        table.add_row("ideally mixed substrate", f"{1e3 * d.ideal_concentration:.3g} mmol/m3", "")
        table.add_row("oxygen demand", f"{3600 * d.oxygen_uptake:.3g} mmol/L/h", f"metabolic heat {_power(d.heat)}")
    return table


def _ratios(advice: Advice) -> RenderableType:
    if all(ratio.value is None for ratio in advice.ratios):
        return Text("Regime analysis: needs a strain, its biomass and a feed.\n", style="dim")
    table = _table("Regime analysis", "ratio of times", "value", "which means")
    for ratio in advice.ratios:
        table.add_row(ratio.name, "-" if ratio.value is None else f"{ratio.value:.3g}", ratio.verdict)
    return table


def _run_time(advice: Advice) -> Table:
    quality = advice.case.numerics.quality if advice.case.numerics.mesh_cells is None else "mesh_cells"
    total = sum(advice.seconds.values())
    table = _table("Mesh and run time", "", "value", "")
    choices = ", ".join(f"{name} {cells:,}" for name, cells in QUALITIES.items())
    table.add_row(
        "mesh cells", f"about {advice.mesh_cells:,}", f"{quality} ({choices}); mean size {_length(advice.mesh_size)}"
    )
    stages = ", ".join(f"{name} {_time(s)}" for name, s in advice.seconds.items() if s >= 1.0)
    table.add_row("run time", f"about {_time(total)}", f"on two cores: {stages}")
    table.add_row("first run", f"{_time(advice.compilation)} more", "to compile")
    return table


def _filled_in(advice: Advice) -> RenderableType:
    """Defaults that a user should know, in one line per section."""
    groups: dict[str, list[str]] = {}
    for key in sorted(advice.case.defaults):
        section, _, rest = key.partition(".")
        head, _, tail = rest.partition(".")
        name = f"{section} {int(head) + 1}" if head.isdigit() else section
        field = (tail if head.isdigit() else rest).split(".")
        short = field[0] if any(part.isdigit() for part in field) else ".".join(field)
        found = groups.setdefault(name, [])
        if short not in found:
            found.append(short)
    lines = [f"{name}: {', '.join(keys)}" for name, keys in groups.items()]
    if not lines:
        return Text("")
    text = Text("Filled in with defaults (values in case.resolved.toml of the results)\n", style="bold")
    text.append("\n".join(lines), style="not bold dim")
    return Padding(text, (0, 0, 1, 0))


def _warnings(advice: Advice) -> RenderableType:
    if not advice.warnings:
        return Text("Nothing to warn of.", style="green")
    table = Table.grid(padding=(0, 1))
    for warning in advice.warnings:
        table.add_row(Text("!", style="bold yellow"), Text(warning))
    return Group(Text("Warnings", style="bold yellow"), table)


# --- numbers as an engineer writes them -------------------------------------------------------------------------


def _band(estimate: Estimate) -> str:
    return f"{estimate.value:.3g} ({estimate.low:.3g}-{estimate.high:.3g})"


def _range(estimate: Estimate) -> str:
    if estimate.valid:
        return f"in range: {estimate.range}" if estimate.range else estimate.source
    return f"out of range: {estimate.note or estimate.range}"


def _time(seconds: float) -> str:
    if seconds < 120.0:
        return f"{seconds:.3g} s"
    if seconds < 7200.0:
        return f"{seconds / 60.0:.3g} min"
    return f"{seconds / 3600.0:.3g} h"


def _power(watts: float) -> str:
    return f"{watts / 1e3:.4g} kW" if watts >= 1e3 else f"{watts:.4g} W" if watts >= 1.0 else f"{1e3 * watts:.4g} mW"


def _volume(cubic_metres: float) -> str:
    return f"{cubic_metres:.4g} m3" if cubic_metres >= 0.1 else f"{1e3 * cubic_metres:.4g} L"


def _length(metres: float) -> str:
    return f"{metres:.3g} m" if metres >= 0.1 else f"{1e3 * metres:.3g} mm"
