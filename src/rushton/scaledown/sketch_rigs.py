"""The drawing of every kind of rig, with its volumes, flows, bores and ports, as SVG."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rushton.scaledown import (
    protocol_bolus,
    protocol_chamber,
    protocol_compartments,
    protocol_loop,
    protocol_pulses,
    protocol_switching,
)
from rushton.scaledown.chamber import TICK, ChamberOperation
from rushton.scaledown.protocol_rigs import words_of
from rushton.scaledown.protocol_words import Words, air_words
from rushton.scaledown.sheet import ML, ML_MIN, Sheet, number, percent
from rushton.scaledown.sketch import FEED, INK, LIQUID, MUTED, RICH, STEEL, Sketch
from rushton.scaledown.stirred import speeds_of
from rushton.scaledown.switching_evidence import operation_of
from rushton.scaledown.transfer import Transfer

WIDTH = 720.0
POOR = "#eef2f5"


def sketch_of(sheet: Sheet) -> str:
    """The drawing of a sheet's rig; empty where its kind has none."""
    draw = _DRAWN.get(id(words_of(sheet)))
    return "" if draw is None else draw(sheet)


def _rpm(sheet: Sheet, vessel: int = 0) -> str:
    return f"{speeds_of(sheet.operation, sheet.duty.bench)[vessel][1]:.0f} rpm"


def _flow(rate: float) -> str:
    return f"{number(rate * ML_MIN)} mL/min"


def _stock(sheet: Sheet) -> tuple[str, str]:
    return f"stock {sheet.recipe.stock:.1f} g/L", f"{sheet.substrate}, on a balance"


def _supply(drawing: Sketch, sheet: Sheet, x: float, bottom: float, share: float = 1.0) -> None:
    """Air into the bottom of a vessel at (x, bottom), its share of all."""
    bench = sheet.duty.bench
    air = number(share * bench["gas_flow"] * 60.0 * bench.volume * 1e3)
    drawing.path([(x, bottom + 34), (x, bottom + 3)], STEEL)
    drawing.text(x + 6, bottom + 26, f"air {air} L/min", 9.0, "start", colour=MUTED)


def _bleed(drawing: Sketch, sheet: Sheet, x: float, y: float) -> None:
    """Bleed out of a vessel's left wall at (x, y), on level control."""
    drawing.path([(x, y), (x - 28, y), (x - 28, y + 62)], INK, 1.6)
    drawing.pump(x - 28, y + 26, "down")
    drawing.waste(x - 28, y + 64, f"bleed {_flow(sheet.recipe.bleed)}")


def _medium(sheet: Sheet) -> list[str]:
    return [f"medium {_flow(sheet.recipe.make_up)} besides"] if sheet.recipe.make_up > 0.0 else []


def _tube(sheet: Sheet) -> str:
    loop, r = protocol_loop.loop_of(sheet), sheet.recipe
    bore, length = protocol_loop.tube_of(sheet)
    d = Sketch(WIDTH, 360.0, f"{sheet.rig.title}: vessel, loop pump, mixer and tube")
    d.bottle(150, 8, _stock(sheet))
    vessel = [f"{loop.vessel_volume * ML:.0f} mL", _rpm(sheet), *_medium(sheet)]
    d.vessel(110, 128, 150, 160, vessel)
    if r.vessel > 0.0:
        d.path([(132, 58), (132, 142)], FEED, 1.6)
        d.pump(132, 96, "down")
        d.text(120, 100, _flow(r.vessel), 9.5, "end", True, FEED)
    if r.side > 0.0:
        d.path([(168, 64), (168, 88), (462, 88), (462, 128)], FEED, 1.6)
        d.pump(330, 88)
        d.text(330, 74, f"feed {_flow(r.side)}", 9.5, bold=True, colour=FEED)
    # the loop
    d.path([(260, 210), (305, 210), (305, 140), (452, 140)], INK, 2.6)
    d.pump(305, 178, "up")
    d.lines(320, 180, [f"loop pump {_flow(loop.flow)}", "flow meter, pressure gauge"], 9.5, "start")
    d.box(452, 131, 20, 18, RICH, 2.0)
    d.text(462, 165, "mixer", 8.5, colour=MUTED)
    d.path([(472, 140), (500, 140)], INK, 2.6, False)
    coil = d.coil(500, 140, 150, 120, 3)
    d.path([coil[-1], (500, 282), (400, 282), (400, 318), (284, 318), (284, 246), (226, 246)], INK, 2.6)
    held = f"{loop.tube_volume * ML:.0f} mL, {loop.tube_time:.1f} s; in the water bath"
    d.lines(575, 296, [f"tube {1e3 * bore:.1f} mm, {length:.2f} m", held], 9.5)
    for name, (x, y) in zip("1234", ((485, 140), (569, 164), (650, 200), (485, 282)), strict=True):
        d.port(x, y, name)
    d.port(272, 168, "V")
    d.text(292, 332, "return at the impeller", 8.5, "start", colour=MUTED)
    d.text(WIDTH - 8, 352, "ports: V vessel; 1 inlet, 2 quarter, 3 half, 4 outlet of the tube", 8.5, "end", colour=FEED)
    _bleed(d, sheet, 110, 196)
    _supply(d, sheet, 185, 288)
    return d.svg()


