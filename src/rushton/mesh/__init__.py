"""Where it happens: the mesh of the tank.

Door: ``build_mesh(case, mesh_cells=None, sector=1) -> TankMesh``.
"""

from rushton.mesh.build import build_mesh
from rushton.mesh.cylinder import OPEN, ROTATING, SLIP, STATIONARY, TankMesh

__all__ = ["OPEN", "ROTATING", "SLIP", "STATIONARY", "TankMesh", "build_mesh"]
