"""Mesh files: the tank mesh and fields on it as .vtu for ParaView, PyVista and every other reader of VTK.

The only module that imports meshio. A file holds

* the mesh cells of the liquid: hexahedra, wedges on the axis, numbered as ``TankMesh.cell_index`` (hexahedra first, so
  the number of each is kept as the field ``mesh_cell``);
* every wall face as a quadrilateral (triangle on the axis) with its patch in the cell field ``patch`` (0: a mesh
  cell of the liquid) and the names in the field data, ``<name>: [patch, 2]`` as Gmsh and meshio do it; thin walls
  appear once per wetted side, with the values of the mesh cell on that side;
* ``volume``, m3: the true volume of the block of a cylinder; what a reader computes from the straight edges is
  chordal and short by 1 - sin(dtheta)/dtheta.

Units are SI; floats are stored in single precision, compressed by zlib.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import meshio
import numpy as np

from rushton.errors import ResultsError
from rushton.mesh.cylinder import TankMesh
from rushton.mesh.faces import face_nodes, node_coordinates, node_number, unstructured_faces


@dataclass(frozen=True, eq=False)
class VtuContent:
    """What a .vtu file written by ``write_vtu`` holds.

    Attributes
    ----------
    cell_data : dict of str to (n_mesh_cell, ...) array
        Fields of the mesh cells, in the order of ``TankMesh.cell_index``.
    patches : dict of str to int
        Name and number of every wall patch; empty if the file has no walls.
    patch_faces : (n_wall_face,) int
        Patch of every wall face.
    n_node : int
        Number of nodes.
    """

    cell_data: dict[str, np.ndarray]
    patches: dict[str, int]
    patch_faces: np.ndarray
    n_node: int


def write_vtu(path: Path | str, mesh: TankMesh, cell_data: Mapping[str, np.ndarray], patches: bool = True) -> None:
    """Write the mesh and fields on it.

    Parameters
    ----------
    path : Path
        File to write; appears whole or not at all.
    mesh : TankMesh
        Full tank.
    cell_data : mapping of str to array
        Fields, (n_mesh_cell,) or (n_mesh_cell, n), or structured (nr, nt, nz).
    patches : bool
        Write the walls too.
    """
    path = Path(path)
    fields = {"volume": mesh.volumes[~mesh.solid], "mesh_cell": np.arange(mesh.n_mesh_cell, dtype=np.int32)}
    fields.update({name: _flat(mesh, name, values) for name, values in cell_data.items()})
    blocks, members = _volume_blocks(mesh)
    patch = [np.zeros(cells.size, np.int8) for cells in members]
    if patches:
        faces = unstructured_faces(mesh)
        nodes = face_nodes(mesh, faces)
        walls = np.flatnonzero(faces.patch > 0)
        blade = walls[walls < faces.n_interior]  # an interior face seen from both sides
        side = np.concatenate([faces.owner[walls], faces.neighbour[blade]])
        walls = np.concatenate([walls, blade])
        for kind, corners in (("quad", 4), ("triangle", 3)):
            here = (nodes[walls, 3] < 0) == (corners == 3)
            if here.any():
                blocks.append((kind, nodes[walls[here], :corners]))
                members.append(side[here])
                patch.append(faces.patch[walls[here]])
    data = {name: [_compact(values[cells]) for cells in members] for name, values in fields.items()}
    data["patch"] = patch
    grid = meshio.Mesh(node_coordinates(mesh).astype(np.float32), blocks, cell_data=data)
    names = {n: i for i, n in enumerate(mesh.patch_names) if n} if patches else {}
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".vtu", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        grid.write(temporary, file_format="vtu")
        _add_field_data(temporary, names)
        os.chmod(temporary, 0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_vtu(path: Path | str) -> VtuContent:
    """Read back a file written by ``write_vtu``."""
    path = Path(path)
    try:
        grid = meshio.vtu.read(path)  # meshio.read ends the process when it cannot read a file
    except Exception as error:  # XML, zlib, NumPy and meshio each have their own word for "damaged"
        if isinstance(error, MemoryError):
            raise
        raise ResultsError(f"cannot be read as a VTK mesh ({error})", where=str(path)) from error
    inside = [b for b, block in enumerate(grid.cells) if block.type in ("hexahedron", "wedge")]
    walls = [b for b, block in enumerate(grid.cells) if block.type in ("quad", "triangle")]
    if "mesh_cell" not in grid.cell_data or not inside:
        raise ResultsError("was not written by Rushton: it has no field mesh_cell", where=str(path))
    order = np.argsort(np.concatenate([grid.cell_data["mesh_cell"][b] for b in inside]))
    data = {name: np.concatenate([values[b] for b in inside])[order] for name, values in grid.cell_data.items()}
    patch = [grid.cell_data["patch"][b] for b in walls]
    return VtuContent(
        cell_data=data,
        patches={name: int(value[0]) for name, value in grid.field_data.items()},
        patch_faces=np.concatenate(patch) if patch else np.zeros(0, np.int8),
        n_node=len(grid.points),
    )


def _flat(mesh: TankMesh, name: str, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    if values.shape[:3] == mesh.shape:
        values = values[~mesh.solid]
    if values.shape[0] != mesh.n_mesh_cell:
        raise ValueError(f"field {name} has {values.shape[0]} values for {mesh.n_mesh_cell} mesh cells")
    return values


def _compact(values: np.ndarray) -> np.ndarray:
    """Single precision; numbers below its range become zero."""
    if values.dtype.kind == "f":
        return np.where(np.abs(values) < 1e-37, 0.0, values).astype(np.float32)
    return values.astype(np.int8) if values.dtype.kind == "b" else values


def _volume_blocks(mesh: TankMesh) -> tuple[list[tuple[str, np.ndarray]], list[np.ndarray]]:
    """Hexahedra and wedges (VTK's node order) and the number of every mesh cell among them."""
    i, j, k = mesh.fluid_cells.T.astype(np.int64)

    def node(di: int, dj: int, dk: int, here: np.ndarray) -> np.ndarray:
        return node_number(mesh, i[here] + di, j[here] + dj, k[here] + dk)

    ring, axis = np.flatnonzero(i > 0), np.flatnonzero(i == 0)
    square = ((0, 0), (1, 0), (1, 1), (0, 1))
    triangle = ((0, 0), (1, 1), (1, 0))  # clockwise from above: VTK wants the first triangle's normal outward
    hexahedra = np.column_stack([node(a, b, dk, ring) for dk in (0, 1) for a, b in square])
    wedges = np.column_stack([node(a, b, dk, axis) for dk in (0, 1) for a, b in triangle])
    pairs = [("hexahedron", hexahedra, ring), ("wedge", wedges, axis)]
    return [(kind, nodes) for kind, nodes, cells in pairs if cells.size], [c for _, _, c in pairs if c.size]


def _add_field_data(path: Path, names: Mapping[str, int]) -> None:
    """Put the patch names into the file: meshio reads field data but does not write them."""
    if not names:
        return
    arrays = "".join(
        f'<DataArray type="Int64" Name="{name}" NumberOfTuples="2" format="ascii">{number} 2</DataArray>\n'
        for name, number in names.items()
    )
    mark = b"<UnstructuredGrid>"
    content = path.read_bytes()
    at = content.index(mark) + len(mark)
    path.write_bytes(content[:at] + b"\n<FieldData>\n" + arrays.encode() + b"</FieldData>\n" + content[at:])
