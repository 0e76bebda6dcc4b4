"""Rushton: from a stirred tank and a strain to a lab protocol.

>>> import rushton
>>> case = rushton.load_case("cases/lab_3L.toml", quality="draft")    # doctest: +SKIP
>>> results = rushton.run(case, "lab_3L.results")                     # doctest: +SKIP
>>> results.mixing.theta95_variance_s                                 # doctest: +SKIP

Importing the package costs milliseconds: the engines behind a stage are imported when the stage runs.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rushton.sources import kernels_hash

if TYPE_CHECKING:
    from rushton.case import Case, load_case
    from rushton.pipeline import Results, open_results, run

__version__ = "0.1.0"
__all__ = ["Case", "Results", "__version__", "load_case", "open_results", "run"]

_FRONT_DOOR = {
    "Case": "rushton.case",
    "load_case": "rushton.case",
    "Results": "rushton.pipeline",
    "open_results": "rushton.pipeline",
    "run": "rushton.pipeline",
}
_KEPT_DAYS = 14  # compiled kernels of other versions of the sources are removed after this time


def __getattr__(name: str) -> Any:
    """Import a name of the front door when it is first asked for."""
    if name not in _FRONT_DOOR:
        raise AttributeError(f"module 'rushton' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_FRONT_DOOR[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def _user_cache_folder() -> Path:
    """The user's cache folder for this program; a folder of the user's own in the temporary one if none is writable."""
    home = Path.home() if "HOME" in os.environ or os.name == "nt" else Path(tempfile.gettempdir())
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    folder = base / "rushton"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass  # a read-only home is no reason to stop: kernels are then kept in the temporary folder
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"rushton-{user}"


def _keep_compiled_kernels() -> None:
    """Point numba's cache at a folder named by a hash of the kernels' sources.

    Numba notices when the file of a kernel changes, but not when a file which that kernel inlines from does: a new
    folder for every version of the sources makes a stale kernel impossible. Must run before numba is imported.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    parent = _user_cache_folder()
    folder = parent / f"kernels-{kernels_hash()[:16]}"
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if "numba" in sys.modules:
        vars(sys.modules["numba"])["config"].CACHE_DIR = str(folder)
    try:
        if folder.is_dir():
            os.utime(folder)
            return
        folder.mkdir(parents=True)
        for old in parent.glob("kernels-*"):
            if time.time() - old.stat().st_mtime > _KEPT_DAYS * 86400.0:
                shutil.rmtree(old, ignore_errors=True)
    except OSError:
        pass  # numba makes the folder itself or compiles without keeping; the run is only slower


_keep_compiled_kernels()
