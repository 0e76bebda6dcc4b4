"""Standard k-epsilon turbulence with wall functions on the r-theta-z grid.

    div(v k)   = div((nu + nu_t / s_k) grad k)     + G + G_num - epsilon
    div(v eps) = div((nu + nu_t / s_e) grad eps)   + eps / k (C_1 (G + G_num) - C_2 eps)
    nu_t = C_mu k^2 / eps,   G = 2 nu_t S:S

C_mu, C_1, C_2, s_k, s_e = 0.09, 1.44, 1.92, 1.0, 1.3
(Launder and Spalding 1974, Comput. Methods Appl. Mech. Eng. 3:269).
v is relative to the rotor inside its zone, as in ``rushton.flow.momentum``.

Walls (same source): with u* = C_mu^1/4 k^1/2 and y* = u* y / nu the wall stress is rho lambda (u - u_wall),

    lambda = u* kappa / ln(E y*)  for y* > y_l,   nu / y below;   kappa = 0.41, E = 9.8, y_l = ln(E y_l) / kappa = 11.53

and in a mesh cell at a wall G = tau^2 / (kappa u* y), eps = u*^3 / (kappa y), each the mean over its walls, y limited
below by y_l nu / u*.

G_num: the limited convection scheme dissipates mean kinetic energy. Per face and velocity component that power is
|F| (d^2 / 2 - c d), d = downwind - upwind, c = the limited correction, J/s per unit density; half goes to each
neighbouring mesh cell as production, so that the energy lost by the mean flow reaches the turbulence.
"""

from __future__ import annotations

import math

from numba import njit

from rushton.flow.momentum import OPTIONS, fix_node, limited

C_MU, C_1, C_2, SIGMA_K, SIGMA_E = 0.09, 1.44, 1.92, 1.0, 1.3
KAPPA, E_WALL = 0.41, 9.8
Y_LAMINAR = 11.53
"""Root of y = ln(E y) / kappa, -."""
C_MU25 = C_MU**0.25
ALPHA_KE = 0.6
"""Under-relaxation of k and of the second turbulence quantity, -."""


@njit(**OPTIONS)
def conductance(lo, hi, nut, nu, sigma, open_r, open_t, open_z, r, rc, dr, dz, az, dth, gr, gt, gz):
    """Diffusive conductances (nu + nu_t / sigma) A / distance of all open faces, m3/s; zero at walls.

    ``nut`` and ``nu`` (nr, nt, nz), m2/s.
    ``open_r`` (nr+1, nt, nz), ``open_t`` (nr, nt, nz), ``open_z`` (nr, nt, nz+1) are 1 at open faces, else 0.
    """
    nr, nt, nz = nut.shape
    for i in range(lo, hi):
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            for k in range(nz):
                e = nu[i, j, k] + nut[i, j, k] / sigma
                if open_t[i, j, k]:
                    gt[i, j, k] = (
                        0.5
                        * (e + nu[i, jm, k] + nut[i, jm, k] / sigma)
                        * dr[i]
                        * dz[k]
                        / (rc[i] * 0.5 * (dth[j] + dth[jm]))
                    )
                else:
                    gt[i, j, k] = 0.0
                if i > 0:
                    if open_r[i, j, k]:
                        gr[i, j, k] = (
                            0.5
                            * (e + nu[i - 1, j, k] + nut[i - 1, j, k] / sigma)
                            * r[i]
                            * dth[j]
                            * dz[k]
                            / (rc[i] - rc[i - 1])
                        )
                    else:
                        gr[i, j, k] = 0.0
                if k > 0:
                    if open_z[i, j, k]:
                        gz[i, j, k] = (
                            0.5
                            * (e + nu[i, j, k - 1] + nut[i, j, k - 1] / sigma)
                            * az[i, j]
                            / (0.5 * (dz[k] + dz[k - 1]))
                        )
                    else:
                        gz[i, j, k] = 0.0


