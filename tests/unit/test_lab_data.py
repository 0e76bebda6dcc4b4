"""Lab data laid over predictions: residuals of made-up readings come back exactly; faults name line and column."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from rushton.cli import app
from rushton.errors import CaseError, ResultsError
from rushton.study.lab_data import compare_data, empty_sheet
from rushton.study.lab_data.predict import Predictor
from rushton.study.lab_data.template import plan

K, Q_MAX, MOLAR = 0.01, 4e-4, 0.18
D = 0.03  # 1/h


def record(**changes) -> dict:
    """A protocol as ``scaledown.protocol_json`` writes it, with round numbers: 20 h in 4 intervals."""
    hours = [0.0, 5.0, 10.0, 15.0, 20.0]
    edges = {"low": 0.9, "mean": 1.0, "high": 1.2}

    def course(values):
        return {edge: [f * v for v in values] for edge, f in edges.items()}

    made = {
        "format": 1, "id": "0123456789", "rig": "str-pfr", "title": "Vessel and tube", "reference": False, "seed": 1,
        "case": {"name": "tank", "title": "A tank"},
        "versions": {"rushton": "0"},
        "strain": {"model": "monod", "uptake_max_mol_kg_s": Q_MAX, "half_saturation_mol_m3": K},
        "substrate": {"name": "glucose", "molar_mass_kg_mol": MOLAR},
        "product": {"name": "product", "molar_mass_kg_mol": None},
        "set_points": {"gas_L_min": 3.0},
        "recipe": {"stock_mL_min": 2.0, "dilution_1_h": D},
        "phases": [
            {"phase": "batch", "start_s": None, "duration_s": None},
            {"phase": "settle", "start_s": -86400.0, "duration_s": 86400.0},
            {"phase": "gradient", "start_s": 0.0, "duration_s": 72000.0, "judged_from_s": 36000.0},
            {"phase": "end", "start_s": 72000.0, "duration_s": 7200.0},
            {"phase": "reference", "start_s": -86400.0, "duration_s": 158400.0},
        ],
        "sampling": {
            "ports": [{"port": "vessel", "key": "vessel"}, {"port": "tube, half", "key": "tube-half"}],
            "plan": [
                {"time_s": -14400.0, "phase": "settle", "read": "routine"},
                {"time_s": 36000.0, "phase": "gradient", "read": "routine"},
                {"time_s": 72000.0, "phase": "gradient", "read": "routine"},
                {"time_s": 72000.0, "phase": "gradient", "read": "series"},
                {"time_s": 79200.0, "phase": "end", "read": "routine"},
            ],
        },
        "expected": {
            "ports": [
                {"port": "vessel", "substrate_mol_m3": {"low": 0.001, "mean": 0.002, "high": 0.004},
                 "dissolved_oxygen_percent": {"low": 30.0, "mean": 40.0, "high": 60.0}},
                {"port": "tube, half", "substrate_mol_m3": {"low": 0.1, "mean": 0.2, "high": 0.4},
                 "dissolved_oxygen_percent": {"low": 0.0, "mean": 0.0, "high": 0.0}},
            ],
            "settled": {
                "substrate_mol_m3": {"low": 0.002, "mean": 0.0025, "high": 0.003}, "biomass_kg_m3": 50.0,
                "specific_productivity_relative": 1.0, "specific_productivity_mol_kg_s": 4e-6,
                "growth_net_1_s": D / 3600.0, "uptake_mol_kg_s": 8e-5,
                "dissolved_oxygen_percent": {"low": 30.0, "mean": 50.0, "high": 70.0},
                "yield_kg_mol": 0.08, "yield_relative": 1.0,
                "by_products_mol_m3": {"acetate": {"low": 0.1, "mean": 0.2, "high": 0.3}},
            },
            "by_products_mol_m3": {"acetate": {"low": 1.0, "mean": 2.0, "high": 4.0}},
            "oxygen_saturation_mol_m3": 0.25,
            "course": {
                "time_s": [3600.0 * h for h in hours],
                "specific_productivity_relative": course([1.0, 0.9, 0.8, 0.7, 0.6]),
                "specific_productivity_mol_kg_s": course([4e-6, 3.6e-6, 3.2e-6, 2.8e-6, 2.4e-6]),
                "growth_net_1_s": course([D / 3600.0] * 5), "biomass_kg_m3": course([50.0, 51.0, 52.0, 53.0, 54.0]),
                "yield_kg_mol": course([0.08] * 5), "yield_relative": course([1.0] * 5),
                "by_products_mol_m3": {
                    "acetate": {
                        "low": [0.1, 1.0, 1.0, 1.0, 1.0], "mean": [0.2, 2.0, 2.0, 2.0, 2.0],
                        "high": [0.3, 4.0, 4.0, 4.0, 4.0],
                    }
                },
            },
        },
        "match": {
            "distance": 0.5, "distance_pump_low": 0.6, "distance_pump_high": 0.7, "mean_uptake_ratio": 0.2,
            "tank": {"relative_productivity_final": 0.7, "relative_productivity_final_band": [0.69, 0.71]},
        },
        "pump_accuracy": 0.05, "biomass_off": 0.1,
    }  # fmt: skip
    return made | changes


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "tank.results" / "scaledown"
    folder.mkdir(parents=True)
    (folder / "protocol-str-pfr.json").write_text(json.dumps(record()), encoding="utf-8")
    return folder.parent


def data(tmp_path: Path, *lines: str, head: str = "time_h,phase,port,quantity,value,unit,sd", top: str = "") -> Path:
    path = tmp_path / "lab.csv"
    path.write_text("\n".join([*filter(None, [top]), head, *lines]) + "\n", encoding="utf-8")
    return path


def rows_of(found) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(found.csv())))


# predicted: 2 umol/L in the vessel = 0.36 mg/L; 0.2 mmol/L in the tube = 36 mg/L; biomass at 5 h 51 g/L
@pytest.mark.parametrize(
    ("line", "residual", "in_bands"),
    [
        ("5,gradient,vessel,substrate,0.4,mg/L,", 0.04, 0.04 / 0.36),
        ('5,gradient,"tube, half",substrate,30,mg/L,', -6.0, -6.0 / 18.0),
        ("5,gradient,tube-half,substrate,0.25,mmol/L,", 0.05, 0.25),
        ("-2,settle,,substrate,0.63,mg/L,", 0.18, 0.18 / 0.09),
        ("5,gradient,,biomass,52.5,g/L,1", 1.5, 1.5 / 5.1),
        ("5,reference,,biomass,49,g/L,1", -1.0, -0.2),
        ("21,end,,biomass,54,g/L,1", 0.0, 0.0),
        ("20,gradient,,biomass,49.5,g/L,1", -4.5, -0.5),  # as low as 0.9 of the 50 that the bleed may keep
        ("7.5,gradient,,specific_productivity,70,%,", -10.0, -10.0 / 8.0),
        ("7.5,gradient,,growth,0.033,1/h,", 0.003, 0.5),
        ("7.5,gradient,,yield,0.5,g/g,", 0.5 - 0.08 / 0.18, (0.5 - 0.08 / 0.18) / (0.2 * 0.08 / 0.18)),
        ("10,gradient,,feed_volume,1218,mL,", 18.0, 0.3),
        ("10,gradient,,feed_weight,1260,g,", 0.0, 0.0),
        ("10,gradient,vessel,dissolved_oxygen,35,%,", -5.0, -0.5),
        ("10,gradient,vessel,dissolved_oxygen,0.125,mmol/L,", 0.025, 0.5),
        ("10,gradient,,acetate,0.18,g/L,", 0.18 - 0.120104, (0.18 - 0.120104) / 0.120104),
        ("2.5,gradient,,acetate,1.2,mmol/L,", 0.1, 0.1 / 1.05),  # half-way from 0.2 to 2
        ("2,reference,,acetate,0.25,mmol/L,", 0.05, 0.5),
        ("10,gradient,,gas_flow,3.15,L/min,", 0.15, 1.0),
    ],
)
def test_a_known_offset_comes_back_exactly(results, tmp_path, line, residual, in_bands):
    found = compare_data(data(tmp_path, line, top="# stock_density: 1.05 g/mL"), results)
    row = rows_of(found)[0]
    assert float(row["residual"]) == pytest.approx(residual, abs=1e-6)
    assert float(row["residual_in_bands"]) == pytest.approx(in_bands, abs=1e-5)
    assert float(row["measured"]) - float(row["predicted"]) == pytest.approx(residual, abs=1e-5)
    sd = found.rows[0].deviation / found.rows[0].reading.factor
    half = abs(residual / in_bands) if in_bands else math.inf
    assert float(row["residual_over_allowed"]) == pytest.approx(residual / (half + 2.0 * sd), abs=1e-5)
    assert row["agrees"] == ("yes" if abs(float(row["residual_over_allowed"])) <= 1.0 else "no")


def test_by_products_that_the_model_or_the_program_does_not_know_are_read(results, tmp_path):
    """What the model does not form is kept and said to be outside of it; without a molar mass moles are told."""
    found = compare_data(data(tmp_path, "10,gradient,,lactate,0.9,g/L,", "10,gradient,,acetate,0.12,g/L,"), results)
    assert [row.predicted is None for row in found.rows] == [True, False]
    assert found.rows[0].reason == "the cell model monod gives off no lactate"
    assert found.rows[0].reading.value == pytest.approx(0.9 / 0.090078, rel=1e-6)
    folder = results / "scaledown"
    own = record()
    for where in (own["expected"], own["expected"]["settled"], own["expected"]["course"]):
        where["by_products_mol_m3"] = {"spidroin": where["by_products_mol_m3"]["acetate"]}
    (folder / "protocol-str-pfr.json").write_text(json.dumps(own), encoding="utf-8")
    rows = [r for r in csv.reader(empty_sheet(results).splitlines()) if len(r) > 3 and r[3] == "spidroin"]
    assert {r[5] for r in rows} == {"mmol/L"}
    assert compare_data(data(tmp_path, "10,gradient,,spidroin,2,mmol/L,"), results).rows[0].residual == 0.0
    with pytest.raises(CaseError, match="spidroin, whose molar mass is not known"):
        compare_data(data(tmp_path, "10,gradient,,spidroin,2,g/L,"), results)


def test_by_products_are_asked_for_whenever_a_sample_is_taken_and_old_protocols_say_so(results, tmp_path):
    asked = [(t, phase) for t, phase, _, name in plan(record()) if name == "acetate"]
    weighed = [(t, phase) for t, phase, _, name in plan(record()) if name == "biomass"]
    assert asked == weighed and {"settle", "gradient", "reference"} <= {phase for _, phase in asked}
    old = record()
    for part in ("settled", "course"):
        del old["expected"][part]["by_products_mol_m3"]
    (results / "scaledown" / "protocol-str-pfr.json").write_text(json.dumps(old), encoding="utf-8")
    found = compare_data(data(tmp_path, "10,gradient,,acetate,0.12,g/L,"), results)
    assert "write it again with `rushton design`" in found.rows[0].reason


def test_the_titre_follows_the_balance_of_the_product(results, tmp_path):
    """First the settled production for 4 h, then two intervals with theirs: by small steps of Euler."""
    lines = ["-4,settle,,titre,20,mmol/L,", "7,gradient,,titre,30,mmol/L,", "10,reference,,titre,20,mmol/L,"]
    lines += ["30,end,,titre,20,mmol/L,", "16,reference,,titre,25,mmol/L,"]
    lines[3] = "21,end,,titre,20,mmol/L,"
    found = compare_data(data(tmp_path, *lines), results)
    p, dt = 20.0, 1e-3
    for t in np.arange(-4.0, 7.0, dt):
        made = 4e-6 * 50.0 if t < 0 else (3.6e-6 if t < 5 else 3.2e-6) * (50.0 + 0.2 * (2.5 if t < 5 else 6.0))
        p += dt * (3600.0 * made - D * p)
    assert found.rows[1].predicted.mean == pytest.approx(p, rel=1e-4)
    assert "starts from" in found.rows[0].reason and "starts from" in found.rows[2].reason
    assert "not predicted" in found.rows[3].reason
    rest = 4e-6 * 50.0 * 3600.0 / D
    assert found.rows[4].predicted.mean == pytest.approx(rest + (20.0 - rest) * math.exp(-6 * D), rel=1e-9)


def test_nothing_found_agrees_where_little_is_expected(results, tmp_path):
    lines = ("5,gradient,vessel,substrate,<1,mg/L,", "5,gradient,tube-half,substrate,<1,mg/L,")
    found = compare_data(data(tmp_path, *lines), results)
    assert [row.agrees for row in found.rows] == [True, False]
    assert [row["residual"] for row in rows_of(found)] == ["", ""]
    assert [v.state for v in found.verdicts] == ["below", "agrees"]


def test_spreadsheets_with_semicolons_decimal_commas_and_a_mark_are_read(results, tmp_path):
    path = tmp_path / "lab.csv"
    head = '"# rig: str-pfr";;;;;\r\ntime_min;phase;port;quantity;value;unit\r\n'
    path.write_bytes(("\ufeff" + head + "300;gradient;tube, half;substrate;30,6;mg/L\r\n").encode())
    found = compare_data(path, results)
    assert found.rows[0].reading.value == pytest.approx(0.17)
    assert found.rows[0].reading.time == 18000.0


def test_systematic_deviations_are_told_with_what_to_change(results, tmp_path):
    # settled substrate 4 times as high: at s = 0.2, C = 0.01 mol/m3 says K_s = 0.04 or q_max x 0.2 x 2
    lines = [f"{t},settle,,substrate,1.8,mg/L," for t in (-8, -4, 0)]
    lines += [f"{t},gradient,,feed_volume,{1.1 * 120 * t},mL," for t in (5, 10, 15)]
    lines += [f"{t},gradient,,biomass,{x},g/L,0.5" for t, x in ((5, 30), (10, 80), (15, 53))]
    lines += [f"{t},gradient,,specific_productivity,50,%,1" for t in (12, 16, 20)]
    found = compare_data(data(tmp_path, *lines), results)
    by_name = {v.quantity.name: v for v in found.verdicts}
    assert {name: v.state for name, v in by_name.items()} == {
        "substrate": "above", "feed_volume": "above", "biomass": "scatters", "specific_productivity": "below",
    }  # fmt: skip
    assert by_name["substrate"].bias == pytest.approx(0.0075)
    assert "eats less" in by_name["substrate"].advice and "40 µmol/L instead of 10" in by_name["substrate"].advice
    assert "576 µmol/(g h) instead of 1440" in by_name["substrate"].advice
    assert "+10 %" in by_name["feed_volume"].text and "0.700 instead of 0.500" in by_name["feed_volume"].advice
    assert "strain.parameters" in by_name["specific_productivity"].advice
    told = found.productivity
    assert (told.measured, told.rig, told.tank) == pytest.approx((0.5, 0.65, 0.7))
    assert "50.0 ±" in told.words and "-20.0 points" in told.words


def test_a_difference_from_next_to_nothing_is_not_told_in_per_cent_of_it(results, tmp_path):
    found = compare_data(data(tmp_path, "2,reference,,acetate,20,mmol/L,", "2,reference,,biomass,80,g/L,"), results)
    by_name = {v.quantity.name: v.text for v in found.verdicts}
    assert "+19.8 mmol/L;" in by_name["acetate"] and "+30 g/L (+60 %)" in by_name["biomass"]


def test_readings_that_run_away_with_time_are_told_even_where_they_agree(results, tmp_path):
    """Biomass falls by 0.4 g/L/h from what is predicted, 51, 52 and 53 g/L at 5, 10 and 15 h: all within the band."""
    times = (5, 7.5, 10, 12.5, 15)
    falling = [f"{t},gradient,,biomass,{50.0 + 0.2 * t - 0.4 * (t - 5):.6g},g/L,0.3" for t in times]
    found = compare_data(data(tmp_path, *falling), results).verdicts[0]
    assert found.state == "agrees" and "drifts: +0 g/L at 5 h, -4 g/L at 15 h" in found.text.replace("-0 g", "+0 g")
    assert "wear of the pump tubing" in found.advice
    steady = [f"{t},gradient,,biomass,{48.0 + 0.2 * t},g/L,0.3" for t in times]  # off, but always by as much
    little = [f"{t},gradient,,biomass,{50.0 + 0.2 * t - 0.02 * t},g/L,0.3" for t in times]  # less than is told apart
    noisy = [
        f"{t},gradient,,biomass,{50.0 + 0.2 * t + e},g/L,0.3" for t, e in zip(times, (2, -2, 1, -2, 1.5), strict=True)
    ]
    for lines in (steady, little, noisy, falling[:3]):
        assert "drift" not in compare_data(data(tmp_path, *lines), results).verdicts[0].text


def test_what_labs_call_by_other_names_is_understood_and_what_nothing_predicts_is_passed_over(results, tmp_path):
    lines = ["5,gradient,vessel,glucose,0.36,mg/L,", "5,gradient,vessel,DO,40,%,", "5,gradient,,CDW,51,g/L,"]
    lines += [
        "5,gradient,,acetic acid,0.1,g/L,",
        "5,gradient,,pH,7.0,-,",
        "9,gradient,,pH,6.9,-,",
        "5,gradient,,OD600,80,-,",
    ]
    found = compare_data(data(tmp_path, *lines), results)
    assert [r.reading.quantity.name for r in found.rows] == ["substrate", "dissolved_oxygen", "biomass", "acetate"]
    assert "2 readings of pH passed over (line 6 on)" in found.notes[0] and "a reading of OD600" in found.notes[1]


def test_a_switched_rig_is_told_to_measure_its_transfer(results, tmp_path):
    switched = record(product={"name": None})
    switched["set_points"]["stirrer_table"] = {}
    switched["expected"]["settled"]["oxygen_uptake_mol_m3_s"] = 0.01
    switched["expected"]["course"]["oxygen_uptake_mol_m3_s"] = {
        "low": [0.0072] * 5, "mean": [0.008] * 5, "high": [0.0088] * 5,
    }  # fmt: skip
    (results / "scaledown" / "protocol-str-pfr.json").write_text(json.dumps(switched), encoding="utf-8")
    lines = [f"{t},gradient,,oxygen_uptake,20,mmol/L/h," for t in (5, 10)] + ["10,gradient,,feed_volume,1400,mL,"]
    found = compare_data(data(tmp_path, *lines), results)
    by_name = {v.quantity.name: v for v in found.verdicts}
    assert by_name["oxygen_uptake"].state == "below" and "measure kLa" in by_name["oxygen_uptake"].advice
    assert by_name["feed_volume"].state == "above" and "distance" not in by_name["feed_volume"].advice
    assert "oxygen demand over transfer off" in found.html() and "forms no product" in found.productivity.way


def test_productivity_follows_from_titres_of_both_runs_without_a_molar_mass(results, tmp_path):
    """P grows as q_p X/D (1 - e^(-D t)); 0.8 of the reference's q_p with more biomass."""
    lines = []
    for phase, q, x in (("gradient", 0.8, 55.0), ("reference", 1.0, 50.0)):
        for t in (10, 20):
            titre = 0.01 * q * x / D * (1.0 - math.exp(-D * t))
            lines += [f"{t},{phase},,titre,{titre:.9g},mmol/L,0.01", f"{t},{phase},,biomass,{x},g/L,0.5"]
    found = compare_data(data(tmp_path, *lines), results).productivity
    assert found.measured == pytest.approx(0.8, rel=1e-6)
    assert "balance of the product" in found.way
    assert 0.0 < found.deviation < 0.1
    assert compare_data(data(tmp_path, *lines[:4]), results).productivity.measured is None
    # and from absolute specific productivities
    lines = ["12,gradient,,specific_productivity,8,umol/g/h,1", "12,reference,,specific_productivity,10,umol/g/h,1"]
    assert compare_data(data(tmp_path, *lines), results).productivity.measured == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("5,gradient,tube half way,substrate,3,mg/L,", ("line 2, column port", "tube half way", "vessel; tube, half")),
        ("5,gradient,,substrate,3,mg/L,", ("column port", "needs a port", "vessel")),
        ("5,gradient,vessel,substrate,3,mL,", ("column unit", "'mL' is not a unit of substrate", "mg/L")),
        ("5,gradient,vessel,dissolved_oxygen,3,mL,", ("column unit", "mL", "% of air saturation")),
        ("5,gradient,,yield,3,mL,", ("column unit", "g/g")),
        ("5,gradient,vessel,substrate,3,,", ("column unit", "missing", "mg/L")),
        ("5,gradient,vessel,substrate,three,mg/L,", ("column value", "'three' is not a number")),
        ("5,gradient,vessel,substrate,-3,mg/L,", ("column value", "negative")),
        ("5,gradient,vessel,substrate,3,mg/L,-1", ("column sd", "standard deviation")),
        ("25,gradient,vessel,substrate,3,mg/L,", ("column time_h", "25 h is outside", "gradient", "0 to 20 h")),
        ("noon,gradient,vessel,substrate,3,mg/L,", ("column time_h", "'noon' is not a time")),
        ("5,gradiant,vessel,substrate,3,mg/L,", ("column phase", "did you mean 'gradient'")),
        ("5,gradient,vessel,sugar,3,mg/L,", ("column quantity", "no quantity 'sugar'", "substrate", "acetate")),
        ("5,gradient,,titre,3,g/L,", ("column unit", "molar mass is not known", "product_molar_mass")),
        ("5,gradient,tube, half,substrate,3,mg/L,1", ("line 2", "8 cells for 7 columns", "quotes")),
        ("5,gradient,tube, half,substrate,3,mg/L,", ("column port", "no port 'tube'", "into quotes")),
    ],
)  # fmt: skip
def test_faults_are_told_with_line_and_column(results, tmp_path, line, words):
    with pytest.raises(CaseError) as refused:
        compare_data(data(tmp_path, line), results)
    for word in ("lab.csv", *words):
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("phase,port,quantity,value", "columns are missing: time_h (or time_min, time_s), unit"),
        ("time_h,time_s,phase,quantity,value,unit", "two columns of time"),
        ("time_h,phase,quantity,value,unit,colour", "no column is named 'colour'"),
        ("time_h,phase,quantity,value,unit,unit", "the column 'unit' stands twice"),
    ],
)
def test_wrong_columns_are_named(results, tmp_path, head, words):
    with pytest.raises(CaseError) as refused:
        compare_data(data(tmp_path, "1,2,3,4", head=head), results)
    assert words in str(refused.value)


