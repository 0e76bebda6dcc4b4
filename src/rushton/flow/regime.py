"""Which model a Reynolds number allows, and what is then not to be trusted.

    Re = rho N D^2 / mu    of the largest impeller, mu the apparent viscosity at the impeller for a power-law broth, -

- Re < 100, laminar: no turbulence model. Viscous laws of power (Np Re constant) hold below Re of about 10.
- 100 <= Re < 10,000, transitional: the turbulence model is used, outside the range it was made for.
- Re >= 10,000, turbulent.

Borders: Np Re is constant below about 10 and Np constant above about 1e4 for disc turbines (Rushton, Costich, Everett
1950, Chem. Eng. Prog. 46:395); in between, turbulence lives near the impeller only. 100 as the border between two
computations is our choice: there a turbulence model would make its own viscosity out of nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

LAMINAR_RE, TURBULENT_RE = 100.0, 1e4
"""Re below which no turbulence model is used, and above which it is in its range, -."""


@dataclass(frozen=True)
class Regime:
    """Flow regime and the model that is used in it.

    Attributes
    ----------
    name : str
        "laminar", "transitional" or "turbulent".
    model : str
        Closure, a key of ``rushton.flow.closures.CLOSURES``.
    message : str
        What the engineer should know; empty when the model is in its range.
    """

    name: str
    model: str
    message: str


def regime_of(reynolds: float, wanted: str) -> Regime:
    """Regime of a Reynolds number and the closure for it; ``wanted`` is the one that the case names."""
    if reynolds < LAMINAR_RE:
        message = (
            "" if wanted == "laminar" else f"laminar flow (Re = {reynolds:.3g}): computed without turbulence model"
        )
        return Regime("laminar", "laminar", message)
    name = "transitional" if reynolds < TURBULENT_RE else "turbulent"
    if wanted == "laminar":
        return Regime(
            name,
            wanted,
            f"laminar flow was asked for at Re = {reynolds:.3g}: above Re = 100 baffled tanks are not laminar near the "
            "impeller; power, pumping and mixing are those of a flow that does not exist",
        )
    if name == "transitional":
        return Regime(
            name,
            wanted,
            f"transitional flow (Re = {reynolds:.3g}, between 100 and 10,000): the turbulence model assumes fully "
            "developed turbulence, which reigns near the impeller at most. Far from it velocity, turbulence and mixing "
            "are not to be trusted, and stagnant liquid near walls and surface is likely understated; take blend times "
            "as lower bounds and the power number as an estimate",
        )
    return Regime(name, wanted, "")
