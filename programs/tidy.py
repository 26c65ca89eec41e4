"""The one form of a genome in which rendering and parsing undo each other.

A genome that evolution made may bind names that its text cannot express: a nested expression used
twice, a name bound again while its old value is still needed, a line of 300 characters. `tidy`
gives such values names of their own, puts every nested expression right before its use, and
numbers re-bound names in order. It never changes what a program computes, and `tidy(tidy(g))`
is `tidy(g)`.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from dataclasses import replace

from programs.genome import Argument, Function, Genome, Statement, base_of, is_anonymous
from programs.kind import Kind

NESTED_WIDTH = 64
"""Characters up to which an expression stays nested in a larger one."""

LEAF_WIDTH = 5
"""Characters that a name or a constant counts for, so that renaming moves nothing."""


def tidy(genome: Genome, kind: Kind) -> Genome:
    """Return the genome in the form that its rendered text parses back to."""
    return replace(genome, functions=tuple(tidy_function(f, kind) for f in genome.functions))


def tidy_function(function: Function, kind: Kind) -> Function:
    """Return one function in that form."""
    function = _fold_negated_constants(function)
    named = _too_wide_or_shared(function, kind)
    return _renamed(replace(function, body=_in_order(function, named)), named, kind)


def _fold_negated_constants(function: Function) -> Function:
    """Turn `neg(0.5)` into the constant -0.5, because `-0.5` is how it would be written."""
    known: dict[str, Argument] = {}
    body: list[Statement] = []
    for statement in function.body:
        args = tuple(_resolve(a, known) for a in statement.args)
        if statement.op == "neg" and isinstance(args[0], float):
            known[statement.target] = -args[0]
        else:
            body.append(statement.reading(args))
    returns = tuple(_resolve(a, known) for a in function.returns)
    return replace(function, body=tuple(body), returns=returns)


def _resolve(arg: Argument, known: dict[str, Argument]) -> Argument:
    return known.get(arg, arg) if isinstance(arg, str) else arg


def _too_wide_or_shared(function: Function, kind: Kind) -> frozenset[str]:
    """Find the nested expressions that must become statements with a name."""
    uses = function.uses()
    width: dict[Argument, int] = {}
    named = set()
    for statement in function.body:
        widths = (width.get(a, LEAF_WIDTH) for a in statement.args)
        sign = kind.ops[statement.op].infix
        size = (len(sign) if sign else len(statement.op)) + sum(w + 2 for w in widths)
        if is_anonymous(statement.target):
            if uses[statement.target] == 1 and size <= NESTED_WIDTH:
                width[statement.target] = size
            else:
                named.add(statement.target)
    return frozenset(named)


def _in_order(function: Function, named: frozenset[str]) -> tuple[Statement, ...]:
    """Place every nested expression where the parser would meet it: depth first, before its use."""
    nested = {
        s.target: s for s in function.body if is_anonymous(s.target) and s.target not in named
    }
    placed: list[Statement] = []

    def place(args: Iterable[Argument]) -> None:
        for arg in args:
            if isinstance(arg, str) and arg in nested:
                emit(nested[arg])

    def emit(statement: Statement) -> None:
        place(statement.args)
        placed.append(statement)

    for statement in function.body:
        if statement.target not in nested:
            emit(statement)
    place(function.returns)
    return tuple(placed)


def _renamed(function: Function, named: frozenset[str], kind: Kind) -> Function:
    """Give every value the name its text will have."""
    last_read = _last_reads(function)
    taken = {base_of(n) for n in function.bound()} | kind.reserved
    bindings: dict[str, list[str]] = {p: [p] for p in function.params}
    new: dict[str, Argument] = {p: p for p in function.params}
    body: list[Statement] = []
    nested = 0
    for place, statement in enumerate(function.body):
        old = statement.target
        if is_anonymous(old) and old not in named:
            nested += 1
            target = f".{nested}"
        else:
            base = "v" if old in named else base_of(old)
            needed = any(last_read.get(b, -1) > place for b in bindings.get(base, ()))
            base = _fresh_name(base, taken) if needed or old in named else base
            earlier = bindings.setdefault(base, [])
            target = f"{base}.{len(earlier)}" if earlier else base
            earlier.append(old)
        body.append(Statement(target, statement.op, _renew(statement.args, new)))
        new[old] = target
    return Function(function.name, function.params, tuple(body), _renew(function.returns, new))


def _last_reads(function: Function) -> dict[str, int]:
    last = {name: place for place, s in enumerate(function.body) for name in s.names()}
    return last | {n: len(function.body) for n in function.returns if isinstance(n, str)}


def _renew(args: tuple[Argument, ...], new: dict[str, Argument]) -> tuple[Argument, ...]:
    return tuple(_resolve(a, new) for a in args)


def _fresh_name(base: str, taken: set[str]) -> str:
    """Return `base` with the lowest number that makes it unused, and mark it as used."""
    stem, number = base.rstrip("0123456789") or base, 1
    while f"{stem}{number}" in taken or keyword.iskeyword(f"{stem}{number}"):
        number += 1
    taken.add(f"{stem}{number}")
    return f"{stem}{number}"
