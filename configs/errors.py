"""Errors that are the user's to read: one message that names the thing and the fix.

Every floor raises these for what a user can mend; the command line prints them without a traceback.
Anything else that escapes is a defect of selfloop and keeps its traceback.
"""

from __future__ import annotations


class UserError(Exception):
    """Something outside selfloop is wrong, and the reader can mend it.

    Args:
        message: what is wrong, naming the file, field or service.
        fix: what to write, install or start instead; shown on its own line.
    """

    exit_status = 2

    def __init__(self, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = _writable(message)
        self.fix = fix if fix is None else _writable(fix)

    def __str__(self) -> str:
        return f"{self.message}\n  fix: {self.fix}" if self.fix else self.message


def _writable(text: str) -> str:
    """A text that logs and tables take, whatever it quotes: half a character is written as its escape."""
    return text.encode("utf-8", "backslashreplace").decode()


class RecipeError(UserError):
    """The recipe says something that cannot be run."""


class ProblemsError(UserError):
    """A problem source is missing, unreadable or contradicts itself."""


class StoreError(UserError):
    """The store refused, lost or damaged something."""


class HeldError(StoreError):
    """Another process holds what was asked for, and lives."""


class TrackingError(UserError):
    """MLflow cannot be reached, or refused. The store holds everything: `selfloop sync` writes what is missing."""


class EngineError(UserError):
    """A generator or trainer process could not start, or ended before its work was done."""


class EngineEndedError(EngineError):
    """An engine's process was killed, or hung. Nothing says that the recipe is wrong: the same again may well end."""


class MachineLostError(EngineEndedError):
    """The machine of an engine was lost. The same work goes on on another."""


class DeviceMemoryError(EngineError):
    """A device has too little memory for the batches that it was given."""


class GuardError(UserError):
    """A limit of the recipe's guards was passed, and the guard says stop."""

    exit_status = 4


class NoDataError(UserError):
    """A round kept too few samples to train on."""

    exit_status = 3