def test_files_without_readings_are_refused(results, tmp_path):
    with pytest.raises(CaseError, match="no line has a value"):
        compare_data(data(tmp_path, "5,gradient,vessel,substrate,,mg/L,"), results)
    with pytest.raises(CaseError, match="holds no table"):
        compare_data(data(tmp_path, head="# nothing"), results)
    with pytest.raises(CaseError, match="no such file"):
        compare_data(tmp_path / "none.csv", results)
    early = data(tmp_path, "-90,batch,,biomass,3,g/L,")
    with pytest.raises(CaseError, match="no reading is of a phase that is compared"):
        compare_data(early, results)


def test_the_protocol_is_found_by_rig_or_by_the_id_of_the_sheet(results, tmp_path):
    line = "5,gradient,,biomass,50,g/L,"
    with pytest.raises(ResultsError, match="did you mean 'str-pfr'"):
        compare_data(data(tmp_path, line), results, "str-pfd")
    with pytest.raises(CaseError, match="of the rig 'str-str', not of 'str-pfr'"):
        compare_data(data(tmp_path, line, top="# rig: str-str"), results, "str-pfr")
    with pytest.raises(ResultsError, match="belong to the protocol 999"):
        compare_data(data(tmp_path, line, top="# protocol: 999"), results)
    with pytest.raises(ResultsError, match="no lab designs"):
        compare_data(data(tmp_path, line), tmp_path)
    with pytest.raises(ResultsError, match="no such results folder"):
        compare_data(data(tmp_path, line), tmp_path / "none")
    other = results / "design"
    other.mkdir()
    (other / "protocol-str-pfr.json").write_text(json.dumps(record(id="999")), encoding="utf-8")
    assert compare_data(data(tmp_path, line, top="# protocol: 999"), results).source.parent == other
    found = compare_data(data(tmp_path, line), results)
    assert found.source.parent.name == "scaledown" and "there is another" in found.notes[0]
    third = results / "design-2"
    third.mkdir()
    (third / "protocol-str-pfr.json").write_text(json.dumps(record(id="998")), encoding="utf-8")
    assert compare_data(data(tmp_path, line, top="# protocol: 998"), results).source.parent == third
    (third / "protocol-str-pfr.json").unlink()
    (other / "protocol-pulsed-feed.json").write_text(json.dumps(record(id="1", rig="pulsed-feed")), encoding="utf-8")
    with pytest.raises(ResultsError, match="which rig"):
        compare_data(data(tmp_path, line), results)
    for path in (*other.iterdir(), results / "scaledown" / "protocol-str-pfr.json"):
        path.unlink()
    (other / "protocol-str-pfr.md").write_text("# old", encoding="utf-8")
    with pytest.raises(ResultsError, match="before they had a"):
        compare_data(data(tmp_path, line), results)


