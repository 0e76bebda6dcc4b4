"""Unstructured view of the tank mesh: faces with owner and neighbour, as finite-volume libraries want them.

Balance of one mesh cell P over its faces f, normal n_f pointing from owner to neighbour::

    V_P dC_P/dt + sum_f  +-(F_f C_f - D_f A_f (C_N - C_P) / d_f) = 0

    V     m3     volume                       F     m3/s   liquid flux through the face
    A     m2     face area                    d     m      distance of the cell centres along the coordinate line
    C     mol/m3 concentration                D     m2/s   diffusivity; 0 where ``diffusive`` is False

Which faces join two mesh cells: open ones (advection and diffusion) and blades (advection only: the blade sweeps
liquid with it, flux Omega r A). Baffles, discs, shaft, wall, floor and surface become boundary faces; a thin wall
with liquid on both sides becomes two of them. Areas, volumes and distances are those of the cylinder, not of a polygon:
d = r_P dtheta round the tank. The faces on the axis have no area and do not appear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rushton.mesh.cylinder import OPEN, ROTATING, TankMesh

R, THETA, Z = 0, 1, 2
"""Directions of the face normal."""


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces of the liquid, interior ones first; within each, r before theta before z, then C order.

    Attributes
    ----------
    n_interior : int
        Number of faces between two mesh cells; they come first.
    direction : (n_face,) int8
        0, 1, 2: normal along r, theta, z.
    index : (n_face,) int64
        Place of the face in the structured face array of its direction (flat, C order).
    owner, neighbour : (n_face,) int32
        Mesh cells on both sides, owner < neighbour; neighbour is -1 at the boundary.
    sign : (n_face,) int8
        +1 if the normal (from owner to neighbour, or out of the liquid) points along the coordinate, else -1.
    area : (n_face,) float
        m2.
    normal : (n_face, 3) float
        Unit normal at the face centre, Cartesian.
    centre : (n_face, 3) float
        Face centre, Cartesian, m.
    distance : (n_face,) float
        From owner centre to neighbour centre along the coordinate line, at the boundary to the face, m.
    owner_distance : (n_face,) float
        From owner centre to the face, m.
    patch : (n_face,) int8
        Index into ``TankMesh.patch_names``; blades are interior faces with a patch.
    diffusive : (n_face,) bool
        True where diffusion passes.
    """

    n_interior: int
    direction: np.ndarray
    index: np.ndarray
    owner: np.ndarray
    neighbour: np.ndarray
    sign: np.ndarray
    area: np.ndarray
    normal: np.ndarray
    centre: np.ndarray
    distance: np.ndarray
    owner_distance: np.ndarray
    patch: np.ndarray
    diffusive: np.ndarray

    def flux(self, flux_r: np.ndarray, flux_theta: np.ndarray, flux_z: np.ndarray) -> np.ndarray:
        """Structured face fluxes (m3/s) as (n_face,), positive from owner to neighbour; zero at the boundary."""
        out = np.zeros(self.owner.size)
        for d, f in enumerate((flux_r, flux_theta, flux_z)):
            here = np.flatnonzero(self.direction[: self.n_interior] == d)
            out[here] = self.sign[here] * f.ravel()[self.index[here]]
        return out


