"""A program as aligned equations, one per value that has a name.

A state is `m_{t-1}` before the step and `m_t` after it; what a program binds on the way carries
primes. A schedule is the same without states: its result is the factor on the learning rate.
"""

from __future__ import annotations

from collections.abc import Sequence

from programs.check import without_dead_code
from programs.errors import InputError
from programs.export.symbols import (
    ATOM,
    FUNCTIONS,
    INPUTS,
    POWER,
    PRODUCT,
    SUM,
    TEMPLATES,
    scientific,
    symbol,
    upright,
)
from programs.genome import Argument, Function, Statement, base_of, is_anonymous
from programs.kind import Kind
from programs.load import kind_named
from programs.program import Program
from programs.tidy import tidy

Text = tuple[str, int]


def export_latex(program: Program) -> str:
    """Return an `align*` block with the equations of an optimiser or a schedule."""
    if program.genome is None:
        raise InputError("expected a program in the language; free-form Python has no equations")
    kind = kind_named(program.kind)
    genome = tidy(without_dead_code(program.genome, kind), kind)
    rows = " \\\\\n".join(f"    {left} &= {right}" for left, right in equations(genome.main, kind))
    return f"\\begin{{align*}}\n{rows}\n\\end{{align*}}\n"


def equations(function: Function, kind: Kind) -> list[tuple[str, str]]:
    """Return the left and right sides of a function's equations."""
    states = kind.entry.states(function)
    writer = _Writer(function, states)
    for statement in function.body:
        writer.add(statement)
    if "w" not in function.params:
        return writer.ending_with(r"\lambda_t", function.returns[0])
    for state, new in zip(states, function.returns[1:], strict=True):
        writer.close(f"{symbol(state)}_t", new)
    result, binds = writer.text(function.returns[0])
    change = result if binds > SUM else rf"\left( {result} \right)"
    return [*writer.rows, (r"\theta_t", rf"\theta_{{t-1}} - {change}")]


class _Writer:
    """Write statements; `rows` are the equations so far."""

    def __init__(self, function: Function, states: Sequence[str]) -> None:
        self.rows: list[tuple[str, str]] = []
        self.texts: dict[str, Text] = {p: (_input(p, states), ATOM) for p in function.params}
        self.used = {text for text, _ in self.texts.values()}
        self.final = {new: s for s, new in zip(states, function.returns[1:], strict=True)}

    def add(self, statement: Statement) -> None:
        """Write an equation, or keep a nested value for where it is used."""
        name, text = statement.target, self._call(statement.op, statement.args)
        if is_anonymous(name):
            self.texts[name] = text
            return
        base = base_of(self.final.get(name, name))
        left = INPUTS.get(base, f"{symbol(base)}_t")
        while left in self.used:
            left = _primed(left)
        self.used.add(left)
        self.rows.append((left, text[0]))
        self.texts[name] = (left, ATOM)

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
        return self.texts[arg] if isinstance(arg, str) else scientific(arg)

    def _call(self, op: str, args: Sequence[Argument]) -> Text:
        texts = [self.text(a) for a in args]
        if op in _RULES:
            return _RULES[op](*texts)
        if op == "lerp":
            return self._lerp(args)
        given = [text for text, _ in texts]
        if op in TEMPLATES:
            template, binds = TEMPLATES[op]
            return template.format(*(_operands(op, texts))), binds
        name = FUNCTIONS.get(op, rf"\operatorname{{{upright(op)}}}")
        return rf"{name}\left( {', '.join(given)} \right)", ATOM

    def _lerp(self, args: Sequence[Argument]) -> Text:
        first, second, share = (self.text(x) for x in args)
        t = args[2]
        rest = _minus(("1", ATOM), share) if isinstance(t, str) else scientific(1 - t)
        return _plus(_product(rest, first), _product(share, second))


def _operands(op: str, texts: Sequence[Text]) -> list[str]:
    """Bracket the operands of a notation that does not enclose them."""
    return [_within(t, POWER) for t in texts] if op == "mod" else [text for text, _ in texts]


def _input(name: str, states: Sequence[str]) -> str:
    if name == "w":
        return r"\theta_{t-1}"
    if name in states:
        return rf"{symbol(name)}_{{t-1}}"
    return INPUTS.get(name, f"{symbol(name)}_t")


def _primed(left: str) -> str:
    """Add a prime before the index: `m_t`, `m'_t`, `m''_t`."""
    stem, mark, index = left.rpartition("_t")
    return f"{stem}'_t" if mark and not index else f"{left}'"


def _within(text: Text, at_least: int) -> str:
    return text[0] if text[1] >= at_least else rf"\left( {text[0]} \right)"


def _plus(a: Text, b: Text) -> Text:
    if b[0].startswith("-"):
        return f"{_within(a, SUM)} - {b[0][1:]}", SUM
    return f"{_within(a, SUM)} + {_within(b, SUM)}", SUM


def _minus(a: Text, b: Text) -> Text:
    return f"{_within(a, SUM)} - {_within(b, SUM + 1)}", SUM


def _product(a: Text, b: Text) -> Text:
    left, right = _within(a, PRODUCT), _within(b, PRODUCT)
    sign = r"\cdot" if right[0].isdigit() else r"\,"
    return rf"{left} {sign} {right}", PRODUCT


def _power(a: Text, b: Text) -> Text:
    return f"{_within(a, ATOM)}^{{{b[0]}}}", POWER


def _neg(a: Text) -> Text:
    return f"-{_within(a, PRODUCT)}", SUM


_RULES = {
    "add": _plus,
    "sub": _minus,
    "mul": _product,
    "matmul": _product,
    "neg": _neg,
    "pow": _power,
    "square": lambda a: _power(a, ("2", ATOM)),
    "cube": lambda a: _power(a, ("3", ATOM)),
    "transpose": lambda a: _power(a, (r"\top", ATOM)),
}