@njit(inline="always", **OPTIONS)
def wall_lambda(k, y, nu):
    """Wall stress over density and velocity, m/s (module docstring)."""
    u = C_MU25 * math.sqrt(k)
    ys = u * y / nu
    return u * KAPPA / math.log(E_WALL * ys) if ys > Y_LAMINAR else nu / y


@njit(**OPTIONS)
def wall_sinks(
    lo,
    hi,
    cells,
    first,
    ke,
    ur,
    ang,
    uz,
    nu,
    omega_shaft,
    wr,
    wt,
    wz,
    r,
    rc,
    dr,
    dz,
    az,
    dth,
    sr,
    st,
    sz,
    sl,
    ql,
    prod,
    eps_wall,
    shear,
):
    """Wall-function sinks, production and dissipation of the mesh cells at walls.

    Parameters
    ----------
    cells : (n, 3) int
        Fluid mesh cells with at least one wall (not the free surface), by rising i.
    first : (nr+1,) int
        Index of the first of ``cells`` in each plane.
    nu : (nr, nt, nz)
        Kinematic viscosity, m2/s.
    sr, st, sz : (nr, nt, nz) out
        lambda A of the cell's r, theta and z walls, m3/s: sinks of the tangential velocities.
    sl, ql : (nr, nt, nz) out
        Sink (m3/s) and source (m5/s2) of angular momentum from r and z walls, turning ones included.
    prod, eps_wall : (nr, nt, nz) out
        Production of k and value of epsilon at walls, m2/s3.
    shear : (nr, 2) out
        Shear torque over density taken from the fluid by resting [0] and turning [1] r and z walls per plane, m5/s2.
    """
    nr, nt, nz = ke.shape
    shear[lo:hi] = 0.0
    for n in range(first[lo], first[hi]):
        i, j, k = cells[n, 0], cells[n, 1], cells[n, 2]
        jp = j + 1 if j < nt - 1 else 0
        kc = max(ke[i, j, k], 1e-12)
        us = C_MU25 * math.sqrt(kc)
        nuc = nu[i, j, k]
        y_low = Y_LAMINAR * nuc / us
        u_r = 0.5 * (ur[i, j, k] + ur[i + 1, j, k])
        l_c = 0.5 * (ang[i, j, k] + ang[i, jp, k])
        u_t = l_c / rc[i]
        u_z = 0.5 * (uz[i, j, k] + uz[i, j, k + 1])
        s_r = s_t = s_z = s_l = q_l = g = e = 0.0
        walls = 0
        for side in range(2):
            code = wr[i + side, j, k]
            if code == 1 or code == 2:
                y = 0.5 * dr[i]
                lam = wall_lambda(kc, y, nuc)
                rw = r[i + side]
                a = rw * dth[j] * dz[k]
                w_w = omega_shaft if code == 2 else 0.0
                # r_w (u_theta / r - Omega) is the slip: solid-body rotation with the wall must be free of stress
                slip = rw * (u_t / rc[i] - w_w)
                s_r += lam * a
                s_l += lam * a * rw * rw / (rc[i] * rc[i])
                q_l += lam * a * rw * rw * w_w
                shear[i, code - 1] += lam * a * rw * slip
                tau2 = lam * lam * (slip * slip + u_z * u_z)
                y = max(y, y_low)
                g += tau2 / (KAPPA * us * y)
                e += us**3 / (KAPPA * y)
                walls += 1
            code = wt[i, j if side == 0 else jp, k]
            if code == 1 or code == 2:
                y = 0.5 * rc[i] * dth[j]
                lam = wall_lambda(kc, y, nuc)
                s_t += lam * dr[i] * dz[k]
                tau2 = lam * lam * (u_r * u_r + u_z * u_z)
                y = max(y, y_low)
                g += tau2 / (KAPPA * us * y)
                e += us**3 / (KAPPA * y)
                walls += 1
            code = wz[i, j, k + side]
            if code == 1 or code == 2:
                y = 0.5 * dz[k]
                lam = wall_lambda(kc, y, nuc)
                l_w = omega_shaft * rc[i] * rc[i] if code == 2 else 0.0
                s_z += lam * az[i, j]
                s_l += lam * az[i, j]
                q_l += lam * az[i, j] * l_w
                shear[i, code - 1] += lam * az[i, j] * (l_c - l_w)
                tau2 = lam * lam * (u_r * u_r + ((l_c - l_w) / rc[i]) ** 2)
                y = max(y, y_low)
                g += tau2 / (KAPPA * us * y)
                e += us**3 / (KAPPA * y)
                walls += 1
        sr[i, j, k] = s_r
        st[i, j, k] = s_t
        sz[i, j, k] = s_z
        sl[i, j, k] = s_l
        ql[i, j, k] = q_l
        prod[i, j, k] = g / walls
        eps_wall[i, j, k] = e / walls


