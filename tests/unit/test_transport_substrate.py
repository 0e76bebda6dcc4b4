"""The fed substrate: exact balance, positive, ideal when well mixed, and clear refusals."""

import csv
from pathlib import Path

import numpy as np
import pytest

from rushton.case import Case, load_case
from rushton.errors import SolverError
from rushton.flow.analytic import recirculating_flow
from rushton.flow.field import Flow
from rushton.mesh import build_mesh
from rushton.mesh.io import read_vtu
from rushton.transport import solve_substrate
from rushton.transport import uptake_laws as laws
from rushton.transport.operator import assemble
from rushton.transport.steady_monod import LEAST, steady_monod, take, uptake_and_slope
from rushton.transport.substrate import Substrate, feed_source, volume_percentiles


@pytest.fixture(scope="module")
def case(cases_folder: Path) -> Case:
    return load_case(cases_folder / "penicillin_54m3.toml", quality="draft")


@pytest.fixture(scope="module")
def flow(case: Case) -> Flow:
    return recirculating_flow(build_mesh(case, mesh_cells=4000), swirl=1.0, loop=0.5, nu_t=1.5e-2)


@pytest.fixture(scope="module")
def substrate(case: Case, flow: Flow) -> Substrate:
    return solve_substrate(case, flow)


def test_all_that_is_fed_is_eaten(substrate: Substrate) -> None:
    assert substrate.converged
    assert substrate.mass_balance_error < 1e-6
    assert substrate.mean_uptake_ratio == pytest.approx(substrate.ideal_mixed_uptake_ratio, rel=1e-6)


def test_ideal_uptake_ratio_is_feed_over_capacity(case: Case, flow: Flow, substrate: Substrate) -> None:
    assert case.strain is not None and case.broth.biomass is not None
    capacity = case.strain.uptake.max * case.broth.biomass * flow.mesh.volume
    assert substrate.ideal_mixed_uptake_ratio == pytest.approx(case.feeds[0].rate / capacity, rel=1e-12)
    s = substrate.ideal_mixed_mol_m3 / (case.strain.uptake.half_saturation + substrate.ideal_mixed_mol_m3)
    assert s == pytest.approx(substrate.ideal_mixed_uptake_ratio, rel=1e-12)


def test_concentrations_are_positive_and_highest_at_the_feed(case: Case, flow: Flow, substrate: Substrate) -> None:
    fluid = ~flow.mesh.solid
    assert substrate.concentration[fluid].min() > 0.0
    p = case.feeds[0].position
    weights = flow.mesh.sphere_weights(p.radius, p.angle, p.height, case.feeds[0].diameter)
    assert weights[np.unravel_index(np.argmax(substrate.concentration), flow.mesh.shape)] > 0.0
    assert np.all((substrate.uptake_ratio >= 0.0) & (substrate.uptake_ratio < 1.0))


def test_regime_shares_fill_the_volume(substrate: Substrate) -> None:
    shares = (substrate.share_starvation, substrate.share_limitation, substrate.share_excess)
    assert sum(shares) == pytest.approx(1.0, abs=1e-12)
    volumes = substrate.mesh.volumes
    for number, share in enumerate(shares):
        assert float(volumes[substrate.regime == number].sum() / volumes.sum()) == pytest.approx(share, abs=1e-12)


def test_strong_dispersion_is_the_ideally_mixed_vessel(case: Case, flow: Flow) -> None:
    mixed = recirculating_flow(flow.mesh, swirl=1.0, loop=0.5, nu_t=1e4)
    result = solve_substrate(case, mixed)
    np.testing.assert_allclose(result.concentration[~flow.mesh.solid], result.ideal_mixed_mol_m3, rtol=0.05)
    assert result.share_limitation == 1.0
    assert result.mass_balance_error < 1e-6


def test_feeds_of_one_substrate_add_up(case: Case, flow: Flow, substrate: Substrate) -> None:
    one = case.feeds[0]
    half = one.model_copy(update={"rate": 0.5 * one.rate})
    low = half.model_copy(update={"position": one.position.model_copy(update={"height": 0.3 * one.position.height})})
    both = solve_substrate(case.model_copy(update={"feeds": (half, low)}), flow)
    assert both.feed_mol_s == pytest.approx(substrate.feed_mol_s)
    assert both.mass_balance_error < 1e-6
    assert both.concentration.max() < substrate.concentration.max()


def test_refusals_speak_to_the_engineer(case: Case, flow: Flow) -> None:
    feed = case.feeds[0]
    with pytest.raises(SolverError, match="no substrate is fed"):
        solve_substrate(case.model_copy(update={"feeds": ()}), flow)
    with pytest.raises(SolverError, match="glucose, lactose"):
        lactose = feed.model_copy(update={"substrate": "lactose"})
        solve_substrate(case.model_copy(update={"feeds": (feed, lactose)}), flow)
    with pytest.raises(SolverError, match="more than the biomass can take up"):
        solve_substrate(case.model_copy(update={"feeds": (feed.model_copy(update={"rate": 5.0}),)}), flow)
    with pytest.raises(SolverError, match="strain"):
        solve_substrate(case.model_copy(update={"strain": None}), flow)


