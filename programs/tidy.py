"""The one form of a genome in which rendering and parsing undo each other.

A genome that evolution made may bind names that its text cannot express: a nested expression used
twice, a name bound again while its old value is still needed, a line of 300 characters. `tidy`
gives such values names of their own, puts every nested expression right before its use, numbers
re-bound names in order, and sees that the name of a constant means one number and nothing else.
It never changes what a program computes, and `tidy(tidy(g))` is `tidy(g)`.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from dataclasses import replace

from programs.genome import (
    Argument,
    Function,
    Genome,
    Named,
    Statement,
    base_of,
    is_anonymous,
    named_constants,
)
from programs.kind import Kind

NESTED_WIDTH = 64
"""Characters up to which an expression stays nested in a larger one."""

LEAF_WIDTH = 5
"""Characters that a name or a constant counts for, so that renaming moves nothing."""


def tidy(genome: Genome, kind: Kind) -> Genome:
    """Return the genome in the form that its rendered text parses back to."""
    taken = kind.reserved
    if genome.helpers:
        taken = taken.union(f.name for f in genome.helpers)
    functions = tuple(_tidy_function(f, kind, taken) for f in genome.functions)
    return Genome(functions, genome.doc)


def _tidy_function(function: Function, kind: Kind, taken: frozenset[str]) -> Function:
    function = _fold_negated_constants(function)
    named = _too_wide_or_shared(function, kind)
    return _renamed(_constants_renamed(_in_order(function, named), taken), named, taken)


def _fold_negated_constants(function: Function) -> Function:
    """Turn `neg(0.5)` into the constant -0.5, because `-0.5` is how it would be written.

    Not so where the number has a name: `-beta` is another text than `-0.5`.
    """
    if not any(s.op == "neg" for s in function.body):
        return function
    known: dict[str, Argument] = {}
    body: list[Statement] = []
    for statement in function.body:
        args = _renew(statement.args, known)
        if statement.op == "neg" and isinstance(args[0], float) and type(args[0]) is not Named:
            known[statement.target] = -args[0]
        else:
            body.append(statement.reading(args))
    returns = _renew(function.returns, known)
    return replace(function, body=tuple(body), returns=returns)


def _too_wide_or_shared(function: Function, kind: Kind) -> frozenset[str]:
    """Find the nested expressions that must become statements with a name."""
    uses = function.uses()
    width: dict[Argument, int] = {}
    named = set()
    for statement in function.body:
        target = statement.target
        if not is_anonymous(target):
            continue
        if uses[target] == 1:
            size = _width(statement, kind)
            for arg in statement.args:
                size += width.get(arg, LEAF_WIDTH) + 2
            if size <= NESTED_WIDTH:
                width[target] = size
                continue
        named.add(target)
    return frozenset(named)


def _width(statement: Statement, kind: Kind) -> int:
    if statement.function:
        return LEAF_WIDTH if statement.op == "call" else LEAF_WIDTH + len(statement.op) + 2
    sign = kind.ops[statement.op].infix
    return len(sign) if sign else len(statement.op)


def _in_order(function: Function, named: frozenset[str]) -> Function:
    """Place every nested expression where the parser would meet it: depth first, before its use."""
    nested = {
        s.target: s for s in function.body if is_anonymous(s.target) and s.target not in named
    }
    if not nested:
        return function
    placed: list[Statement] = []

    def place(args: Iterable[Argument]) -> None:
        for arg in args:
            if arg in nested:
                emit(nested[arg])  # type: ignore[index]

    def emit(statement: Statement) -> None:
        place(statement.args)
        placed.append(statement)

    for statement in function.body:
        if statement.target not in nested:
            emit(statement)
    place(function.returns)
    return Function(function.name, function.params, tuple(placed), function.returns)


def _constants_renamed(function: Function, reserved: frozenset[str]) -> Function:
    """Give the constants that have names one name for each number, which nothing else has."""
    rows = [s.args for s in function.body]
    given = [a for row in (*rows, function.returns) for a in row if type(a) is Named]
    if not given:
        return function
    taken = {base_of(n) for n in function.bound()} | reserved
    new: dict[tuple[str, float], Named] = {}
    # Every name that is given is kept by one constant, before others are thought of.
    for again in (False, True):
        for constant in given:
            key = (constant.name, float(constant))
            if key in new or (constant.name in taken and not again):
                continue
            name = constant.name
            if again:
                name = _fresh_name(_apart(name), taken, reserved)
            taken.add(name)
            new[key] = Named(constant, name)

    def meant(args: tuple[Argument, ...]) -> tuple[Argument, ...]:
        return tuple([new[a.name, float(a)] if type(a) is Named else a for a in args])

    body = tuple(s.reading(meant(s.args)) for s in function.body)
    return replace(function, body=body, returns=meant(function.returns))


def _apart(name: str) -> str:
    """Let `beta1` become `beta1_1`, for `beta2` would say something else."""
    stem = name.rstrip("0123456789")
    return name if stem in (name, "") or stem.endswith("_") else f"{name}_"


def _renamed(function: Function, named: frozenset[str], reserved: frozenset[str]) -> Function:
    """Give every value the name its text will have."""
    last_read = _last_reads(function)
    taken = {base_of(n) for n in function.bound()} | named_constants(function).keys()
    bindings: dict[str, list[str]] = {p: [p] for p in function.params}
    new: dict[str, Argument] = {p: p for p in function.params}
    body: list[Statement] = []
    nested = 0
    for place, statement in enumerate(function.body):
        old = statement.target
        if old[0] == "." and old not in named:
            nested += 1
            target = f".{nested}"
        else:
            base = "v" if old in named else base_of(old)
            earlier = bindings.get(base, ())
            needed = old in named or base in reserved
            if needed or any(last_read.get(b, -1) > place for b in earlier):
                base = _fresh_name(base, taken, reserved)
            known = bindings.setdefault(base, [])
            target = f"{base}.{len(known)}" if known else base
            known.append(old)
        args = _renew(statement.args, new)
        body.append(Statement(target, statement.op, args, statement.function))
        new[old] = target
    return Function(function.name, function.params, tuple(body), _renew(function.returns, new))


def _last_reads(function: Function) -> dict[Argument, int]:
    last = {name: place for place, s in enumerate(function.body) for name in s.args}
    return last | dict.fromkeys(function.returns, len(function.body))


def _renew(args: tuple[Argument, ...], new: dict[str, Argument]) -> tuple[Argument, ...]:
    return tuple([new.get(a, a) if isinstance(a, str) else a for a in args])


def _fresh_name(base: str, taken: set[str], reserved: frozenset[str]) -> str:
    """Return `base` with the lowest number that makes it unused, and mark it as used."""
    stem, number = base.rstrip("0123456789") or base, 1
    while (name := f"{stem}{number}") in taken or name in reserved or keyword.iskeyword(name):
        number += 1
    taken.add(name)
    return name
