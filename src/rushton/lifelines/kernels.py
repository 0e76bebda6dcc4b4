"""The compiled loop over cells and steps: advect, walk, observe, store."""

from __future__ import annotations

import numba as nb
import numpy as np

from rushton.lifelines.lanes import CELL, E_R, E_T, E_Z, INSIDE, LAYER, RING, TILE, TURN, C, X, Y, Z, decode, prefetch
from rushton.lifelines.langevin import langevin_walk
from rushton.lifelines.layout import APART, UPTAKE
from rushton.lifelines.observer import SCALE, observe
from rushton.lifelines.point_walks import point_walk
from rushton.lifelines.pollock import advect
from rushton.lifelines.walks import END_POINT, INTERFACE, LANGEVIN, NAIVE, STILL, draw, interface_walk


@nb.njit(**APART)
def travel(
    order,
    first,
    n_step,
    dt,
    key,
    walk,
    field,
    cloud,
    limits,
    tally,
    journey,
    bins,
    settle,
    look,
    every,
    sample,
    out,
    full,
    tile,
):
    """Follow some cells for a number of steps.

    Parameters
    ----------
    order : (n,) int32
        Numbers of the cells, those close to each other side by side.
    first, n_step : int
        First step and number of steps.
    dt : float
        Time step, s.
    key : uint64
        Made of the seed.
    walk : int
        INTERFACE, LANGEVIN, END_POINT, NAIVE or STILL.
    field, cloud, limits, tally, journey
        Field, cells, thresholds and the counters of this thread.
    bins : (n_total + 1,) int32
        ``duration_bins``.
    settle : int
        Steps outside an impeller zone after which a return counts.
    look : int
        Steps between two looks at the impeller zones.
    every : int
        Steps per stored sample.
    sample : int
        Column of ``out`` and ``full`` of the first stored sample.
    out : (n_stored, n_sample) int32
        Fluid mesh cell at every stored sample of the first n_stored cells.
    full : (n_full, n_sample, 4) float32
        i + x, j + y, k + z and s of the first n_full cells.
    tile : Tile
        Working space of this thread, for at least so many steps.
    """
    whole = tile.whole
    nt, nz = field.shape[1], field.shape[2]
    rec = field.record
    n_hop = 0
    n_given_up = 0
    for begin in range(0, order.size, TILE):
        cells = order[begin : begin + TILE]
        n_lane = cells.size
        board(tile, cells, cloud, nt, nz)
        column = sample
        until = every
        until_look = look - first % look
        for n in range(first, first + n_step):
            hops, given_up = advect(tile, n_lane, field, dt)
            n_hop += hops
            n_given_up += given_up
            decode(tile, n_lane, nt, nz)
            if walk != STILL:
                draw(tile, n_lane, n, key)
            if walk == INTERFACE:
                interface_walk(tile, n_lane, field)
            elif walk == LANGEVIN:
                langevin_walk(tile, n_lane, field)
            elif walk == END_POINT or walk == NAIVE:
                point_walk(tile, n_lane, field, walk == END_POINT)
            for a in range(n_lane):
                tile.seen[a, n - first] = np.int32(rec[whole[C + a], UPTAKE])

            until_look -= 1
            if until_look == 0:
                until_look = look
                look_at_zones(tile, n_lane, field, cloud.visit, n, settle, journey, bins)
            until -= 1
            if until == 0:
                until = every
                store_sample(tile, n_lane, field, out, full, column)
                column += 1
        leave(tile, cells, cloud, walk == LANGEVIN)
        for a in range(n_lane):
            prefetch(cloud.memory, np.int64(cells[min(a + 4, n_lane - 1)]))
            p = cells[a]
            observe(cloud.memory[p], tile.seen[a, :n_step], first, limits, tally, p % tally.raw.shape[0], bins)
            if field.number[whole[C + a]] < 0:
                journey.events[3] += 1
    journey.events[0] += order.size * n_step
    journey.events[1] += n_hop
    journey.events[2] += n_given_up


