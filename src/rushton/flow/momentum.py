"""Discrete momentum on the staggered r-theta-z grid.

Unknowns: u_r on r faces, u_z on z faces and the angular momentum L = r u_theta on theta faces, all components of the
*absolute* velocity; kinematic pressure p = P / rho in mesh cells. Steady Reynolds-averaged equations with
nu_e = nu + nu_t::

    div(v u_r) = -dp/dr     + u_theta^2 / r + div(nu_e grad u_r) - nu_e u_r / r^2        m/s2
    div(v L)   = -dp/dtheta + 1/r d/dr(r nu_e r^2 d(L/r^2)/dr) + d/r dtheta(nu_e dL/r dtheta) + d/dz(nu_e dL/dz)
    div(v u_z) = -dp/dz     + div(nu_e grad u_z)

and the transposed gradient of ``rushton.flow.transposed``, handed over as explicit forces.

Inside the rotating zone v is the velocity relative to the rotor, v_theta = u_theta - Omega r, and that is the only
change (frozen rotor): with absolute components there is no Coriolis term and no interpolation at the zone's border.
With L as unknown, convection of swirl has no geometric source and the discrete torque balance is exact.

A staggered control volume is made of two half mesh cells, so each of its transverse faces is made of two half faces; a
half face is open (flux and diffusion) or a wall (wall-function sink). ``conductance`` and ``wall_sinks`` in
``rushton.flow.turbulence`` hold both per mesh-cell face and mesh cell, and a control volume takes the mean of its two
halves: partly blocked control volumes at blade edges need no special case.

Convection is first-order upwind in the matrix with the limited second-order part deferred (``limited``).
Every kernel works on the planes lo <= i < hi of its unknown and writes nothing outside them, so that planes are shared
out among threads (``rushton.cores``). All loop over one coefficient block a_W a_E a_S a_N a_B a_T a_P b and write
relaxed equations a_P / alpha x = sum a_nb x_nb + b + (1 - alpha) / alpha a_P x_old.
"""

from __future__ import annotations

from numba import njit

OPTIONS = {"cache": True, "fastmath": True, "error_model": "numpy", "nogil": True}


@njit(inline="always", **OPTIONS)
def limited(a, b):
    """Van Albada's limited correction to the upwind value, half the face-to-face slope where smooth.

    a = downwind - upwind, b = upwind - far upwind; zero at extrema. Source: van Albada, van Leer, Roberts 1982,
    Astron. Astrophys. 108:76.
    """
    ab = a * b
    return 0.5 * ab * (a + b) / (a * a + b * b) if ab > 0.0 else 0.0


@njit(**OPTIONS)
def fix_node(m, i, j, k, value):
    """Equation x = value for one node of the coefficient block."""
    for n in range(6):
        m[n, i, j, k] = 0.0
    m[6, i, j, k] = 1.0
    m[7, i, j, k] = value


@njit(**OPTIONS)
def volume_fluxes(lo, hi, ur, ang, uz, r, rc, dr, dz, az, dth, omega, fr, ft, fz):
    """Fluxes m3/s through all faces; ``ft`` is relative to the rotor where ``omega`` (nr, nz) is not zero."""
    nr, nt, nz = ft.shape
    for i in range(lo, hi + 1 if hi == nr else hi):
        for j in range(nt):
            for k in range(nz):
                fr[i, j, k] = ur[i, j, k] * r[i] * dth[j] * dz[k]
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                ft[i, j, k] = (ang[i, j, k] / rc[i] - omega[i, k] * rc[i]) * dr[i] * dz[k]
            for k in range(nz + 1):
                fz[i, j, k] = uz[i, j, k] * az[i, j]


