"""The gate before training: read, type-check, clean, hash, and refuse what cannot be any good.

Costs well under a millisecond, so that no program costs a training run that abstract execution or
the probes would have settled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evaluators.task import Task, language
from programs.check import depends_on
from programs.errors import Fault
from programs.fingerprint import behaviour
from programs.genome import Genome
from programs.kind import Kind
from programs.load import make_program, read_program, unreadable
from programs.program import Program

MAX_TEXT = 2_000
"""Characters of an unreadable text that are kept."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A program worth training, with the hash of what it does."""

    program: Program
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A program that is not trained; `reason` is "short name: sentence" or a located fault."""

    program: Program
    reason: str
    fingerprint: str = ""


Refusal = Callable[[Genome], str]
"""A task's own objection to a program that type-checks: "short name: sentence", or nothing."""


def admit_to(task: Task, offer: Genome | str) -> Admitted | Rejected:
    """Admit a program to a task: in its language, and unless its `refusal` objects."""
    return admit(offer, language(task), getattr(task, "refusal", None))


def admit(offer: Genome | str, kind: Kind, refusal: Refusal | None = None) -> Admitted | Rejected:
    """Turn what a proposer offers into a program, or say why it is refused."""
    program = read_program(offer, kind) if isinstance(offer, str) else make_program(offer, kind)
    if isinstance(program, Fault):
        text = offer if isinstance(offer, str) else repr(offer)
        return Rejected(unreadable(text[:MAX_TEXT], kind.name), f"not valid: {program}")
    assert program.genome is not None
    for name in kind.entry.vital:
        if not depends_on(program.genome.main, kind, name):
            meaning = kind.entry.vital[name]
            return Rejected(program, f"ignores {meaning}: the result does not depend on `{name}`")
    if refusal is not None and (objection := refusal(program.genome)):
        return Rejected(program, objection)
    found = behaviour(program.genome, kind)
    if found.fault is not None:
        return Rejected(program, found.fault, found.fingerprint)
    return Admitted(program, found.fingerprint)
