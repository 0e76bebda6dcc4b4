"""What uptake law, biomass and turbulent Schmidt number do to regimes and loss: one factor at a time, on one flow.

Asked for by ``rushton run CASE --sensitivity`` or ``[numerics] sensitivity = true``.
"""

from rushton.sensitivity.result import Sensitivity, Variation, label
from rushton.sensitivity.study import assess

__all__ = ["Sensitivity", "Variation", "assess", "label"]
