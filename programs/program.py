"""A program's identity: its kind, its text, and the key under which equal texts meet."""

from __future__ import annotations

from dataclasses import dataclass

from programs.genome import Genome


@dataclass(frozen=True, slots=True)
class Program:
    """An immutable program.

    `key` is the structural key, equal for programs with the same canonical form; a text that is
    not a valid program is keyed by its characters. `genome` is `None` outside the language; `form`
    then names the form of free-form Python it has (`programs.freeform`), "" where it has none.
    """

    kind: str
    source: str
    key: str
    genome: Genome | None = None
    form: str = ""

    @property
    def size(self) -> int:
        """Count the statements, or the lines where there is no genome."""
        return self.genome.size if self.genome else len(self.source.splitlines())
