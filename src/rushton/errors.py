"""Errors that speak to the engineer: what is wrong, where it stands, how to mend it.

Every error that a user can cause is one of these; the command line shows it as one message without a
traceback and ends with exit status 2.
"""

from __future__ import annotations


class RushtonError(Exception):
    """Something the user can mend.

    Parameters
    ----------
    message : str
        What is wrong, with the value that was given.
    where : str
        Where it stands: a dotted key of the case file, a file, a results folder, a stage.
    hint : str
        How to mend it: the allowed range, the nearest valid name, the command to type.
    """

    def __init__(self, message: str, where: str = "", hint: str = "") -> None:
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  {self.hint}" if self.hint else text


class CaseError(RushtonError):
    """The case file asks for something impossible, misspelt or out of range."""


class ResultsError(RushtonError):
    """A results folder is unreadable, of another case or version, or cannot be written."""


class SolverError(RushtonError):
    """A computation cannot be carried out with what it was given."""


class ModelError(RushtonError):
    """A cell model, its parameters or its rates are not usable."""