def _pair(sheet: Sheet) -> str:
    loop, r = protocol_loop.loop_of(sheet), sheet.recipe
    d = Sketch(WIDTH, 340.0, f"{sheet.rig.title}: two vessels and their exchange pumps")
    d.bottle(335, 8, _stock(sheet))
    d.vessel(130, 130, 150, 150, ["vessel 1", f"{loop.vessel_volume * ML:.0f} mL", _rpm(sheet), *_medium(sheet)])
    d.vessel(460, 160, 105, 105, ["vessel 2", f"{loop.tube_volume * ML:.0f} mL", _rpm(sheet, 1)], RICH)
    for x, rate in ((230.0, r.vessel), (490.0, r.side)):
        if rate > 0.0:
            d.path([(335, 64), (335, 90), (x, 90), (x, 150 if x < 300 else 178)], FEED, 1.6)
            d.pump(x, 118, "down")
            d.text(x + 14, 116, f"feed {_flow(rate)}", 9.5, "start", True, FEED)
    d.path([(280, 200), (460, 200)], INK, 2.6)
    d.pump(370, 200)
    d.path([(460, 248), (280, 248)], INK, 2.6)
    d.pump(370, 248, "left")
    d.text(370, 228, f"{_flow(loop.flow)} each way", 9.5, bold=True)
    if loop.line_volume > 0.0:
        d.text(370, 292, f"each line {protocol_loop.line_words(loop.line_volume, loop.flow)}", 9.0, colour=MUTED)
    d.text(
        370, 276, f"stay in vessel 2 {loop.tube_time:.1f} s, in vessel 1 {loop.vessel_time:.0f} s", 9.0, colour=MUTED
    )
    d.port(292, 170, "1")
    d.port(577, 200, "2")
    _bleed(d, sheet, 130, 200)
    second = loop.tube_volume / (loop.vessel_volume + loop.tube_volume)
    _supply(d, sheet, 205, 280, 1.0 - second)
    _supply(d, sheet, 512, 265, second)
    return d.svg()