def test_percentiles_go_by_volume() -> None:
    values, volumes = np.array([3.0, 1.0, 2.0]), np.array([1.0, 98.0, 1.0])
    assert volume_percentiles(values, volumes, (50.0,))[0] == pytest.approx(1.0, abs=0.05)
    assert volume_percentiles(values, volumes, (99.5,))[0] == pytest.approx(3.0)


def test_save_load_export(substrate: Substrate, tmp_path: Path) -> None:
    substrate.save(tmp_path / "stage")
    again = Substrate.load(tmp_path / "stage")
    assert again.summary() == substrate.summary()
    np.testing.assert_array_equal(again.concentration, substrate.concentration)
    substrate.export(tmp_path)
    content = read_vtu(tmp_path / "fields.vtu")
    fluid = ~substrate.mesh.solid
    np.testing.assert_allclose(content.cell_data["concentration"], substrate.concentration[fluid], rtol=1e-6)
    np.testing.assert_array_equal(content.cell_data["regime"], substrate.regime[fluid])
    with (tmp_path / "regimes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [r["regime"] for r in rows] == ["starvation", "limitation", "excess"]
    assert sum(float(r["uptake_share"]) for r in rows) == pytest.approx(1.0, abs=1e-5)
    assert (tmp_path / "gradients.csv").exists()


def test_the_steady_field_does_not_depend_on_where_the_search_began(
    case: Case, flow: Flow, substrate: Substrate
) -> None:
    operator, source = assemble(flow, case.mixing.schmidt_turbulent), feed_source(case, flow.mesh)
    law = substrate.max_uptake_mol_m3_s, substrate.half_saturation_mol_m3
    found = []
    for factor in (0.0, 0.01, 100.0):  # nothing, little, plenty
        c, residual, _ = steady_monod(operator, source, *law, start=factor * substrate.concentration, tolerance=1e-8)
        assert residual <= 1e-8
        found.append(np.where(flow.mesh.solid, 0.0, c / (law[1] + c)))
        np.testing.assert_allclose(found[-1], found[0], atol=1e-5)
    np.testing.assert_allclose(found[0], substrate.uptake_ratio, atol=2e-4)  # that one to 1e-6


def test_the_tolerance_of_law_fields_leaves_the_shares_alone(case: Case, flow: Flow, substrate: Substrate) -> None:
    solver, volumes = laws.LawSolver(case, flow, substrate), flow.mesh.volumes[~flow.mesh.solid]
    operator, source = assemble(flow, case.mixing.schmidt_turbulent), feed_source(case, flow.mesh)
    for most, half in ((1.4, 0.4), (0.8, 5.0)):
        law = laws.UptakeLaw(most * substrate.max_uptake_mol_m3_s, half * substrate.half_saturation_mol_m3)
        found = solver(law)
        exact = steady_monod(operator, source, law.max_uptake, law.half_saturation, tolerance=1e-9)[0]
        exact = (exact / (law.half_saturation + exact))[~flow.mesh.solid]
        assert found.converged and found.mass_balance_error < 1e-4
        assert (volumes * np.abs(found.uptake_ratio - exact)).sum() < 3e-5 * volumes.sum()
        for border in (0.05, 0.5, 0.95):  # shares with the jump smoothed over the width of a mesh cell in s
            share, wanted = (
                float((volumes * np.clip((s - border) / 0.02 + 0.5, 0.0, 1.0)).sum() / volumes.sum())
                for s in (found.uptake_ratio, exact)
            )
            assert share == pytest.approx(wanted, abs=3e-4)


def test_kernels_of_the_relaxation_are_their_formulas() -> None:
    random = np.random.default_rng(1)
    shape, most, half = (3, 4, 5), 0.02, 0.008
    source, volumes, c = (random.uniform(0.0, 1.0, shape) for _ in range(3))
    volumes[0, 0] = c[0, 0] = 0.0  # solid
    b, slope = np.empty(shape), np.empty(shape)
    uptake_and_slope(0, 3, source, volumes, most, half, c, b, slope)
    np.testing.assert_allclose(b, source - volumes * most * c / (half + c), rtol=1e-13)
    np.testing.assert_allclose(slope, volumes * most * half / (half + c) ** 2, rtol=1e-13)
    e, old = random.normal(0.0, 2.0, shape), c.copy()
    take(0, 3, e, LEAST, volumes, c)
    with np.errstate(divide="ignore"):
        limited = np.where(e >= -0.5 * old, old + e, old**2 / (4.0 * np.abs(e)))
    np.testing.assert_allclose(c, np.where(volumes > 0.0, np.maximum(limited, LEAST), 0.0), rtol=1e-13)
