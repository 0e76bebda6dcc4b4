"""The tables of a protocol: target against achieved, and the feed programme for people and for a controller."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rushton.lifelines import SignalStatistics
from rushton.scaledown.protocol_rigs import events
from rushton.scaledown.protocol_words import Event
from rushton.scaledown.sheet import ML_MIN, REGIME_WORDS, Sheet, Stays, number, percent, stays_of, table

LONG_TABLE = 12  # events; a longer programme is printed pulse by pulse in columns
_COLUMNS = 3


def target_table(tank: SignalStatistics, rig: SignalStatistics) -> str:
    """Target against achieved: shares and stays of every regime, passages, mean uptake."""
    pairs = [[stays_of(s, r) for s in (tank, rig)] for r in range(3)]
    measures: tuple[tuple[str, Callable[[Stays], str]], ...] = (
        ("share of time", lambda s: percent(s.share)),
        ("stays per hour", lambda s: number(s.per_hour)),
        ("mean stay, s", lambda s: number(s.mean)),
        ("median stay, s", lambda s: number(s.median)),
        ("95 % of stays below, s", lambda s: number(s.p95)),
    )
    head = ["What a cell experiences"] + [f"{w}: {who}" for w in REGIME_WORDS for who in ("tank", "rig")]
    rows = [(name, *(told(s) for pair in pairs for s in pair)) for name, told in measures]
    total = [max(1, int(s.transitions.sum())) for s in (tank, rig)]
    ways = ((0, 1), (1, 0), (1, 2), (2, 1))
    names = [f"{REGIME_WORDS[i]} to {REGIME_WORDS[j]}" for i, j in ways]
    passages = [
        (who, *(percent(s.transitions[i, j] / n) for i, j in ways), f"{s.mean:.3f}")
        for who, s, n in zip(("tank", "rig"), (tank, rig), total, strict=True)
    ]
    return table(head, rows) + "\n\n" + table(("Passages", *names, "mean s = q/q_max"), passages)


def feed_rows(sheet: Sheet) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Head and rows of the feed programme for the printed protocol."""
    lines = events(sheet)
    if len(lines) <= LONG_TABLE:
        rows = [
            (
                f"{e.time:.1f}",
                e.action,
                e.pump,
                f"{e.rate * ML_MIN:.2f}",
                "" if e.repeat is None else f"{e.repeat:.1f} s",
            )
            for e in lines
        ]
        return ("Time, s", "Action", "Pump", "Rate, mL/min", "Repeat every"), list(rows)
    starts, rates, on = sheet.recipe.pulses()
    pulses = [(f"{a:.1f}", f"{b:.1f}", f"{c * ML_MIN:.2f}") for a, b, c in zip(starts, on, rates, strict=True)]
    height = -(-len(pulses) // _COLUMNS)
    blocks = [pulses[n * height : (n + 1) * height] for n in range(_COLUMNS)]
    rows_of = []
    for n in range(height):
        row: list[str] = []
        for c, block in enumerate(blocks):
            row += [str(c * height + n + 1), *block[n]] if n < len(block) else [""] * 4
        rows_of.append(tuple(row))
    return ("Pulse", "Start, s", "On, s", "mL/min") * _COLUMNS, list(rows_of)


def closing_line(sheet: Sheet) -> str:
    """What a long programme's table leaves out; empty where the table says all."""
    lines = events(sheet)
    if len(lines) <= LONG_TABLE:
        return ""
    others = "; ".join(f"{e.pump} {e.action}, {e.rate * ML_MIN:.2f} mL/min" for e in lines if e.repeat is None)
    off = sheet.recipe.table[-1, 1] * ML_MIN
    return (
        f"Between pulses the feed pump runs at {off:.2f} mL/min. Repeat every {sheet.settings['period']:.1f} s until "
        f"the end. From t = 0 besides: {others}."
    )


def feed_table(sheet: Sheet) -> str:
    """Feed table as CSV: when, what, which pump, which rate; ``repeat_s`` marks what recurs at that interval until the
    end.
    """
    lines = ["time_s,action,pump,rate_mL_min,repeat_s"]
    for e in events(sheet):
        lines.append(_csv_line(e))
    lines.append(f"{sheet.case.response.duration:.1f},stop,all,0.00,")
    return "\n".join(lines) + "\n"


def _csv_line(event: Event) -> str:
    repeat = "" if event.repeat is None else f"{event.repeat:.1f}"
    return f"{event.time:.1f},{event.action},{event.pump},{event.rate * ML_MIN:.2f},{repeat}"