def passes_advection(mesh: TankMesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Structured face masks (r, theta, z): True where liquid on both sides is joined by advection."""
    return _joined(mesh, blades=True)


def passes_diffusion(mesh: TankMesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Structured face masks (r, theta, z): True where diffusion passes: as advection, but not through blades."""
    return _joined(mesh, blades=False)


def _joined(mesh: TankMesh, blades: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    fluid = ~mesh.solid
    joined_r = np.zeros(mesh.wall_r.shape, bool)
    joined_r[1:-1] = fluid[1:] & fluid[:-1] & (mesh.wall_r[1:-1] == OPEN)
    swept = mesh.wall_theta == ROTATING if blades else np.zeros(mesh.wall_theta.shape, bool)
    joined_theta = fluid & np.roll(fluid, 1, axis=1) & ((mesh.wall_theta == OPEN) | swept)
    joined_z = np.zeros(mesh.wall_z.shape, bool)
    joined_z[:, :, 1:-1] = fluid[:, :, 1:] & fluid[:, :, :-1] & (mesh.wall_z[:, :, 1:-1] == OPEN)
    return joined_r, joined_theta, joined_z


def side_cells(mesh: TankMesh, direction: int) -> tuple[np.ndarray, np.ndarray]:
    """Number of the fluid mesh cell below and above every structured face of one direction, -1 where there is none."""
    number = mesh.cell_index
    if direction == THETA:
        return np.roll(number, 1, axis=1), number
    pad = [(0, 0)] * 3
    pad[direction] = (1, 1)
    padded = np.pad(number, pad, constant_values=-1)
    inner = [slice(None)] * 3
    inner[direction] = slice(None, -1)
    outer = [slice(None)] * 3
    outer[direction] = slice(1, None)
    return padded[tuple(inner)], padded[tuple(outer)]


def unstructured_faces(mesh: TankMesh) -> Faces:
    """Owner/neighbour faces of a full tank mesh (module docstring)."""
    if mesh.sector != 1:
        raise ValueError("the unstructured view is of the full tank: use mesh.tiled() first")
    joined = passes_advection(mesh)
    diffusive = passes_diffusion(mesh)
    patches = (mesh.patch_r, mesh.patch_theta, mesh.patch_z)
    parts: list[tuple[np.ndarray, ...]] = []
    for interior in (True, False):
        for d in (R, THETA, Z):
            low, high = (side.ravel() for side in side_cells(mesh, d))
            inside, patch, passes = joined[d].ravel(), patches[d].ravel(), diffusive[d].ravel()
            if interior:
                index = np.flatnonzero(inside)
                owner = np.minimum(low[index], high[index])
                neighbour = np.maximum(low[index], high[index])
                sign = np.where(low[index] < high[index], 1, -1)
                parts.append((np.full(index.size, d), index, owner, neighbour, sign, patch[index], passes[index]))
                continue
            for side, outward in ((low, 1), (high, -1)):
                index = np.flatnonzero(~inside & (side >= 0))
                if d == R:  # the axis is not a face
                    index = index[index >= mesh.shape[1] * mesh.shape[2]]
                none = np.full(index.size, -1)
                parts.append(
                    (np.full(index.size, d), index, side[index], none, np.full(index.size, outward), patch[index],
                     np.zeros(index.size, bool))
                )  # fmt: skip
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    direction, index, owner, neighbour, sign, patch, passes = columns
    area, normal, centre, distance, owner_distance = _face_geometry(mesh, direction, index, owner, neighbour)
    return Faces(
        n_interior=sum(int(np.count_nonzero(m)) for m in joined),
        direction=direction.astype(np.int8),
        index=index,
        owner=owner.astype(np.int32),
        neighbour=neighbour.astype(np.int32),
        sign=sign.astype(np.int8),
        area=area,
        normal=normal * sign[:, None],
        centre=centre,
        distance=distance,
        owner_distance=owner_distance,
        patch=patch.astype(np.int8),
        diffusive=passes,
    )


def _face_geometry(
    mesh: TankMesh, direction: np.ndarray, index: np.ndarray, owner: np.ndarray, neighbour: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Area, coordinate unit vector, centre, distances of listed faces."""
    n = index.size
    area, distance, owner_distance = np.empty(n), np.empty(n), np.empty(n)
    radius, angle, height = np.empty(n), np.empty(n), np.empty(n)
    owner_cell = mesh.fluid_cells[owner]
    half_turn = 0.5 * mesh.r_centre[:, None] * mesh.dtheta
    half_width = {R: 0.5 * np.diff(mesh.r), Z: 0.5 * np.diff(mesh.z)}
    areas = (mesh.area_r, mesh.area_theta, mesh.area_z)
    shapes = (mesh.wall_r.shape, mesh.wall_theta.shape, mesh.wall_z.shape)
    for d in (R, THETA, Z):
        here = np.flatnonzero(direction == d)
        i, j, k = np.unravel_index(index[here], shapes[d])
        area[here] = areas[d].ravel()[index[here]]
        radius[here] = mesh.r[i] if d == R else mesh.r_centre[i]
        angle[here] = mesh.theta[j] if d == THETA else mesh.theta_centre[j]
        height[here] = mesh.z[k] if d == Z else mesh.z_centre[k]
        other = neighbour[here]

        def half(cell: np.ndarray, d: int = d) -> np.ndarray:
            return half_turn[cell[:, 0], cell[:, 1]] if d == THETA else half_width[d][cell[:, d]]

        owner_distance[here] = half(owner_cell[here])
        far = np.where(other >= 0, half(mesh.fluid_cells[np.maximum(other, 0)]), 0.0)
        distance[here] = owner_distance[here] + far
    cos, sin = np.cos(angle), np.sin(angle)
    centre = np.column_stack([radius * cos, radius * sin, height])
    normal = np.zeros((n, 3))
    normal[direction == R] = np.column_stack([cos, sin, np.zeros(n)])[direction == R]
    normal[direction == THETA] = np.column_stack([-sin, cos, np.zeros(n)])[direction == THETA]
    normal[direction == Z, 2] = 1.0
    return area, normal, centre, distance, owner_distance


# --- nodes and polygons ------------------------------------------------------------------------------------------


def node_coordinates(mesh: TankMesh) -> np.ndarray:
    """(n_node, 3) Cartesian nodes, m: first the nodes on the axis by height, then (i, j, k) for i >= 1 in C order."""
    r, theta, z = mesh.r[1:], mesh.theta[:-1], mesh.z
    rr, tt, zz = np.meshgrid(r, theta, z, indexing="ij")
    ring = np.column_stack([(rr * np.cos(tt)).ravel(), (rr * np.sin(tt)).ravel(), zz.ravel()])
    axis = np.column_stack([np.zeros(z.size), np.zeros(z.size), z])
    return np.vstack([axis, ring])


def node_number(mesh: TankMesh, i: np.ndarray, j: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Number of node (i, j, k); j is periodic, all j meet on the axis."""
    nt, nz1 = mesh.shape[1], mesh.shape[2] + 1
    return np.where(i == 0, k, nz1 + ((i - 1) * nt + j % nt) * nz1 + k)


def face_nodes(mesh: TankMesh, faces: Faces) -> np.ndarray:
    """(n_face, 4) nodes round every face; triangles at the axis end with -1."""
    nodes = np.empty((faces.owner.size, 4), np.int64)
    shapes = (mesh.wall_r.shape, mesh.wall_theta.shape, mesh.wall_z.shape)
    steps = (
        ((0, 0, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1)),
        ((0, 0, 0), (0, 0, 1), (1, 0, 1), (1, 0, 0)),
        ((0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)),
    )
    for d in (R, THETA, Z):
        here = np.flatnonzero(faces.direction == d)
        i, j, k = np.unravel_index(faces.index[here], shapes[d])
        for corner, (di, dj, dk) in enumerate(steps[d]):
            nodes[here, corner] = node_number(mesh, i + di, j + dj, k + dk)
        if d == Z:
            axis = here[i == 0]
            nodes[axis, 3] = -1
    return nodes
