"""The bench sheet of every rig: complete, and its numbers agree with each other."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from rushton.case import load_case
from rushton.lifelines import signal_statistics
from rushton.scaledown import designer, protocol_loop
from rushton.scaledown.classic import TIMES, USUAL, classic_loops
from rushton.scaledown.effort import total, weights
from rushton.scaledown.loop_rigs import StrPfr
from rushton.scaledown.loops import str_pfr
from rushton.scaledown.oxygen_ports import periodic, stirred_zones, vessel_with_tube
from rushton.scaledown.phases import growing_up, yield_when_fed
from rushton.scaledown.protocol import SECTIONS
from rushton.scaledown.search import Candidate, Found
from rushton.scaledown.tank import make_tank
from rushton.scaledown.zones import Culture, Loop

# rigs that switch oxygen need a tank with gas: test_scaledown_oxygen_design.py
ALL = [rig for name, rigs in designer.RIGS.items() for rig in rigs if name != "oxygen-switching"]
GLUCOSE = 180.156  # g/mol


@pytest.fixture(scope="module")
def case(cases_folder):
    case = load_case(cases_folder / "penicillin_54m3.toml", quality="draft")
    return case.model_copy(update={"response": case.response.model_copy(update={"duration": 30 * 3600.0})})


@pytest.fixture(scope="module")
def tank(case, uptake_like_a_tank):
    dt = 0.1
    signals = [uptake_like_a_tank(np.random.default_rng(seed), 40, 1500, dt) for seed in (1, 2)]
    halves = [signal_statistics(s, dt, case.strain.regimes) for s in signals]
    records = SimpleNamespace(time=dt * np.arange(1500), s=signals[-1])
    lines = SimpleNamespace(
        halves=tuple(halves), statistics=halves[0] + halves[1], duration=150.0, time_step=dt, records=lambda: records
    )
    return make_tank(case, lines, None)


@pytest.fixture(scope="module")
def designs(case, tank):
    """Every rig at its first guess, written as a design is; no search."""
    out = {"str-pfr-reference": designer._finish(case, StrPfr(), None, tank)}
    for rig in ALL:
        own = replace(tank, duty=rig.duty(tank.duty))
        settings = {v.name: v.value(0.5) for v in rig.variables(own.duty)} | rig.guesses(own.duty)[0]
        found = Found((Candidate(settings, own.duty, 1.0, True),), 1.0, 1, 0.0, own.duty)
        out[rig.name] = designer._finish(case, rig, (found,), own, 2.0)
    return out


NAMES = ["str-pfr-reference", *(rig.name for rig in ALL)]


def section(design, title: str) -> str:
    number = list(SECTIONS).index(title) + 1
    text = design.protocol.split(f"\n## {number}. {title}\n", 1)[1]
    return text.split("\n## ", 1)[0]


def rows_of(text: str) -> list[list[str]]:
    """Cells of all tables of a section, heads and rules left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines]
    rules = {n for n, row in enumerate(cells) if all(set(c) == {"-"} for c in row)}
    return [row for n, row in enumerate(cells) if n not in rules and n + 1 not in rules]


def first_number(text: str) -> float:
    return float(text.replace(",", "").split()[0])


def named(text: str) -> dict[str, str]:
    return {row[0]: row[1] for row in rows_of(text)}


@pytest.mark.parametrize("name", NAMES)
def test_every_section_is_there_in_order_and_says_something(designs, name):
    protocol = designs[name].protocol
    heads = [line[3:].split(". ", 1)[1] for line in protocol.splitlines() if line.startswith("## ")]
    assert heads == list(SECTIONS)
    for title in SECTIONS:
        text = section(designs[name], title)
        assert len(text.strip()) > 40, title
        for word in ("nan", "none,", "inf"):
            assert word not in text.lower().split(), (title, word)
    assert "```" in protocol.split("## 1.")[0]  # the drawing
    assert len(protocol.split()) < 4600  # some four pages