@njit(**OPTIONS)
def assemble_u_r(
    lo, hi, ur, ang, p, fr, ft, fz, gr, gt, gz, nue, st, sz, fixed, r, rc, dr, dz, az, dth, alpha, second, m, d
):
    """Radial momentum; ``m`` (8, nr+1, nt, nz) coefficients, ``d`` in: explicit forces, m4/s2, out:
    pressure-to-velocity factors, m/s per m2/s2. u_r on the axis is taken as it stands."""
    aw, ae, as_, an, ab, at, ap, b = m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]
    nr, nt, nz = ft.shape
    for i in range(lo, hi):
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            jp = j + 1 if j < nt - 1 else 0
            jpp = jp + 1 if jp < nt - 1 else 0
            jmm = jm - 1 if jm > 0 else nt - 1
            for k in range(nz):
                if i == 0 or i == nr or fixed[i, j, k]:
                    fix_node(m, i, j, k, ur[0, j, k] if i == 0 else 0.0)
                    d[i, j, k] = 0.0
                    continue
                h = i - 1
                x = ur[i, j, k]
                f_e = 0.5 * (fr[i, j, k] + fr[i + 1, j, k])
                f_w = 0.5 * (fr[h, j, k] + fr[i, j, k])
                f_n = 0.5 * (ft[h, jp, k] + ft[i, jp, k])
                f_s = 0.5 * (ft[h, j, k] + ft[i, j, k])
                f_t = 0.5 * (fz[h, j, k + 1] + fz[i, j, k + 1])
                f_b = 0.5 * (fz[h, j, k] + fz[i, j, k])
                d_e = nue[i, j, k] * rc[i] * dth[j] * dz[k] / dr[i]
                d_w = nue[h, j, k] * rc[h] * dth[j] * dz[k] / dr[h]
                d_n = 0.5 * (gt[h, jp, k] + gt[i, jp, k])
                d_s = 0.5 * (gt[h, j, k] + gt[i, j, k])
                d_t = 0.5 * (gz[h, j, k + 1] + gz[i, j, k + 1])
                d_b = 0.5 * (gz[h, j, k] + gz[i, j, k])
                c_e = d_e + max(-f_e, 0.0)
                c_w = d_w + max(f_w, 0.0)
                c_n = d_n + max(-f_n, 0.0)
                c_s = d_s + max(f_s, 0.0)
                c_t = d_t + max(-f_t, 0.0)
                c_b = d_b + max(f_b, 0.0)
                v_h = 0.5 * dr[h] * rc[h] * dth[j] * dz[k]
                v_i = 0.5 * dr[i] * rc[i] * dth[j] * dz[k]
                u_h = 0.5 * (ang[h, j, k] + ang[h, jp, k]) / rc[h]
                u_i = 0.5 * (ang[i, j, k] + ang[i, jp, k]) / rc[i]
                area = r[i] * dth[j] * dz[k]
                rhs = d[i, j, k] + (p[h, j, k] - p[i, j, k]) * area + v_h * u_h * u_h / rc[h] + v_i * u_i * u_i / rc[i]
                sink = 0.5 * (st[h, j, k] + st[i, j, k] + sz[h, j, k] + sz[i, j, k])
                sink += nue[h, j, k] * v_h / (rc[h] * rc[h]) + nue[i, j, k] * v_i / (rc[i] * rc[i])
                if second:
                    u_e, u_w = ur[i + 1, j, k], ur[h, j, k]
                    u_n, u_s = ur[i, jp, k], ur[i, jm, k]
                    if f_e > 0.0:
                        rhs -= f_e * limited(u_e - x, x - u_w)
                    elif i + 2 <= nr:
                        rhs -= f_e * limited(x - u_e, u_e - ur[i + 2, j, k])
                    if f_w > 0.0:
                        if h > 0:
                            rhs += f_w * limited(x - u_w, u_w - ur[h - 1, j, k])
                    else:
                        rhs += f_w * limited(u_w - x, x - u_e)
                    if f_n > 0.0:
                        if d_s > 0.0:
                            rhs -= f_n * limited(u_n - x, x - u_s)
                    elif gt[h, jpp, k] + gt[i, jpp, k] > 0.0:
                        rhs -= f_n * limited(x - u_n, u_n - ur[i, jpp, k])
                    if f_s > 0.0:
                        if gt[h, jm, k] + gt[i, jm, k] > 0.0:
                            rhs += f_s * limited(x - u_s, u_s - ur[i, jmm, k])
                    elif d_n > 0.0:
                        rhs += f_s * limited(u_s - x, x - u_n)
                    if f_t > 0.0:
                        if d_b > 0.0:
                            rhs -= f_t * limited(ur[i, j, k + 1] - x, x - ur[i, j, k - 1])
                    elif f_t < 0.0 and gz[h, j, k + 2] + gz[i, j, k + 2] > 0.0:
                        rhs -= f_t * limited(x - ur[i, j, k + 1], ur[i, j, k + 1] - ur[i, j, k + 2])
                    if f_b > 0.0:
                        if gz[h, j, k - 1] + gz[i, j, k - 1] > 0.0:
                            rhs += f_b * limited(x - ur[i, j, k - 1], ur[i, j, k - 1] - ur[i, j, k - 2])
                    elif f_b < 0.0 and d_t > 0.0:
                        rhs += f_b * limited(ur[i, j, k - 1] - x, x - ur[i, j, k + 1])
                total = c_e + c_w + c_n + c_s + c_t + c_b + sink
                aw[i, j, k] = c_w
                ae[i, j, k] = c_e
                as_[i, j, k] = c_s
                an[i, j, k] = c_n
                ab[i, j, k] = c_b
                at[i, j, k] = c_t
                ap[i, j, k] = total / alpha
                b[i, j, k] = rhs + (1.0 / alpha - 1.0) * total * x
                d[i, j, k] = area / (total / alpha - total + sink)


