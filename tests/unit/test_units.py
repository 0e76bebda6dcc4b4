"""Reading of quantities: the traps of engineering units, each with its number."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from rushton.errors import CaseError
from rushton.units import KINDS, Medium, to_si

MEDIUM = Medium(density=1000.0, volume=54.0, molar_mass=0.180156, temperature=298.15)

READ = [
    ("98 rpm", "speed", 98 / 60),
    ("98rpm", "speed", 98 / 60),
    ("98 1/min", "speed", 98 / 60),
    ("98 min-1", "speed", 98 / 60),
    ("1.5 1/s", "speed", 1.5),
    ("1.5 Hz", "speed", 1.5),
    ("1.5 rev/s", "speed", 1.5),
    ("10 rad/s", "speed", 10 / (2 * math.pi)),
    ("54 m3", "volume", 54.0),
    ("54 m^3", "volume", 54.0),
    ("54 m³", "volume", 54.0),
    ("3 L", "volume", 3e-3),
    ("270 mm", "length", 0.27),
    (".27 m", "length", 0.27),
    ("2.7e-1 m", "length", 0.27),
    ("45 deg", "angle", math.pi / 4),
    ("45°", "angle", math.pi / 4),
    ("80 h", "time", 288_000.0),
    ("1 mPa s", "viscosity", 1e-3),
    ("1 cP", "viscosity", 1e-3),
    ("1.02 g/mL", "density", 1020.0),
    ("1020 kg m-3", "density", 1020.0),
    ("25 degC", "temperature", 298.15),
    ("25 °C", "temperature", 298.15),
    ("298.15 K", "temperature", 298.15),
    ("0.5 bar", "pressure", 50_000.0),
    ("55 g/kg", "biomass", 55.0),
    ("55 g/L", "biomass", 55.0),
    ("1600 umol/g/h", "uptake", 1600e-6 * 1e3 / 3600),
    ("1600 µmol/g/h", "uptake", 1600e-6 * 1e3 / 3600),
    ("0.180156 g/g/h", "uptake", 1 / 3600),
    ("7.8 umol/kg", "concentration", 7.8e-3),
    ("0.1 mM", "concentration", 0.1),
    ("180.156 mg/L", "concentration", 1.0),
    ("180.156 mg/kg", "concentration", 1.0),
    ("0.37 mol/s", "molar_rate", 0.37),
    ("3.6 mmol/h", "molar_rate", 1e-6),
    ("180.156 g/h", "molar_rate", 1 / 3600),
    ("1 vvm", "gas_rate", 0.9),
    ("60 NL/min", "gas_rate", 1e-3),
    ("3.6 Nm3/h", "gas_rate", 1e-3),
    ("60 slpm", "gas_rate", 1e-3),
    ("60 L/min", "gas_rate", 1e-3 * 273.15 / 298.15),
    ("20 mL/min", "flow_rate", 20e-6 / 60),
    ("0.05 1/h", "rate", 0.05 / 3600),
    ("0.05 h-1", "rate", 0.05 / 3600),
]


@pytest.mark.parametrize(("text", "kind", "value"), READ)
def test_read(text: str, kind: str, value: float) -> None:
    assert to_si(text, kind, MEDIUM) == pytest.approx(value, rel=1e-14)


def test_a_speed_is_revolutions_not_radians() -> None:
    """Read as radians, N would be 2 pi too large and the power 248 times."""
    speed = to_si("60 rpm", "speed")
    assert speed == 1.0
    assert speed != pytest.approx(2 * math.pi)


@pytest.mark.parametrize("kind", KINDS)
def test_every_example_can_be_read(kind: str) -> None:
    for text in KINDS[kind].examples:
        assert to_si(text, kind, MEDIUM) > 0.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0.1, 1 / 3, 1.2345678901234567e-9, 98 / 60])
def test_si_reads_back_bit_for_bit(kind: str, value: float) -> None:
    assert to_si(f"{value!r} {KINDS[kind].si}", kind) == value


REFUSED = [
    (3, "length", "no unit"),
    (3.0, "speed", "no unit"),
    ("3", "length", "no unit"),
    (True, "length", "not a number with a unit"),
    (None, "length", "not a number with a unit"),
    ("", "length", "not a number with a unit"),
    ("m", "length", "not a number with a unit"),
    ("nan m", "length", "not a number with a unit"),
    ("1e400 m", "length", "not a finite number"),
    ("3,5 m", "length", "comma"),
    ("3 s", "length", "'s' is not a unit of a length"),
    ("3 m m", "length", "'m m' is not a unit of a length"),
    ("3 m/", "length", "not a unit"),
    ("3 blurbs", "length", "not a unit"),
    ("25 C", "temperature", "not a unit of a temperature"),
    ("98 m/s", "speed", "not a unit of a stirrer speed"),
    ("3 vvmm", "gas_rate", "not a unit"),
    ("3 mol/L", "biomass", "not a unit of a biomass"),
]


@pytest.mark.parametrize(("value", "kind", "words"), REFUSED)
def test_refused_with_the_accepted_units(value: object, kind: str, words: str) -> None:
    with pytest.raises(CaseError) as caught:
        to_si(value, kind, where="tank.key")
    assert words in caught.value.message
    assert KINDS[kind].examples[0] in caught.value.hint
    assert caught.value.where == "tank.key"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("55 g/kg", "biomass"), ("1 mg/L", "concentration"), ("1 vvm", "gas_rate"), ("1 L/min", "gas_rate")],
)
def test_what_cannot_be_converted_says_so(text: str, kind: str) -> None:
    with pytest.raises(CaseError, match="needs|needed"):
        to_si(text, kind)


def test_si_texts_do_not_load_pint() -> None:
    """A resolved case must start fast."""
    code = (
        "import sys; from rushton.units import to_si; to_si('3.0 m', 'length'); to_si('98 rpm', 'speed'); "
        "print('pint' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )
