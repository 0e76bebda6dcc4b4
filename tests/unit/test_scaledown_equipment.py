"""Laboratory equipment by name: its limits, what goes before them, and what is refused."""

from __future__ import annotations

import tomllib

import pytest

from rushton.case import Case, load_case
from rushton.case.library import shelf
from rushton.case.load import case_from_dict
from rushton.case.resolved import write_resolved
from rushton.errors import CaseError
from rushton.scaledown.bench import Bench


@pytest.fixture(scope="module")
def data(cases_folder):
    return tomllib.loads((cases_folder / "penicillin_54m3.toml").read_text("utf-8"))


def case_with(data, **scaledown):
    return case_from_dict({**data, "scaledown": {"working_volume": "2 L", **scaledown}})


@pytest.mark.parametrize("name", shelf("equipment"))
def test_every_piece_of_equipment_can_be_chosen_alone(data, name):
    one = shelf("equipment")[name]
    volume = one["limits"].get("vessel_volume_max", "2 L")
    case = case_with(data, equipment={one["kind"]: name}, working_volume=volume)
    bench = Bench.from_case(case)
    named = [limit for limit in bench.limits.values() if limit.source.startswith(name)]
    assert named or one["kind"] == "tubing"
    assert not any(limit.source == "case file, scaledown.limits" for limit in bench.limits.values())


def test_the_case_goes_before_the_equipment_and_the_equipment_before_the_default(data):
    case = case_with(
        data,
        equipment={"loop_pump": "peristaltic-6.4mm", "vessel": "puiman-3L"},
        limits={"loop_pump_max": "1 L/min"},
    )
    limits = case.scaledown.limits
    assert limits.loop_pump_max * 6e7 == pytest.approx(1000.0)
    assert limits.loop_pump_min * 6e7 == pytest.approx(30.0)
    assert limits.feed_pump_max * 6e7 == pytest.approx(50.0)
    assert limits.stirrer_speed * 60.0 == pytest.approx(950.0)
    bench = Bench.from_case(case)
    assert bench.limits["loop_pump_max"].source == "case file, scaledown.limits"
    assert bench.limits["loop_pump_min"].source.startswith("peristaltic-6.4mm: Omega")


def test_the_vessel_of_the_literature_has_its_own_size(data):
    """2 L in 0.13 m with an impeller of 0.06 m; P = Po rho N^3 D^5 / V = 2307 W/m3 at 930 rpm was published."""
    bench = Bench.from_case(case_with(data, equipment={"vessel": "puiman-3L"}))
    assert bench.vessel_diameter == pytest.approx(0.13, rel=0.005)
    assert bench["impeller_ratio"] * bench.vessel_diameter == pytest.approx(0.06, rel=0.01)
    assert bench.stirrer_power / bench.volume == pytest.approx(2307.0, rel=0.05)


def test_it_reads_back_what_it_writes(data, tmp_path):
    case = case_with(data, equipment={"feed_pump": "feed-syringe", "tubing": "tubing-metric"})
    path = tmp_path / "again.toml"
    path.write_text(write_resolved(case), encoding="utf-8")
    again = load_case(path)
    assert again.scaledown == case.scaledown
    assert Case.model_validate(case.model_dump(mode="json", by_alias=True)).scaledown == case.scaledown


@pytest.mark.parametrize(
    ("scaledown", "where", "words"),
    [
        ({"equipment": {"vessel": "bench-3l-x"}}, "scaledown.equipment.vessel", "did you mean 'bench-3L'"),
        ({"equipment": {"vessel": "feed-syringe"}}, "scaledown.equipment.vessel", "is a feed pump"),
        ({"equipment": {"vessel": "bench-15L"}}, "scaledown.working_volume", "does not fit"),
        ({"limits": {"vessel_volume_max": "1 L"}}, "scaledown.working_volume", "does not fit"),
        ({"limits": {"loop_pump_min": "3 L/min"}}, "scaledown.limits.loop_pump_min", "not below the largest"),
        ({"limits": {"biomass_min": "80 g/L"}}, "scaledown.limits.biomass_min", "not below the largest"),
        ({"equipment": {"pump": "feed-syringe"}}, "scaledown.equipment.pump", "unknown key"),
    ],
)
def test_what_contradicts_itself_is_refused_with_what_to_change(data, scaledown, where, words):
    with pytest.raises(CaseError) as refused:
        case_with(data, **scaledown)
    assert refused.value.where == where
    assert words in str(refused.value)
    assert refused.value.hint


def test_a_chamber_without_records_to_play_is_refused_before_anything_runs(data):
    with pytest.raises(CaseError) as refused:
        case_from_dict({**data, "scaledown": {"rigs": ["microfluidic"]}, "lifelines": {"full_records": 0}})
    assert refused.value.where == "lifelines.full_records"
