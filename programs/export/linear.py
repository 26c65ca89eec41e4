"""Sums of scaled products: the form in which PyTorch's fused list operations are recognised.

`lr * (m / (c1 * d) + 0.01 * w)` becomes `lr / c1 · m/d + 0.01 * lr · w`, so that subtracting it
from `w` costs one `mul_` and one `addcdiv_` with no list of temporaries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from programs.export.analysis import Analysis
from programs.export.spell import PRODUCT, SUM, Operand, infix, literal
from programs.genome import Argument, Statement

ONE = literal(1.0)


@dataclass(frozen=True, slots=True)
class Term:
    """`scale · factors`; a second factor multiplies, or divides where `sign` is `/`."""

    scale: Operand
    factors: tuple[str, ...] = ()
    sign: str = "*"


def times(a: Operand, b: Operand) -> Operand:
    """Multiply two scalars as text."""
    if a.literal and b.literal:
        return literal(_value(a) * _value(b))
    for one, other in ((a, b), (b, a)):
        if one.literal and _value(one) == 1:
            return other
        if one.literal and _value(one) == -1:
            return minus(other)
    for one, other in ((a, b), (b, a)):
        if one.binds == PRODUCT and one.text.startswith("1 / "):
            text = f"{other.within(PRODUCT)} / {one.text[4:]}"
            return Operand(text, PRODUCT, a.tensor or b.tensor)
    return Operand(*infix("*", a, b), tensor=a.tensor or b.tensor)


def over(a: Operand, b: Operand) -> Operand:
    """Divide two scalars as text."""
    return Operand(*infix("/", a, b), tensor=a.tensor or b.tensor)


def plus(a: Operand, b: Operand) -> Operand:
    """Add two scalars as text."""
    if a.literal and b.literal:
        return literal(_value(a) + _value(b))
    if b.text.startswith("-") and b.binds >= PRODUCT:
        return Operand(f"{a.within(SUM)} - {b.text[1:]}", SUM, a.tensor or b.tensor)
    return Operand(*infix("+", a, b), tensor=a.tensor or b.tensor)


def minus(a: Operand) -> Operand:
    """Negate a scalar as text."""
    if a.literal:
        return literal(-_value(a))
    if a.text.startswith("-") and a.binds >= PRODUCT:
        return replace(a, text=a.text[1:], binds=PRODUCT)
    return Operand(f"-{a.within(PRODUCT)}", PRODUCT, a.tensor)


def is_one(a: Operand) -> bool:
    """Tell whether the scalar is the constant 1."""
    return a.literal and _value(a) == 1


def _value(a: Operand) -> float:
    return a.range.low


class Linear:
    """Read values as sums of terms; `lazy` holds the statements that are not computed yet."""

    def __init__(
        self,
        analysis: Analysis,
        scalar: Callable[[Argument], Operand | None],
        lazy: dict[str, Statement],
    ) -> None:
        self.analysis = analysis
        self.scalar = scalar
        self.lazy = lazy

    def __call__(self, arg: Argument) -> list[Term]:
        """Return the terms of a value."""
        known = self.scalar(arg)
        if known is not None:
            return [Term(known)]
        assert isinstance(arg, str)
        return self.of(self.lazy[arg]) if arg in self.lazy else [Term(ONE, (arg,))]

    def of(self, statement: Statement) -> list[Term]:
        """Return the terms of a statement's value; what is not linear is one term by itself."""
        rule = _RULES.get(statement.op) if self.analysis.is_uniform(statement) else None
        terms = rule(self, *statement.args) if rule else None
        return merged(terms) if terms else [Term(ONE, (statement.target,))]

    def scaled(self, arg: Argument, by: Operand) -> list[Term]:
        """Return the terms of a value times a scalar."""
        return [replace(t, scale=times(by, t.scale)) for t in self(arg)]

    def single(self, arg: Argument) -> tuple[Operand, str]:
        """Split a tensor into a scalar and a name."""
        terms = self(arg)
        if len(terms) == 1 and len(terms[0].factors) == 1:
            return terms[0].scale, terms[0].factors[0]
        assert isinstance(arg, str)
        return ONE, arg


Terms = list[Term] | None


def _add(self: Linear, a: Argument, b: Argument) -> Terms:
    return [*self(a), *self(b)]


def _sub(self: Linear, a: Argument, b: Argument) -> Terms:
    return [*self(a), *self.scaled(b, literal(-1.0))]


def _neg(self: Linear, a: Argument) -> Terms:
    return self.scaled(a, literal(-1.0))


def _abs(self: Linear, a: Argument) -> Terms:
    return self(a) if self.analysis.range(a).nonnegative else None


def _mul(self: Linear, a: Argument, b: Argument) -> Terms:
    for factor, rest in ((a, b), (b, a)):
        known = self.scalar(factor)
        if known is not None:
            return self.scaled(rest, known)
    (left, x), (right, y) = self.single(a), self.single(b)
    return [Term(times(left, right), (x, y))]


def _square(self: Linear, a: Argument) -> Terms:
    assert isinstance(a, str)
    return [Term(ONE, (a, a))]


def _div(self: Linear, a: Argument, b: Argument) -> Terms:
    if not self.analysis.range(b).nonzero:
        return None
    divisor = self.scalar(b)
    if divisor is not None:
        return [replace(t, scale=over(t.scale, divisor)) for t in self(a)]
    if self.scalar(a) is not None:
        return None
    scale, x = self.single(a)
    assert isinstance(b, str)
    return [Term(scale, (x, b), "/")]


def _lerp(self: Linear, a: Argument, b: Argument, t: Argument) -> Terms:
    share = self.scalar(t)
    if share is None:
        return None
    return [*self.scaled(a, plus(ONE, minus(share))), *self.scaled(b, share)]


_RULES: dict[str, Callable[..., Terms]] = {
    "add": _add,
    "sub": _sub,
    "neg": _neg,
    "abs": _abs,
    "mul": _mul,
    "square": _square,
    "div": _div,
    "lerp": _lerp,
}


def merged(terms: list[Term]) -> list[Term]:
    """Add the scales of terms with equal factors."""
    sums: dict[tuple[tuple[str, ...], str], Operand] = {}
    for term in terms:
        key = (term.factors, term.sign)
        sums[key] = plus(sums[key], term.scale) if key in sums else term.scale
    return [Term(scale, factors, sign) for (factors, sign), scale in sums.items()]
