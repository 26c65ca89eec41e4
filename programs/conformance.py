"""The conformance suites for operators and kinds, and what every such suite is made of.

    for check in operator_conformance(operator):
        print(check.name, check.fault or "ok")

A check is a function that returns a sentence about what is wrong, or nothing. One that raises is
wrong with that error. Suites go on only while everything was right, for later checks build on
earlier ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from programs.check import check
from programs.errors import Fault
from programs.genome import COMBINATORS, Function, Genome
from programs.kind import Kind
from programs.load import builtin_kinds, kind_named, library
from programs.operator import MAX_STATEMENTS, OPERATORS, Operator
from programs.parse import parse
from programs.render import render
from programs.tidy import tidy

PARENTS = 8
"""Library programs of each kind on which an operator is tried, spread over the library."""

WALK = 40
"""Random edits by which programs of a new kind are drawn."""

NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, what was found, and the fault or the doubt if there is one."""

    name: str
    fault: str
    note: str = ""
    doubt: str = ""


Answer = str | tuple[str, str]
"""The fault ("" for none), or the fault and a note."""

Case = TypeVar("Case")


def conduct(checks: Mapping[str, Callable[[Case], Answer]], case: Case) -> Iterator[Check]:
    """Make all of the checks, whatever they find."""
    for name, look in checks.items():
        yield attempted(name, look, case)


def until_a_fault(checks: Mapping[str, Callable[[Case], Answer]], case: Case) -> Iterator[Check]:
    """Make the checks up to the first that finds a fault."""
    for found in conduct(checks, case):
        yield found
        if found.fault:
            return


def attempted(name: str, look: Callable[[Case], Answer], case: Case) -> Check:
    """Make one check."""
    try:
        answer = look(case)
    except Exception as error:
        return Check(name, f"{type(error).__name__}: {error}")
    return Check(name, *((answer,) if isinstance(answer, str) else answer))


# -- operators -------------------------------------------------------------------------------------


def operator_conformance(operator: Operator) -> Iterator[Check]:
    """Examine an operator on library programs of every kind."""
    return until_a_fault(OF_AN_OPERATOR, operator)


