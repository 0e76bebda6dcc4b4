"""The page of an experiment: verdicts, figures and every reading, in one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from rushton.study.lab_data.residuals import Residual
from rushton.study.lab_data.verdicts import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rushton.study.lab_data.comparison import LabComparison

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px/1.5 sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b2733}}
table{{border-collapse:collapse;width:100%;font-size:14px}}
td,th{{padding:.25rem .6rem;border-bottom:1px solid #e4e8ec;text-align:left;vertical-align:top}}
td.n{{text-align:right;white-space:nowrap}}img{{max-width:100%}}
.agrees{{color:#00664b}}.above,.below,.scatters{{color:#b4460b}}.not{{color:#5d6b78}}
td.state{{font-weight:bold;white-space:nowrap}}.small{{color:#5d6b78;font-size:13px}}</style></head>
<body>
{body}
</body></html>
"""
BANDS = (
    "A band holds what is met at a port over a cycle or by cells on different ways, a feed pump off by its accuracy, "
    "and biomass as far off as the stop rules allow; bars on a reading are twice its standard deviation, which is the "
    "usual one of the assay where none was given. A reading agrees where its bar reaches its band. The error of the "
    "cell model itself is in none of them: that is what the experiment tells."
)


def page(found: LabComparison) -> str:
    """HTML of a comparison."""
    from rushton.report.style import look
    from rushton.study.lab_data import figures

    protocol = found.protocol
    title = f"{protocol['title']}: measured and predicted"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(found.data.name)} beside the protocol {escape(protocol['id'])} of "
        f"{escape(protocol['case']['title'] or protocol['case']['name'])}; {len(found.rows)} readings.</p>",
        *(f"<p class='small'>{escape(note)}</p>" for note in found.notes),
    ]
    with look():
        if found.productivity.words or found.productivity.way:
            parts.append("<h2>Productivity</h2>")
            parts.append(_productivity(found))
            parts.append(_image(figures.productivity_plot(found.productivity), "Productivity measured and predicted"))
        parts += [
            "<h2>What the readings say</h2>",
            _verdicts(found.verdicts),
            f"<p class='small'>{escape(_bands(protocol))}</p>",
        ]
        for name, heading in (("substrate", "Substrate at the ports"), ("dissolved_oxygen", "Oxygen at the ports")):
            drawn = figures.ports(found, name)
            if drawn is not None:
                parts.append(f"<h2>{heading}</h2>{_image(drawn, heading)}")
                parts.append(
                    "<p class='small'>Bar: predicted band, line: prediction. Readings from early (top) to late; red "
                    "ones do not agree. An open arrow: nothing was found above that value.</p>"
                )
        drawn = figures.courses(found)
        if drawn is not None:
            parts.append(f"<h2>Over time</h2>{_image(drawn, 'Readings over the predicted course')}")
        drawn = figures.residual_plot(found)
        if drawn is not None:
            parts.append(f"<h2>Residuals</h2>{_image(drawn, 'Residuals against time')}")
            parts.append(
                "<p class='small'>Measured less predicted, over the band on that side and twice the standard "
                "deviation: within the grey band a reading agrees. What is larger than 6 is drawn at 6.</p>"
            )
    parts += [
        f"<details><summary>All {len(found.rows)} readings</summary>{_readings(found.rows)}</details>",
        f"<p class='small'>Predictions: {escape(str(found.source))}, Rushton "
        f"{escape(str(protocol['versions'].get('rushton', '')))}, seed {protocol['seed']}.</p>",
    ]
    return PAGE.format(title=escape(title), body="\n".join(parts))


def _bands(protocol: Mapping[str, Any]) -> str:
    """What the bands hold."""
    if "stirrer_table" in protocol["set_points"]:
        return BANDS.replace("a feed pump off by its accuracy", "oxygen demand over transfer off by its accuracy")
    return BANDS


def _image(figure: Figure | None, text: str) -> str:
    from rushton.report.style import svg_uri

    return "" if figure is None else f'<img alt="{escape(text)}" src="{svg_uri(figure)}">'


def _productivity(found: LabComparison) -> str:
    p = found.productivity
    hours = f"from {p.since / 3600.0:g} h on"
    if not p.words:
        return f"<p>Not measured: {escape(p.way)}.</p>"
    return f"<p>{escape(p.words)}</p><p class='small'>Judged {hours}; {escape(p.way)}.</p>"


def _verdicts(verdicts: tuple[Verdict, ...]) -> str:
    rows = []
    for v in verdicts:
        advice = f"<br><span class='small'>{escape(v.advice)}</span>" if v.advice else ""
        kind = v.state.split()[0]
        rows.append(
            f"<tr><td>{escape(v.quantity.title)}<br><span class='small'>{escape(v.where)}</span></td>"
            f"<td class='state {kind}'>{escape(v.state)}</td><td>{escape(v.text)}{advice}</td></tr>"
        )
    return f"<table><tr><th>Quantity</th><th>Verdict</th><th>Why, and what to do</th></tr>{''.join(rows)}</table>"


def _readings(rows: tuple[Residual, ...]) -> str:
    head = ("Line", "Time, h", "Phase", "Port", "Quantity", "Measured", "Predicted", "Band", "Residual", "Agrees")
    out = ["<table><tr>" + "".join(f"<th>{name}</th>" for name in head) + "</tr>"]
    for row in rows:
        r, p = row.reading, row.predicted

        def told(value: float | None, factor: float = r.factor) -> str:
            return "" if value is None else f"{value / factor:.3g}"

        band = f"{told(p.low)} to {told(p.high)}" if p is not None and p.low is not None else ""
        agrees = row.reason if row.agrees is None else ("yes" if row.agrees else "no")
        cells = (
            str(r.line), f"{r.time / 3600.0:g}", r.phase, r.port, r.quantity.title,
            f"{'<' if r.below else ''}{told(r.value)} {r.unit}", told(p.mean) if p is not None else "", band,
            told(row.residual), agrees,
        )  # fmt: skip
        numeric = (0, 1, 5, 6, 7, 8)
        out.append(
            "<tr>"
            + "".join(f"<td{' class=n' if n in numeric else ''}>{escape(c)}</td>" for n, c in enumerate(cells))
            + "</tr>"
        )
    return "".join(out) + "</table>"
