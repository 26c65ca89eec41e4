"""Values as sums of scaled products: the form in which PyTorch's fused operations are recognised.

`(m / c1) / d` becomes `1 / c1 · m/d`. Constants and shared values move within a product, which
costs a rounding at most. Sums keep their order: `1 - (1 - x)` is not `x` where that is small beside
1. Only what is subtracted from the weights is read through its sums (`flat`): there
`lr * (m / d + 0.01 * w)` costs one `mul_` and one `addcdiv_` with no list of temporaries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from programs.export.analysis import Analysis
from programs.export.spell import PRODUCT, SUM, Operand, infix, literal
from programs.genome import Argument, Statement
from programs.ranges import Range, product, quotient

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
    known, tensor = product(a.range, b.range), a.tensor or b.tensor
    for one, other in ((a, b), (b, a)):
        if one.binds == PRODUCT and one.text.startswith("1 / "):
            text = f"{other.within(PRODUCT)} / {one.text[4:]}"
            return Operand(text, PRODUCT, tensor, known)
    return Operand(*infix("*", a, b), tensor, known)


def over(a: Operand, b: Operand) -> Operand:
    """Divide two scalars as text."""
    known = quotient(a.range, b.range)
    return Operand(*infix("/", a, b), a.tensor or b.tensor, known)


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
    known = Range(-a.range.high, -a.range.low)
    if a.text.startswith("-") and a.binds >= PRODUCT:
        return replace(a, text=a.text[1:], binds=PRODUCT, range=known)
    return Operand(f"-{a.within(PRODUCT)}", PRODUCT, a.tensor, known)


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

    def term(self, arg: Argument) -> Term:
        """Return a value as one term: a sum is one that has to be computed."""
        terms = self._terms(arg)
        return terms[0] if len(terms) == 1 else self._whole(arg)

    def of(self, statement: Statement) -> list[Term]:
        """Return the terms, two at most, of a statement's value."""
        rule = _RULES.get(statement.op) if self.analysis.is_uniform(statement) else None
        terms = rule(self, *statement.args) if rule else None
        return terms or [self._whole(statement.target)]

    def flat(self, arg: Argument) -> list[Term]:
        """Return all the terms that a value is made of, through sums of sums."""
        statement = self.lazy.get(arg) if isinstance(arg, str) else None
        if statement is None or not self.analysis.is_uniform(statement):
            return [self.term(arg)]
        op, args = statement.op, statement.args
        if op in ("add", "sub", "neg"):
            last = [_negated(t) if op != "add" else t for t in self.flat(args[-1])]
            return [*self.flat(args[0]), *last] if len(args) > 1 else last
        scalars = [self.scalar(a) for a in args]
        if op == "mul" and any(scalars):
            by, rest = (scalars[0], args[1]) if scalars[0] else (scalars[1], args[0])
            return [replace(t, scale=times(by, t.scale)) for t in self.flat(rest) if by]
        if op == "div" and scalars[1] and self.analysis.range(args[1]).nonzero:
            return [replace(t, scale=over(t.scale, scalars[1])) for t in self.flat(args[0])]
        return [self.term(arg)]

    def single(self, arg: Argument) -> tuple[Operand, str]:
        """Split a tensor into a scalar and a name."""
        term = self.term(arg)
        if len(term.factors) == 1:
            return term.scale, term.factors[0]
        assert isinstance(arg, str)
        return ONE, arg

    def cannot_cancel(self, statement: Statement) -> bool:
        """Tell whether a sum may be fused: an average, or what has one sign."""
        if statement.op == "lerp":
            return True
        if statement.op not in ("add", "sub"):
            return False
        a, b = (self.analysis.range(x) for x in statement.args)
        b = Range(-b.high, -b.low) if statement.op == "sub" else b
        return (a.low >= 0 and b.low >= 0) or (a.high <= 0 and b.high <= 0)

    def _terms(self, arg: Argument) -> list[Term]:
        known = self.scalar(arg)
        if known is not None:
            return [Term(known)]
        assert isinstance(arg, str)
        return self.of(self.lazy[arg]) if arg in self.lazy else [self._whole(arg)]

    def _whole(self, arg: Argument) -> Term:
        assert isinstance(arg, str)
        return Term(ONE, (arg,))


Terms = list[Term] | None


def _negated(term: Term) -> Term:
    return replace(term, scale=minus(term.scale))


def _scaled(term: Term, by: Operand) -> Term:
    return replace(term, scale=times(by, term.scale))


def _add(self: Linear, a: Argument, b: Argument) -> Terms:
    return [self.term(a), self.term(b)]


def _sub(self: Linear, a: Argument, b: Argument) -> Terms:
    return [self.term(a), _negated(self.term(b))]


def _neg(self: Linear, a: Argument) -> Terms:
    return [_negated(self.term(a))]


def _abs(self: Linear, a: Argument) -> Terms:
    return [self.term(a)] if self.analysis.range(a).nonnegative else None


def _mul(self: Linear, a: Argument, b: Argument) -> Terms:
    for factor, rest in ((a, b), (b, a)):
        known = self.scalar(factor)
        if known is not None:
            return [_scaled(self.term(rest), known)]
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
        term = self.term(a)
        return [replace(term, scale=over(term.scale, divisor))]
    if self.scalar(a) is not None:
        return None
    scale, x = self.single(a)
    assert isinstance(b, str)
    return [Term(scale, (x, b), "/")]


def _lerp(self: Linear, a: Argument, b: Argument, t: Argument) -> Terms:
    share, known = self.scalar(t), self.analysis.range(t)
    # Beyond the two values, `a + (b - a) * t` is not to be told from what is left of large terms.
    if share is None or known.low < 0 or known.high > 1:
        return None
    return [_scaled(self.term(a), plus(ONE, minus(share))), _scaled(self.term(b), share)]


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
