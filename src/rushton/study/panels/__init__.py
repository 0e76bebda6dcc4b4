"""Strain panels: many strains on the cell tracks of one finished run.

Door: ``panel(results, strains, output) -> Panel``, and ``panel_points`` for several runs; the command is
``rushton panel``.
"""

from rushton.study.panels.points import Points, panel_points
from rushton.study.panels.result import Panel
from rushton.study.panels.run import panel, run_panel
from rushton.study.panels.strains import PanelFile, PanelSettings, PanelStrain, read_strains

__all__ = [
    "Panel",
    "PanelFile",
    "PanelSettings",
    "PanelStrain",
    "Points",
    "panel",
    "panel_points",
    "read_strains",
    "run_panel",
]
