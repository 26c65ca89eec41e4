"""The one form of a genome in which rendering and parsing undo each other.

A genome that evolution made may bind names that its text cannot express: a nested expression used
twice, a name bound again while its old value is still needed, a line of 300 characters. `tidy`
gives such values names of their own, puts every nested expression right before its use, numbers
re-bound names in order and has `constants.py` see to the names of numbers. It never changes what a
program computes, and `tidy(tidy(g))` is `tidy(g)`.
"""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from programs.constants import with_own_names
from programs.genome import (
    Argument,
    Function,
    Genome,
    Named,
    Statement,
    base_of,
    named_constants,
)
from programs.kind import Kind
from programs.written import written

NESTED_WIDTH = 64
"""Characters up to which an expression stays nested in a larger one."""

RETURNED_WIDTH = 80
"""The same of the result, which is nested in nothing but its `return`."""

LEAF_WIDTH = 5
"""Characters that a name or a constant counts for, so that renaming moves nothing."""


def tidy(genome: Genome, kind: Kind) -> Genome:
    """Return the genome in the form that its rendered text parses back to."""
    taken = kind.reserved
    if genome.helpers:
        taken = taken.union(f.name for f in genome.helpers)
    functions = tuple([_writer(f, kind, taken).written() for f in genome.functions])
    return Genome(functions, genome.doc)


def tidy_alone(function: Function, kind: Kind) -> tuple[Function, Sequence[str]]:
    """Tidy a program of one function; tell what the targets of its statements were before."""
    writer = _writer(function, kind, kind.reserved)
    return writer.written(), writer.targets


def _writer(function: Function, kind: Kind, reserved: frozenset[str]) -> _Writer:
    if "neg" in [s.op for s in function.body]:
        function = _fold_negated_constants(function)
    read = [*chain.from_iterable([s.args for s in function.body]), *function.returns]
    if Named in set(map(type, read)):
        function = with_own_names(function, reserved)
    return _Writer(function, _nested(function, kind, read), reserved)


def _fold_negated_constants(function: Function) -> Function:
    """Turn `neg(0.5)` into the constant -0.5, because `-0.5` is how it would be written.

    Not so where the number has a name: `-beta` is another text than `-0.5`.
    """
    known: dict[Argument, Argument] = {}
    body: list[Statement] = []
    for statement in function.body:
        args = _renew(statement.args, known)
        if statement.op == "neg" and isinstance(args[0], float) and type(args[0]) is not Named:
            known[statement.target] = -args[0]
        else:
            body.append(statement.reading(args))
    returns = _renew(function.returns, known)
    return replace(function, body=tuple(body), returns=returns)


def _nested(function: Function, kind: Kind, read: Sequence[Argument]) -> dict[Argument, Statement]:
    """Find the statements without a name that can stay inside another's text.

    `read` holds every argument and return of the function.
    """
    times = Counter(read)
    nested: dict[Argument, Statement] = {}
    width: dict[Argument, int] = {}
    for statement in function.body:
        target = statement.target
        if target[0] != "." or times[target] != 1:
            continue
        size, args = _width(statement, kind), statement.args
        if statement.op in kind.literals:
            names, args = zip(*written(kind.ops[statement.op], args), strict=True)
            size += sum(map(len, names))
        for arg in args:
            size += width.get(arg, LEAF_WIDTH) + 2
        if size <= (RETURNED_WIDTH if target == function.returns[0] else NESTED_WIDTH):
            width[target] = size
            nested[target] = statement
    return nested


def _width(statement: Statement, kind: Kind) -> int:
    if statement.function:
        return LEAF_WIDTH if statement.op == "call" else LEAF_WIDTH + len(statement.op) + 2
    return len(kind.ops[statement.op].infix or statement.op)


class _Writer:
    """Write a function anew: every value in its place and with the name its text will have.

    A nested expression goes where the parser would meet it: depth first, before its use. `line`
    counts the statements that are not nested; `new` holds the names that change, `targets` the old
    targets of what is written.
    """

    def __init__(
        self, function: Function, nested: dict[Argument, Statement], reserved: frozenset[str]
    ) -> None:
        self.function, self.nested, self.reserved = function, nested, reserved
        self.last_read = _last_reads(function, nested)
        self.body: list[Statement] = []
        self.targets: list[str] = []
        self.placed = 0
        self.new: dict[Argument, Argument] = {}
        self.bindings: dict[str, list[str]] = {p: [p] for p in function.params}
        self.taken: set[str] | None = None

    def written(self) -> Function:
        function, nested = self.function, self.nested
        line = 0
        for statement in function.body:
            if statement.target not in nested:
                self.write(statement, line)
                line += 1
        for arg in function.returns:
            if arg in nested:
                self.write(nested[arg], line)
        returns = _renew(function.returns, self.new)
        return Function(function.name, function.params, tuple(self.body), returns)

    def write(self, statement: Statement, line: int) -> None:
        """Append a statement after those nested in it."""
        nested, new = self.nested, self.new
        old, args = statement.target, statement.args
        changed = False
        for arg in args:
            if arg in nested:
                self.write(nested[arg], line)
            if arg in new:
                changed = True
        if old in nested:
            self.placed += 1
            target = f".{self.placed}"
        else:
            target = self.named(old, line)
        self.targets.append(old)
        if target != old:
            new[old] = target
        elif not changed:
            self.body.append(statement)
            return
        if changed:
            args = _renew(args, new)
        self.body.append(Statement(target, statement.op, args, statement.function))

    def named(self, old: str, line: int) -> str:
        """Return a value's new name; one whose old value is still needed is not bound again."""
        base, bindings = old.partition(".")[0] or "v", self.bindings
        known = bindings.get(base)
        if old[0] == "." or base in self.reserved or (known and self.still_read(known, line)):
            base = self.fresh(base)
            known = bindings.get(base)
        if known is None:
            bindings[base] = [old]
            return base
        known.append(old)
        return f"{base}.{len(known) - 1}"

    def still_read(self, names: Sequence[str], line: int) -> bool:
        """Tell whether any of these values is read after a line."""
        return max([self.last_read.get(name, -1) for name in names]) > line

    def fresh(self, base: str) -> str:
        """Return `base` with the lowest number that makes it unused, and mark it as used."""
        if self.taken is None:
            bound = {base_of(n) for n in self.function.bound()}
            self.taken = bound | named_constants(self.function).keys()
        stem, number = base.rstrip("0123456789") or base, 1
        while (
            (name := f"{stem}{number}") in self.taken
            or name in self.reserved
            or keyword.iskeyword(name)
        ):
            number += 1
        self.taken.add(name)
        return name


def _last_reads(function: Function, nested: Mapping[Argument, Statement]) -> dict[Argument, int]:
    """Return the line at which each value is read last; a nested expression is read on its line."""
    lines = len(function.body) - len(nested)
    last: dict[Argument, int] = dict.fromkeys(function.returns, lines)
    for statement in reversed(function.body):
        target = statement.target
        if target in nested:
            line = last[target]
        else:
            lines -= 1
            line = lines
        for arg in statement.args:
            if last.get(arg, -1) < line:
                last[arg] = line
    return last


def _renew(args: tuple[Argument, ...], new: Mapping[Argument, Argument]) -> tuple[Argument, ...]:
    return tuple([new.get(a, a) for a in args])
