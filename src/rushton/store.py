"""The results folder: atomic files, the stage cache, the manifest, the lock.

A results folder looks like this (what a user reads stands at the top, what the program needs in ``.stages``)::

    my_tank.results/
      manifest.json  summary.json  case.resolved.toml  report.html  flow.vtu  mixing.csv ...
      .stages/flow/3f2a.../    arrays.npz meta.json ... and stage.json: the key and a checksum of every file

Three promises, each held by a test:

* a finished stage is never lost: it is written beside its final place, flushed to the disk and renamed in one step, and
  an older one is removed only after that;
* nothing stale is served: the key of a stage hashes its inputs, the keys of the stages before it, the source files that
  it runs and the versions of the libraries under them; another key is another folder;
* nothing damaged is served: a stage with a missing, cut or altered file is as good as absent and computed again.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from rushton.errors import ResultsError
from rushton.sources import sources_hash

__all__ = [
    "FORMAT", "LIBRARIES", "STAGES", "Progress", "StageCache", "atomic_write_bytes", "atomic_write_text",
    "check_free_space", "explained", "library_versions", "link_or_copy", "load_result", "lock", "open_manifest",
    "prepare_folder", "read_json", "save_result", "silent", "sources_hash", "to_json",
]  # fmt: skip

Progress = Callable[[float, str], None]
"""Called by a stage with the fraction of it that is done (0..1) and a short text."""

FORMAT = 1  # of the results folder; raised when an older program could not read a newer folder
MANIFEST = "manifest.json"
STAGES = ".stages"
LOCK = ".lock"
LIBRARIES = ("numpy", "scipy", "numba", "fipy", "netCDF4")  # those whose version can change a computed number


def silent(fraction: float, text: str) -> None:
    """Progress that nobody watches."""


# ---------------------------------------------------------------------------------------------- files, all or nothing


def atomic_write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that at every moment either the old or the new content is there, whole."""
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def atomic_write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file, all or nothing (see `atomic_write_bytes`)."""
    atomic_write_bytes(path, text.encode("utf-8"))


@cache
def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def link_or_copy(source: Path, target: Path) -> None:
    """Put a large file in a second place without a second copy on the disk where the file system can."""
    source, target = Path(source), Path(target)
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    os.replace(temporary, target)


def _plain(value: Any) -> Any:
    """What JSON cannot say in what it can: NumPy scalars and arrays as numbers and lists, paths as text."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} does not go into a JSON file")


def _finite(value: Any) -> Any:
    """The same nested value with None for every number that JSON has no word for (nan, inf)."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def to_json(value: Any) -> str:
    """Strict JSON text (nan and inf become null), indented, ending in a newline."""
    return json.dumps(_finite(value), indent=2, default=_plain, allow_nan=False, ensure_ascii=False) + "\n"


def read_json(path: Path) -> Any:
    """Content of a JSON file of a results folder.

    Raises
    ------
    ResultsError
        When the file is missing, unreadable or no JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultsError("the file does not exist", str(path), "run `rushton run` on the case first") from None
    except (OSError, ValueError) as error:
        raise ResultsError(
            f"the file cannot be read ({error})", str(path), "restore it, or run the case into another folder with -o"
        ) from None


# ---------------------------------------------------------------------------------------------------- arrays and meta