def _three(sheet: Sheet) -> str:
    rig, r = protocol_compartments.rig_of(sheet), sheet.recipe
    d = Sketch(WIDTH, 340.0, f"{sheet.rig.title}: three vessels, the middle one exchanging with both others")
    d.bottle(200, 8, _stock(sheet))
    stays = [f"{stay:.1f} s" for stay in rig.stays]
    held = [f"{v * ML:.0f} mL" for v in rig.volumes]
    centres, floor = (135.0, 362.0, 610.0), 275.0
    # edges grow with the third root of what a vessel holds, from what its words need
    sizes = [112.0 + 40.0 * (v / max(rig.volumes)) ** (1.0 / 3.0) for v in rig.volumes]
    left, right = ([c + side * w for c, w in zip(centres, sizes, strict=True)] for side in (-0.5, 0.5))
    for n, (name, fill) in enumerate((("1 excess", RICH), ("2 limitation", LIQUID), ("3 starvation", POOR))):
        rows = [name, held[n], f"stay {stays[n]}", _rpm(sheet, n), *(_medium(sheet) if n == 1 else [])]
        d.vessel(left[n], floor - sizes[n], sizes[n], sizes[n], rows, fill)
        d.port(right[n] + 10.0, 180, str(n + 1))
        _supply(d, sheet, centres[n] - (36.0 if n == 1 else 0.0), floor, rig.volumes[n] / sum(rig.volumes))
    for x, rate, size in ((centres[0] - 24.0, r.side, sizes[0]), (centres[1] - 34.0, r.vessel, sizes[1])):
        if rate > 0.0:
            d.path([(200, 64), (200, 88), (x, 88), (x, floor - 0.83 * size)], FEED, 1.6)
            d.pump(x, 107, "down")
            d.text(x + 14, 106, f"feed {_flow(rate)}", 9.5, "start", True, FEED)
    for x0, x1, rate in ((right[0], left[1], rig.excess_flow), (right[1], left[2], rig.starvation_flow)):
        d.path([(x0, 205), (x1, 205)], INK, 2.6)
        d.pump(0.5 * (x0 + x1), 205)
        d.path([(x1, 250), (x0, 250)], INK, 2.6)
        d.pump(0.5 * (x0 + x1), 250, "left")
        d.text(0.5 * (x0 + x1), 231, _flow(rate), 9.0, bold=True)
        if rig.line_volume > 0.0:
            d.text(0.5 * (x0 + x1), 270, f"line {rig.line_volume / rate:.1f} s", 8.5, colour=MUTED)
    d.path([(centres[1] + 44.0, floor), (centres[1] + 44.0, 297), (470, 297)], INK, 1.6)
    d.pump(437, 297)
    d.waste(490, 285, f"bleed {_flow(r.bleed)}")
    return d.svg()


def _pulsed(sheet: Sheet) -> str:
    d = Sketch(WIDTH, 330.0, f"{sheet.rig.title}: vessel, feed pump and one round of its programme")
    d.bottle(150, 8, _stock(sheet))
    d.vessel(110, 128, 150, 150, [f"{sheet.duty.bench.volume * ML:.0f} mL", _rpm(sheet), *_medium(sheet)])
    d.path([(150, 64), (150, 226)], FEED, 1.6)
    d.pump(150, 96, "down")
    d.lines(166, 94, ["feed pump by the .csv", "needle 0.5 mm at the impeller"], 9.0, "start")
    d.port(272, 180, "V")
    _bleed(d, sheet, 110, 190)
    _supply(d, sheet, 185, 278)
    _programme(d, sheet, 370.0, 60.0, 320.0, 200.0)
    return d.svg()


def _programme(d: Sketch, sheet: Sheet, x: float, y: float, w: float, h: float) -> None:
    """One round of the feed programme: rate against time, bars at least so wide that they print."""
    start, flow, on = sheet.recipe.pulses()
    period, top = sheet.settings["period"], float(flow.max())
    base = float(sheet.recipe.table[-1, 1])
    for a, q, t in zip(start, flow, on, strict=True):
        height = h * q / top
        d.add(
            f"<rect x='{x + w * a / period:.1f}' y='{y + h - height:.1f}' width='{max(1.4, w * t / period):.1f}' "
            f"height='{height:.1f}' fill='{FEED}'/>"
        )
    if base > 0.0:
        d.path([(x, y + h - h * base / top), (x + w, y + h - h * base / top)], FEED, 1.0, False)
    pulses = f"{on.size} pulse{'s' if on.size > 1 else ''}"
    _axes(d, x, y, w, h, number(top * ML_MIN), period, f"feed, mL/min: {pulses} in {period:.1f} s")


