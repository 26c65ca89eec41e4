"""The gate before training: read, type-check, clean, hash, and refuse what cannot be any good.

Costs well under a millisecond, so that no program costs a training run that abstract execution or
the probes would have settled. A free-form program is probed in the sandbox, which takes a few
hundredths of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evaluators import freeform
from evaluators.candidate import UNSAFE
from evaluators.task import Task, language
from programs.check import check, depends_on
from programs.errors import Fault, SandboxUnavailable
from programs.fingerprint import remembered
from programs.genome import Genome
from programs.kind import Kind
from programs.load import make_program, read_program, unreadable
from programs.program import Program
from sandbox.base import Sandbox

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


def admit_to(
    task: Task, offer: Genome | str, sandbox: Sandbox | None = None
) -> Admitted | Rejected:
    """Admit a program to a task: in its language, and unless its `refusal` objects."""
    return admit(offer, language(task), sandbox, getattr(task, "refusal", None))


def misfit(task: Task, program: Program) -> str:
    """Say why a program of a task's kind cannot stand in its place, or nothing; no probe is run."""
    if program.genome is None:
        return ""
    typed = check(program.genome, language(task))
    if isinstance(typed, Fault):
        return f"does not fit: {typed}"
    refusal: Refusal | None = getattr(task, "refusal", None)
    return refusal(program.genome) if refusal else ""


def admit(
    offer: Genome | str,
    kind: Kind,
    sandbox: Sandbox | None = None,
    refusal: Refusal | None = None,
) -> Admitted | Rejected:
    """Turn what a proposer offers into a program, or say why it is refused.

    Without a sandbox, free-form Python is refused.
    """
    program = read_program(offer, kind) if isinstance(offer, str) else make_program(offer, kind)
    if isinstance(program, Fault):
        text = offer if isinstance(offer, str) else repr(offer)
        return Rejected(unreadable(text[:MAX_TEXT], kind.name), f"not valid: {program}")
    if program.genome is None:
        return _probed(program, sandbox, kind, refusal)
    return _looked_at(program, program.genome, kind, refusal)


def _looked_at(
    program: Program, genome: Genome, kind: Kind, refusal: Refusal | None
) -> Admitted | Rejected:
    """Judge a program of the language by what it computes."""
    for name in kind.entry.vital:
        if not depends_on(genome.main, kind, name):
            meaning = kind.entry.vital[name]
            return Rejected(program, f"ignores {meaning}: the result does not depend on `{name}`")
    if refusal is not None and (objection := refusal(genome)):
        return Rejected(program, objection)
    found = remembered(genome, kind, program.key)
    if found.fault is not None:
        return Rejected(program, found.fault, found.fingerprint)
    return Admitted(program, found.fingerprint)


def _probed(
    program: Program, sandbox: Sandbox | None, kind: Kind, refusal: Refusal | None
) -> Admitted | Rejected:
    """Probe a free-form program where it can do no harm.

    One that turns out to be a program of the language goes on as that program.
    """
    if sandbox is None:
        return Rejected(program, "refused: free-form Python runs nowhere but in the sandbox")
    try:
        found, known = freeform.understood(program, sandbox, kind)
    except freeform.Unprobable as fault:
        return Rejected(program, str(fault))
    except SandboxUnavailable as unavailable:
        return Rejected(program, f"refused: {unavailable}")
    if known is not None and known.genome is not None:
        return _looked_at(known, known.genome, kind, refusal)
    fingerprint = found.fingerprint
    if sandbox.tier == UNSAFE:
        fingerprint = freeform.refuse_to_rank(fingerprint)
    if found.fault is not None:
        return Rejected(program, found.fault, fingerprint)
    return Admitted(program, fingerprint)