@cache
def _parents(kind: str) -> tuple[Genome, ...]:
    known = [p.genome for p in library(kind).values() if p.genome is not None]
    return tuple(known[:: max(1, len(known) // PARENTS)])


def _children(operator: Operator, kind: str) -> Iterator[Genome | Fault]:
    pool = _parents(kind)
    for i, first in enumerate(pool):
        rng = np.random.default_rng(i)
        others = [pool[rng.integers(len(pool))] for _ in range(operator.arity - 1)]
        yield operator([first, *others], kind_named(kind), rng)


def _operator_described(operator: Operator) -> Answer:
    name, arity = getattr(operator, "name", None), getattr(operator, "arity", None)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return f"the name {name!r} is not lower-case letters, digits and hyphens"
    if not isinstance(arity, int) or arity < 1:
        return f"the arity {arity!r} is not a whole number above zero"
    return ("", f"{name}, of {arity}") if callable(operator) else "it cannot be called"


def _children_are_programs(operator: Operator) -> Answer:
    made = []
    for name in builtin_kinds():
        children = list(_children(operator, name))
        for child in children:
            if fault := _unlike_a_program(child, kind_named(name)):
                return f"{name}: {fault}"
        made.append((name, sum(isinstance(c, Genome) for c in children), len(children)))
    note = ", ".join(f"{name} {count} of {tried}" for name, count, tried in made)
    return ("", note) if any(count for _, count, _ in made) else "it applied to no library program"


def _unlike_a_program(child: object, kind: Kind) -> str:
    """Say what keeps a child from being a tidy, type-checked program, or nothing."""
    if isinstance(child, Fault):
        return "" if child.message else "a Fault without a message"
    if not isinstance(child, Genome):
        return f"expected a Genome or a Fault, got a {type(child).__name__}"
    if isinstance(fault := check(child, kind), Fault):
        return f"a child that does not type-check: {fault} (build it with `attempt`)"
    if child.size > MAX_STATEMENTS:
        return f"a child of {child.size} statements; at most {MAX_STATEMENTS}"
    if tidy(child, kind) != child:
        return "a child that is not tidy: return `tidy(without_dead_code(child, kind), kind)`"
    if parse(render(child, kind), kind) != child:
        return "a child that does not read back from its own text"
    return ""


def _same_child(operator: Operator) -> Answer:
    for name in builtin_kinds():
        if list(_children(operator, name)) != list(_children(operator, name)):
            return (
                f"{name}: the same parents and generator gave another child; draw from `rng` only"
            )
    return ""


OF_AN_OPERATOR: Mapping[str, Callable[[Operator], Answer]] = {
    "is described": _operator_described,
    "children are programs": _children_are_programs,
    "same generator, same child": _same_child,
}


# -- kinds -----------------------------------------------------------------------------------------


def kind_conformance(kind: Kind) -> Iterator[Check]:
    """Examine a kind on programs drawn at random from its vocabulary."""
    return until_a_fault(OF_A_KIND, kind)


def _kind_described(kind: Kind) -> Answer:
    if not NAME.fullmatch(kind.name):
        return f"the name `{kind.name}` is not lower-case letters, digits and hyphens"
    entry = kind.entry
    absent = {*entry.required, *entry.vital} - set(entry.inputs)
    if absent:
        return f"`{entry.name}` has no input {', '.join(sorted(absent))}"
    return "", f"def {entry.name}({', '.join(entry.inputs)})"


def _vocabulary(kind: Kind) -> Answer:
    names = [n for op in kind.ops.values() for n in (op.name, *op.aliases)]
    taken = {n for n in names if names.count(n) > 1 or n in (*COMBINATORS, kind.entry.name)}
    if taken:
        return f"used twice: {', '.join(sorted(taken))}"
    mute = [name for name, op in kind.ops.items() if not op.doc]
    wrong = [name for name, op in kind.ops.items() if op.name != name]
    if mute or wrong or not names:
        return f"without a `doc`: {mute}; under another name: {wrong}; {len(names)} names"
    return "", f"{len(kind.ops)} functions"


@cache
def drawn(kind: Kind) -> tuple[Genome, ...]:
    """Return programs of a kind, by random edits of the one that hands an input on."""
    entry, rng = kind.entry, np.random.default_rng(0)
    plain = [n for n in entry.required if entry.fits(entry.inputs[n], entry.output)]
    if not plain:
        raise ValueError(f"no required input has the type that `{entry.name}` returns")
    genome, found = Genome((Function(entry.name, entry.required, (), (plain[0],)),)), []
    edits = [OPERATORS.find(name) for name in ("insert", "modify")]
    for step in range(WALK):
        child = edits[step % 2]([genome], kind, rng)
        if isinstance(child, Genome):
            genome = child
            found.append(child)
    return tuple(found)


def _programs_read_back(kind: Kind) -> Answer:
    found = drawn(kind)
    if not found:
        return "random edits of the program that returns its input gave no program"
    for genome in found:
        if parse(render(genome, kind), kind) != genome:
            return f"a program does not read back from its own text:\n{render(genome, kind)}"
    return "", f"{len(found)} drawn"


def _probe_repeats(kind: Kind) -> Answer:
    for genome in drawn(kind):
        first, again = (kind.probe(genome, kind) for _ in range(2))
        if not isinstance(first, np.ndarray) or first.dtype != np.float64:
            return "the probe must return one float64 array"
        if first.tobytes() != again.tobytes():
            return "the probe gave other numbers the second time"
    return ""


def _probe_tells_apart(kind: Kind) -> Answer:
    from programs.fingerprint import fingerprint

    prints = {fingerprint(genome, kind) for genome in drawn(kind)}
    if len(prints) < 2:
        return "all programs drawn have the same fingerprint: the probe sees no difference"
    return "", f"{len(prints)} behaviours among {len(drawn(kind))} programs"


OF_A_KIND: Mapping[str, Callable[[Kind], Answer]] = {
    "is described": _kind_described,
    "vocabulary is sound": _vocabulary,
    "programs read back": _programs_read_back,
    "probe repeats": _probe_repeats,
    "probe tells apart": _probe_tells_apart,
}