@njit(**OPTIONS)
def centre_velocities(lo, hi, ur, ang, uz, rc, uc):
    """Cell-centre velocities ``uc`` (3, nr, nt, nz): u_r, u_theta, u_z, m/s."""
    nr, nt, nz = ang.shape
    for i in range(lo, hi):
        for j in range(nt):
            jp = j + 1 if j < nt - 1 else 0
            for k in range(nz):
                uc[0, i, j, k] = 0.5 * (ur[i, j, k] + ur[i + 1, j, k])
                uc[1, i, j, k] = 0.5 * (ang[i, j, k] + ang[i, jp, k]) / rc[i]
                uc[2, i, j, k] = 0.5 * (uz[i, j, k] + uz[i, j, k + 1])


@njit(**OPTIONS)
def production(lo, hi, uc, ur, ang, uz, nut, open_r, open_t, open_z, at_wall, solid, rc, zc, dr, dz, dth, g):
    """Production G = nu_t (2 S:S) of k away from walls, m2/s3; mesh cells with ``at_wall`` keep what they have."""
    nr, nt, nz = nut.shape
    for i in range(lo, hi):
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            jp = j + 1 if j < nt - 1 else 0
            for k in range(nz):
                if at_wall[i, j, k] or solid[i, j, k]:
                    continue
                u = uc[0, i, j, k]
                ri = rc[i]
                s_rr = (ur[i + 1, j, k] - ur[i, j, k]) / dr[i]
                s_tt = (ang[i, jp, k] - ang[i, j, k]) / (ri * ri * dth[j]) + u / ri
                s_zz = (uz[i, j, k + 1] - uz[i, j, k]) / dz[k]
                # r derivatives of u_theta / r and u_z; one-sided at closed faces
                i1 = i + 1 if i < nr - 1 and open_r[i + 1, j, k] else i
                i0 = i - 1 if i > 0 and open_r[i, j, k] else i
                dvr = dwr = 0.0
                if i1 > i0:
                    h = rc[i1] - rc[i0]
                    dvr = ri * (uc[1, i1, j, k] / rc[i1] - uc[1, i0, j, k] / rc[i0]) / h
                    dwr = (uc[2, i1, j, k] - uc[2, i0, j, k]) / h
                n = jp if open_t[i, jp, k] else j
                s = jm if open_t[i, j, k] else j
                h = 0.5 * ri * ((dth[j] + dth[n] if n != j else 0.0) + (dth[j] + dth[s] if s != j else 0.0))
                dut = dwt = 0.0
                if h > 0.0:
                    dut = (uc[0, i, n, k] - uc[0, i, s, k]) / h
                    dwt = (uc[2, i, n, k] - uc[2, i, s, k]) / h
                k1 = k + 1 if k < nz - 1 and open_z[i, j, k + 1] else k
                k0 = k - 1 if k > 0 and open_z[i, j, k] else k
                duz = dvz = 0.0
                if k1 > k0:
                    h = zc[k1] - zc[k0]
                    duz = (uc[0, i, j, k1] - uc[0, i, j, k0]) / h
                    dvz = (uc[1, i, j, k1] - uc[1, i, j, k0]) / h
                s2 = 2.0 * (s_rr * s_rr + s_tt * s_tt + s_zz * s_zz)
                s2 += (dvr + dut) ** 2 + (duz + dwr) ** 2 + (dvz + dwt) ** 2
                g[i, j, k] = nut[i, j, k] * s2