def save_result(folder: Path, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
    """Write named arrays (``arrays.npz``, each in its dtype) and plain values (``meta.json``) of one result.

    Parameters
    ----------
    folder : Path
        Made when it does not exist.
    arrays : mapping of str to ndarray
        Any shapes; object arrays are refused, since they cannot be read back safely.
    meta : mapping
        What JSON can hold; NumPy scalars become numbers, nan and inf are kept.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        if np.asarray(array).dtype == object:
            raise TypeError(f"array '{name}' holds Python objects and cannot be stored")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    atomic_write_bytes(folder / "arrays.npz", buffer.getvalue())
    atomic_write_text(folder / "meta.json", json.dumps(dict(meta), indent=1, default=_plain, ensure_ascii=False))


def load_result(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what `save_result` wrote: the arrays by name and the plain values (tuples come back as lists)."""
    folder = Path(folder)
    try:
        content = io.BytesIO((folder / "arrays.npz").read_bytes())
        with np.load(content, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    except Exception as error:  # zipfile, zlib, NumPy and JSON each have their own word for "damaged"
        if isinstance(error, MemoryError):
            raise
        raise ResultsError(
            f"the stored result cannot be read ({error})", str(folder), "run the case again: this stage is recomputed"
        ) from None
    return arrays, meta


# -------------------------------------------------------------------------------------------------------- stage cache


class StageCache:
    """Finished stages of one results folder, found by a key that says all they depend on.

    Parameters
    ----------
    results_folder : Path
        The stages live in its folder ``.stages``.
    """

    def __init__(self, results_folder: Path) -> None:
        self.folder = Path(results_folder) / STAGES

    def key(
        self, stage: str, inputs: Mapping[str, Any], upstream_keys: Sequence[str], source_modules: Sequence[str]
    ) -> str:
        """Hash (64 hex digits) of all that the stage's result depends on.

        Parameters
        ----------
        stage : str
            Name of the stage.
        inputs : mapping
            The part of the case that the stage uses, as plain JSON values in SI units.
        upstream_keys : sequence of str
            Keys of the stages whose results it is handed.
        source_modules : sequence of str
            Packages that it runs; what they import is found by `rushton.sources`.
        """
        said = {
            "stage": stage,
            "format": FORMAT,
            "inputs": inputs,
            "upstream": list(upstream_keys),
            "sources": sources_hash(*source_modules),
            "libraries": library_versions(),
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=_plain).encode()).hexdigest()

    def path(self, stage: str, key: str) -> Path:
        """Folder of a stage with this key, whether it exists or not."""
        return self.folder / stage / key[:16]

    def has(self, stage: str, key: str) -> bool:
        """Whether the stage stands there finished and undamaged: same key, every file with its checksum."""
        folder = self.path(stage, key)
        try:
            record = json.loads((folder / "stage.json").read_text(encoding="utf-8"))
            return record["key"] == key and record["files"] == _checksums(folder)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def seconds(self, stage: str, key: str) -> dict[str, float]:
        """Wall and CPU seconds that the finished stage took when it was computed."""
        return dict(read_json(self.path(stage, key) / "stage.json")["seconds"])

    def workplace(self, stage: str) -> Path:
        """A fresh empty folder in which the stage writes before it is committed; remains of broken runs are removed."""
        place = self.folder / stage / ".work"
        if place.exists():
            shutil.rmtree(place)
        place.mkdir(parents=True)
        return place

    @staticmethod
    def results_of(workplace: Path) -> Path:
        """The results folder that a workplace is in."""
        return workplace.parents[2]

    def commit(self, stage: str, key: str, workplace: Path, seconds: Mapping[str, float]) -> Path:
        """Make the content of the workplace the finished stage in one step, then remove older ones of this stage.

        Returns
        -------
        Path
            The final folder.
        """
        record = {"stage": stage, "key": key, "seconds": dict(seconds), "files": _checksums(workplace, flush=True)}
        atomic_write_text(workplace / "stage.json", to_json(record))
        target = self.path(stage, key)
        if target.exists():  # damaged, else it would have been used
            shutil.rmtree(target)
        os.rename(workplace, target)
        _flush_folder(target.parent)
        for other in target.parent.iterdir():
            if other != target:
                shutil.rmtree(other, ignore_errors=True)
        return target


def _checksums(folder: Path, flush: bool = False) -> dict[str, str]:
    """BLAKE2 of every file below a folder, its own record left out; ``flush`` forces each file to the disk first."""
    sums = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "stage.json"):
        digest = hashlib.blake2b(digest_size=16)
        with open(path, "rb") as file:
            if flush:
                os.fsync(file.fileno())
            while block := file.read(1 << 20):
                digest.update(block)
        sums[path.relative_to(folder).as_posix()] = digest.hexdigest()
    return sums


