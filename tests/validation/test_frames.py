"""Absolute and relative flux in the rotating zone: both consistent, blend times apart (rushton.transport.frame).

0.27 m tank of Wu and Patterson, thin blades (the absolute flux goes through them), 1e5 mesh cells, Sc_t 0.7, top
injection, N theta95 by variance: absolute 70, relative 30.5. The correlation 5.2 Np^(-1/3) (T/D)^2 gives 24 to 27;
frozen-flow RANS tracers of Reid 2025 in the same tank 18 (large rotating zone) to 53 (small one).
"""

import numpy as np
import pytest

from rushton.case import load_case
from rushton.flow import solve_flow
from rushton.transport import blend, operator
from rushton.transport.stepping import TimeStepper

pytestmark = pytest.mark.long


def test_both_frames_keep_a_uniform_field_and_the_mass(cases_folder, with_blades):
    case = with_blades(load_case(cases_folder / "rushton_bench.toml", quality="draft"), "thin")
    flow = solve_flow(case)
    fluid = ~flow.mesh.solid
    blended = {}
    for frame in ("absolute", "relative"):
        kept = operator.assemble(flow, case.mixing.schmidt_turbulent, frame=frame)
        stepper, c = TimeStepper(kept, 0.5 / flow.speed), fluid.astype(float)
        for _ in range(20):
            c = stepper.step(c)
        assert np.abs(c[fluid] - 1.0).max() < 1e-10
        numerics = case.numerics.model_copy(update={"frame": frame})
        result = blend(case.model_copy(update={"numerics": numerics}), flow)
        assert result.frame == frame
        assert result.tracer_mass_error < 1e-10
        blended[frame] = result.n_theta95
    print(f"\nN theta95 by variance: absolute {blended['absolute']:.1f}, relative {blended['relative']:.1f}")
    assert 20.0 < blended["relative"] < 45.0
    assert blended["absolute"] > 1.5 * blended["relative"]