@njit(inline="always", **OPTIONS)
def _face_loss(f, up2, up, down, down2, far_up_open, far_down_open):
    """|F| (d^2 / 2 - c d) of one face between ``up`` (minus side) and ``down`` (plus side)."""
    if f > 0.0:
        d = down - up
        c = limited(d, up - up2) if far_up_open else 0.0
    else:
        d = up - down
        c = limited(d, down - down2) if far_down_open else 0.0
    return abs(f) * (0.5 * d * d - c * d)


@njit(**OPTIONS)
def numerical_dissipation(lo, hi, uc, fr, ft, fz, r, rc, solid, open_r, open_t, open_z, e, e_r):
    """Power that limited convection takes from the mean flow, m5/s3: of theta and z faces into ``e`` (nr, nt, nz) per
    mesh cell, of r faces into ``e_r`` (nr+1, nt, nz) per face; ``share_r_faces`` joins them."""
    nr, nt, nz = solid.shape
    for i in range(lo, hi):
        e[i] = 0.0
        e_r[i] = 0.0
        if i == nr - 1:
            e_r[nr] = 0.0
        for j in range(nt):
            jm = j - 1 if j > 0 else nt - 1
            jp = j + 1 if j < nt - 1 else 0
            jmm = jm - 1 if jm > 0 else nt - 1
            for k in range(nz):
                if solid[i, j, k]:
                    continue
                if i > 0 and open_r[i, j, k]:
                    a, b = i > 1 and open_r[i - 1, j, k], i < nr - 1 and open_r[i + 1, j, k]
                    i2, i3 = max(i - 2, 0), min(i + 1, nr - 1)
                    q = _face_loss(
                        fr[i, j, k], uc[0, i2, j, k], uc[0, i - 1, j, k], uc[0, i, j, k], uc[0, i3, j, k], a, b
                    )
                    q += _face_loss(
                        fr[i, j, k], uc[2, i2, j, k], uc[2, i - 1, j, k], uc[2, i, j, k], uc[2, i3, j, k], a, b
                    )
                    rf = 1.0 / r[i]
                    q += _face_loss(
                        fr[i, j, k],
                        uc[1, i2, j, k] * rc[i2] * rf,
                        uc[1, i - 1, j, k] * rc[i - 1] * rf,
                        uc[1, i, j, k] * rc[i] * rf,
                        uc[1, i3, j, k] * rc[i3] * rf,
                        a,
                        b,
                    )
                    e_r[i, j, k] = q
                if open_t[i, j, k]:
                    q = 0.0
                    for c in range(3):
                        q += _face_loss(
                            ft[i, j, k],
                            uc[c, i, jmm, k],
                            uc[c, i, jm, k],
                            uc[c, i, j, k],
                            uc[c, i, jp, k],
                            open_t[i, jm, k] > 0,
                            open_t[i, jp, k] > 0,
                        )
                    e[i, jm, k] += 0.5 * q
                    e[i, j, k] += 0.5 * q
                if k > 0 and open_z[i, j, k]:
                    a, b = k > 1 and open_z[i, j, k - 1], k < nz - 1 and open_z[i, j, k + 1]
                    k2, k3 = max(k - 2, 0), min(k + 1, nz - 1)
                    q = 0.0
                    for c in range(3):
                        q += _face_loss(
                            fz[i, j, k], uc[c, i, j, k2], uc[c, i, j, k - 1], uc[c, i, j, k], uc[c, i, j, k3], a, b
                        )
                    e[i, j, k - 1] += 0.5 * q
                    e[i, j, k] += 0.5 * q


