"""Two-way coupling: exact books, the Eulerian field for cells without memory, the same bytes on any threads."""

import sys
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from numba import njit

from rushton.case import load_case
from rushton.errors import ModelError
from rushton.flow.analytic import plain_tank, recirculating_flow
from rushton.lifelines import Lifelines, coupling_blocks, coupling_cells, coupling_step, preflight
from rushton.lifelines.coupling import couple
from rushton.lifelines.coupling_slow import SlowPools
from rushton.lifelines.coupling_species import kinds_of
from rushton.mesh import build_mesh
from rushton.physiology import Quantity, Surrounding, get_model
from rushton.physiology import model as cell_models
from rushton.physiology.compiled import RATES
from rushton.physiology.fed import fed_cell
from rushton.pipeline.runner import stage_keys
from rushton.pipeline.stages import STAGES
from rushton.report import coupling_section
from rushton.report.blocks import Note, Picture, Table
from rushton.store import StageCache
from rushton.transport import solve_substrate
from rushton.transport.consumption import ConsumedScalar
from rushton.transport.operator import assemble

TIRING = 3.0
"""Time in which a cell of the test model tires of eating, s."""


@njit(RATES, cache=False)
def tiring(environment, state, parameters, out):
    """What is eaten tires: dx/dt = (q/q_max - x)/tau; environment = (q_s, C_s), parameters = (q_max, K, tau)."""
    out[0] = (environment[0] / parameters[0] - state[0]) / parameters[2]
    out[1], out[2], out[3] = environment[0], environment[0], 0.0


@njit(RATES, cache=False)
def tiring_own(environment, state, parameters, out):
    """The same with q = q_max (1 - x) C/(K + C)."""
    q = parameters[0] * (1.0 - state[0]) * environment[1] / (parameters[1] + environment[1])
    out[0] = (q / parameters[0] - state[0]) / parameters[2]
    out[1], out[2], out[3] = q, q, 0.0


@njit(RATES, cache=False)
def remembers(environment, state, parameters, out):
    """dx/dt = ((q/q_max)^2 - x)/tau, parameters = (q_max, K, tau)."""
    s = environment[0] / parameters[0]
    out[0] = (s * s - state[0]) / parameters[2]
    out[1], out[2], out[3] = environment[0], environment[0], s * s


@njit(RATES, cache=False)
def remembers_own(environment, state, parameters, out):
    """The same with q = q_max C/(K + C)."""
    s = environment[1] / (parameters[1] + environment[1])
    out[0] = (s * s - state[0]) / parameters[2]
    out[1], out[2], out[3] = parameters[0] * s, parameters[0] * s, s * s


@pytest.fixture(scope="module")
def case(cases_folder):
    case = load_case(cases_folder / "lab_3L.toml")
    lines = case.lifelines.model_copy(
        update={"cells": 2000, "duration": 12.0, "coupling": "two-way", "full_records": 3}
    )  # fmt: skip
    return case.model_copy(update={"lifelines": lines})


@pytest.fixture(scope="module")
def law(case):
    """q_max mol/(Cmol h) and K mol/kg of the case's uptake, of cells of 24.6 g/Cmol."""
    return case.strain.uptake.max * 24.6e-3 * 3600.0, case.strain.uptake.half_saturation / case.broth.density


def with_model(case, name, parameters):
    strain = case.strain.model_copy(update={"model": name, "parameters": parameters})
    return case.model_copy(update={"strain": strain})


