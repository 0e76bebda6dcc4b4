"""SBML: what it says is translated term by term, what it cannot be is refused by name, libroadrunner agrees."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest

from rushton.errors import ModelError
from rushton.physiology import get_model, integrate_ensemble
from rushton.physiology.mathml import expression
from rushton.physiology.sbml import read
from rushton.physiology.sbml_model import translate

MATHML = "http://www.w3.org/1998/Math/MathML"


def m(inner: str) -> str:
    return f'<math xmlns="{MATHML}">{inner}</math>'


def species(name: str, start: str, value: float, boundary: str = "false", amount: str = "false") -> str:
    return (
        f'<species id="{name}" compartment="cell" {start}="{value}" boundaryCondition="{boundary}" '
        f'hasOnlySubstanceUnits="{amount}" constant="false"/>'
    )


# Glucose outside (boundary) is taken up into a pool, which drains by a law with a local parameter and feeds an enzyme;
# volume 2, a function, an assignment rule, a rate rule, an initial assignment, a species in amounts.
SBML = f"""<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model id="toy">
<listOfFunctionDefinitions><functionDefinition id="mm">{
    m(
        "<lambda><bvar><ci>V</ci></bvar><bvar><ci>K</ci></bvar>"
        "<bvar><ci>S</ci></bvar><apply><divide/><apply><times/><ci>V</ci><ci>S</ci></apply><apply><plus/><ci>K</ci><ci>S</ci>"
        "</apply></apply></lambda>"
    )
}</functionDefinition></listOfFunctionDefinitions>
<listOfCompartments><compartment id="cell" size="2" constant="true"/></listOfCompartments>
<listOfSpecies>
{species("glc", "initialConcentration", 0.5, boundary="true")}
{species("pool", "initialConcentration", 0.3)}
{species("store", "initialAmount", 0.8, amount="true")}
</listOfSpecies>
<listOfParameters>
<parameter id="Vmax" value="1.5" constant="true"/><parameter id="K" value="0.2" constant="true"/>
<parameter id="k2" constant="true"/><parameter id="inhibition" constant="false"/>
<parameter id="enzyme" value="0.7" constant="false"/>
</listOfParameters>
<listOfInitialAssignments><initialAssignment symbol="k2">{
    m("<apply><times/><cn>2</cn><ci>K</ci></apply>")
}</initialAssignment></listOfInitialAssignments>
<listOfRules>
<assignmentRule variable="inhibition">{
    m(
        "<piecewise><piece><apply><divide/><cn>1</cn><apply><plus/><cn>1</cn><apply>"
        "<power/><ci>pool</ci><cn type='integer'>2</cn></apply></apply></apply>"
        "<apply><gt/><ci>pool</ci><cn>0.1</cn></apply>"
        "</piece><otherwise><cn>1</cn></otherwise></piecewise>"
    )
}</assignmentRule>
<rateRule variable="enzyme">{
    m(
        "<apply><minus/><apply><times/><cn type='e-notation'>1<sep/>-1</cn><ci>pool</ci></apply>"
        "<apply><times/><cn>0.05</cn><ci>enzyme</ci></apply></apply>"
    )
}</rateRule>
</listOfRules>
<listOfReactions>
<reaction id="v_up" reversible="false" fast="false">
<listOfReactants><speciesReference species="glc" stoichiometry="1" constant="true"/></listOfReactants>
<listOfProducts><speciesReference species="pool" stoichiometry="2" constant="true"/></listOfProducts>
<listOfModifiers><modifierSpeciesReference species="pool"/></listOfModifiers>
<kineticLaw>{
    m(
        "<apply><times/><ci>cell</ci><ci>inhibition</ci><ci>enzyme</ci><apply><ci>mm</ci><ci>Vmax</ci><ci>K</ci>"
        "<ci>glc</ci></apply></apply>"
    )
}</kineticLaw></reaction>
<reaction id="v_out" reversible="false" fast="false">
<listOfReactants><speciesReference species="pool" stoichiometry="1" constant="true"/></listOfReactants>
<listOfProducts><speciesReference species="store" stoichiometry="1" constant="true"/></listOfProducts>
<kineticLaw>{
    m("<apply><times/><ci>cell</ci><ci>k2</ci><apply><ci>mm</ci><ci>V</ci><ci>K</ci><ci>pool</ci></apply></apply>")
}
<listOfLocalParameters><localParameter id="V" value="3"/></listOfLocalParameters></kineticLaw></reaction>
</listOfReactions></model></sbml>"""

USER = '''
class Toy:
    title = "a toy"
    sbml = "toy.xml"
    seconds = 60.0
    uptake = ("v_up", 0.25)
    surroundings = {"C_s": ("mmol/L", "glucose", 0.0, "glc")}
    reported = {
        "q_s": ("mmol/(g h)", "glucose", -1),
        "mu": ("1/h", "", 0, "0.1 * v_out * exp(-store)"),
        "q_p": ("mmol/(g h)",),
    }
'''  # fmt: skip


def toy() -> type:
    space: dict = {"__name__": "user"}
    exec(USER, space)
    return space["Toy"]


def by_hand(glc, pool, enzyme, store, v_up=None):
    """The same model written out; rates per minute, then uptake."""
    inhibition = 1.0 / (1.0 + pool**2) if pool > 0.1 else 1.0
    own = 2.0 * inhibition * enzyme * 1.5 * glc / (0.2 + glc)
    v_up = own if v_up is None else v_up
    v_out = 2.0 * 0.4 * 3.0 * pool / (0.2 + pool)
    return np.array([(2.0 * v_up - v_out) / 2.0, v_out, 0.1 * pool - 0.05 * enzyme]), own, v_out


def test_what_is_read():
    found = read(SBML, "toy.xml")
    assert set(found.states) == {"pool", "store"} and set(found.rate_rules) == {"enzyme"}
    assert set(found.parameters) == {"Vmax", "K", "k2", "v_out.V"}
    assert found.values["store"] == 0.8 and found.volume == {"glc": 2.0, "pool": 2.0, "store": 1.0}


@pytest.mark.parametrize("pool", [0.3, 0.05])
def test_the_translation_is_the_model_written_out(pool):
    tables, source = translate(toy(), SBML, "toy.xml")
    space = {**vars(math), "njit": lambda f: f}
    exec(source, space)
    assert {k: v[0] for k, v in tables.parameters.items()} == {"Vmax": 1.5, "K": 0.2, "k2": 0.4, "v_out.V": 3.0}
    assert list(tables.states) == ["pool", "store", "enzyme"]
    parameters = np.array([row[0] for row in tables.parameters.values()])
    state = np.array([pool, 0.8, 0.7])
    change, own, v_out = by_hand(0.5, pool, 0.7, 0.8)
    assert space["uptake"](np.array([0.0, 0.5]), state, parameters) == pytest.approx(0.25 * own)
    out = np.zeros(6)
    space["rates"](np.array([0.25 * own, 0.5]), state, parameters, out)
    np.testing.assert_allclose(out[:3], 60.0 * change)
    np.testing.assert_allclose(out[3:], [0.25 * own, 0.1 * v_out * math.exp(-0.8), 0.0])
    space["rates"](np.array([0.25, 0.5]), state, parameters, out)  # half of what is imposed is another rate
    np.testing.assert_allclose(out[:3], 60.0 * by_hand(0.5, pool, 0.7, 0.8, v_up=1.0)[0])


@pytest.mark.parametrize(
    ("inner", "value"),
    [
        ("<apply><minus/><cn>3</cn></apply>", -3.0),
        ("<apply><root/><cn>9</cn></apply>", 3.0),
        ("<apply><root/><degree><cn>3</cn></degree><cn>8</cn></apply>", 2.0),
        ("<apply><log/><cn>1000</cn></apply>", 3.0),
        ("<apply><log/><logbase><cn>2</cn></logbase><cn>8</cn></apply>", 3.0),
        ("<apply><ln/><exponentiale/></apply>", 1.0),
        ("<apply><max/><cn>1</cn><cn>4</cn><cn>2</cn></apply>", 4.0),
        ("<cn type='rational'>3<sep/>4</cn>", 0.75),
        ("<apply><plus/></apply>", 0.0),
        (
            "<piecewise><piece><cn>1</cn><apply><lt/><cn>1</cn><cn>2</cn><cn>2</cn></apply></piece>"
            "<otherwise><cn>7</cn></otherwise></piecewise>",
            7.0,
        ),
        (
            "<piecewise><piece><cn>5</cn><apply><and/><true/><apply><not/><false/></apply></apply></piece>"
            "</piecewise>",
            5.0,
        ),
    ],
)  # fmt: skip
def test_mathml(inner, value):
    text = expression(ElementTree.fromstring(m(inner)), "here")
    assert eval(text, {**vars(math), "min": min, "max": max}) == pytest.approx(value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<ci>k2</ci><apply>", "<csymbol>time</csymbol><apply>", "uses 'time'(.|\n)*not on time"),
        ("<ci>k2</ci><apply>", "<apply><factorial/><cn>3</cn></apply><apply>", "uses 'factorial'"),
        ("<ci>k2</ci><apply>", "<ci>k3</ci><apply>", "uses k3(.|\n)*Define it"),
        ("<listOfReactions>", "<listOfEvents><event/></listOfEvents><listOfReactions>", "has events"),
        ('symbol="k2"', 'symbol="Vmax"', "k2 of toy.xml has no value"),
        ("</sbml>", "", "is not XML"),
        ("<sbml ", "<html ", "is not XML|holds no SBML"),
        ('reaction id="v_up"', 'reaction id="v_in"', r"uptake is \('v_up', 0.25\)(.|\n)*toy.xml has: v_in, v_out"),
    ],
)  # fmt: skip
def test_what_cannot_be_translated_is_said(old, new, message):
    assert old in SBML
    with pytest.raises(ModelError, match=message):
        translate(toy(), SBML.replace(old, new), "toy.xml")


def test_formulas_of_the_user_are_checked():
    wrong = toy()
    wrong.reported = {**wrong.reported, "mu": ("1/h", "", 0, "0.1 * v_growth")}
    with pytest.raises(ModelError, match="reported\\['mu'\\]: the SBML has no 'v_growth'(.|\n)*v_out"):
        translate(wrong, SBML, "toy.xml")


def test_without_libroadrunner_the_way_to_install_it_is_said(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "roadrunner", None)
    (tmp_path / "toy.xml").write_text(SBML, encoding="utf-8")
    (tmp_path / "toy.py").write_text(USER, encoding="utf-8")
    with pytest.raises(ModelError, match=r"need libroadrunner(.|\n)*pip install 'rushton\[sbml\]'"):
        get_model("Toy", file=str(tmp_path / "toy.py"))
    with pytest.raises(ModelError, match="toy.xml cannot be read(.|\n)*Put it beside toy.py"):
        (tmp_path / "toy.xml").unlink()
        get_model("Toy", file=str(tmp_path / "toy.py"))


def test_libroadrunner_agrees(tmp_path):
    """The whole way: loaded, compared, integrated; and a course of its own against libroadrunner's integrator."""
    roadrunner = pytest.importorskip("roadrunner")
    (tmp_path / "toy.xml").write_text(SBML, encoding="utf-8")
    (tmp_path / "toy.py").write_text(USER, encoding="utf-8")
    model = get_model("Toy", {"Vmax": 1.2}, file=str(tmp_path / "toy.py"), uptake="own")
    run = integrate_ensemble(model, np.zeros((1, 600)), 1.0, np.array(model.start), {"C_s": 0.5}, keep_every=60)
    reference = roadrunner.RoadRunner(SBML)
    reference["Vmax"] = 1.2
    course = reference.simulate(0.0, 10.0, 11, ["time", "[pool]", "store", "enzyme"])
    np.testing.assert_allclose(run.kept[0, :, :3], np.asarray(course)[1:, 1:], rtol=2e-4)