def test_a_tube_without_a_feed_of_its_own_has_no_tee_and_no_arrow(case):
    bench = SimpleNamespace(volume=2e-3, vessel_diameter=0.14, bores=(6.4e-3,))
    recipe = SimpleNamespace(stock=100.0, side=0.0, vessel=4e-8, bleed=4e-8)
    culture = Culture(biomass=20.0, uptake_max=4.4e-4, half_saturation=7.8e-3)
    sheet = SimpleNamespace(
        settings={"tube_volume": 3e-4, "flow": 4e-5, "bore": 6.4e-3, "length": 9.0}, recipe=recipe,
        duty=SimpleNamespace(bench=BenchOf(bench)),
        operation=str_pfr(Loop(3e-4, 1.7e-3, 4e-5), culture, 4e-6, 0.2, 0.4, {}),
    )  # fmt: skip
    for side, shown in ((0.0, False), (1e-8, True)):
        recipe.side = side
        drawn = protocol_loop.WORDS.drawing(sheet)
        assert ("[T]" in drawn) == shown and drawn.splitlines()[2].split() == ["v"] * (1 + shown)
        assert ("0.60 mL/min" in drawn) == shown and "0.00 mL/min" not in drawn
        assert any(item == "mixing tee" for item, _ in protocol_loop.WORDS.equipment(sheet)) == shown
        assert ("meet the feed" in protocol_loop.WORDS.purpose(sheet)) == shown


class BenchOf(SimpleNamespace):
    """A bench whose limits are all 1."""

    def __init__(self, bench):
        super().__init__(**vars(bench))

    def __getitem__(self, name):
        return 1.0


@pytest.mark.parametrize("name", NAMES)
def test_sentences_end_once(designs, name):
    text = "\n".join(part for n, part in enumerate(designs[name].protocol.split("```")) if n != 1)  # no drawing
    assert ".. " not in text and ".;" not in text and " 1 times" not in text


@pytest.mark.parametrize("name", NAMES)
def test_what_a_technician_looks_for_is_there(designs, name):
    d = designs[name]
    assert all(row[0] == "☐" for row in rows_of(section(d, "Equipment")))
    assert section(d, "Before the start").count("☐") >= 5
    rows = {row[0] for row in rows_of(section(d, "Stirrer, gas, temperature"))}
    vessels = ["1, excess", "2, limitation", "3, starvation"] if name == "three-compartments" else ["1", "2"]
    several = name in ("str-str", "three-compartments")
    assert rows >= ({f"stirrer, vessel {v}" for v in vessels} if several else {"stirrer"}) | {"temperature", "pH"}
    safety = [row[0] for row in rows_of(section(d, "Safety of the rig"))]
    assert {"oxygen", "temperature", "pressure"} <= set(safety)
    if "str" in name or name == "three-compartments":
        assert {"loop: oxygen", "loop: temperature", "loop: pressure"} <= set(safety)
    phases = " ".join(row[0] for row in rows_of(section(d, "Phases")))
    assert "Settle" in phases and "Gradient" in phases and "End" in phases
    head = section(d, "Sampling plan").splitlines()[1]
    assert all(word in head for word in ("Day", "Hours", "Port", "mL", "Read", "Stopped by"))
    head = section(d, "Expected readings").splitlines()[1]
    assert all(word in head for word in ("glucose, mg/L", "Oxygen, % of air", "by-product", "Delay, s"))
    assert len(section(d, "Stop rules").split("\n- ")) >= 3
    assert len(rows_of(section(d, "Reference run"))) >= 4
    assert len(rows_of(section(d, "Target against achieved"))) >= 7


