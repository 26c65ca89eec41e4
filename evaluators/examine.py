"""The checks for a program file: does it read, how, and does it do anything?"""

from __future__ import annotations

from collections.abc import Iterator

from evaluators import freeform
from evaluators.admit import Admitted, Refusal, Rejected, admit
from evaluators.apart import parted
from evaluators.doubts import DOUBTS
from programs.conformance import Check
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.kind import Kind
from programs.load import library, read_program
from programs.parse import parse
from programs.program import Program
from sandbox.base import Sandbox

FORMS = {
    "tensor": "free-form Python, one tensor at a time",
    "model": "free-form Python, the whole model at once",
    "schedule": "free-form Python",
    "module": "free-form Python that builds a module",
}


def examine(
    source: str, kind: Kind, sandbox: Sandbox, refusal: Refusal | None = None
) -> Iterator[Check]:
    """Examine a text as a program of `kind`; the probes only where it reads.

    A `refusal` is the objection of the task whose inputs it is read for.
    """
    program = read_program(source, kind)
    if isinstance(program, Fault):
        yield Check("it reads", str(program))
        return
    yield Check("it reads", "", f"{kind.name}, {_written(program, kind)}")
    found = admit(source, kind, sandbox, refusal)
    if isinstance(found, Rejected):
        yield Check("it does something", found.reason)
        return
    yield Check("it does something", "", f"fingerprint {found.fingerprint}")
    yield Check("what it does", "", _same(found, kind, sandbox))
    if doubt := _doubted(found.program, kind, sandbox):
        yield Check("as it is meant", "", doubt=doubt)


def _written(program: Program, kind: Kind) -> str:
    if program.genome is None:
        return FORMS[program.form]
    if isinstance(parse(program.source, kind), Fault):
        return "free-form Python that reads as a program of the language"
    return "a program of the language"


def _doubted(program: Program, kind: Kind, sandbox: Sandbox) -> str:
    """Say what makes one doubt that a program of a known kind is meant as it is written."""
    doubt = DOUBTS.get(kind.name)
    if doubt is None:
        return ""
    if program.genome is None:
        return doubt(program.source, freeform.outputs(program, sandbox, kind))
    return doubt(program.source, kind.probe(program.genome, kind))


def _same(found: Admitted, kind: Kind, sandbox: Sandbox) -> str:
    for name, known in library(kind.name).items():
        if known.key == found.program.key:
            return f"the library's {name}"
        if known.genome is None or fingerprint(known.genome, kind) != found.fingerprint:
            continue
        if parted(found.program, known, kind, lambda: sandbox):
            return f"the same as the library's {name} on the fixed probes, but not on random ones"
        return f"the same as the library's {name}"
    return "nothing that the library does"
