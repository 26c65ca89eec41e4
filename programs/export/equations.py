"""A program as equations, one per value that has a name, in one notation or another.

A state is m at t−1 before the step and m at t after it; what a program binds on the way carries
primes. A schedule is the same without states: its result is the factor on the learning rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from programs.check import without_dead_code
from programs.errors import InputError
from programs.genome import Argument, Function, Statement, base_of, is_anonymous
from programs.kind import Kind
from programs.named import kind_named
from programs.program import Program
from programs.tidy import tidy

ATOM, POWER, PRODUCT, SUM, RELATION = 100, 70, 50, 40, 20

Text = tuple[str, int]
"""An expression and how tightly its outermost operator binds."""

INPUTS = ("lr", "step", "total")
"""The scalars that are the same before and after a step."""


@dataclass(frozen=True)
class Notation:
    """How mathematics is written down.

    `symbol(name, primes)` writes a name a person chose and `constant` a number. `at(symbol)` and
    `before(symbol)` give a symbol the index t or t−1. `templates` have `{0}`, `{1}`, … for
    operands that they enclose, and what the whole binds like; `rules` see how operands bind.
    `where` has the condition, then both values. `call` has `{0}` for what
    `function` makes of a function's name and `{1}` for its arguments.
    """

    symbol: Callable[[str, int], str]
    constant: Callable[[float], Text]
    at: Callable[[str], str]
    before: Callable[[str], str]
    weight: str
    factor: str
    group: str
    times: Callable[[str, str], str]
    minus: str
    templates: Mapping[str, tuple[str, int]]
    rules: Mapping[str, Callable[..., Text]]
    relations: Mapping[str, str]
    where: str
    nonzero: str
    iverson: str
    call: str
    function: Callable[[str], str]

    def within(self, text: Text, at_least: int) -> str:
        """Bracket a text that binds less than it must here."""
        return text[0] if text[1] >= at_least else self.group.format(text[0])

    def product(self, a: Text, b: Text) -> Text:
        """Write a product."""
        return self.times(self.within(a, PRODUCT), self.within(b, PRODUCT)), PRODUCT

    def plus(self, a: Text, b: Text) -> Text:
        """Write a sum; a negative second term is taken away."""
        if b[0].startswith(self.minus):
            return f"{self.within(a, SUM)} {self.minus} {b[0].removeprefix(self.minus)}", SUM
        return f"{self.within(a, SUM)} + {self.within(b, SUM)}", SUM

    def less(self, a: Text, b: Text) -> Text:
        """Write a difference."""
        return f"{self.within(a, SUM)} {self.minus} {self.within(b, SUM + 1)}", SUM

    def negative(self, a: Text) -> Text:
        """Write a negation."""
        return f"{self.minus}{self.within(a, PRODUCT)}", SUM


def equations(program: Program, notation: Notation) -> list[tuple[str, str]]:
    """Return the left and right sides of an optimiser's or a schedule's equations."""
    if program.genome is None:
        raise InputError("expected a program in the language; free-form Python has no equations")
    if program.kind == "architecture":
        raise InputError("expected an optimizer or a schedule; an architecture has no equations")
    kind = kind_named(program.kind)
    genome = tidy(without_dead_code(program.genome, kind), kind)
    return _equations(genome.main, kind, notation)


def _equations(function: Function, kind: Kind, notation: Notation) -> list[tuple[str, str]]:
    states = kind.entry.states(function)
    writer = _Writer(function, states, notation)
    for statement in function.body:
        writer.add(statement)
    if "w" not in function.params:
        return writer.ending_with(notation.at(notation.factor), function.returns[0])
    for state, new in zip(states, function.returns[1:], strict=True):
        writer.close(writer.after(state), new)
    before = notation.before(notation.weight), ATOM
    step = notation.less(before, writer.text(function.returns[0]))
    return [*writer.rows, (notation.at(notation.weight), step[0])]


class _Writer:
    """Write statements; `rows` are the equations so far."""

    def __init__(self, function: Function, states: Sequence[str], notation: Notation) -> None:
        self.notation = notation
        self.rows: list[tuple[str, str]] = []
        self.conditions: dict[str, str] = {}
        self.texts: dict[str, Text] = {p: (self._given(p, states), ATOM) for p in function.params}
        self.final = {new: s for s, new in zip(states, function.returns[1:], strict=True)}
        # What a state is after the step has its plain symbol, and nothing on the way there does.
        self.used = {text for text, _ in self.texts.values()} | {self.after(s) for s in states}

    def add(self, statement: Statement) -> None:
        """Write an equation, or keep a nested value for where it is used."""
        name = statement.target
        text = self._call(statement)
        if is_anonymous(name):
            self.texts[name] = text
            return
        left = self.after(self.final[name]) if name in self.final else self._fresh(base_of(name))
        self.used.add(left)
        self.rows.append((left, text[0]))
        self.texts[name] = (left, ATOM)

    def after(self, name: str, primes: int = 0) -> str:
        """Return the symbol of a value that this step computes."""
        symbol = self.notation.symbol(name, primes)
        return symbol if name in INPUTS else self.notation.at(symbol)

    def close(self, left: str, new: Argument) -> None:
        """Write the new value of a state, unless an equation has said it."""
        text, _ = self.text(new)
        if text != left:
            self.rows.append((left, text))

    def ending_with(self, left: str, result: Argument) -> list[tuple[str, str]]:
        """Return the rows, the result's equation last; if it has just been named, under `left`."""
        text, _ = self.text(result)
        if self.rows and self.rows[-1][0] == text:
            return [*self.rows[:-1], (left, self.rows[-1][1])]
        return [*self.rows, (left, text)]

    def text(self, arg: Argument) -> Text:
        """Return the text of a name or a constant."""
        return self.texts[arg] if isinstance(arg, str) else self.notation.constant(arg)

    def _given(self, name: str, states: Sequence[str]) -> str:
        if name == "w":
            return self.notation.before(self.notation.weight)
        if name in states:
            return self.notation.before(self.notation.symbol(name, 0))
        return self.after(name)

    def _fresh(self, base: str) -> str:
        """Return the symbol with as many primes as it takes to be new."""
        return next(t for n in count() if (t := self.after(base, n)) not in self.used)

    def _call(self, statement: Statement) -> Text:
        op, texts, how = statement.op, [self.text(a) for a in statement.args], self.notation
        if op == "lerp":
            return self._lerp(statement.args)
        if op == "where":
            return self._where(statement.args[0], texts)
        if op in how.relations:
            relation = f"{texts[0][0]} {how.relations[op]} {texts[1][0]}"
            self.conditions[statement.target] = relation
            return how.iverson.format(relation), ATOM
        if op in how.rules:
            return how.rules[op](*texts)
        given = [text for text, _ in texts]
        if op in how.templates:
            template, binds = how.templates[op]
            return template.format(*given), binds
        return how.call.format(how.function(op), ", ".join(given)), ATOM

    def _lerp(self, args: Sequence[Argument]) -> Text:
        how, (first, second, share) = self.notation, (self.text(x) for x in args)
        t = args[2]
        rest = how.less(("1", ATOM), share) if isinstance(t, str) else how.constant(1 - t)
        return how.plus(how.product(rest, first), how.product(share, second))

    def _where(self, tested: Argument, texts: Sequence[Text]) -> Text:
        condition = self.conditions.get(tested) if isinstance(tested, str) else None
        if condition is None or not is_anonymous(str(tested)):
            condition = self.notation.nonzero.format(texts[0][0])
        return self.notation.where.format(condition, texts[1][0], texts[2][0]), ATOM
