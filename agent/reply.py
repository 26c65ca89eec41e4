"""Find programs in what a model says: fenced, in JSON, in prose, several, cut off, or none.

    Offer      a program that reads, with the model's reason for it
    Flawed     a text that is meant as a program, and the fault that keeps it from being one
    Reading    both of these, and one word for what the reply was worth

Nothing that a model says is executed: texts are cut out and parsed. A text is first read without
what stands around its functions, as a program of the language; only then, with its imports,
constants and classes, as free-form Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.excerpts import excerpts
from agent.functions import Text
from agent.worth import Worth, shortfall
from programs.errors import Fault
from programs.kind import Kind
from programs.load import read_program
from programs.program import Program


@dataclass(frozen=True, slots=True)
class Offer:
    """A program that reads."""

    program: Program
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Flawed:
    """A text that is no program of the kind, yet."""

    source: str
    fault: Fault
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply holds; `worth` is PROGRAM exactly when there are offers."""

    worth: Worth
    offers: tuple[Offer, ...] = ()
    flawed: tuple[Flawed, ...] = ()


def read_reply(text: str, kind: Kind, cut_off: bool = False) -> Reading:
    """Return the programs in a reply, or what it was instead."""
    offers: list[Offer] = []
    flawed: list[Flawed] = []
    for found, rationale in excerpts(text, kind):
        program = _read(found, kind)
        if isinstance(program, Fault):
            flawed.append(Flawed(found.source, program, rationale))
        elif all(o.program.key != program.key for o in offers):
            offers.append(Offer(program, rationale))
    if offers:
        return Reading(Worth.PROGRAM, tuple(offers), tuple(flawed))
    source, fault = (flawed[0].source, flawed[0].fault) if flawed else ("", None)
    return Reading(shortfall(text, kind, cut_off, source, fault), (), tuple(flawed))


_MODULES = re.compile(
    r"\b(?:torch\.linalg|torch\.nn\.functional|torch|np|numpy|jnp|math|F)\.(?=\w)"
)


def _read(text: Text, kind: Kind) -> Program | Fault:
    """Read a text; `torch.sqrt(v)` will do for `sqrt(v)` where that makes it a program."""
    plain = read_program(_MODULES.sub("", text.source), kind)
    if isinstance(plain, Program) and plain.genome is not None:
        return plain
    whole = read_program(text.whole, kind) if text.whole else plain
    return whole if isinstance(whole, Program) else read_program(text.source, kind)
