"""What all tensors of a group share, computed once per step: `1 - 0.9**step` and its like.

Where plain arithmetic will do, the lines work on numbers and on 0-d tensors alike. A program that
needs more (a cosine of `step`, a guarded division) gets them computed on 0-d tensors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from programs.export.analysis import SHARED, Analysis
from programs.export.names import Names, python_name
from programs.export.spell import ATOM, POWER, Operand, Speller, Written, literal
from programs.genome import Statement, is_anonymous
from programs.ranges import INPUTS, Range, range_of, ranges_of

_ALWAYS_PLAIN = frozenset(("add", "sub", "neg", "mul", "lerp", "abs"))
_POWERS = {"square": "2", "sqrt": "0.5"}


@dataclass(frozen=True, slots=True)
class Scalars:
    """The shared values that tensors read: their names in order, and the lines that make them.

    `inputs` are those of lr, step and total that occur at all; `keys` are what noise reads of them,
    whole numbers that no type of a weight may round; `plain` says that the lines are arithmetic on
    numbers, else they need 0-d tensors.
    """

    inputs: tuple[str, ...]
    names: dict[str, str]
    keys: dict[str, str]
    lines: tuple[str, ...]
    plain: bool

    @property
    def parameters(self) -> list[str]:
        """Return the names as the parameters of a function on tensors."""
        return [*self.names.values(), *self.keys.values()]


def scalars_of(analysis: Analysis, helpers: set[str]) -> Scalars:
    """Write the shared values of a program; note the helpers they need."""
    exposed = _exposed(analysis)
    writer = _Writer(analysis, helpers, exposed)
    for statement in _body(analysis):
        writer.add(statement)
    keys = analysis.keys()
    for name, key in keys.items():
        writer.lines.append(f"{key} = {writer.spell.need('whole')}({writer.texts[name].text})")
    read = {n for s in _body(analysis) for n in s.names()} | exposed | set(keys)
    if not writer.plain:
        helpers.add("as_tensor")
        read.add("step")
    inputs = tuple(p for p in SHARED if p in read)
    names = {n: t.text for n, t in writer.texts.items() if n in exposed}
    return Scalars(inputs, names, keys, tuple(writer.lines), writer.plain)


def _body(analysis: Analysis) -> list[Statement]:
    return [s for s in analysis.function.body if s.target in analysis.scalars]


def _exposed(analysis: Analysis) -> set[str]:
    body = [s for s in analysis.function.body if s.target not in analysis.scalars]
    read = (n for s in body for n in (s.args[:1] if s.op == "noise" else s.args))
    return {n for n in read if isinstance(n, str) and n in analysis.scalars}


_LARGEST = {"lr": Range(0.0, 1e6), "step": Range(1.0, 1e12), "total": Range(1.0, 1e12)}
"""Beyond what anyone asks for, where Python's own powers are still numbers."""


def _all_plain(analysis: Analysis) -> bool:
    """Tell whether Python's own arithmetic gives what the conventions ask, and never raises."""
    function, states, scalars = analysis.function, analysis.states, analysis.scalars
    largest = ranges_of(function, states, scalars, _LARGEST)
    return all(_is_plain(s, analysis, largest) for s in _body(analysis))


def _is_plain(statement: Statement, analysis: Analysis, largest: Mapping[str, Range]) -> bool:
    ranges = [analysis.range(a) for a in statement.args]
    if statement.op == "div":
        return ranges[1].nonzero
    if statement.op == "sqrt":
        return ranges[0].nonnegative
    if statement.op in ("square", "cube"):
        base = range_of(statement.args[0], largest)
        return isinstance(statement.args[0], str) and max(-base.low, base.high) < math.inf
    if statement.op == "pow":
        fraction = ranges[0].low > 0 and ranges[0].high <= 1 and ranges[1].nonnegative
        count = statement.args[0] in ("step", "total") and ranges[1].high <= 4
        return fraction or count
    return statement.op in _ALWAYS_PLAIN


class _Writer:
    """Write scalar statements, the nested ones where they are used."""

    def __init__(self, analysis: Analysis, helpers: set[str], exposed: set[str]) -> None:
        self.analysis = analysis
        self.exposed = exposed
        self.plain = _all_plain(analysis)
        self.spell = Speller("step", helpers)
        bound = [python_name(n) for n in analysis.function.bound() if not is_anonymous(n)]
        self.names = Names(bound)
        self.lines: list[str] = []
        self.texts = {p: Operand(p, tensor=not self.plain, range=INPUTS[p]) for p in SHARED}

    def add(self, statement: Statement) -> None:
        """Write one statement, or keep its text for where it is used."""
        name, (text, binds) = statement.target, self._written(statement)
        known = self.analysis.range(name)
        if is_anonymous(name) and name not in self.exposed:
            self.texts[name] = Operand(text, binds, not self.plain, known)
            return
        given = self.names.numbered("c") if is_anonymous(name) else self.names.once(name)
        self.lines.append(f"{given} = {text}")
        self.texts[name] = Operand(given, tensor=not self.plain, range=known)

    def _written(self, statement: Statement) -> Written:
        args = [self.texts[a] if isinstance(a, str) else literal(a) for a in statement.args]
        if self.plain and statement.op in _POWERS:
            return f"{args[0].within(ATOM)}**{_POWERS[statement.op]}", POWER
        return self.spell(statement.op, args)