@pytest.mark.parametrize("name", [n for n in NAMES if n != "microfluidic"])
def test_flows_balance_and_the_table_feeds_what_is_promised(designs, name, case):
    d = designs[name]
    feed = named(section(d, "Feed"))
    flow, bleed = first_number(feed["mean flow of stock"]), first_number(feed["bleed"])
    medium = 0.0 if feed["medium without substrate"] == "none" else first_number(feed["medium without substrate"])
    assert flow + medium == pytest.approx(bleed, rel=0.01)
    stock = first_number(feed["stock"])
    assert flow * 60.0 * stock * 1e-3 == pytest.approx(first_number(feed["substrate fed"]), rel=0.01)
    assert d.settings["feed"] * GLUCOSE * 3600.0 == pytest.approx(first_number(feed["substrate fed"]), rel=0.01)
    for pump in json.loads(d.record)["pumps"]:
        assert f"{pump['pump']}: {pump['direction']}" in section(d, "Feed")
    # the .csv, integrated over its period
    lines = list(csv.DictReader(io.StringIO(d.table)))
    assert float(lines[-1]["time_s"]) == case.response.duration and lines[-1]["action"] == "stop"
    if name == "mini-bioreactors":
        dose = float(lines[0]["action"].split()[1])
        assert dose * 1e-3 * 60.0 / float(lines[0]["repeat_s"]) == pytest.approx(flow, rel=0.02)
        return
    pulses = [row for row in lines if row["repeat_s"]]
    if pulses:
        period = float(pulses[0]["repeat_s"])
        start = np.array([float(r["time_s"]) for r in pulses])
        rate = np.array([float(r["rate_mL_min"]) for r in pulses])
        fed = rate @ np.diff(np.append(start, period)) / period
    else:
        fed = sum(float(r["rate_mL_min"]) for r in lines if r["pump"].startswith("feed"))
    assert fed == pytest.approx(flow, rel=0.01)


def in_lines(setup):
    """Broth in lines between vessels by a sheet's table, mL."""
    held = {key: value for key, value in setup.items() if key.startswith("each of ")}
    return sum(int(key.split()[2]) * first_number(value) for key, value in held.items())


def test_lines_are_in_the_volumes_that_a_controller_reads(designs):
    for name, lines in (("str-str", 2), ("three-compartments", 4)):
        volumes = json.loads(designs[name].record)["volumes"]
        assert (volumes.pop("lines"), volumes.pop("line_volume_mL")) == (lines, pytest.approx(30.0))
        whole = volumes.pop("working_volume_mL")
        assert sum(volumes.values()) + 30.0 * lines == pytest.approx(whole) == pytest.approx(3000.0)
        setup = named(section(designs[name], "Set-up"))
        assert in_lines(setup) == 30.0 * lines
        assert "limits.exchange_line" in section(designs[name], "Before the start")
    assert "exchange" not in section(designs["str-pfr"], "Limits this design was made within")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("str-pfr", ("vessel", "tube")),
        ("str-pfr-reference", ("vessel", "tube")),
        ("str-str", ("first vessel", "second vessel")),
        ("three-compartments", ("vessel 1, excess", "vessel 2, limitation", "vessel 3, starvation")),
    ],
)
def test_volumes_add_up(designs, name, parts):
    d = designs[name]
    setup = named(section(d, "Set-up"))
    whole = first_number(setup["working volume, whole rig"])
    assert sum(first_number(setup[part]) for part in parts) + in_lines(setup) == pytest.approx(whole, abs=1.5)
    if "tube bore" in setup:
        held = 0.25 * math.pi * first_number(setup["tube bore"]) ** 2
        held *= first_number(setup["tube length, pump head and connectors included"])
        assert held == pytest.approx(first_number(setup["tube"]), rel=0.01)
        flow = first_number(setup["loop pump, vessel to tube and back"])
        assert first_number(setup["tube"]) / flow * 60.0 == pytest.approx(
            first_number(setup["stay in the tube"]), rel=0.01
        )


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("microfluidic", "mini-bioreactors")])
def test_amounts_and_samples_are_those_of_the_run(designs, name):
    d = designs[name]
    feed, ready = named(section(d, "Feed")), named(section(d, "Prepare"))
    hours = 24.0 + 30.0 + 2.0
    stock = next(value for key, value in ready.items() if key.startswith("stock"))
    litres = first_number(feed["mean flow of stock"]) * 60.0 * hours * 1e-3
    assert first_number(stock) == pytest.approx(1.1 * litres, rel=0.01)
    kilograms = first_number(stock.split(",", 1)[1])
    assert kilograms == pytest.approx(first_number(stock) * first_number(feed["stock"]) * 1e-3, rel=0.01)
    # samples: at most 2 % of 3 L a day, flushed volume counted in
    plan = section(d, "Sampling plan")
    days: dict[str, float] = {}
    hours_of = []
    for day, _phase, times, _port, volume, *_ in rows_of(plan):
        count, each = volume.split(" x ") if " x " in volume else ("1", volume)
        taken = len(times.split(",")) * int(count) * (float(each) + 1.2)
        days[day] = days.get(day, 0.0) + taken
        hours_of += [float(t) for t in times.split(",")]
    assert max(days.values()) <= 60.0
    assert first_number(plan.split(" mL = ")[0].split()[-1]) == pytest.approx(max(days.values()), rel=0.02)
    assert min(hours_of) < 0.0 and max(hours_of) == 32.0 and {8.0, 16.0, 24.0, 30.0} <= set(hours_of)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("microfluidic", "mini-bioreactors")])