@njit(**OPTIONS)
def share_r_faces(lo, hi, e, e_r):
    """Half of what is lost at each r face to the mesh cells on its two sides."""
    for i in range(lo, hi):
        e[i] += 0.5 * (e_r[i] + e_r[i + 1])


@njit(**OPTIONS)
def assemble_scalar(lo, hi, x, fr, ft, fz, gr, gt, gz, solid, m):
    """Upwind convection and diffusion of a cell scalar into ``m`` (8, nr, nt, nz); P: sum of neighbours, b: 0."""
    aw, ae, as_, an, ab, at, ap, b = m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]
    nr, nt, nz = x.shape
    for i in range(lo, hi):
        for j in range(nt):
            jp = j + 1 if j < nt - 1 else 0
            for k in range(nz):
                if solid[i, j, k]:
                    fix_node(m, i, j, k, 0.0)
                    continue
                aw[i, j, k] = gr[i, j, k] + max(fr[i, j, k], 0.0)
                ae[i, j, k] = gr[i + 1, j, k] + max(-fr[i + 1, j, k], 0.0)
                as_[i, j, k] = gt[i, j, k] + max(ft[i, j, k], 0.0)
                an[i, j, k] = gt[i, jp, k] + max(-ft[i, jp, k], 0.0)
                ab[i, j, k] = gz[i, j, k] + max(fz[i, j, k], 0.0)
                at[i, j, k] = gz[i, j, k + 1] + max(-fz[i, j, k + 1], 0.0)
                ap[i, j, k] = aw[i, j, k] + ae[i, j, k] + as_[i, j, k] + an[i, j, k] + ab[i, j, k] + at[i, j, k]
                b[i, j, k] = 0.0


@njit(**OPTIONS)
def add_k_sources(lo, hi, ke, eps, g, num, vol, solid, alpha, m):
    """Sources of k: production (at most 20 epsilon) and G_num explicit, dissipation implicit; then relaxation."""
    ap, b = m[6], m[7]
    nr, nt, nz = ke.shape
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if solid[i, j, k]:
                    continue
                e = eps[i, j, k]
                v = vol[i, j, k]
                b[i, j, k] += min(g[i, j, k] + num[i, j, k] / v, 20.0 * e) * v
                total = ap[i, j, k] + e / ke[i, j, k] * v
                ap[i, j, k] = total / alpha
                b[i, j, k] += (1.0 / alpha - 1.0) * total * ke[i, j, k]


@njit(**OPTIONS)
def add_epsilon_sources(lo, hi, ke, eps, g, num, eps_wall, at_wall, vol, solid, alpha, m):
    """Sources of epsilon; fixed value in mesh cells at walls; then relaxation."""
    ap, b = m[6], m[7]
    nr, nt, nz = ke.shape
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if solid[i, j, k]:
                    continue
                if at_wall[i, j, k]:
                    fix_node(m, i, j, k, eps_wall[i, j, k])
                    continue
                e = eps[i, j, k]
                v = vol[i, j, k]
                rate = e / ke[i, j, k]
                b[i, j, k] += C_1 * rate * min(g[i, j, k] + num[i, j, k] / v, 20.0 * e) * v
                total = ap[i, j, k] + C_2 * rate * v
                ap[i, j, k] = total / alpha
                b[i, j, k] += (1.0 / alpha - 1.0) * total * e


@njit(**OPTIONS)
def update_viscosity(lo, hi, ke, eps, nut, limit, solid):
    """Keep k and epsilon positive, nu_t = C_mu k^2 / epsilon, at most ``limit``, m2/s."""
    nr, nt, nz = ke.shape
    for i in range(lo, hi):
        for j in range(nt):
            for k in range(nz):
                if solid[i, j, k]:
                    nut[i, j, k] = 0.0
                    continue
                ke[i, j, k] = max(ke[i, j, k], 1e-10)
                eps[i, j, k] = max(eps[i, j, k], 1e-12)
                nut[i, j, k] = min(C_MU * ke[i, j, k] ** 2 / eps[i, j, k], limit)
