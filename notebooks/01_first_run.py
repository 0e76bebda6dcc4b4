# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first run
#
# From one case file to a lab protocol, step by step: the 54 m3 penicillin tank, at draft quality. The same runs
# from the command line as `rushton run penicillin_54m3 --quality draft`.

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

import rushton

# %% [markdown]
# ## The case
#
# A case file says what is in the tank, with units. `load_case` checks it, fills in what was left out, and holds
# everything in SI.

# %%
case = rushton.load_case("../cases/penicillin_54m3.toml", quality="draft")
print(case.title)
print(f"{case.tank.volume:.1f} m3, {case.operation.speed * 60:.0f} rpm, filled in: {len(case.defaults)} values")

# %% [markdown]
# ## Run it
#
# Every stage is kept in the results folder. Run the cell again and nothing is computed twice; change the case, and
# only what the change touches is.

# %%
folder = Path(tempfile.mkdtemp()) / "penicillin_54m3.results"
results = rushton.run(case, folder)
for warning in results.warnings:
    print(warning)
sorted(path.name for path in folder.iterdir())

# %% [markdown]
# ## Flow and power

# %%
flow = results.summary["flow"]
numbers = ", ".join(f"{number:.2f}" for number in flow["power_number"])
print(f"power {flow['power_W'] / 1e3:.0f} kW, power number of each impeller from the bottom: {numbers}")
print(f"torque of the blades against that of walls and baffles: {100 * flow['torque_imbalance']:.2f} % apart")

# %% [markdown]
# The velocity on a plane between two baffles, over the tip speed:

# %%
mesh = results.flow.mesh
speed = np.linalg.norm(results.flow.velocity, axis=-1)
j = int(np.searchsorted(mesh.theta, np.pi / 4, side="right")) - 1
figure, axis = plt.subplots(figsize=(3.2, 4.6), layout="constrained")
image = axis.pcolormesh(mesh.r, mesh.z, speed[:, j, :].T / flow["tip_speed_m_s"], cmap="viridis", vmin=0, vmax=0.6)
axis.set(aspect="equal", xlabel="radius, m", ylabel="height, m", title="speed / tip speed")
figure.colorbar(image)
plt.show()

# %% [markdown]
# ## Mixing
#
# A tracer pulse at the feed, seen by a probe near the floor. The blend time is the last time that it is outside 95 to
# 105 % of the final value.

# %%
mixing = results.mixing
figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
axis.plot(mixing.time, mixing.probe_curves.T, lw=0.8)
axis.axhspan(0.95, 1.05, color="0.9", zorder=0)
axis.set(xlabel="time, s", ylabel="C / C at the end", ylim=(0, 2))
plt.show()
print(f"at the probe {mixing.theta95_probe_s:.1f} s, by variance over the whole tank {mixing.theta95_variance_s:.1f} s")

# %% [markdown]
# ## What the cells see, and what they make of it

# %%
lifelines = results.summary["lifelines"]
for regime in ("excess", "limitation", "starvation"):
    print(f"{regime:<11} {100 * lifelines[f'share_{regime}']:5.1f} % of the time")

# %%
records = results.lifelines.records()
figure, axis = plt.subplots(figsize=(6, 2.6), layout="constrained")
axis.plot(records.time, records.s[:3].T, lw=0.8)
axis.set(xlabel="time, s", ylabel="uptake q / q_max", ylim=(0, 1), title="three cells")
plt.show()

# %%
response = results.summary["response"]
print(f"productivity {response['relative_productivity']:.3f}, yield {response['relative_yield']:.3f} of the ideal")

# %% [markdown]
# The pools of single cells over 80 hours are in a NetCDF file that any tool opens:

# %%
with xr.open_dataset(folder / "response.nc") as pools:
    figure, axis = plt.subplots(figsize=(6, 2.6), layout="constrained")
    axis.plot(pools.time / 3600, 1e3 * pools.q_p, lw=0.8, color="tab:blue", alpha=0.4)
    axis.set(xlabel="time, h", ylabel="q_p, mmol/(Cmol h)", title="product formation of every cell")
    plt.show()

# %% [markdown]
# ## The laboratory
#
# The distance says how far the history of cells in a rig is from that in the tank; the floor is the distance between
# two halves of the tank's own cells, which no rig can beat.

# %%
scaledown = results.summary["scaledown"]
print(f"floor {scaledown['floor']:.3f}")
for design in scaledown["designs"]:
    print(f"{design['rig']:<12} {design['distance']:.3f} {'(standard set-up)' if design.get('reference') else ''}")
print("\n".join(sorted(path.name for path in (folder / "scaledown").iterdir())))

# %% [markdown]
# Everything, with figures and the written protocols, is in the report:

# %%
print(results.report)
assert results.report.stat().st_size > 100_000
