"""Power and flow of impellers.

P = Np rho N^3 D^5, Q = Nq N D^3, Re = N D^2 / nu, with

- N : stirrer speed, rev/s; D : impeller diameter, m; T : tank diameter, m
- rho : density, kg/m3; nu : kinematic viscosity, m2/s; t : blade and disc thickness, m
- Np, Nq, Re : power, flow and Reynolds number, -

P = 2 pi N * torque: a power number from a torque carries the 2 pi once.
"""

from __future__ import annotations

import math

from rushton.correlations.estimate import Estimate, banded

BUJALSKI = "Bujalski et al. 1987, Chem. Eng. Sci. 42:317, as given by Beshay et al. 2001, Acta Polytechnica 41(6):18"
BESHAY = "Beshay et al. 2001, Acta Polytechnica 41(6):18"
KAMEI = "Kamei, Hiraoka et al. 1995, as in the agitation notes of Niigata University (2021)"
FLOW = "commonly quoted 0.72-0.76 for the standard turbine (not traced to one paper)"


def reynolds(speed: float, diameter: float, kinematic_viscosity: float) -> float:
    """Re = N D^2 / nu, -."""
    return speed * diameter**2 / kinematic_viscosity


def tip_speed(speed: float, diameter: float) -> float:
    """pi N D, m/s."""
    return math.pi * speed * diameter


def power(power_number: float, density: float, speed: float, diameter: float) -> float:
    """P = Np rho N^3 D^5, W."""
    return power_number * density * speed**3 * diameter**5


def power_number_thickness(thickness_ratio: float, tank_diameter: float, re: float = math.inf) -> Estimate:
    """Power number of the standard six-blade Rushton turbine by the thickness of its blades.

    Np = 2.512 (t/D)^-0.195 (T/1 m)^0.063, turbulent, fully baffled.

    Measured at t/D = 0.0155, T = 0.3 m: 5.41 and 5.44 (Beshay 2001) against 5.25 from the formula; two turbines called
    standard differ by 20 % with thickness and scale.

    Parameters
    ----------
    thickness_ratio : float
        t/D, -.
    tank_diameter : float
        T, m.
    re : float
        Reynolds number, -.
    """
    value = 2.512 * thickness_ratio**-0.195 * tank_diameter**0.063
    valid = re >= 1e4 and 0.005 <= thickness_ratio <= 0.04
    return banded(
        value,
        "-",
        0.10,
        valid,
        BUJALSKI,
        "turbulent (Re > 1e4), fully baffled, 6 blades; t/D about 0.005-0.04 (not stated)",
    )


def power_number_max(blades: int, blade_height_ratio: float) -> float:
    """Fully baffled turbulent power number of a flat-blade disc turbine, -.

    Y = n^0.7 b/d; N_Pmax = 10 Y^1.3 (Y <= 0.54), 8.3 Y (Y <= 1.6), 10 Y^0.6 above (Kamei, Hiraoka). Used here for
    how the power number changes with the number of blades.
    """
    y = blades**0.7 * blade_height_ratio
    if y <= 0.54:
        return 10.0 * y**1.3
    return 8.3 * y if y <= 1.6 else 10.0 * y**0.6


def power_number_max_pitched(blades: int, blade_height_ratio: float, angle: float) -> float:
    """Fully baffled turbulent power number of pitched blades, -.

    N_Pmax = 8.3 (2 a / pi)^0.9 Y sin^1.6 a, Y = n^0.7 b/d (Kamei, Hiraoka); a angle to the horizontal, rad, b width of
    the blade along its chord. 1.35 for four blades of 0.2 d at 45 degrees.
    """
    y = blades**0.7 * blade_height_ratio
    return 8.3 * (2.0 * angle / math.pi) ** 0.9 * y * math.sin(angle) ** 1.6