def _axes(d: Sketch, x: float, y: float, w: float, h: float, top: str, period: float, title: str) -> None:
    """Axes of a programme: from nothing to the top, over one period."""
    d.path([(x, y), (x, y + h), (x + w, y + h)], INK, 1.0, False)
    d.text(x - 4, y + 4, top, 8.5, "end", colour=MUTED)
    d.text(x - 4, y + h + 3, "0", 8.5, "end", colour=MUTED)
    d.text(x, y - 10, title, 9.5, "start", True)
    for n in range(5):
        d.text(x + 0.25 * n * w, y + h + 14, f"{0.25 * n * period:.0f}", 8.5, colour=MUTED)
    d.text(x + 0.5 * w, y + h + 28, "time, s; then from the beginning again", 8.5, colour=MUTED)


def _minis(sheet: Sheet) -> str:
    bench = sheet.duty.bench
    bolus = protocol_bolus.bolus_volume(sheet) * protocol_bolus.MICROLITRE
    d = Sketch(WIDTH, 290.0, f"{sheet.rig.title}: eight vessels under a liquid handler")
    d.path([(90, 40), (700, 40)], STEEL, 4.0, False)
    d.box(300, 28, 54, 26, "white")
    d.path([(327, 54), (327, 128)], INK, 3.0, False)
    d.path([(370, 41), (430, 41)], INK, 1.6)
    d.text(440, 22, f"liquid handler: {bolus:.1f} uL every {sheet.settings['period']:.1f} s", 9.5, "start", True)
    out = f"and {protocol_bolus.TAKEN_OUT:.0f} s later as much out; tips touch the broth"
    d.text(440, 60, out, 9.0, "start", colour=MUTED)
    d.box(20, 122, 76, 42, RICH)
    d.text(58, 140, "trough", 9.5, bold=True)
    d.text(58, 154, f"{sheet.recipe.stock:.1f} g/L", 9.0, colour=MUTED)
    half = protocol_bolus.VESSELS // 2
    for n in range(protocol_bolus.VESSELS):
        x = 120 + 72 * n
        d.vessel(x, 116, 56, 90, [f"{bench.volume * ML:.0f} mL"], RICH if n < half else POOR)
    d.path([(120, 222), (120 + 72 * half - 16, 222)], INK, 1.2, False)
    d.text(120 + 36 * half - 8, 238, "with the programme", 9.5, bold=True)
    d.path([(120 + 72 * half, 222), (120 + 144 * half - 16, 222)], INK, 1.2, False)
    d.text(120 + 108 * half - 8, 238, "reference run, steady feed", 9.5, bold=True)
    d.text(402, 262, f"{_rpm(sheet)}; air {air_words(sheet)} each; oxygen and pH read from below", 9.0, colour=MUTED)
    return d.svg()


def _chamber(sheet: Sheet) -> str:
    operation = sheet.operation
    assert isinstance(operation, ChamberOperation)
    k, media = sheet.duty.half_saturation, operation.media
    d = Sketch(WIDTH, 300.0, f"{sheet.rig.title}: media, selector, chamber under a microscope")
    step = 230.0 / media.size
    for n, m in enumerate(media):
        y = 30 + step * n
        d.box(20, y, 110, min(24.0, step - 6), RICH if m > 15.0 else LIQUID if m > 0.05 else POOR)
        d.text(75, y + 0.5 * min(24.0, step - 6) + 3.5, f"{n + 1}: {sheet.mg_per_l(m * k)} mg/L", 9.0)
        d.path([(130, y + 12), (196, y + 12), (232, 146)], STEEL, 1.4, False)
    d.text(20, 18, f"media, {sheet.substrate}, pressurised", 9.5, "start", True)
    d.add(f"<circle cx='250' cy='146' r='24' fill='white' stroke='{INK}' stroke-width='1.6'/>")
    d.text(250, 150, "valve", 9.5, bold=True)
    d.text(250, 104, f"set every {TICK:.1f} s", 9.0, "start", colour=MUTED)
    d.text(250, 116, "by the .csv", 9.0, "start", colour=MUTED)
    d.path([(274, 146), (400, 146)], INK, 2.4)
    lag = sheet.duty.bench["switch_time_min"]
    d.text(337, 132, f"{protocol_chamber.LINE_FLOW:.2f} mL/min", 9.5, bold=True)
    d.text(337, 164, f"95 % in {lag:.1f} s", 9.0, colour=MUTED)
    d.box(404, 122, 190, 48, LIQUID)
    rng = np.linspace(420, 578, 12)
    for n, x in enumerate(rng):
        d.add(f"<rect x='{x:.0f}' y='{134 + 5 * (n % 3):g}' width='9' height='4' rx='2' fill='#009E73'/>")
    d.text(499, 114, "chamber with cells", 9.5, bold=True)
    d.path([(594, 146), (650, 146), (650, 200)], INK, 2.4)
    d.waste(650, 202, "waste, port O")
    d.port(650, 170, "O")
    d.add(f"<path d='M470,230 h58 l-10,-46 h-38 z' fill='white' stroke='{INK}' stroke-width='1.4'/>")
    d.text(499, 250, "objective, time lapse; all at one temperature", 9.0, colour=MUTED)
    return d.svg()


