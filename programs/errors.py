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
from pathlib import Path


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
    that evolution built). `foreign` says that a function got a value of a sort that it never takes:
    the program may be meant for other inputs.
    """

    message: str
    line: int | None = None
    column: int | None = None
    nearest: str | None = None
    foreign: bool = False

    def __str__(self) -> str:
        where = "" if self.line is None else f"line {self.line}, column {self.column}: "
        hint = "" if self.nearest is None else f" (did you mean `{self.nearest}`?)"
        return f"{where}{self.message}{hint}"

    def at(self, line: int, column: int) -> Fault:
        """Give the same fault a place in the text."""
        return replace(self, line=line, column=column)


def blamed(error: BaseException, file: str) -> str:
    """Say what went wrong, and on which line of a user's file where it passed through there."""
    import traceback  # late, as are all errors

    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):
        return said
    lines = [e.lineno for e in traceback.extract_tb(error.__traceback__) if e.filename == file]
    return f"{said} ({Path(file).name}, line {lines[-1]})" if lines else said


SHORT = 5
"""Letters up to which a slip may only leave letters out or swap them."""

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


def misspelt(name: str, names: Iterable[str]) -> str | None:
    """Return the name that `name` is a slip of the pen for: most letters are its own, in order."""
    near = nearly(name, names)
    if near is None:
        return None
    # Each word of a name is its own: `rms_norm` is no slip for `row_norm`.
    ours, theirs = name.split("_"), near.split("_")
    pairs = zip(ours, theirs, strict=True) if len(ours) == len(theirs) else [(name, near)]
    slips = (a == b or (_is_slip(a, b) and not _is_other(a, b)) for a, b in pairs)
    return near if all(slips) else None


def nearly(name: str, names: Iterable[str]) -> str | None:
    """Return the name that `name` differs from by a letter or so, be it a word of its own."""
    near = closest(name, names)
    return None if near is None or not _is_slip(name, near) else near


def _is_slip(name: str, near: str) -> bool:
    if len(near) == 1:
        return set(name) == {near}  # `wd` and `mu` have a meaning of their own, `gg` has none
    if _slips(name, near) > max(1, min(len(name) // 4, 3)):
        return False
    # What goes before a word, and a number in it, make it another: `hswish`, `interp1d`.
    same = name[:1] == near[:1] and _digits(name) == _digits(near)
    return same or sorted(name) == sorted(near)


def _is_other(name: str, near: str) -> bool:
    """Tell whether a letter more or another one makes a short name a word: `sum` is no `sub`."""
    return len(name) <= SHORT and any(name.count(c) > near.count(c) for c in name)


def _digits(name: str) -> str:
    return "".join(c for c in name if c.isdigit())


def _slips(one: str, other: str) -> int:
    """Count the letters to add, leave out, exchange, or swap with the next one."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one):
        before, above, row = row, before, [i + 1]
        for j, b in enumerate(other):
            least = min(before[j] + (a != b), before[j + 1] + 1, row[j] + 1)
            if i and j and a == other[j - 1] and b == one[i - 1]:
                least = min(least, above[j - 1] + 1)
            row.append(least)
    return row[-1]