@njit(**OPTIONS)
def assemble_u_z(lo, hi, uz, p, fr, ft, fz, gr, gt, gz, nue, sr, st, fixed, dz, az, alpha, second, m, d):
    """Axial momentum; ``m`` (8, nr, nt, nz+1) coefficients, ``d`` in: explicit forces, out: factors as above."""
    aw, ae, as_, an, ab, at, ap, b = m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]
    nr, nt, nz = ft.shape
    for i in range(lo, hi):
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            jp = j + 1 if j < nt - 1 else 0
            jpp = jp + 1 if jp < nt - 1 else 0
            jmm = jm - 1 if jm > 0 else nt - 1
            for k in range(nz + 1):
                if k == 0 or k == nz or fixed[i, j, k]:
                    fix_node(m, i, j, k, 0.0)
                    d[i, j, k] = 0.0
                    continue
                h = k - 1
                x = uz[i, j, k]
                f_e = 0.5 * (fr[i + 1, j, h] + fr[i + 1, j, k])
                f_w = 0.5 * (fr[i, j, h] + fr[i, j, k])
                f_n = 0.5 * (ft[i, jp, h] + ft[i, jp, k])
                f_s = 0.5 * (ft[i, j, h] + ft[i, j, k])
                f_t = 0.5 * (fz[i, j, k] + fz[i, j, k + 1])
                f_b = 0.5 * (fz[i, j, h] + fz[i, j, k])
                d_e = 0.5 * (gr[i + 1, j, h] + gr[i + 1, j, k])
                d_w = 0.5 * (gr[i, j, h] + gr[i, j, k])
                d_n = 0.5 * (gt[i, jp, h] + gt[i, jp, k])
                d_s = 0.5 * (gt[i, j, h] + gt[i, j, k])
                d_t = nue[i, j, k] * az[i, j] / dz[k]
                d_b = nue[i, j, h] * az[i, j] / dz[h]
                c_e = d_e + max(-f_e, 0.0)
                c_w = d_w + max(f_w, 0.0)
                c_n = d_n + max(-f_n, 0.0)
                c_s = d_s + max(f_s, 0.0)
                c_t = d_t + max(-f_t, 0.0)
                c_b = d_b + max(f_b, 0.0)
                rhs = d[i, j, k] + (p[i, j, h] - p[i, j, k]) * az[i, j]
                sink = 0.5 * (sr[i, j, h] + sr[i, j, k] + st[i, j, h] + st[i, j, k])
                if second:
                    if f_e > 0.0:
                        if d_w > 0.0:
                            rhs -= f_e * limited(uz[i + 1, j, k] - x, x - uz[i - 1, j, k])
                    elif f_e < 0.0 and gr[i + 2, j, h] + gr[i + 2, j, k] > 0.0:
                        rhs -= f_e * limited(x - uz[i + 1, j, k], uz[i + 1, j, k] - uz[i + 2, j, k])
                    if f_w > 0.0:
                        if gr[i - 1, j, h] + gr[i - 1, j, k] > 0.0:
                            rhs += f_w * limited(x - uz[i - 1, j, k], uz[i - 1, j, k] - uz[i - 2, j, k])
                    elif f_w < 0.0 and d_e > 0.0:
                        rhs += f_w * limited(uz[i - 1, j, k] - x, x - uz[i + 1, j, k])
                    u_n, u_s = uz[i, jp, k], uz[i, jm, k]
                    if f_n > 0.0:
                        if d_s > 0.0:
                            rhs -= f_n * limited(u_n - x, x - u_s)
                    elif gt[i, jpp, h] + gt[i, jpp, k] > 0.0:
                        rhs -= f_n * limited(x - u_n, u_n - uz[i, jpp, k])
                    if f_s > 0.0:
                        if gt[i, jm, h] + gt[i, jm, k] > 0.0:
                            rhs += f_s * limited(x - u_s, u_s - uz[i, jmm, k])
                    elif d_n > 0.0:
                        rhs += f_s * limited(u_s - x, x - u_n)
                    if f_t > 0.0:
                        rhs -= f_t * limited(uz[i, j, k + 1] - x, x - uz[i, j, k - 1])
                    elif k + 2 <= nz:
                        rhs -= f_t * limited(x - uz[i, j, k + 1], uz[i, j, k + 1] - uz[i, j, k + 2])
                    if f_b > 0.0:
                        if k >= 2:
                            rhs += f_b * limited(x - uz[i, j, k - 1], uz[i, j, k - 1] - uz[i, j, k - 2])
                    else:
                        rhs += f_b * limited(uz[i, j, k - 1] - x, x - uz[i, j, k + 1])
                total = c_e + c_w + c_n + c_s + c_t + c_b + sink
                aw[i, j, k] = c_w
                ae[i, j, k] = c_e
                as_[i, j, k] = c_s
                an[i, j, k] = c_n
                ab[i, j, k] = c_b
                at[i, j, k] = c_t
                ap[i, j, k] = total / alpha
                b[i, j, k] = rhs + (1.0 / alpha - 1.0) * total * x
                d[i, j, k] = az[i, j] / (total / alpha - total + sink)