def test_the_empty_sheet_can_be_filled_and_read(results, tmp_path):
    text = empty_sheet(results)
    assert "# rig: str-pfr" in text and "# protocol: 0123456789" in text
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("time_h"))
    rows = list(csv.DictReader(lines[start:]))
    assert len(rows) == len(plan(record()))
    assert {r["quantity"] for r in rows} == {
        "biomass", "titre", "substrate", "dissolved_oxygen", "feed_weight", "acetate",
    }  # fmt: skip
    assert {r["port"] for r in rows if r["phase"] == "gradient"} == {"", "vessel", "tube, half"}
    assert max(float(r["time_h"]) for r in rows if r["phase"] == "gradient") == 20.0
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**r, "value": "1"} for r in rows)
    path = tmp_path / "filled.csv"
    head = "\n".join(lines[:start]).replace("# product_molar_mass: ", "# product_molar_mass: 334.4 g/mol")
    path.write_text(f"{head}\n{out.getvalue()}", encoding="utf-8")
    found = compare_data(path, results)
    assert len(found.rows) == len(rows)
    assert {row.reading.quantity.name for row in found.rows if row.predicted is None} == {
        "titre", "feed_weight", "acetate",
    }  # fmt: skip


def test_a_chamber_asks_for_growth_alone():
    chamber = record(recipe=None, product={"name": None})
    chamber["phases"] = [p for p in chamber["phases"] if p["phase"] in ("gradient", "reference")]
    assert {name for _, _, _, name in plan(chamber)} == {"growth"}
    assert Predictor(chamber).expected["course"] is not None