def power_number_kamei_hiraoka(
    re: float,
    tank_diameter: float,
    diameter: float,
    blade_height: float,
    liquid_height: float,
    blades: int,
    baffles: int,
    baffle_width: float,
    angle: float | None = None,
) -> Estimate:
    """Power number of a flat-blade disc turbine, or of pitched blades, over the whole range of Re.

    Six blades, d/D = 1/3, b/d = 0.2, four baffles of D/10: 5.03, 4.94, 4.86 at Re = 1e4, 3e4, 1e5; N_Pmax = 5.82.
    Between Re = 10 and 5,000 the baffled branch lies well above measured curves.

    Parameters
    ----------
    re : float
        Reynolds number, -.
    tank_diameter, diameter, blade_height, liquid_height : float
        D, d, b, H of the notes, m.
    blades, baffles : int
        Numbers of blades and baffles.
    baffle_width : float
        Radial width of a baffle, m.
    angle : float, optional
        Of pitched blades to the horizontal, rad; without it the blades stand upright on a disc.
    """
    sine = 1.0 if angle is None else math.sin(angle)
    big, d, b, h, n = tank_diameter, diameter, blade_height, liquid_height, blades
    log = math.log(big / d)
    beta = 2.0 * log / (big / d - d / big)
    eta = 0.711 * (0.157 + (n * log) ** 0.611) / (n**0.52 * (1.0 - (d / big) ** 2))
    gamma = (eta * log / (beta * big / d) ** 5) ** (1.0 / 3.0)
    x = gamma * n**0.7 * b * sine**1.6 / h
    c_l = 0.215 * eta * n * (d / h) * (1.0 - (d / big) ** 2)
    c_l += 1.83 * (b * sine / h) * (n / (2.0 * sine)) ** (1.0 / 3.0)
    c_t = ((1.96 * x**1.19) ** -7.8 + 0.25**-7.8) ** (-1.0 / 7.8)
    m = ((0.71 * x**0.373) ** -7.8 + 0.333**-7.8) ** (-1.0 / 7.8)
    c_tr = 23.8 * (d / big) ** -3.24 * (b * sine / big) ** -1.18 * x**-0.74
    f_inf = 0.0151 * (d / big) * c_t**0.308
    re_g = math.pi * eta * log / (4.0 * d / (beta * big)) * re
    f = c_l / re_g + c_t * (1.0 / (c_tr / re_g + re_g) + (f_inf / c_t) ** (1.0 / m)) ** m
    unbaffled = 1.2 * math.pi**4 * beta**2 * f / (8.0 * d**3 / (big**2 * h))
    largest = power_number_max(n, b / d) if angle is None else power_number_max_pitched(n, b / d, angle)
    lean = 1.0 if angle is None else (2.0 * angle / math.pi) ** 0.72
    baffling = 4.5 * (baffle_width / big) * baffles**0.8 / (largest**0.2 * lean) + unbaffled / largest
    value = max(unbaffled, largest * (1.0 + baffling**-3) ** (-1.0 / 3.0))
    if baffles == 0:
        return banded(value, "-", 0.10, True, KAMEI, "no baffles, any Re")
    valid = re < 10.0 or re > 1e4
    note = "" if valid else "too high between Re = 10 and 1e4"
    return banded(value, "-", 0.10, valid, KAMEI, "Re < 10 or Re > 1e4", note)


def expected_power_number(
    thickness_ratio: float, tank_diameter: float, blades: int, height_ratio: float, re: float
) -> Estimate:
    """Expected power number of a Rushton turbine of any blade count and height.

    The thickness law for six blades of D/5, scaled by power_number_max for other blades; outside that geometry the
    estimate is marked as not valid.
    """
    six = power_number_thickness(thickness_ratio, tank_diameter, re)
    factor = power_number_max(blades, height_ratio) / power_number_max(6, 0.2)
    standard = blades == 6 and abs(height_ratio - 0.2) < 0.02
    note = "" if standard else f"scaled by {factor:.2f} for {blades} blades of {height_ratio:.2f} D (Kamei, Hiraoka)"
    if re < 1e4:
        note = f"Re = {re:.3g} is below the turbulent plateau. {note}".strip()
    scatter = 0.10 if standard else 0.20
    return banded(six.value * factor, "-", scatter, six.valid and standard, six.source, six.range, note)


