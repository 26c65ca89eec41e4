"""A program as equations, one per value that has a name, in one notation or another.

A state is m at t−1 before the step and m at t after it; what a program binds on the way carries
primes. A schedule is the same without states: its result is the factor on the learning rate.
Where a function acts on |x| or clips its argument into its domain, the page says so, unless the
argument is known to lie there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from programs.check import without_dead_code
from programs.errors import InputError
from programs.export.analysis import shared_values
from programs.genome import Argument, Function, Statement, base_of, is_anonymous
from programs.kind import Kind
from programs.named import kind_named
from programs.program import Program
from programs.ranges import INPUTS as OPTIMIZER_INPUTS
from programs.ranges import Range, range_of, ranges_of
from programs.tidy import tidy

ATOM, POWER, PRODUCT, SUM, REMAINDER = 100, 70, 50, 40, 20

Text = tuple[str, int]
"""An expression and how tightly its outermost operator binds."""

INPUTS = ("lr", "step", "total")
"""The scalars that are the same before and after a step."""

_CLIPPED = {"arcsin": 1.0, "arccos": 1.0, "arctanh": 0.999999}
"""Functions that hold their argument within plus and minus a bound."""


@dataclass(frozen=True)
class Notation:
    """How mathematics is written down.

    `symbol(name, primes)` writes a name a person chose, `word` does so with all its letters, and
    `constant` writes a number. `at(symbol)` and `before(symbol)` give a symbol the index t or t−1.
    `templates` have `{0}`, `{1}`, … for operands that they enclose, and what the whole binds like;
    `rules` see how operands bind. `where` has the condition, then both values. `call` has `{0}` for
    what `function` makes of a function's name and `{1}` for its arguments.
    """

    symbol: Callable[[str, int], str]
    word: Callable[[str, int], str]
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

    def called(self, function: str, *args: Text) -> Text:
        """Write a function by its name."""
        return self.call.format(self.function(function), ", ".join(a for a, _ in args)), ATOM


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
    writer = _Writer(function, kind, notation)
    for statement in function.body:
        writer.add(statement)
    if "w" not in function.params:
        return writer.ending_with(notation.at(notation.factor), function.returns[0])
    for state, new in zip(states, function.returns[1:], strict=True):
        writer.close(writer.after(state), new)
    before = notation.before(notation.weight), ATOM
    step = notation.less(before, writer.text(function.returns[0]))
    return [*writer.rows, (notation.at(notation.weight), step[0])]


def _inputs(kind: Kind) -> Mapping[str, Range]:
    """Return what is known of the scalars; a schedule counts from 0, an optimiser from 1."""
    steps = OPTIMIZER_INPUTS["step"] if kind.entry.state is not None else Range(0.0)
    return {**OPTIMIZER_INPUTS, "step": steps}


def _rest(share: float) -> float:
    return float(1 - Decimal(repr(float(share))))


class _Writer:
    """Write statements; `rows` are the equations so far."""

    def __init__(self, function: Function, kind: Kind, notation: Notation) -> None:
        self.notation = notation
        states = kind.entry.states(function)
        own = notation.weight if "w" in function.params else notation.factor
        self.reserved = {own, *(notation.symbol(name, 0) for name in INPUTS)}
        self.stems: dict[str, str] = {}
        for name in function.params:
            self.stems[name] = self._unused(name, self.stems.values())
        self.rows: list[tuple[str, str]] = []
        self.conditions: dict[str, str] = {}
        self.texts: dict[str, Text] = {p: (self._given(p, states), ATOM) for p in function.params}
        self.final = {new: s for s, new in zip(states, function.returns[1:], strict=True)}
        # What a state is after the step has its plain symbol, and nothing on the way there does.
        self.used = {text for text, _ in self.texts.values()} | {self.after(s) for s in states}
        self.ranges = ranges_of(function, states, shared_values(function), _inputs(kind))

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

    def after(self, name: str) -> str:
        """Return the symbol of an input or of a state after the step."""
        return self._now(name, self.stems[name])

    def _now(self, name: str, symbol: str) -> str:
        return symbol if name in INPUTS else self.notation.at(symbol)

    def _symbol(self, name: str, primes: int) -> str:
        """Write a name; one whose letter the page itself uses for another value as a word."""
        taken = name not in INPUTS and self.notation.symbol(name, 0) in self.reserved
        return (self.notation.word if taken else self.notation.symbol)(name, primes)

    def _unused(self, name: str, taken: Collection[str]) -> str:
        """Return the symbol with as many primes as it takes to be new."""
        return next(t for n in count() if (t := self._symbol(name, n)) not in taken)

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
            return self.notation.before(self.stems[name])
        return self.after(name)

    def _fresh(self, base: str) -> str:
        """Return the symbol of a value on the way."""
        symbols = (self._now(base, self._symbol(base, n)) for n in count())
        return next(symbol for symbol in symbols if symbol not in self.used)

    def _call(self, statement: Statement) -> Text:
        op, how = statement.op, self.notation
        texts = [self._in_domain(op, a) for a in statement.args]
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
        if op in how.templates:
            template, binds = how.templates[op]
            return template.format(*(text for text, _ in texts)), binds
        return how.called(op, *texts)

    def _in_domain(self, op: str, arg: Argument) -> Text:
        """Write an operand as the function takes it: |x| under a root, and so on."""
        how, text, known = self.notation, self.text(arg), range_of(arg, self.ranges)
        if op == "sqrt" and not known.nonnegative:
            template, binds = how.templates["abs"]
            return template.format(text[0]), binds
        bound = _CLIPPED.get(op)
        if bound is not None and not (-bound <= known.low and known.high <= bound):
            return how.called("clip", text, how.constant(bound))
        if op == "arccosh" and not known.low >= 1:
            return how.called("maximum", text, how.constant(1.0))
        return text

    def _lerp(self, args: Sequence[Argument]) -> Text:
        how, (first, second, share) = self.notation, (self.text(x) for x in args)
        t = args[2]
        # As people subtract: 1 - 0.999 is 0.001.
        rest = how.less(("1", ATOM), share) if isinstance(t, str) else how.constant(_rest(t))
        return how.plus(how.product(rest, first), how.product(share, second))

    def _where(self, tested: Argument, texts: Sequence[Text]) -> Text:
        condition = self.conditions.get(tested) if isinstance(tested, str) else None
        if condition is None or not is_anonymous(str(tested)):
            condition = self.notation.nonzero.format(texts[0][0])
        return self.notation.where.format(condition, texts[1][0], texts[2][0]), ATOM