def test_the_biomass_grown_is_that_of_the_full_rig(designs, name, tank):
    record = json.loads(designs[name].record)
    batch, grow, settle, gradient, end, reference = record["phases"]
    # stock fed at F0 e^(mu t), grown with the yield of the growth at the uptake of the gradient
    mu, hours = grow["growth_1_h"], grow["duration_s"] / 3600.0
    fed = grow["first_mL_min"] * 60.0 * math.expm1(mu * hours) / mu
    assert fed == pytest.approx(grow["stock_mL"], rel=1e-5)
    volume = record["volumes"]["working_volume_mL"]
    assert batch["medium_mL"] + grow["stock_mL"] == pytest.approx(volume)
    eaten = tank.duty.mean_uptake * tank.duty.uptake_max * 3600.0 * GLUCOSE * 1e-3  # g/(g h)
    after = 0.45 * batch["substrate_g_L"] * batch["medium_mL"] * 1e-3
    made = after + mu / eaten * fed * 1e-3 * grow["stock_g_L"]
    assert made == pytest.approx(record["settings"]["biomass_g_L"] * volume * 1e-3, rel=1e-5)
    # steady phases: what flows in is what is bled; the reference run lasts as long as the rig's
    recipe = record["recipe"]
    for phase in (settle, end, reference):
        flow = phase["stock_mL_min"] + phase["medium_without_substrate_mL_min"]
        assert flow == pytest.approx(recipe["bleed_mL_min"], abs=0.011)
    assert reference["duration_s"] == sum(one["duration_s"] for one in (settle, gradient, end))
    text = " ".join(row[2] for row in rows_of(section(designs[name], "Phases")))
    medium = recipe["medium_without_substrate_mL_min"]
    assert (f"and the medium at {medium:.2f} mL/min" in text) == (medium > 0.0)


def test_biomass_is_grown_with_the_yield_of_the_cell_model(tank):
    eaten = tank.duty.mean_uptake * tank.duty.uptake_max * GLUCOSE * 1e-3  # kg/(kg s)
    rich, poor = (
        SimpleNamespace(duty=tank.duty, recipe=SimpleNamespace(growth=y * eaten), biomass=60.0) for y in (0.45, 0.27)
    )
    assert yield_when_fed(rich) == pytest.approx(0.45) and yield_when_fed(poor) == pytest.approx(0.27)
    assert growing_up(poor).stock > 1.5 * growing_up(rich).stock


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("microfluidic", "mini-bioreactors")])
def test_broth_gets_from_one_vessel_into_all_parts_and_is_sampled_from_it(designs, name):
    d = designs[name]
    grow, gradient, end = (rows_of(section(d, "Phases"))[n][2] for n in (1, 3, 4))
    routine = {row[3] for row in rows_of(section(d, "Sampling plan")) if row[5] == "routine"}
    assert len(routine) == 1
    if name not in ("str-pfr", "str-pfr-reference", "str-str", "three-compartments"):
        assert "empty" not in grow and routine == {"vessel"}
        return
    parts = ("vessel", "tube", "first vessel", "second vessel")
    regimes = ("excess", "limitation", "starvation")
    setup = {k: v for k, v in named(section(d, "Set-up")).items() if k in parts or k.endswith(regimes)}
    volumes = {key: first_number(value) for key, value in setup.items()}
    lines = in_lines(named(section(d, "Set-up")))
    assert sum(volumes.values()) + lines == pytest.approx(3000.0, abs=1.5)
    assert ("line" in gradient) == ("lines" in end) == (lines > 0.0)
    assert grow.count("3,000 mL") == 2 and "empty" in end
    assert all(f"{value:,.0f} mL" in gradient for value in volumes.values())
    if name == "three-compartments":
        assert volumes[routine.pop()] == max(volumes.values())


