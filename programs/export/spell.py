"""How one op is written in PyTorch, for one tensor or for a scalar that is kept as one.

The vocabulary's own expressions are exact but blunt: each guards against everything. Here a guard
goes where the operand's range proves it needless, and an operand that is no tensor is made one
only where PyTorch insists.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from programs.ranges import ANY, Range
from programs.render import number

ATOM, POWER, UNARY, PRODUCT, SUM, COMPARISON, CHOICE = 100, 70, 60, 50, 40, 20, 10
_CHAINS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "@": PRODUCT}
SIGNS = {"gt": ">", "lt": "<", "ge": ">=", "le": "<="}
_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "matmul": "@"}


@dataclass(frozen=True, slots=True)
class Operand:
    """A value as text: how tightly it binds, whether it is a tensor, and what is known of it.

    A `number` is one of Python's at run time; what is neither that nor a tensor may be either.
    """

    text: str
    binds: int = ATOM
    tensor: bool = True
    range: Range = ANY
    literal: bool = False
    number: bool = False

    def within(self, at_least: int) -> str:
        """Return the text, in brackets where it binds less tightly."""
        return self.text if self.binds >= at_least else f"({self.text})"


def literal(value: float) -> Operand:
    """Write a constant."""
    binds = UNARY if math.copysign(1.0, value) < 0 else ATOM
    return Operand(number(value), binds, False, Range(value, value), literal=True, number=True)


Written = tuple[str, int]
"""An expression and how tightly it binds."""


def infix(sign: str, left: Operand, right: Operand) -> Written:
    """Write a left-associative operator."""
    binds = _CHAINS[sign]
    return f"{left.within(binds)} {sign} {right.within(binds + 1)}", binds


@dataclass(slots=True)
class Speller:
    """Write ops beside the tensor named `like`; `helpers` collects the functions they need."""

    like: str
    helpers: set[str]

    def __call__(self, op: str, args: Sequence[Operand]) -> Written:
        """Return the expression for one call of `op`."""
        if op in _ARITHMETIC:
            return infix(_ARITHMETIC[op], args[0], args[1])
        rule = _RULES.get(op)
        if rule is not None:
            return rule(self, *args)
        return _simple(self, op, args)

    def need(self, helper: str) -> str:
        """Note that the file must carry a helper, and return its name."""
        self.helpers.add(helper)
        return helper

    def tensor(self, arg: Operand) -> str:
        """Return the operand as text that is a tensor at run time."""
        return arg.text if arg.tensor else f"{self.need('as_tensor')}({arg.text}, {self.like})"


_BOUNDED = {
    "exp": ("torch.exp({})", "-80.0, 80.0"),
    "exp2": ("torch.exp2({})", "-115.0, 115.0"),
    "exp10": ("10.0 ** {}", "-34.0, 34.0"),
    "expm1": ("torch.expm1({})", "-80.0, 80.0"),
    "arcsin": ("torch.arcsin({})", "-1.0, 1.0"),
    "arccos": ("torch.arccos({})", "-1.0, 1.0"),
    "sinh": ("torch.sinh({})", "-80.0, 80.0"),
    "cosh": ("torch.cosh({})", "-80.0, 80.0"),
    "arccosh": ("torch.arccosh({})", "1.0, 1e30"),
    "arctanh": ("torch.arctanh({})", "-0.999999, 0.999999"),
}
"""Functions that clip their argument into their domain, and that domain."""

_PLAIN = {
    "sign": "torch.sign({})",
    "square": "torch.square({})",
    "sin": "torch.sin({})",
    "cos": "torch.cos({})",
    "tan": "torch.tan({})",
    "arctan": "torch.arctan({})",
    "tanh": "torch.tanh({})",
    "arcsinh": "torch.arcsinh({})",
    "cbrt": "torch.sign({0}) * torch.abs({0}) ** (1.0 / 3.0)",
    "log": "torch.log(torch.clamp(torch.abs({}), 1e-30, 1e30))",
    "log2": "torch.log2(torch.clamp(torch.abs({}), 1e-30, 1e30))",
    "log10": "torch.log10(torch.clamp(torch.abs({}), 1e-30, 1e30))",
    "log1p": "torch.log(torch.clamp(torch.abs(1.0 + {1}), 1e-30, 1e30))",
    "norm": "torch.linalg.vector_norm({})",
    "mean": "torch.mean({})",
    "sum": "torch.sum({})",
    "rms": "torch.sqrt(torch.mean(torch.square({})))",
    "dot": "torch.sum({1} * {2})",
    "row_mean": "torch.mean({}, dim=-1, keepdim=True)",
    "column_mean": "torch.mean({}, dim=-2, keepdim=True)",
    "row_norm": "torch.linalg.vector_norm({}, dim=-1, keepdim=True)",
    "column_norm": "torch.linalg.vector_norm({}, dim=-2, keepdim=True)",
    "transpose": "torch.swapaxes({}, -1, -2)",
}
"""Calls with one text for all operands: `{}` the first, `{1}` and `{2}` bracketed as factors."""


def _simple(spell: Speller, op: str, args: Sequence[Operand]) -> Written:
    first = spell.tensor(args[0])
    if op in _BOUNDED:
        text, domain = _BOUNDED[op]
        binds = POWER if "**" in text else ATOM
        return text.format(f"torch.clamp({first}, {domain})"), binds
    factors = [a.within(PRODUCT + 1) for a in args]
    text = _PLAIN[op]
    text = text.replace("{}", first).replace("{0}", first).replace("{1}", factors[0])
    text = text.replace("{2}", factors[-1])
    return text, PRODUCT if op == "cbrt" else ATOM


def _neg(spell: Speller, a: Operand) -> Written:
    return f"-{a.within(UNARY)}", UNARY


def _div(spell: Speller, a: Operand, b: Operand) -> Written:
    if b.range.nonzero:
        return infix("/", a, b)
    return f"{spell.need('divide')}({a.text}, {spell.tensor(b)})", ATOM


def _reciprocal(spell: Speller, a: Operand) -> Written:
    return _div(spell, Operand("1.0", tensor=False), a)


def _pow(spell: Speller, a: Operand, b: Operand) -> Written:
    if a.literal and b.literal:
        # Where constants make no number, Python's own power is complex, or an error.
        a = Operand(spell.tensor(a))
    return f"{a.within(POWER + 1)}**{b.within(POWER)}", POWER


def _cube(spell: Speller, a: Operand) -> Written:
    a = Operand(spell.tensor(a)) if a.literal else a
    return f"{a.within(POWER + 1)}**3", POWER


def _abs(spell: Speller, a: Operand) -> Written:
    if a.range.nonnegative:
        return a.text, a.binds
    return f"abs({a.text})", ATOM


def _sqrt(spell: Speller, a: Operand) -> Written:
    inner = spell.tensor(a)
    return f"torch.sqrt({inner if a.range.nonnegative else f'torch.abs({inner})'})", ATOM


def _extremum(spell: Speller, function: str, end: str, a: Operand, b: Operand) -> Written:
    if a.tensor and b.tensor:
        return f"torch.{function}({a.text}, {b.text})", ATOM
    a, b = (a, b) if a.tensor else (b, a)
    return f"torch.clamp({spell.tensor(a)}, {end}={b.text})", ATOM


def _maximum(spell: Speller, a: Operand, b: Operand) -> Written:
    return _extremum(spell, "maximum", "min", a, b)


def _minimum(spell: Speller, a: Operand, b: Operand) -> Written:
    return _extremum(spell, "minimum", "max", a, b)


def _clip(spell: Speller, a: Operand, b: Operand) -> Written:
    if b.tensor and not a.tensor:
        a = Operand(spell.tensor(a))
    bound = b.text if b.range.nonnegative else f"abs({b.text})"
    below = f"-{b.within(UNARY) if b.range.nonnegative else bound}"
    return f"torch.clamp({spell.tensor(a)}, {below}, {bound})", ATOM


def _mod(spell: Speller, a: Operand, b: Operand) -> Written:
    if b.range.nonzero:
        return f"torch.remainder({spell.tensor(a)}, {b.text})", ATOM
    below = spell.tensor(b)
    rest = f"torch.remainder({a.text}, {below})"
    return f"torch.where({below} == 0, 0.0, {rest})", ATOM


def _where(spell: Speller, c: Operand, a: Operand, b: Operand) -> Written:
    first = a.text if a.tensor or b.tensor else spell.tensor(a)
    test = Operand(spell.tensor(c), c.binds if c.tensor else ATOM)
    return f"torch.where({test.within(COMPARISON + 1)} != 0, {first}, {b.text})", ATOM


def _lerp(spell: Speller, a: Operand, b: Operand, t: Operand) -> Written:
    if t.literal and a.tensor and b.tensor:
        return f"torch.lerp({a.text}, {b.text}, {t.text})", ATOM
    step = f"({b.within(SUM)} - {a.within(SUM + 1)}) * {t.within(PRODUCT + 1)}"
    return f"{a.within(SUM)} + {step}", SUM


def _compare(sign: str) -> Callable[..., Written]:
    def written(spell: Speller, a: Operand, b: Operand) -> Written:
        test = f"{a.within(COMPARISON + 1)} {sign} {b.within(COMPARISON + 1)}"
        return f"({test}).to({spell.like}.dtype)", ATOM

    return written


def _cosine(spell: Speller, a: Operand, b: Operand) -> Written:
    spell.need("divide")
    return f"{spell.need('cosine')}({a.text}, {b.text})", ATOM


def _orthogonalize(spell: Speller, a: Operand) -> Written:
    return f"{spell.need('newton_schulz')}({a.text})", ATOM


_RULES: dict[str, Callable[..., Written]] = {
    "neg": _neg,
    "div": _div,
    "reciprocal": _reciprocal,
    "pow": _pow,
    "cube": _cube,
    "abs": _abs,
    "sqrt": _sqrt,
    "maximum": _maximum,
    "minimum": _minimum,
    "clip": _clip,
    "mod": _mod,
    "where": _where,
    "lerp": _lerp,
    "cosine_sim": _cosine,
    "orthogonalize": _orthogonalize,
    **{name: _compare(sign) for name, sign in SIGNS.items()},
}