def _flush_folder(folder: Path) -> None:
    """Force a rename to the disk (a no-op where folders cannot be opened, as on Windows)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@cache
def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "absent"


def library_versions() -> dict[str, str]:
    """Versions of the libraries that a number may depend on, read without importing them."""
    return {library: _version(library) for library in LIBRARIES}


# ----------------------------------------------------------------------------------------------- folder and manifest


def prepare_folder(folder: Path, case_name: str, version: str) -> dict[str, Any]:
    """Make a results folder or recognise one of the same case and version; returns its manifest.

    Raises
    ------
    ResultsError
        When the folder holds something else, or cannot be made or written. Nothing in it is touched then.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ResultsError("this is a file, results need a folder", str(folder), "choose another place with -o FOLDER")
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        entries = {path.name for path in folder.iterdir()} - {LOCK}
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ResultsError("the folder cannot be written", str(folder), "choose another place with -o FOLDER")
    if MANIFEST in entries:
        manifest = open_manifest(folder)
        elsewhere = "choose another folder with -o FOLDER, or move this one away"
        if manifest["case"] != case_name:
            raise ResultsError(
                f"the folder holds results of another case, '{manifest['case']}', not of '{case_name}'",
                str(folder), elsewhere,
            )  # fmt: skip
        if manifest["rushton"] != version:
            raise ResultsError(
                f"the results were made by rushton {manifest['rushton']}; this is {version}", str(folder), elsewhere
            )
        return manifest
    if any(not name.endswith(".tmp") for name in entries):
        raise ResultsError(
            "the folder is not empty and holds no results of rushton (it has no manifest.json)",
            str(folder), "choose another folder with -o FOLDER; nothing in this one was touched",
        )  # fmt: skip
    manifest = {"rushton": version, "format": FORMAT, "case": case_name, "stages": {}}
    with explained(folder):
        atomic_write_text(folder / MANIFEST, to_json(manifest))
    return manifest


def open_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an existing results folder.

    Raises
    ------
    ResultsError
        When this is no results folder, or one of a format that this version cannot read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ResultsError("there is no such results folder", str(folder), "run `rushton run CASE` first")
    if not (folder / MANIFEST).is_file():
        raise ResultsError(
            "this is no results folder of rushton (it has no manifest.json)", str(folder),
            "name the folder that `rushton run` wrote, usually CASE.results",
        )  # fmt: skip
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or not {"rushton", "format", "case", "stages"} <= manifest.keys():
        raise ResultsError(
            "the manifest lacks entries that every results folder has", str(folder / MANIFEST),
            "restore the file, or run the case into another folder with -o FOLDER",
        )  # fmt: skip
    if manifest["format"] != FORMAT:
        raise ResultsError(
            f"the folder has format {manifest['format']} (rushton {manifest['rushton']}); this version reads {FORMAT}",
            str(folder), "open it with that version, or run the case into another folder with -o FOLDER",
        )  # fmt: skip
    return manifest


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold a results folder for one run; the operating system lets go of it when the process ends, however it ends.

    Raises
    ------
    ResultsError
        When another run holds it.
    """
    with explained(folder), open(Path(folder) / LOCK, "a+b") as file:
        try:
            _lock_file(file.fileno())
        except OSError:
            raise ResultsError(
                "another run is writing into this folder", str(folder), "wait for it, or choose another with -o FOLDER"
            ) from None
        yield


def _lock_file(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def check_free_space(folder: Path, needed_bytes: float) -> None:
    """Refuse before minutes are spent when the disk has no room for the results."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise ResultsError(
            f"the disk has {free / 1e9:.2f} GB free; this case writes up to {needed_bytes / 1e9:.2f} GB",
            str(folder), "free some space, choose another disk with -o FOLDER, or follow fewer cells",
        )  # fmt: skip


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals while writing results (disk full, no permission) into one clear message.

    Libraries hide a full disk behind errors of their own (NetCDF says "HDF error"), so after any failure the free space
    is looked at as well.
    """
    try:
        yield
    except ResultsError:
        raise
    except (OSError, RuntimeError) as error:
        code = error.errno if isinstance(error, OSError) else None
        if code in (errno.ENOSPC, errno.EDQUOT) or (code in (None, errno.EIO) and _is_full(folder)):
            raise ResultsError(
                "there is no room left on the disk; the stages finished so far are kept", str(folder),
                "free some space and run the same command again: it continues",
            ) from error  # fmt: skip
        if code in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG):
            raise ResultsError(
                f"results cannot be written here ({os.strerror(code)})", str(folder), "choose another with -o FOLDER"
            ) from error
        raise


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < 1 << 20
    except OSError:
        return False
