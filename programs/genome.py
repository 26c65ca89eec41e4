"""The part of a program that evolution may change: functions of single-assignment statements.

Within a function every name is bound once. Three sorts of name occur, told apart by their dot:

    m       a parameter, or the first binding of a name that a person chose
    m.1     the name `m` bound again (the source says `m = …` a second time)
    .1      a nested expression, which the source does not name

A number that was given a name (`beta = 0.9`) carries it as a `Named`. The name is there for those
who read: two genomes that differ in it alone are equal.

Functions before the last are helpers (motifs). A statement applies one by a *combinator*, which
takes the helper's name as `function`:

    call      block(x)               args (x,)      once
    repeat    repeat(block, 3, x)    args (3, x)    three copies in a row, each with its own weights
    recur     recur(block, 3, x)     args (3, x)    one copy three times

`tidy.py` keeps genomes in the one form in which rendering and parsing undo each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

Argument = str | float
"""A name bound earlier, or a constant."""


class Named(float):
    """A constant and the name it was given; in all but its text it is the number alone."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, value: float, name: str) -> Named:
        """Give a number a name."""
        made = super().__new__(cls, value)
        made.name = name
        return made

    def __getnewargs__(self) -> tuple[float, str]:  # type: ignore[override]
        return float(self), self.name


def named_as(old: Argument, value: float) -> float:
    """Return a constant that takes the place of `old`, under its name if it had one."""
    return Named(value, old.name) if isinstance(old, Named) else value


CALL, REPEAT, RECUR = "call", "repeat", "recur"

COMBINATORS = {CALL: "f(x)", REPEAT: "repeat(f, n, x)", RECUR: "recur(f, n, x)"}
"""The ways to apply a helper function, and how each is written."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Bind `target` to one call of a vocabulary function, or to a combinator of `function`."""

    target: str
    op: str
    args: tuple[Argument, ...]
    function: str = ""

    def names(self) -> Iterator[str]:
        """Yield the names this statement reads."""
        return (arg for arg in self.args if isinstance(arg, str))

    def renamed(self, new: Callable[[str], str]) -> Statement:
        """Return the statement with every name, target included, replaced by `new(name)`."""
        args = tuple(new(a) if isinstance(a, str) else a for a in self.args)
        return Statement(new(self.target), self.op, args, self.function)

    def reading(self, args: tuple[Argument, ...]) -> Statement:
        """Return the statement with other arguments."""
        return Statement(self.target, self.op, args, self.function)

    def bound_to(self, target: str) -> Statement:
        """Return the statement with another target."""
        return Statement(target, self.op, self.args, self.function)


@dataclass(frozen=True, slots=True)
class Function:
    """A straight line of statements from `params` to `returns`."""

    name: str
    params: tuple[str, ...]
    body: tuple[Statement, ...]
    returns: tuple[Argument, ...]

    def bound(self, before: int | None = None) -> tuple[str, ...]:
        """Return the names bound before statement `before` (all of them by default)."""
        return (*self.params, *[s.target for s in self.body[:before]])

    def uses(self) -> dict[str, int]:
        """Count how often each name is read, the returns included."""
        counts = dict.fromkeys(self.bound(), 0)
        for statement in self.body:
            for arg in statement.args:
                if isinstance(arg, str):
                    counts[arg] += 1
        for arg in self.returns:
            if isinstance(arg, str):
                counts[arg] += 1
        return counts


@dataclass(frozen=True, slots=True)
class Genome:
    """The functions of a program, the entry last; `doc` is its docstring's text."""

    functions: tuple[Function, ...]
    doc: str = ""

    @property
    def main(self) -> Function:
        """Return the function that the kind's signature names."""
        return self.functions[-1]

    def with_main(self, main: Function) -> Genome:
        """Return the genome with another entry function."""
        return replace(self, functions=(*self.functions[:-1], main))

    def with_function(self, new: Function) -> Genome:
        """Return the genome with one function exchanged for another of the same name."""
        return Genome(tuple([new if f.name == new.name else f for f in self.functions]), self.doc)

    @property
    def helpers(self) -> tuple[Function, ...]:
        """Return the functions before the entry."""
        return self.functions[:-1]

    @property
    def size(self) -> int:
        """Count the statements of all functions."""
        return sum(len(f.body) for f in self.functions)


def named_constants(function: Function) -> dict[str, float]:
    """Map the names of a tidy function's constants to their values, the first read first."""
    read = [a for s in function.body for a in s.args]
    return {a.name: float(a) for a in (*read, *function.returns) if isinstance(a, Named)}


def base_of(name: str) -> str:
    """Return the part of a name that a person chose: `m` for `m.2`, nothing for `.2`."""
    return name.partition(".")[0]


def is_anonymous(name: str) -> bool:
    """Tell whether the name stands for a nested expression."""
    return name.startswith(".")