@njit(**OPTIONS)
def assemble_angular_momentum(
    lo,
    hi,
    ang,
    p,
    fr,
    ft,
    fz,
    gr,
    gt,
    gz,
    nue,
    sl,
    ql,
    fixed,
    value,
    patch,
    r,
    rc,
    dr,
    dz,
    dth,
    alpha,
    second,
    m,
    d,
    torque,
):
    """Angular momentum L = r u_theta; ``m`` (8, nr, nt, nz) coefficients, ``d`` in: explicit forces, out: pressure-to-L
    factors.

    At a blade or baffle L is fixed to ``value``; the residual of its equation is the torque that the fluid exerts on
    that wall (pressure jump x area x r, and fluxes at the edges), summed per plane and patch into ``torque``
    (nr, n_patch), m5/s2 (multiply by the density for N m).
    """
    aw, ae, as_, an, ab, at, ap, b = m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]
    nr, nt, nz = ft.shape
    for i in range(lo, hi):
        torque[i, :] = 0.0
        r2 = rc[i] * rc[i]
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            jp = j + 1 if j < nt - 1 else 0
            jpp = jp + 1 if jp < nt - 1 else 0
            jmm = jm - 1 if jm > 0 else nt - 1
            for k in range(nz):
                if fixed[i, j, k] and patch[i, j, k] == 0:
                    fix_node(m, i, j, k, value[i, j, k])
                    d[i, j, k] = 0.0
                    continue
                x = ang[i, j, k]
                f_e = 0.5 * (fr[i + 1, jm, k] + fr[i + 1, j, k])
                f_w = 0.5 * (fr[i, jm, k] + fr[i, j, k])
                f_n = 0.5 * (ft[i, j, k] + ft[i, jp, k])
                f_s = 0.5 * (ft[i, jm, k] + ft[i, j, k])
                f_t = 0.5 * (fz[i, jm, k + 1] + fz[i, j, k + 1])
                f_b = 0.5 * (fz[i, jm, k] + fz[i, j, k])
                d_e = 0.5 * (gr[i + 1, jm, k] + gr[i + 1, j, k]) * r[i + 1] * r[i + 1]
                d_w = 0.5 * (gr[i, jm, k] + gr[i, j, k]) * r[i] * r[i]
                d_n = nue[i, j, k] * dr[i] * dz[k] / (rc[i] * dth[j])
                d_s = nue[i, jm, k] * dr[i] * dz[k] / (rc[i] * dth[jm])
                d_t = 0.5 * (gz[i, jm, k + 1] + gz[i, j, k + 1])
                d_b = 0.5 * (gz[i, jm, k] + gz[i, j, k])
                q_e = max(-f_e, 0.0)
                q_w = max(f_w, 0.0)
                c_e = q_e + (d_e / (rc[i + 1] * rc[i + 1]) if d_e > 0.0 else 0.0)
                c_w = q_w + (d_w / (rc[i - 1] * rc[i - 1]) if d_w > 0.0 else 0.0)
                c_n = d_n + max(-f_n, 0.0)
                c_s = d_s + max(f_s, 0.0)
                c_t = d_t + max(-f_t, 0.0)
                c_b = d_b + max(f_b, 0.0)
                area = dr[i] * dz[k]
                rhs = d[i, j, k] + (p[i, jm, k] - p[i, j, k]) * area * rc[i] + 0.5 * (ql[i, jm, k] + ql[i, j, k])
                sink = 0.5 * (sl[i, jm, k] + sl[i, j, k])
                if second:
                    if f_e > 0.0:
                        if d_w > 0.0:
                            rhs -= f_e * limited(ang[i + 1, j, k] - x, x - ang[i - 1, j, k])
                    elif f_e < 0.0 and gr[i + 2, jm, k] + gr[i + 2, j, k] > 0.0:
                        rhs -= f_e * limited(x - ang[i + 1, j, k], ang[i + 1, j, k] - ang[i + 2, j, k])
                    if f_w > 0.0:
                        if gr[i - 1, jm, k] + gr[i - 1, j, k] > 0.0:
                            rhs += f_w * limited(x - ang[i - 1, j, k], ang[i - 1, j, k] - ang[i - 2, j, k])
                    elif f_w < 0.0 and d_e > 0.0:
                        rhs += f_w * limited(ang[i - 1, j, k] - x, x - ang[i + 1, j, k])
                    l_n, l_s = ang[i, jp, k], ang[i, jm, k]
                    if f_n > 0.0:
                        rhs -= f_n * limited(l_n - x, x - l_s)
                    else:
                        rhs -= f_n * limited(x - l_n, l_n - ang[i, jpp, k])
                    if f_s > 0.0:
                        rhs += f_s * limited(x - l_s, l_s - ang[i, jmm, k])
                    else:
                        rhs += f_s * limited(l_s - x, x - l_n)
                    if f_t > 0.0:
                        if d_b > 0.0:
                            rhs -= f_t * limited(ang[i, j, k + 1] - x, x - ang[i, j, k - 1])
                    elif f_t < 0.0 and gz[i, jm, k + 2] + gz[i, j, k + 2] > 0.0:
                        rhs -= f_t * limited(x - ang[i, j, k + 1], ang[i, j, k + 1] - ang[i, j, k + 2])
                    if f_b > 0.0:
                        if gz[i, jm, k - 1] + gz[i, j, k - 1] > 0.0:
                            rhs += f_b * limited(x - ang[i, j, k - 1], ang[i, j, k - 1] - ang[i, j, k - 2])
                    elif f_b < 0.0 and d_t > 0.0:
                        rhs += f_b * limited(ang[i, j, k - 1] - x, x - ang[i, j, k + 1])
                total = q_e + q_w + (d_e + d_w) / r2 + c_n + c_s + c_t + c_b + sink
                if fixed[i, j, k]:
                    residual = rhs - total * x + c_n * ang[i, jp, k] + c_s * ang[i, jm, k]
                    if c_e > 0.0:
                        residual += c_e * ang[i + 1, j, k]
                    if c_w > 0.0:
                        residual += c_w * ang[i - 1, j, k]
                    if c_t > 0.0:
                        residual += c_t * ang[i, j, k + 1]
                    if c_b > 0.0:
                        residual += c_b * ang[i, j, k - 1]
                    torque[i, patch[i, j, k]] += residual
                    fix_node(m, i, j, k, value[i, j, k])
                    d[i, j, k] = 0.0
                    continue
                aw[i, j, k] = c_w
                ae[i, j, k] = c_e
                as_[i, j, k] = c_s
                an[i, j, k] = c_n
                ab[i, j, k] = c_b
                at[i, j, k] = c_t
                ap[i, j, k] = total / alpha
                b[i, j, k] = rhs + (1.0 / alpha - 1.0) * total * x
                d[i, j, k] = area * rc[i] / (total / alpha - total + sink)
