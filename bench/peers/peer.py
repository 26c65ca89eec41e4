"""What a rival is to the benchmark: how it is started on the problem, and what it leaves behind.

    Setup   what one trial asks of a rival
    Peer    an adapter, one file per rival in `adapters/` with the constant `PEER`
    Known   what somebody finds in the rival's own files afterwards

An adapter changes nothing of the rival: it writes the files that its manual asks for, and names the
command that its manual names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol

from bench.peers import programs

RIVALS = ("cambrian", "openevolve", "shinka_by_hand", "skydiscover", "levi")
"""The rivals, in the order in which they take turns."""

ALSO_TIMED = ("cambrian_language", "cambrian_breeding", "shinka")
"""Other ways to use two of the rivals, which only the question of speed is put to."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What one trial asks: where, of which model, how much; `seconds` is one evaluation's limit."""

    folder: Path
    base: str
    proposals: int
    workers: int = 1
    training: bool = False
    seconds: int = 10
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Known:
    """What a rival's own files say: scores by the program's number, and the best of all."""

    scores: Mapping[int, float] = field(default_factory=dict)
    best: float | None = None


class Peer(Protocol):
    """A rival."""

    @property
    def name(self) -> str:
        """Return the name that tables use."""
        ...

    @property
    def package(self) -> str:
        """Return its public package, which `requirements/` pins; "" for Cambrian itself."""
        ...

    @property
    def workers(self) -> tuple[int, ...]:
        """Return the numbers of evaluations at a time that it can be told."""
        ...

    @property
    def program(self) -> Callable[[int], str]:
        """Return the function that writes its n-th good program."""
        ...

    @property
    def note(self) -> str:
        """Say in a sentence how it was set up, where that is a choice."""
        ...

    def command(self, setup: Setup, python: Path) -> list[str]:
        """Write its files into the folder and return the command that starts it."""
        ...

    def number(self, logged: str, answers: Sequence[str]) -> int | None:
        """Return the number of the program that the evaluator logged; `answers` are all texts."""
        ...

    def known(self, setup: Setup, answers: Sequence[str], printed: str) -> Known:
        """Read what it left, as somebody who comes back later would."""
        ...


def find(name: str) -> Peer:
    """Return the adapter of a name in `RIVALS` or `ALSO_TIMED`."""
    return import_module(f"bench.peers.adapters.{name}").PEER


def by_first_line(logged: str) -> int | None:
    """Return the number that stands in a program's text."""
    return programs.number_of(logged)


def scorer_files(setup: Setup, initial: str = "initial.py") -> None:
    """Write what every peer's evaluator needs, and the program that a search begins with."""
    setup.folder.mkdir(parents=True, exist_ok=True)
    (setup.folder / "scorer.py").write_bytes(Path(__file__).with_name("scorer.py").read_bytes())
    settings = {"training": setup.training, "seconds": setup.seconds}
    (setup.folder / "settings.json").write_text(json.dumps(settings))
    (setup.folder / initial).write_text(programs.good(programs.START))