def expected_power_number_pitched(
    blades: int, height_ratio: float, angle: float, up: bool = False, re: float = math.inf
) -> Estimate:
    """Expected power number of a pitched-blade turbine of any blade count, width and angle (rad).

    1.28 measured for four blades of 0.2 D at 45 degrees that pump down (D/T = 1/3, lower edge at 0.35 T), scaled by
    power_number_max_pitched for other blades; outside that geometry the estimate is marked as not valid.
    """
    factor = power_number_max_pitched(blades, height_ratio, angle) / power_number_max_pitched(4, 0.2, 0.25 * math.pi)
    standard = abs(factor - 1.0) < 1e-3 and not up
    note = "" if standard else f"scaled by {factor:.2f} for other blades (Kamei, Hiraoka)"
    if up:
        note = f"measured pumping down. {note}".strip()
    if re < 1e4:
        note = f"Re = {re:.3g} is below the turbulent plateau. {note}".strip()
    valid = standard and re >= 1e4
    return banded(1.28 * factor, "-", 0.10 if standard else 0.20, valid, BESHAY, "turbulent, fully baffled", note)


def flow_number(blades: int, height_ratio: float) -> Estimate:
    """Flow number of a Rushton turbine, net outflow through r = D/2 over the blade height.

    0.75 for six blades; other blade counts follow Nq ~ Y^0.25 Np^0.5 with Y = n^0.7 b/d (Hiraoka's form).
    """
    y = blades**0.7 * height_ratio / (6**0.7 * 0.2)
    ratio = power_number_max(blades, height_ratio) / power_number_max(6, 0.2)
    standard = blades == 6 and abs(height_ratio - 0.2) < 0.02
    note = "" if standard else "scaled by blade count and height"
    return banded(
        0.75 * y**0.25 * ratio**0.5, "-", 0.07, standard, FLOW, "turbulent, D/T about 1/3 to 1/2, baffled", note
    )


def discharge_flow_number(blades: int, height_ratio: float, diameter_ratio: float, power_number: float) -> Estimate:
    """Nqd = 0.32 (n^0.7 b/d)^0.25 (D/d)^0.34 Np^0.5 (Niigata notes, eq. 1.16); d/D is ``diameter_ratio``.

    A wider definition than the outflow over the blade height: 0.95 where that gives about 0.75.
    """
    value = 0.32 * (blades**0.7 * height_ratio) ** 0.25 * diameter_ratio**-0.34 * power_number**0.5
    return banded(
        value,
        "-",
        0.10,
        True,
        KAMEI,
        "turbulent, baffled",
        "another definition than the net outflow over the blade height",
    )


SPACING_OF_MERGING, SPACING_OF_SUMS = 1.15, 1.5
"""Distance of two disc turbines over their diameter below which their streams merge (Rutherford et al. 1996: 0.385 T at
D = T/3), and above which their powers add up, -."""


def stack_note(distance: float, diameter: float) -> str:
    """What the distance between two Rushton turbines does to the sum of their powers."""
    ratio = distance / diameter
    if ratio < SPACING_OF_MERGING:
        return (
            f"{ratio:.2f} D apart: streams merge, less than the sum of powers (Rutherford et al. 1996, AIChE J. 42:332)"
        )
    if ratio < SPACING_OF_SUMS:
        return f"{ratio:.2f} D apart: at the edge where streams begin to merge"
    return (
        f"{ratio:.2f} D apart: parallel flow, powers add up; each turbine stirs its own loop and loops exchange slowly"
    )
