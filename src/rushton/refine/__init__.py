"""How sure a number is: grid convergence index, hidden choices varied, and the band that both put on the result.

Asked for by ``rushton run CASE --refine`` or ``[numerics] refine = true``; the run itself is the finest grid.
"""

from rushton.refine.gci import Convergence, converge, observed_order
from rushton.refine.result import Quantity, Refinement, label
from rushton.refine.study import refine

__all__ = ["Convergence", "Quantity", "Refinement", "converge", "label", "observed_order", "refine"]
