"""A model of the user: the example of the manual runs, and what is wrong with a file is said before it runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from rushton.case import case_from_dict, load_case
from rushton.case.resolved import write_resolved
from rushton.errors import ModelError
from rushton.physiology import get_model, integrate_ensemble, integrate_reference, model_of, steady_state
from rushton.physiology.well_mixed import chemostat
from rushton.pipeline import stages

MANUAL = Path(__file__).parents[2] / "docs" / "cell_models.md"


def example() -> str:
    blocks = re.findall(r"```python\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    return next(block for block in blocks if "class MyYeast" in block)


@pytest.fixture(scope="module")
def yeast(tmp_path_factory):
    path = tmp_path_factory.mktemp("user") / "my_yeast.py"
    path.write_text(example(), encoding="utf-8")
    return path


def test_the_example_of_the_manual_runs(yeast):
    model = get_model("MyYeast", {"T": 0.1}, file=str(yeast))
    assert model.state_names == ("mu_set",) and model.environment_names == ("q_s", "C_s", "C_O2")
    assert not model.has_product and model.parameter_values["T"] == 0.1
    start = steady_state(model, model.environment_vector(0.3))
    np.testing.assert_allclose(start, 0.5 * (0.3 - 0.01))
    q_s = np.where(np.arange(400) // 50 % 2, 0.6, 0.1)[None]
    fast = integrate_ensemble(model, q_s, 3.0, start, keep_every=1)
    slow, mean = integrate_reference(model, q_s[0], 3.0, start)
    np.testing.assert_allclose(fast.kept[0, :, :1], slow[1:], rtol=1e-4)
    for name, value in mean.items():
        assert fast.mean[name][0] == pytest.approx(value, rel=1e-3, abs=1e-9)
    assert model.exchange_from(fast.kept[0, -1, 1:])["ethanol"] >= 0.0


def test_the_example_runs_in_a_vessel(yeast):
    model = get_model("MyYeast", file=str(yeast), uptake="own")
    run = chemostat(model, 0.2, {"C_s": 10.0}, 100.0, transfer={"C_O2": (300.0, 0.25)}, start={"C_s": 0.1})
    assert run.rates["mu"][-1] == pytest.approx(0.2, rel=1e-4)


def test_named_in_a_case_and_stored_under_its_contents(yeast, cases_folder):
    """Relative to the case file; an edit changes the key of the response; nothing is loaded by reading the case."""
    folder = yeast.parent
    text = (cases_folder / "penicillin_54m3.toml").read_text(encoding="utf-8")
    text = text.replace('model = "penicillium_tang2017"', 'model = "MyYeast"\nmodel_file = "my_yeast.py"')
    (folder / "case.toml").write_text(text, encoding="utf-8")
    case = load_case(folder / "case.toml")
    assert case.strain is not None and case.strain.model_file == str(yeast)
    assert model_of(case.strain).name == "MyYeast"
    (folder / "again.toml").write_text(write_resolved(case), encoding="utf-8")
    assert load_case(folder / "again.toml").strain == case.strain
    before = stages._response(case)
    yeast.write_text(example() + "\n# edited\n", encoding="utf-8")
    assert stages._response(case) != before
    (folder / "case.toml").write_text(text.replace("my_yeast.py", "my_yaest.py"), encoding="utf-8")
    broken = load_case(folder / "case.toml")
    with pytest.raises(
        ModelError, match="strain.model_file: .*my_yaest.py cannot be read(.|\n)*Did you mean 'my_yeast.py'"
    ):
        model_of(broken.strain)


def test_without_a_file_the_name_must_be_on_the_shelf(cases_folder):
    data = tomllib.loads((cases_folder / "penicillin_54m3.toml").read_text(encoding="utf-8"))
    data["strain"]["model"] = "MyYeast"
    with pytest.raises(Exception, match="unknown model 'MyYeast'"):
        case_from_dict(data)


WRONG = [
    ("out[3] = 0.0", "pass", r"leaves out\[3\], q_p, without a number"),
    ("out[0] = (target - state[0]) / T", "out[0] = 0.0 / (target - target)", "ZeroDivisionError|derivative of mu_set"),
    ("out[5] = 0.51", "out[6] = 0.51", r"reaches beyond its arrays(.|\n)*out 6: 1 derivatives, then q_s, mu"),
    ("state[0]) / T", "state[1]) / T", "reaches beyond its arrays(.|\n)*state 1"),
    ("out[1] = q_s ", "out[1] = 0.5 * q_s ", "reports q_s = .* is imposed(.|\n)*What is imposed is eaten"),
    ("    out[5] =", "    return out\n    out[5] =", "returns array"),
    ('"K_s": (0.02,', '"K_s": (-0.02,', "parameter K_s is -0.02(.|\n)*zero or more, in g/L"),
    ('"K_s": (0.02,', '"K_s": ("small",', "parameters\\['K_s'\\] is 'small', not a number"),
    ('"K_s": (0.02, "g/L", "half-saturation")', '"K_s": 0.02', r"parameters\['K_s'\] is 0.02(.|\n)*tuple of 3 to 3"),
    ('"C_s": ("g/L", "glucose")', '"C_s": ("lb/gal", "glucose")', "unknown unit of concentration 'lb/gal'"),
    ('"q_s": ("g/(g h)", "glucose", -1)', '"q_s": ("g/g", "glucose", -1)', "'g/g' is no unit of a specific rate"),
    ('"q_s": ("g/(g h)", "glucose", -1)', '"q_s": ("g/(g h)", "glucose", 1)', "q_s takes up the species of C_s"),
    ('"ethanol", 1)', '"vodka", 1)', "molar mass of 'vodka' is not known"),
    ('"mu": ("1/h",)', '"mu": ("1/s",)', "mu is in 1/s"),
    ('        "mu": ("1/h",),\n', "", "first three of `reported` are q_s, q_p, q_O2"),
    ('        "C_s": ("g/L", "glucose"),\n', "", "the first of `surroundings` is C_s"),
    ("    states =", "    pools =", "IndexError|reaches beyond|without a number"),
    ("    surroundings =", "    around =", "has no table `surroundings`"),
    ("class MyYeast", "class YourYeast", "has no class 'MyYeast'(.|\n)*It has: YourYeast"),
    ("def rates(", "def rate(", "has no function `rates`"),
    ("def rates(environment, state, parameters, out)", "def rates(environment, state, out)", "takes other arguments"),
    ("    oxidised = min(", "    oxidised = min((", "cannot be run: SyntaxError.*line"),
    ("class MyYeast", "import nothing_like_it\nclass MyYeast", "cannot be run: ModuleNotFoundError.*line 1"),
    ("    target = Y", "    print(open)\n    target = Y", "cannot be compiled"),
    ("return parameters[0] * C_s", "return -parameters[0] * C_s", "`uptake` in my_yeast.py gives -"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "message"), WRONG, ids=[w[2][:40] for w in WRONG])
def test_what_is_wrong_is_said(tmp_path, right, wrong, message):
    assert right in example()
    path = tmp_path / "my_yeast.py"
    path.write_text(example().replace(right, wrong), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        get_model("MyYeast", file=str(path))


def test_what_keeps_something_between_calls_is_refused(tmp_path):
    """Compiled, a global is frozen; in plain Python it moves on."""
    path = tmp_path / "my_yeast.py"
    moving = (
        example()
        .replace("def rates(", "COUNT = [0.0]\n\n\ndef rates(")
        .replace("out[2] = mu", "out[2] = mu + COUNT[0]")
    )
    path.write_text(moving.replace("    q_s, C_O2 =", "    COUNT[0] += 1.0\n    q_s, C_O2 ="), encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be compiled|other numbers compiled"):
        get_model("MyYeast", file=str(path))


def test_without_a_law_of_its_own_the_uptake_is_imposed(tmp_path):
    path = tmp_path / "my_yeast.py"
    path.write_text(example().replace("def uptake(", "def another("), encoding="utf-8")
    assert get_model("MyYeast", file=str(path)).uptake == "imposed"
    with pytest.raises(ModelError, match="no uptake law of its own(.|\n)*Add def uptake"):
        get_model("MyYeast", file=str(path), uptake="own")


def test_overrides_are_checked_by_name(yeast):
    with pytest.raises(ModelError, match="no parameter 'K_S'(.|\n)*Did you mean 'K_s'"):
        get_model("MyYeast", {"K_S": 0.1}, file=str(yeast))