def test_media_of_the_chamber_last_for_the_run(designs):
    ready = rows_of(section(designs["microfluidic"], "Prepare"))
    media, resting = ready[:-1], ready[-1]
    for (_, daily, whole), share in zip(media, rows_of(section(designs["microfluidic"], "Feed")), strict=True):
        runs = first_number(share[3]) / 100.0 * 0.05 * 1440.0  # mL a day
        assert first_number(daily) == pytest.approx(max(10.0, 1.2 * runs), rel=0.01)
        assert first_number(whole.split(": ")[1]) == pytest.approx(2.0 * first_number(daily), rel=0.01)  # 30 h
    settling = first_number(named(section(designs["microfluidic"], "Phases"))["2. Settle"])
    # two chambers before and after the programme, one meanwhile
    assert first_number(resting[1]) == pytest.approx(1.2 * 3.0 * (2.0 * (settling + 2.0) + 30.0), rel=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_expected_readings_lie_within_their_bands(designs, name):
    rows = rows_of(section(designs[name], "Expected readings"))
    assert rows
    oxygen = 6 if name != "microfluidic" else 6
    for row in rows:
        if "<" in row[2] or "<" in row[3]:
            continue
        low, high = (float(x) for x in row[3].replace(",", "").split(" to "))
        assert low <= float(row[2].replace(",", "")) <= high
        ends = [float(x) for x in row[oxygen].split(" to ")]
        assert 0.0 <= ends[0] <= ends[-1] <= 480.0  # pure oxygen


def test_oxygen_of_stirred_zones_closes_its_balance():
    flows = np.array([[0.0, 3e-5, 0.0], [3e-5, 0.0, 2e-5], [0.0, 2e-5, 0.0]])
    volumes, demand, kla, gas = (
        np.array([1e-4, 9e-4, 2e-3]),
        np.array([0.3, 0.1, 0.01]),
        np.array([0.05, 0.1, 0.1]),
        2.0,
    )
    c = stirred_zones(kla, gas, volumes, flows, demand)
    assert np.sum(volumes * (kla * (gas - c) - demand)) == pytest.approx(0.0, abs=1e-12)
    assert c[0] < c[1] < c[2]
    alone = stirred_zones(kla, gas, volumes, np.zeros((3, 3)), demand)
    assert np.allclose(alone, gas - demand / kla)


def test_oxygen_of_a_pulsed_vessel_is_periodic_and_breathes_what_it_gets():
    step, kla, gas = 0.05, 0.08, 1.5
    t = step * np.arange(800)
    demand = 0.1 * (t < 10.0)
    c = periodic(kla, gas, demand, step)
    before = np.concatenate([[c[-1]], c[:-1]])
    # the equation, integrated over the period by the trapezoid rule
    assert np.sum(kla * (gas - 0.5 * (c + before))) == pytest.approx(demand.sum(), rel=1e-4)
    assert np.allclose(periodic(kla, gas, np.full(800, 0.04), step), gas - 0.04 / kla)


@pytest.mark.parametrize("tube_demand", [0.01, 0.2])
def test_oxygen_of_a_vessel_with_a_tube_closes_its_balance(tube_demand):
    loop, kla, demand = Loop(4e-4, 2.6e-3, 4e-5), 0.15, 0.05
    c = vessel_with_tube(kla, loop, demand, tube_demand)
    back = max(0.0, c - tube_demand * loop.tube_time)
    supplied = kla * (1.0 - c) * loop.vessel_volume
    assert supplied == pytest.approx(demand * loop.vessel_volume + loop.flow * (c - back), rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_drawing_shows_what_is_set(designs, name):
    d = designs[name]
    root = ElementTree.fromstring(d.drawing)
    words = " ".join(e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}text"))
    if name == "microfluidic":
        assert all(row[1] in words for row in rows_of(section(d, "Feed"))[1:])
        return
    assert f"{first_number(named(section(d, 'Feed'))['stock']):.1f} g/L" in words
    setup = named(section(d, "Set-up"))
    for key, value in setup.items():
        if key in ("vessel", "tube", "first vessel", "second vessel") or key.startswith("vessel "):
            assert f"{value} mL" in words, key
    if "tube bore" in setup:
        length = setup["tube length, pump head and connectors included"]
        assert f"{setup['tube bore']} mm, {length} m" in words


@pytest.mark.parametrize("name", NAMES)
def test_every_rig_says_what_limits_it_and_what_it_takes(designs, name):
    d = designs[name]
    assert any(c.isdigit() for c in d.limit) and len(d.limit) < 160 and "nan" not in d.limit
    counts = d.effort
    assert set(counts) <= set(weights()) and all(n > 0.0 for n in counts.values())
    assert total(counts) == pytest.approx(sum(weights()[k].weight * n for k, n in counts.items()))
    vessels = {"str-str": 2, "three-compartments": 3, "microfluidic": 0}.get(name, 1)
    assert counts.get("vessels", 0) == vessels
    loops = {"str-pfr": 1, "str-pfr-reference": 1, "str-str": 2, "three-compartments": 4}.get(name, 0)
    assert counts.get("loop_pumps", 0) == loops
    if name not in ("microfluidic", "mini-bioreactors"):
        bleed = first_number(named(section(d, "Feed"))["bleed"])
        assert counts["medium"] == pytest.approx(bleed * 1.44, rel=0.01)
        assert counts["preparation"] >= len(rows_of(section(d, "Equipment"))) + 2
    if "tube" in counts:
        assert counts["tube_metres"] == pytest.approx(d.settings["length"])


def test_loops_of_the_usual_kind_are_the_standard_rig_with_another_stay(designs, tank, case):
    rows = classic_loops(tank, 1)
    assert [row["stay_s"] for row in rows] == list(TIMES) and set(USUAL) <= set(TIMES)
    of_60 = next(row for row in rows if row["stay_s"] == 60.0)
    assert of_60["distance"] == pytest.approx(designs["str-pfr-reference"].distance, rel=0.05)
    for row in rows:
        assert row["flow_m3_s"] * row["stay_s"] == pytest.approx(0.2 * tank.duty.bench.volume)
        assert (row["within"] == 1.0) == (row["flow_m3_s"] <= tank.duty.bench["loop_pump_max"])
    text = designer._finish(case, StrPfr(), None, replace(tank, classic=rows)).protocol
    assert "test something else" in text and "| 60 s |" in text


def test_small_vessels_turn_to_the_same_power_per_volume(designs):
    d = designs["three-compartments"]
    said = {row[0]: row for row in rows_of(section(d, "Stirrer, gas, temperature"))}
    volumes = [d.settings["excess_volume"], None, d.settings["starvation_volume"]]
    volumes[1] = 3e-3 - volumes[0] - volumes[2] - 4 * 30e-6
    for n, (word, volume) in enumerate(zip(("excess", "limitation", "starvation"), volumes, strict=True)):
        speed = float(said[f"stirrer, vessel {n + 1}, {word}"][1])
        assert speed == pytest.approx(min(700.0 * (3e-3 / volume) ** (2.0 / 9.0), 2000.0), abs=5.1)
        assert f"{speed:.0f} rpm" in d.drawing
        assert json.loads(d.record)["set_points"]["stirrer_rpm_of"][f"vessel {n + 1}, {word}"] == speed
