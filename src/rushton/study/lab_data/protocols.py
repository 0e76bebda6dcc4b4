"""The protocol that lab data belong to: found in a results folder by its rig or by the id that the sheet carries."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rushton.errors import ResultsError
from rushton.store import read_json

PLACES = ("scaledown", "scaledown/oxygen", "design", "design/oxygen", "design-*", "design-*/oxygen", "", "oxygen")
"""Folders of the results in which protocols lie, in the order they are looked into; "" is the folder itself."""


def find_protocol(results: Path, rig: str | None, wanted: str | None = None) -> tuple[dict[str, Any], Path, str]:
    """The protocol of a rig.

    Parameters
    ----------
    results : Path
        Results folder, folder of designs, or a protocol-<rig>.json.
    rig : str or None
        Name of the rig; None where the id says which, or where there is only one.
    wanted : str or None
        Id that the data were taken with; None where they do not say.

    Returns
    -------
    protocol : dict
    path : Path
    note : str
        What the reader should know of the choice; may be empty.

    Raises
    ------
    ResultsError
        No protocols there, none of that rig, or another one than the data were taken with.
    """
    found = [(read_json(path), path) for path in _files(results)]
    if wanted is not None:
        same = [one for one in found if one[0]["id"] == wanted]
        if same:
            return *same[0], ""
    known = sorted({record["rig"] for record, _ in found})
    if rig is None and len(known) == 1:
        rig = known[0]
    if rig is None:
        raise ResultsError("which rig?", str(results), f"name one with --rig: {', '.join(known)}")
    of_rig = [one for one in found if one[0]["rig"] == rig]
    if not of_rig:
        near = get_close_matches(rig, known, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise ResultsError(
            f"there is no rig '{rig}' in these results",
            str(results),
            f"{hint}rigs designed there: {', '.join(known)}; design another with `rushton design RESULTS --rig {rig}`",
        )
    record, path = of_rig[0]
    if wanted is not None:
        raise ResultsError(
            f"the data belong to the protocol {wanted}; {path.name} here is {record['id']}, so its predictions are of "
            "other settings",
            str(results),
            "name the folder of the designs that the sheet was written from, or take the line '# protocol: ...' out of "
            "the data to compare all the same",
        )
    others = {other["id"]: place for other, place in of_rig if other["id"] != record["id"]}
    if not others:
        return record, path, ""
    elsewhere = " and ".join(str(place.parent) for place in others.values())
    return record, path, f"compared with {path}; there is another '{rig}' in {elsewhere}: name that folder to take it"


def _files(results: Path) -> list[Path]:
    """Protocols for programs in a folder, in the order of ``PLACES``."""
    if results.is_file() and results.suffix == ".json":
        return [results]
    if not results.is_dir():
        raise ResultsError("there is no such results folder", str(results), "name the folder that `rushton run` wrote")
    files = [path for place in PLACES for path in sorted(results.glob(f"{place}/protocol-*.json".lstrip("/")))]
    if files:
        return files
    if any(list(results.glob(f"{place}/protocol-*.md".lstrip("/"))) for place in PLACES):
        raise ResultsError(
            "the protocols here were written before they had a .json", str(results), "run `rushton design` on it again"
        )
    raise ResultsError(
        "there are no lab designs in these results", str(results), "design rigs first: `rushton design RESULTS`"
    )