@nb.njit(**APART)
def board(tile, cells, cloud, nt, nz):
    """Cells take their lanes."""
    real, whole = tile.real, tile.whole
    for a in range(cells.size):
        soon = np.int64(cells[min(a + 8, cells.size - 1)])
        prefetch(cloud.place, soon)
        prefetch(cloud.fraction, soon)
        prefetch(cloud.eta, soon)
        prefetch(cloud.visit, soon)
        p = cells[a]
        whole[CELL + a] = p
        whole[C + a] = (np.int64(cloud.place[p, 0]) * nt + cloud.place[p, 1]) * nz + cloud.place[p, 2]
        real[X + a], real[Y + a], real[Z + a] = cloud.fraction[p, 0], cloud.fraction[p, 1], cloud.fraction[p, 2]
        real[E_R + a], real[E_T + a], real[E_Z + a] = cloud.eta[p, 0], cloud.eta[p, 1], cloud.eta[p, 2]
        whole[INSIDE + a] = cloud.visit[p, 0]


@nb.njit(**APART)
def leave(tile, cells, cloud, with_memory):
    """Cells go back to the cloud, with their turbulent velocities where the walk has a memory."""
    real, whole = tile.real, tile.whole
    for a in range(cells.size):
        p = cells[a]
        cloud.place[p, 0], cloud.place[p, 1], cloud.place[p, 2] = whole[RING + a], whole[TURN + a], whole[LAYER + a]
        cloud.fraction[p, 0], cloud.fraction[p, 1], cloud.fraction[p, 2] = real[X + a], real[Y + a], real[Z + a]
        if with_memory:
            cloud.eta[p, 0], cloud.eta[p, 1], cloud.eta[p, 2] = real[E_R + a], real[E_T + a], real[E_Z + a]


@nb.njit(**APART)
def look_at_zones(tile, n_lane, field, visit, n, settle, journey, bins):
    """Which cells have entered or left an impeller zone since the last look."""
    real, whole = tile.real, tile.whole
    for a in range(n_lane):
        i, k, z = whole[RING + a], whole[LAYER + a], real[Z + a]
        inside = (field.zone_low[k] <= z) & (z <= field.zone_high[k]) & (i < field.zone_ring[k])
        if inside != (whole[INSIDE + a] == 1):
            whole[INSIDE + a] = 1 if inside else 0
            p = whole[CELL + a]
            cross_zone(visit[p], inside, n, settle, journey, p % journey.circulation.shape[0], bins)


@nb.njit(**APART)
def store_sample(tile, n_lane, field, out, full, column):
    """Mesh cells, and of some cells places and uptake ratios, to a column of the stored samples."""
    real, whole = tile.real, tile.whole
    for a in range(n_lane):
        p, c = whole[CELL + a], whole[C + a]
        if p < out.shape[0]:
            out[p, column] = field.number[c]
        if p < full.shape[0]:
            full[p, column, 0] = whole[RING + a] + real[X + a]
            full[p, column, 1] = whole[TURN + a] + real[Y + a]
            full[p, column, 2] = whole[LAYER + a] + real[Z + a]
            full[p, column, 3] = field.record[c, UPTAKE] / SCALE


@nb.njit(**APART)
def cross_zone(visit, inside, n, settle, journey, group, bins):
    """A cell enters or leaves an impeller zone at step n."""
    if inside:
        visit[0] = 1
        if visit[1] >= 0 and n - visit[1] < settle:
            return  # back again at once: the same visit
        if visit[2] >= 0:
            duration = n - visit[2]
            journey.circulation[group, bins[min(duration, bins.size - 1)]] += 1
            journey.circulation_steps[group] += duration
        visit[2] = n
    else:
        visit[0] = 0
        visit[1] = n


@nb.njit(**APART)
def sort_by_place(place, nt, nz, start, order):
    """Numbers of the cells in the order of their mesh cells (counting sort).

    Parameters
    ----------
    place : (n_cell, 3) int32
    nt, nz : int
    start : (n_all + 1,) int64
        Working space.
    order : (n_cell,) int32
        Result.
    """
    start[:] = 0
    for p in range(place.shape[0]):
        start[(place[p, 0] * nt + place[p, 1]) * nz + place[p, 2] + 1] += 1
    for c in range(1, start.size):
        start[c] += start[c - 1]
    for p in range(place.shape[0]):
        c = (place[p, 0] * nt + place[p, 1]) * nz + place[p, 2]
        order[start[c]] = p
        start[c] += 1