def _switching(sheet: Sheet) -> str:
    bench, operation = sheet.duty.bench, operation_of(sheet)
    vessel, table = Transfer.of(bench), operation.table
    of_gas = "poor_fraction" in sheet.settings
    speeds = [f"{60.0 * vessel.speed(kla):.0f}" for kla in table[:2, 1]]
    gases = [percent(y) for y in table[:2, 2]]
    d = Sketch(WIDTH, 330.0, f"{sheet.rig.title}: vessel, drive, gas and one round of the table")
    d.bottle(70, 8, _stock(sheet))
    d.path([(70, 64), (70, 88), (140, 88), (140, 150)], FEED, 1.6)
    d.pump(140, 112, "down")
    d.text(128, 116, _flow(sheet.recipe.flow), 9.5, "end", True, FEED)
    d.box(163, 78, 44, 30, "white")
    d.text(185, 97, "drive", 9.5, bold=True)
    d.text(214, 90, f"{speeds[0] if of_gas else ' / '.join(speeds)} rpm", 9.5, "start", True)
    d.text(214, 103, "steady" if of_gas else "by the .csv", 9.0, "start", colour=MUTED)
    d.vessel(110, 128, 150, 150, [f"{bench.volume * ML:.0f} mL", "oxygen probe", *_medium(sheet)])
    d.port(272, 180, "V")
    _bleed(d, sheet, 110, 190)
    d.path([(185, 312), (185, 281)], STEEL)
    gas = number(bench["gas_flow"] * 60.0 * bench.volume * 1e3)
    oxygen = f"{' / '.join(gases)} oxygen by the .csv" if of_gas else f"{gases[0]} oxygen"
    d.text(191, 304, f"gas {gas} L/min, {oxygen}", 9.0, "start", colour=MUTED)
    values, what = (100.0 * table[:, 2], "oxygen in the gas, %") if of_gas else (3600.0 * table[:, 1], "kLa set, 1/h")
    x, y, w, h = 370.0, 60.0, 320.0, 200.0
    top, period = float(values.max()), operation.period
    points: list[tuple[float, float]] = []
    for since, until, value in zip(table[:, 0], np.append(table[1:, 0], period), values, strict=True):
        height = y + h - h * float(value) / top
        points += [(x + w * float(since) / period, height), (x + w * float(until) / period, height)]
    d.path(points, FEED, 1.6, False)
    _axes(d, x, y, w, h, number(top), period, f"{what}: {len(table)} phases in {period:.0f} s")
    return d.svg()


def _loops(sheet: Sheet) -> str:
    return _tube(sheet) if protocol_loop.has_tube(sheet) else _pair(sheet)


_PAIRS: tuple[tuple[Words, Callable[[Sheet], str]], ...] = (
    (protocol_loop.WORDS, _loops),
    (protocol_compartments.WORDS, _three),
    (protocol_pulses.WORDS, _pulsed),
    (protocol_bolus.WORDS, _minis),
    (protocol_chamber.WORDS, _chamber),
    (protocol_switching.WORDS, _switching),
)
_DRAWN = {id(words): draw for words, draw in _PAIRS}
