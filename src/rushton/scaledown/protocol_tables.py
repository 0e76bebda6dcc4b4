"""The tables of a protocol: target against achieved, and the feed programme for people and for a controller."""

from __future__ import annotations

from collections.abc import Sequence

from rushton.lifelines import SignalStatistics
from rushton.scaledown.protocol_rigs import events
from rushton.scaledown.protocol_words import Event
from rushton.scaledown.sheet import ML_MIN, REGIME_WORDS, Sheet, number, percent, stays_of, table

LONG_TABLE = 12  # events; a longer programme is printed pulse by pulse in columns
_COLUMNS = 3


def target_table(tank: SignalStatistics, rig: SignalStatistics) -> str:
    """Target against achieved: shares and stays of every regime, passages."""
    rows: list[tuple[str, str, str]] = []
    for r, word in enumerate(REGIME_WORDS):
        a, b = stays_of(tank, r), stays_of(rig, r)
        rows += [
            (f"**{word}**: share of time", percent(a.share), percent(b.share)),
            ("stays per hour", number(a.per_hour), number(b.per_hour)),
            ("mean stay, s", number(a.mean), number(b.mean)),
            ("median stay, s", number(a.median), number(b.median)),
            ("95 % of stays below, s", number(a.p95), number(b.p95)),
        ]
    total = [max(1, int(s.transitions.sum())) for s in (tank, rig)]
    for i, j in ((0, 1), (1, 0), (1, 2), (2, 1)):
        shares = [percent(s.transitions[i, j] / n) for s, n in zip((tank, rig), total, strict=True)]
        rows.append((f"passages {REGIME_WORDS[i]} to {REGIME_WORDS[j]}", shares[0], shares[1]))
    rows.append(("mean uptake over maximum", f"{tank.mean:.3f}", f"{rig.mean:.3f}"))
    return table(("What a cell experiences", "Tank", "This rig"), rows)


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