def test_the_command_writes_sheet_page_and_table(results, tmp_path):
    runner = CliRunner()
    sheet = tmp_path / "sheet.csv"
    call = ["compare", "--template", str(results), "--rig", "str-pfr", "-o", str(sheet)]
    assert runner.invoke(app, call).exit_code == 0
    assert sheet.read_text(encoding="utf-8") == empty_sheet(results)
    assert runner.invoke(app, call).exit_code == 2  # never over a filled sheet
    lines = ["5,gradient,vessel,substrate,<1,mg/L,", "5,gradient,tube-half,substrate,120,mg/L,"]
    lines += [f"{t},gradient,,biomass,51,g/L," for t in (5, 10)]
    path = data(tmp_path, *lines, "15,gradient,,specific_productivity,70,%,")
    ran = runner.invoke(app, ["compare", "--data", str(path), str(results), "-o", str(tmp_path / "out")])
    assert ran.exit_code == 0, ran.output
    assert "systematically above" in " ".join(ran.output.split())
    page = (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml") == 4 and "http" not in page.replace("http://www.w3.org", "")
    assert len((tmp_path / "out" / "residuals.csv").read_text(encoding="utf-8").splitlines()) == 6
    for wrong in (
        ["--data", str(path)],
        ["--data", str(path), "--template", str(results)],
        ["--rig", "x", str(results)],
    ):
        assert runner.invoke(app, ["compare", *wrong]).exit_code == 2
