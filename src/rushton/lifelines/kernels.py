"""The compiled loop over cells and steps: advect, walk, observe, store."""

from __future__ import annotations

import numba as nb
import numpy as np

from rushton.lifelines.generator import counter_hash
from rushton.lifelines.langevin import langevin_walk
from rushton.lifelines.layout import APART, UPTAKE
from rushton.lifelines.observer import SCALE, observe
from rushton.lifelines.pollock import MAX_HOP, advect
from rushton.lifelines.walks import END_POINT, INTERFACE, LANGEVIN, NAIVE, interface_walk, point_walk


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
    seen,
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
    seen : (n_step,) int32
        Working space: s of one cell at every step, in units of 2^-20.
    """
    n_group = tally.raw.shape[0]
    from_walks = walk == END_POINT or walk == NAIVE
    rec = field.record
    nt, nz = field.shape[1], field.shape[2]
    n_hop = 0
    n_given_up = 0
    for q in range(order.size):
        p = order[q]
        group = p % n_group
        i, j, k = np.int64(cloud.place[p, 0]), np.int64(cloud.place[p, 1]), np.int64(cloud.place[p, 2])
        x, y, z = cloud.fraction[p, 0], cloud.fraction[p, 1], cloud.fraction[p, 2]
        c = (i * nt + j) * nz + k
        eta = cloud.eta[p]
        visit = cloud.visit[p]
        column = sample
        until = every
        until_look = look - first % look
        for n in range(first, first + n_step):
            c, i, j, k, x, y, z, hops = advect(field, c, i, j, k, x, y, z, dt)
            n_hop += hops
            if hops == MAX_HOP:
                n_given_up += 1
            if walk == INTERFACE:
                c, i, j, k, x, y, z = interface_walk(field, c, i, j, k, x, y, z, counter_hash(p, n, key))
            elif walk == LANGEVIN:
                h = counter_hash(p, n, key)
                c, i, j, k, x, y, z, eta[0], eta[1], eta[2] = langevin_walk(
                    field, c, i, j, k, x, y, z, eta[0], eta[1], eta[2], h
                )
            elif from_walks:
                h = counter_hash(p, n, key)
                c, i, j, k, x, y, z = point_walk(field, c, i, j, k, x, y, z, h, walk == END_POINT)
            seen[n - first] = np.int32(rec[c, UPTAKE])

            until_look -= 1
            if until_look == 0:
                until_look = look
                inside = field.zone_low[k] <= z <= field.zone_high[k] and i < field.zone_ring[k]
                if inside != (visit[0] == 1):
                    cross_zone(visit, inside, n, settle, journey, group, bins)
            until -= 1
            if until == 0:
                until = every
                if p < out.shape[0]:
                    out[p, column] = field.number[c]
                if p < full.shape[0]:
                    full[p, column, 0] = i + x
                    full[p, column, 1] = j + y
                    full[p, column, 2] = k + z
                    full[p, column, 3] = rec[c, UPTAKE] / SCALE
                column += 1
        observe(cloud.memory[p], seen, first, limits, tally, group, bins)
        cloud.place[p, 0], cloud.place[p, 1], cloud.place[p, 2] = i, j, k
        cloud.fraction[p, 0], cloud.fraction[p, 1], cloud.fraction[p, 2] = x, y, z
        if field.number[c] < 0:
            journey.events[3] += 1
    journey.events[0] += order.size * n_step
    journey.events[1] += n_hop
    journey.events[2] += n_given_up


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
