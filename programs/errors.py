"""Two ways to go wrong, kept apart.

A candidate program's fault is a value, `Fault`: search meets thousands of them, records them and
shows them to people and models. Our own fault, or the user's, is an exception from one tree:

    CambrianError              says what was expected, what was seen and what to do
    ├── InputError             the user gave something we cannot use (exit code 2)
    │   └── StoreError         the database is missing, foreign, newer, damaged or not writable
    ├── RunFailed              a run ended early for one of the other reasons (exit code 1)
    ├── RunLocked              another process is at work on the same run (exit code 75)
    └── SandboxUnavailable     candidates cannot be run safely, or at all, on this machine
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


class CambrianError(Exception):
    """Raise for anything that is not a candidate program's own fault."""

    exit_code = 1


class InputError(CambrianError):
    """Raise when the user gave something that cannot be used."""

    exit_code = 2


class StoreError(InputError):
    """Raise when the database cannot be read or written."""


class RunLocked(CambrianError):
    """Raise when another process holds the run."""

    exit_code = 75


class RunFailed(CambrianError):
    """Raise when a run could not go on; what it finished is saved."""


class SandboxUnavailable(CambrianError):
    """Raise when no candidate can be run on this machine."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a program, where, and the nearest legal form.

    `line` counts from 1 and `column` from 1; both are `None` where no text is at hand (a program
    that evolution built).
    """

    message: str
    line: int | None = None
    column: int | None = None
    nearest: str | None = None

    def __str__(self) -> str:
        where = "" if self.line is None else f"line {self.line}, column {self.column}: "
        hint = "" if self.nearest is None else f" (did you mean `{self.nearest}`?)"
        return f"{where}{self.message}{hint}"

    def at(self, line: int, column: int) -> Fault:
        """Give the same fault a place in the text."""
        return replace(self, line=line, column=column)


LONGEST_NAME = 80
"""Characters up to which a name is worth comparing; the time grows with their square."""


def closest(name: str, names: Iterable[str]) -> str | None:
    """Return the name most like `name`, or `None` when none is near."""
    if len(name) > LONGEST_NAME:
        return None
    import difflib  # late, for most names are right

    matches = difflib.get_close_matches(
        name, [n for n in names if len(n) <= LONGEST_NAME], n=1, cutoff=0.6
    )
    return matches[0] if matches else None
