"""Parts of the vessel in the mesh: the shaft from above and from below, walls closed, volume exact."""

import numpy as np
import pytest

from rushton.case import load_case
from rushton.case.drawing import draw_text
from rushton.errors import CaseError
from rushton.flow.rans import solve_flow
from rushton.lifelines.field import rates
from rushton.mesh import build_mesh
from rushton.mesh.cylinder import OPEN, ROTATING

CASE = """
[tank]
diameter = "300 mm"
liquid_height = "450 mm"
shaft_from = "{shaft}"

[[impeller]]
type = "rushton"
diameter = "100 mm"
clearance = "100 mm"

[[impeller]]
type = "rushton"
diameter = "100 mm"
clearance = "250 mm"

[operation]
speed = "300 rpm"

[numerics]
mesh_cells = 12_000

[[mixing.probes]]
radius = "1 mm"
height = "{probe} mm"
"""


def stirred(tmp_path, shaft, probe):
    path = tmp_path / "case.toml"
    path.write_text(CASE.format(shaft=shaft, probe=probe))
    return load_case(path)


@pytest.mark.parametrize(("shaft", "probe", "span"), [("top", 50, (0.09, 0.45)), ("bottom", 350, (0.0, 0.26))])
def test_shaft_from_either_end(tmp_path, shaft, probe, span):
    case = stirred(tmp_path, shaft, probe)
    mesh = build_mesh(case, 8_000)
    assert case.shaft_span == pytest.approx(span)
    assert mesh.volume == pytest.approx(case.liquid_volume, rel=1e-12)
    solid = mesh.solid
    layers = solid[0, 0]
    assert mesh.z[:-1][layers].min() == pytest.approx(span[0])
    assert mesh.z[1:][layers].max() == pytest.approx(span[1])
    # no open face between liquid and solid, and the shaft turns
    assert np.all(mesh.wall_r[1:-1][solid[1:] != solid[:-1]] == ROTATING)
    assert np.all(mesh.wall_z[..., 1:-1][solid[..., 1:] != solid[..., :-1]] == ROTATING)
    assert np.all(mesh.wall_theta[~solid & np.roll(solid, 1, axis=1)] != OPEN)
    # one free end: the rings of the shaft meet liquid once
    assert np.count_nonzero(np.diff(layers.astype(int))) == 1


@pytest.mark.parametrize(("shaft", "probe"), [("top", 350), ("bottom", 50)])
def test_probe_inside_the_shaft_is_refused(tmp_path, shaft, probe):
    with pytest.raises(CaseError, match="inside the shaft"):
        stirred(tmp_path, shaft, probe)


def test_drawing_shows_where_the_shaft_enters(tmp_path):
    above, below = (draw_text(stirred(tmp_path, s, p), ascii_only=True) for s, p in (("top", 50), ("bottom", 350)))
    assert set(above[0].strip()) == {"H"}
    assert "H" not in below[0] and set(below[-2].strip()) == {"H"}


def test_flow_does_not_care_where_the_shaft_enters(tmp_path):
    above, below = (solve_flow(stirred(tmp_path, s, p)) for s, p in (("top", 50), ("bottom", 350)))
    assert above.converged and below.converged
    assert abs(below.numbers.torque_imbalance) < 0.01
    assert below.numbers.power_number == pytest.approx(above.numbers.power_number, rel=0.01)
    assert np.all(rates(below)[below.mesh.solid] == 0.0)
