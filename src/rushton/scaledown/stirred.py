"""The stirred vessels of a rig: what each holds, how fast it is stirred and blends (``bench.Bench.holding``)."""

from __future__ import annotations

from dataclasses import replace

from rushton.scaledown.bench import Bench
from rushton.scaledown.compartments import NAMES, CompartmentsOperation
from rushton.scaledown.loops import LoopOperation
from rushton.scaledown.rig import Operation


def stirred_vessels(operation: Operation, bench: Bench) -> list[tuple[str, Bench]]:
    """Name of every stirred vessel of a rig, and the bench with that vessel in it, in the order of the drawing.

    Vessels of a rig that has several are of the size of what they hold; a rig with one vessel has the bench's own, with
    less in it where a tube holds the rest.
    """
    if isinstance(operation, CompartmentsOperation):
        return [
            (f"vessel {n + 1}, {name}", bench.holding(held))
            for n, (name, held) in enumerate(zip(NAMES, operation.rig.volumes, strict=True))
        ]
    if isinstance(operation, LoopOperation):
        loop = operation.loop
        if operation.second_is_tube:
            return [("vessel", replace(bench, volume=loop.vessel_volume))]
        return [("vessel 1", bench.holding(loop.vessel_volume)), ("vessel 2", bench.holding(loop.tube_volume))]
    return [("vessel", bench)]


def speeds_of(operation: Operation, bench: Bench) -> list[tuple[str, float]]:
    """Name of every stirred vessel of a rig and its speed, rpm, to ten of them."""
    return [(name, round(6.0 * own["stirrer_speed"]) * 10.0) for name, own in stirred_vessels(operation, bench)]