@contextmanager
def known(name: str, module: ModuleType):
    """A model that is known under a name for as long as the tests of this file need it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, module)
        patch.setitem(cell_models._MODULES, name, module.__name__)
        yield


@pytest.fixture(scope="module")
def memoryless(case, law):
    return with_model(case, "monod", {"q_max": law[0], "K_s": law[1]})


@pytest.fixture(scope="module")
def tired(case, law):
    """A model whose capacity falls with what a cell has eaten in the last seconds."""
    module = ModuleType("tiring_cells")
    unit = "mol/(Cmol h)"
    module.build = (
        lambda: replace(  # type: ignore[attr-defined]
            get_model("monod"),
            name="tiring",
            states=(Quantity("x", "-", "share of the capacity that is tired"),),
            environment=(
                Surrounding("q_s", unit, "uptake"),
                Surrounding("C_s", "mol/kg", "substrate", species="substrate"),
            ),
            reported=get_model("monod").reported[:3],
            parameters=(),
            start=(0.2,),
            imposed=tiring,
            own=tiring_own,
            prepare=lambda values: np.array([law[0], law[1], TIRING / 3600.0]),
        )
    )
    with known("tiring", module):
        yield with_model(case, "tiring", {})


@pytest.fixture(scope="module")
def remembering(case, law):
    """A model with a pool of ten hours that rises with the square of uptake, and does nothing."""
    module = ModuleType("remembering_cells")
    module.build = lambda: replace(  # type: ignore[attr-defined]
        get_model("tiring"),
        name="remembering",
        imposed=remembers,
        own=remembers_own,
        prepare=lambda values: np.array([law[0], law[1], 10.0]),
    )
    with known("remembering", module):
        yield with_model(case, "remembering", {})


@pytest.fixture(scope="module")
def flow(case):
    """A slow loop: the feed is eaten on its way."""
    return recirculating_flow(build_mesh(case, 3000), 1.0, 0.5, nu_t=1e-5)


@pytest.fixture(scope="module")
def substrate(memoryless, flow):
    return solve_substrate(memoryless, flow)


@pytest.fixture(scope="module")
def run_monod(memoryless, flow, substrate, tmp_path_factory):
    return couple(memoryless, flow, substrate, tmp_path_factory.mktemp("monod"), threads=1)


@pytest.fixture(scope="module")
def run_tired(tired, flow, substrate, tmp_path_factory):
    return couple(tired, flow, substrate, tmp_path_factory.mktemp("tired"), threads=1)


# --- parts -----------------------------------------------------------------------------------------------------------


def test_coarse_cells_hold_enough_cells_and_fill_the_tank(flow):
    mesh = flow.mesh
    for n_cell in (40, 2000, 100_000):
        block = coupling_blocks.coarse_cells(mesh, n_cell)
        held = np.bincount(block.ravel(), weights=mesh.volumes.ravel()) * n_cell / mesh.volume
        assert held.size == block.max() + 1 and held.sum() == pytest.approx(n_cell)
        assert held.min() >= 50 * (1 - 1e-9) or held.size == 1
        assert held.size > n_cell / 250 or held.size > mesh.n_mesh_cell / 40
    tank = plain_tank(np.linspace(0.0, 1.0, 11), 12, np.linspace(0.0, 2.0, 21))
    number = coupling_blocks.coarse_cells(tank, 10_000)
    for n in range(number.max() + 1):  # boxes: what is joined touches
        i, j, k = np.nonzero(number == n)
        assert np.ptp(k) < 20 and np.ptp(i) < 10 and len(i) >= 8


def test_ratio_is_that_of_the_sums_and_forgets(flow):
    block = np.array([0, 0, 1, 1, 2])
    ratio = coupling_blocks.Ratio(block, 5.0, 1.0, np.full(5, 2.0))
    keep = np.exp(-0.2)
    rng = np.random.default_rng(1)
    top = bottom = np.array([4.0, 4.0, 2.0]) / (1.0 - keep)
    for _ in range(7):
        where, own, mean = rng.integers(0, 3, 50), rng.random(50), rng.random(50)
        ratio.observe(where, own, mean)
        top = keep * top + np.array([own[where == b].sum() for b in range(3)])
        bottom = keep * bottom + np.array([mean[where == b].sum() for b in range(3)])
    assert ratio.value == pytest.approx(top / bottom, rel=1e-13)
    ratio.observe(where, mean, mean)
    for _ in range(200):
        ratio.observe(where, mean, mean)
    assert ratio.value == pytest.approx(1.0, abs=1e-12)


def test_the_kernel_reads_the_rate_that_the_model_reports():
    model = get_model("penicillium_tang2017", uptake="own")
    rng = np.random.default_rng(3)
    state = np.array(model.start) * rng.uniform(0.5, 1.5, (20, model.n_state))
    around = np.tile(model.environment_vector(), (20, 1))
    around[:, 1] = 10.0 ** rng.uniform(-7, -4, 20)
    out = np.empty((20, 2))
    names = ("X_ATP", "mu")
    columns = np.array([model.n_state + model.reported_names.index(name) for name in names])
    coupling_cells.reported_rates(
        0, 20, model.rates, model.parameter_vector[None], around, state, model.n_out, columns, out
    )
    rates = [model.evaluate(a, x)[1] for a, x in zip(around, state, strict=True)]
    assert out == pytest.approx(np.array([[rate[name] for name in names] for rate in rates]), rel=1e-14)


def test_consumption_keeps_mass_and_sign_at_any_step(flow, substrate):
    operator = assemble(flow)
    source = 1e-4 * flow.mesh.sphere_weights(0.05, 0.8, 0.12, 0.02)
    rng = np.random.default_rng(2)
    c = np.where(flow.mesh.solid, 0.0, rng.random(flow.mesh.shape))
    for dt in (1e-3, 0.3, 100.0):
        kappa = 10.0 ** rng.uniform(-3, 4, flow.mesh.shape)
        scalar = ConsumedScalar(operator, dt)
        new, eaten = scalar.step(c, kappa, source)
        change = float((operator.volumes * (new - c)).sum())
        assert new.min() >= 0.0 and eaten > 0.0
        scale = float((operator.volumes * c).sum()) + dt * float(source.sum())
        assert change == pytest.approx(dt * (float(source.sum()) - eaten), abs=1e-13 * scale)


# --- the whole -------------------------------------------------------------------------------------------------------


def test_cells_without_memory_make_the_eulerian_field(run_monod, substrate):
    found = run_monod.coupled
    assert np.all(found.ratio == 1.0), "cells and mean cell are the same"
    assert np.abs(found.uptake_ratio - substrate.uptake_ratio).max() < 2e-3
    assert found.mean_mol_m3 == pytest.approx(substrate.mean_mol_m3, rel=1e-4)
    shares = [substrate.share_excess, substrate.share_limitation, substrate.share_starvation]
    assert run_monod.volume_shares == pytest.approx(shares, abs=0.01)
    assert substrate.share_excess > 0.01 and substrate.share_starvation > 0.2, "a field with gradients"
    assert found.unrest < 1e-6
    noise = 2.0 / np.sqrt(run_monod.cells)  # of a mean over so many cells, generously
    assert abs(found.uptake_mismatch) < noise and np.abs(found.column("factor") - 1.0).max() < 2 * noise


@pytest.mark.parametrize("name", ["run_monod", "run_tired"])
def test_what_is_fed_is_eaten_to_rounding(name, request):
    found = request.getfixturevalue(name).coupled
    assert found.fed_mol > 0.0 and found.mass_balance_error < 1e-13
    assert found.cell_balance_error < 1e-12
    assert found.fed_mol == pytest.approx(12.0 * 74e-3 / 3600.0, rel=1e-12)


def test_a_fast_pool_acts_back_on_the_field(run_tired, run_monod, tired, law):
    # cells tire of the plume, so more substrate gets past them: fuller field, ratio below one at the feed, above it
    # far away, where rested cells eat more than the mean cell
    found, one_way = run_tired.coupled, run_monod.coupled
    assert found.mean_mol_m3 > 1.3 * one_way.mean_mol_m3
    assert found.ratio.min() < 0.9 and found.ratio.max() > 1.05
    fresh = found.states[0, 0], found.states[2, 0]
    assert fresh[1] - fresh[0] > 0.1, "cells differ"
    two, one = run_tired.shares, found.one_way
    assert two[2] < one["share_starvation"] - 0.05


def test_cells_that_differ_make_the_field_of_their_mean(memoryless, flow, substrate, tmp_path):
    strain = memoryless.strain.model_copy(update={"spread": {"q_max": 0.3}})
    found = couple(memoryless.model_copy(update={"strain": strain}), flow, substrate, tmp_path, threads=1).coupled
    assert found.mass_balance_error < 1e-13 and found.cell_balance_error < 1e-12
    # 30 % over the root of the cells of a coarse cell; the window of 10 s holds few new ones in 12 s
    assert 0.01 < np.std(found.ratio) < 0.3 / np.sqrt(50)
    assert np.abs(found.uptake_ratio - substrate.uptake_ratio).mean() < 0.01


def test_slow_pools_come_to_rest_where_their_mean_rate_vanishes(remembering, tired, flow, substrate, tmp_path):
    few = remembering.lifelines.model_copy(update={"cells": 300, "sampling": 0.9})
    started = couple(remembering.model_copy(update={"lifelines": few}), flow, substrate, tmp_path, threads=1).coupled
    few = few.model_copy(update={"slow_pools": "at-rest"})
    (tmp_path / "rest").mkdir()
    rested = couple(remembering.model_copy(update={"lifelines": few}), flow, substrate, tmp_path / "rest", threads=1)
    rested = rested.coupled
    fed = substrate.feed_mol_s / (remembering.strain.uptake.max * remembering.broth.biomass * flow.mesh.volume)
    mean_square = rested.rates[rested.rate_names.index("q_p")]
    assert started.pools[-1, 0] == pytest.approx(fed**2, rel=0.01), "ten hours do not pass in seconds"
    assert mean_square > 1.3 * fed**2, "uptake varies"
    assert rested.pools[-1, 0] == pytest.approx(mean_square, rel=0.15)  # of 300 cells over 6 s
    assert abs(rested.drift_1_h[0]) < 0.3 * abs(started.drift_1_h[0])
    fast = SlowPools(get_model("tiring"), np.array([0.1, 1e-5]), np.array([0.3]))
    slow = SlowPools(get_model("remembering"), np.array([0.1, 1e-5]), np.array([0.3]))
    assert fast.hastening == pytest.approx([1.0]) and fast.own_time == pytest.approx([TIRING], rel=1e-4)
    assert slow.hastening == pytest.approx([36000.0 / 60.0], rel=1e-4)


def test_in_a_mixed_tank_cells_and_field_are_those_of_the_ideal_vessel(tired, flow, substrate, tmp_path):
    mixed = recirculating_flow(flow.mesh, 1.0, 20.0, nu_t=0.1)
    found = couple(tired, mixed, substrate, tmp_path, threads=1).coupled
    model = get_model("tiring")
    fed = substrate.feed_mol_s / (tired.broth.biomass * flow.mesh.volume)
    state, concentration = fed_cell(model, fed, tired.strain.uptake.half_saturation, tired.broth.density)
    s = fed / tired.strain.uptake.max
    assert state[0] == pytest.approx(s)  # at rest x = q/q_max, and q = q_max (1 - x) C/(K + C)
    assert concentration == pytest.approx(tired.strain.uptake.half_saturation * s / (1.0 - 2.0 * s), rel=1e-6)
    assert found.mean_mol_m3 == pytest.approx(concentration, rel=0.02)
    assert found.pools[-1] == pytest.approx(state, rel=0.01)


@pytest.fixture(scope="module")
def breathing(case):
    """E. coli that overflows to acetate where it is fed, on 10 g/L, in a tank that is aerated all over."""
    case = with_model(case, "ecoli_xu1999", {"qOmax": 8.0})
    uptake = case.strain.uptake.model_copy(update={"max": 1.3 / 3600.0 / 0.18016, "half_saturation": 0.05 / 0.18016})
    return case.model_copy(
        update={
            "strain": case.strain.model_copy(update={"uptake": uptake}),
            "broth": case.broth.model_copy(update={"biomass": 10.0}),
            "lifelines": case.lifelines.model_copy(update={"duration": 18.0}),
        }
    )


@pytest.fixture(scope="module")
def air(flow):
    """kLa of 0.2 1/s, twice as much above as below; carbon dioxide of half of what the cells breathe."""
    fluid = ~flow.mesh.solid
    high = np.broadcast_to(flow.mesh.z_centre > 0.08, flow.mesh.shape)
    kla = np.where(fluid, np.where(high, 0.26, 0.13), 0.0)
    return SimpleNamespace(
        oxygen=np.where(fluid, 0.2, 0.0), kla=kla, oxygen_saturation=np.where(fluid, 0.3, 0.0),
        carbon_dioxide=np.where(fluid, 0.4, 0.0), carbon_dioxide_kla=0.9 * kla,
        carbon_dioxide_saturation=np.where(fluid, 0.35, 0.0), carbon_dioxide_supplied=np.where(fluid, 0.01, 0.0),
    )  # fmt: skip


def test_oxygen_and_by_products_answer_with_closed_books(breathing, flow, air, tmp_path):
    substrate = solve_substrate(breathing, flow)
    found = couple(breathing, flow, substrate, tmp_path, gas=air, threads=1).coupled
    assert found.species_names == ("oxygen", "carbon_dioxide", "acetate")
    assert found.mass_balance_error < 1e-12 and found.cell_balance_error < 1e-12
    oxygen, carbon_dioxide, acetate = found.books
    for book in found.books:
        assert book["mass_balance_error"] < 1e-12 and abs(book["owed"]) < 0.02 and book["min_mol_m3"] >= 0.0
    # oxygen: what comes from the bubbles is breathed or stored, and the cells' own rates say the same
    assert oxygen["transferred_mol"] == pytest.approx(-oxygen["traded_mol"] + oxygen["stored_mol"], rel=1e-9)
    volume, hours = flow.mesh.volume, 0.5 * 18.0 / 3600.0
    q_O2 = found.rates[found.rate_names.index("q_O2")]  # mmol/(g h)
    assert -0.5 * oxygen["given_mol"] == pytest.approx(q_O2 * 10.0 * volume * hours, rel=0.05)
    assert 0.0 < oxygen["mean_mol_m3"] < 0.3
    fluid = ~flow.mesh.solid
    lack = (0.3 - found.field("oxygen"))[fluid]
    assert np.corrcoef(lack, found.uptake_ratio[fluid])[0, 1] > 0.05, "oxygen lacks where the feed is eaten"
    # carbon dioxide: what the cells give off goes to the bubbles or is stored
    assert carbon_dioxide["given_mol"] > 0.0 > carbon_dioxide["transferred_mol"]
    assert carbon_dioxide["stored_mol"] == pytest.approx(
        carbon_dioxide["traded_mol"] + carbon_dioxide["transferred_mol"], abs=1e-9 * carbon_dioxide["given_mol"]
    )
    # acetate: made at the feed, re-used elsewhere
    assert acetate["given_mol"] > 0.0 and acetate["stored_mol"] == pytest.approx(acetate["traded_mol"], rel=1e-9)
    assert found.column("acetate")[-1] > found.column("acetate")[0] > 0.0
    assert acetate["max_mol_m3"] > 1.2 * acetate["mean_mol_m3"]


def test_oxygen_in_a_mixed_tank_is_where_transfer_meets_uptake(breathing, flow, air, tmp_path):
    mixed = recirculating_flow(flow.mesh, 1.0, 8.0, nu_t=0.01)
    found = couple(breathing, mixed, solve_substrate(breathing, mixed), tmp_path, gas=air, threads=1).coupled
    q_O2 = found.rates[found.rate_names.index("q_O2")] / 3.6e3  # mol/(kg s)
    kla = (flow.mesh.volumes * air.kla).sum() / flow.mesh.volume
    assert found.books[0]["mean_mol_m3"] == pytest.approx(0.3 - q_O2 * 10.0 / kla, rel=0.02)
    # carbon dioxide: the excess in the bubbles follows what the cells give off
    given = found.rates[found.rate_names.index("q_CO2")] / 3.6e3 * 10.0  # mol/(m3 s)
    in_stage = 0.9 * kla * (0.4 - 0.35)
    wanted = 0.01 + given / in_stage * (0.35 - 0.01) + given / (0.9 * kla)
    assert given > 1.2 * in_stage and found.column("carbon_dioxide")[-1] == pytest.approx(wanted, rel=0.03)


def test_without_gas_oxygen_stays_as_the_process_keeps_it(breathing, flow):
    model = get_model("ecoli_xu1999")
    assert [kind.name for kind in kinds_of(model, flow.mesh, 1000.0, None)] == ["acetate"]
    assert kinds_of(get_model("penicillium_tang2017"), flow.mesh, 1000.0, None) == []


def test_a_nutrient_is_fed_as_it_is_taken(case, flow, tmp_path):
    few = case.lifelines.model_copy(update={"cells": 500})
    case = with_model(case.model_copy(update={"lifelines": few}), "penicillium_tang2017", {})
    found = couple(case, flow, solve_substrate(case, flow), tmp_path, threads=1).coupled
    assert found.species_names == ("phenylacetate",)
    [book] = found.books
    assert book["given_mol"] < 0.0 and book["mass_balance_error"] < 1e-12
    assert book["transferred_mol"] == pytest.approx(-book["traded_mol"], rel=0.01), "fed as much as is taken"
    start = get_model("penicillium_tang2017").environment[2]
    assert book["mean_mol_m3"] == pytest.approx(start.default / start.per_mol_kg(1000.0) * 1000.0, rel=0.01)
    assert book["max_mol_m3"] > book["mean_mol_m3"] > book["min_mol_m3"] > 0.0


@pytest.mark.parametrize("name", ["run_monod", "run_tired"])
def test_half_of_the_exchange_step_changes_little(name, request):
    run = request.getfixturevalue(name)
    found = run.coupled.half_step
    assert found["cells"] == 500 and found["interval_s"] == pytest.approx(0.5 * run.coupled.interval)
    assert set(found["changes"]) == {"substrate", *run.coupled.rate_names} - {"q_p"} or name == "run_monod"
    assert found["passes"] and abs(found["changes"]["q_s"]) < 0.02 and abs(found["changes"]["substrate"]) < 0.05
    verdicts = {v.name: v for v in run.analysis.verdicts}
    assert run.analysis.step_cells == 500 and verdicts["share_starvation"].half_step is not None
    assert abs(verdicts["share_starvation"].half_step) < 0.06  # of 500 cells


def test_a_long_exchange_step_is_found_out(tired, run_tired, flow, substrate, tmp_path, monkeypatch):
    """Cells tire within 3 s; the field hears of it every 12 s only."""
    monkeypatch.setattr(coupling_step, "TOLERANCE", 0.01)
    few = tired.lifelines.model_copy(update={"sampling": 12.0, "duration": 120.0})
    coarse = couple(tired.model_copy(update={"lifelines": few}), flow, substrate, tmp_path, threads=1).coupled.half_step
    assert coarse["of"] == "substrate" and not coarse["passes"]
    assert abs(coarse["changes"]["substrate"]) > 3.0 * abs(run_tired.coupled.half_step["changes"]["substrate"])


def test_the_gas_is_part_of_the_key_in_two_way_coupling_only(case, tmp_path):
    lifelines = next(stage for stage in STAGES if stage.name == "lifelines")
    one_way = case.model_copy(update={"lifelines": case.lifelines.model_copy(update={"coupling": "one-way"})})
    assert "gas" in lifelines.needs(case) and "gas" not in lifelines.needs(one_way)


def test_same_bytes_on_any_number_of_threads(case, flow, substrate, tmp_path):
    short = case.lifelines.model_copy(update={"duration": 3.0, "cells": 500})
    case = case.model_copy(update={"lifelines": short})
    runs = []
    for threads in (1, 3):
        (tmp_path / str(threads)).mkdir()
        runs.append(couple(case, flow, substrate, tmp_path / str(threads), threads=threads))
    one, three = (run.coupled for run in runs)
    for name in ("concentration", "course", "pools", "states", "ratio", "rates"):
        assert getattr(one, name).tobytes() == getattr(three, name).tobytes(), name
    index = [np.concatenate([rows for _, rows in run.cell_index_blocks()]) for run in runs]
    assert index[0].shape[0] == 500 and np.array_equal(*index)
    assert one.states.shape == (3, 8) and np.ptp(one.states[:, 0]) > 0.0


def test_the_result_comes_back_and_speaks(run_tired, tmp_path):
    run_tired.save(tmp_path)
    back = Lifelines.load(tmp_path)
    assert back.summary() == run_tired.summary()
    numbers = back.summary()["two_way"]
    assert back.summary()["coupling"] == "two-way" and numbers["model"] == "tiring"
    assert {"mass_balance_error", "uptake_mismatch", "ratio_min", "coarse_cells", "states", "one_way"} <= set(numbers)
    assert numbers["states"]["x"]["drift_1_h"] == back.coupled.drift_1_h[0]
    assert np.array_equal(back.coupled.uptake_ratio, run_tired.coupled.uptake_ratio)


def test_walkers_read_the_field_of_the_moment(run_tired):
    records = run_tired.records()
    assert records.s.shape[0] == 3 and np.ptp(records.s) > 0.0
    by_volume = run_tired.coupled.column("mean_uptake_ratio").mean()
    assert run_tired.mean_uptake == pytest.approx(by_volume, abs=2.0 / np.sqrt(run_tired.cells))


def test_the_report_sets_one_way_and_two_way_side_by_side(run_tired, tired, substrate, breathing, flow, air, tmp_path):
    numbers = {"lifelines": run_tired.summary()}
    section = coupling_section.coupling(tired, substrate, run_tired, numbers)
    tables = [block for block in section.blocks if isinstance(block, Table)]
    pictures = [block for block in section.blocks if isinstance(block, Picture)]
    assert len(pictures) == 4 and not [b for b in section.blocks if isinstance(b, Note) and b.tone != "info"]
    rows = {row[0]: row[1:] for row in tables[0].rows}
    one, two = (float(cell.split()[0]) for cell in rows["Time in starvation"])
    assert one > two > 0.0 and one == pytest.approx(100.0 * run_tired.coupled.one_way["share_starvation"], abs=0.1)
    assert tables[1].rows[0][0] == "x"
    few = breathing.lifelines.model_copy(update={"duration": 3.0, "cells": 200})
    breathing = breathing.model_copy(update={"lifelines": few})
    lifelines = couple(breathing, flow, solve_substrate(breathing, flow), tmp_path, gas=air, threads=1)
    section = coupling_section.coupling(breathing, substrate, lifelines, {"lifelines": lifelines.summary()})
    species = [block for block in section.blocks if isinstance(block, Table)][-1]
    assert [row[0] for row in species.rows] == ["oxygen", "carbon dioxide", "acetate"]


def test_a_feed_beyond_the_capacity_of_the_cells_is_refused(case, law, flow, substrate, tmp_path):
    weak = with_model(case, "monod", {"q_max": 0.2 * law[0], "K_s": law[1]})
    with pytest.raises(ModelError, match="take up at most 0.7.* of what is fed") as error:
        couple(weak, flow, substrate, tmp_path)
    assert "one-way" in error.value.hint
    preflight(case)
    preflight(weak.model_copy(update={"lifelines": weak.lifelines.model_copy(update={"coupling": "one-way"})}))
    with pytest.raises(ModelError, match="take up at most 0.7"):
        preflight(weak)


def test_the_cell_model_is_part_of_the_key_in_two_way_coupling_only(case, memoryless, tmp_path):
    def keys(case, coupling, K):
        lines = case.lifelines.model_copy(update={"coupling": coupling})
        strain = case.strain.model_copy(update={"parameters": {"q_max": 1.0, "K_s": K}})
        return stage_keys(case.model_copy(update={"lifelines": lines, "strain": strain}), StageCache(tmp_path))

    names = {stage.name for stage in STAGES}
    one, other = keys(memoryless, "one-way", 1e-5), keys(memoryless, "one-way", 2e-5)
    assert {name for name in names if one[name] != other[name]} == {"response", "scaledown"}
    one, other = keys(memoryless, "two-way", 1e-5), keys(memoryless, "two-way", 2e-5)
    assert {"lifelines", "response"} <= {name for name in names if one[name] != other[name]}
