"""A program as aligned equations in LaTeX."""

from __future__ import annotations

import math

from programs.export.equations import (
    ATOM,
    POWER,
    PRODUCT,
    REMAINDER,
    SUM,
    Notation,
    Text,
    equations,
)
from programs.export.symbols import GREEK, INPUTS, digits, split, stem
from programs.program import Program

FUNCTIONS = {
    "maximum": r"\max",
    "minimum": r"\min",
    "sin": r"\sin",
    "cos": r"\cos",
    "tan": r"\tan",
    "arcsin": r"\arcsin",
    "arccos": r"\arccos",
    "arctan": r"\arctan",
    "sinh": r"\sinh",
    "cosh": r"\cosh",
    "tanh": r"\tanh",
}
"""Functions that LaTeX knows by name; the others are set upright."""


def export_latex(program: Program) -> str:
    """Return an `align*` block with the equations of an optimiser or a schedule."""
    rows = " \\\\\n".join(f"    {left} &= {right}" for left, right in equations(program, LATEX))
    return f"\\begin{{align*}}\n{rows}\n\\end{{align*}}\n"


def symbol(name: str, primes: int = 0) -> str:
    """Write a name a person chose: `m_hat` with a hat, `beta` as the letter, words upright."""
    letters, accent = stem(name)
    if accent:
        return rf"\{accent}{{{symbol(letters)}}}" + "'" * primes
    letters, number = split(name)
    if number:
        return rf"{symbol(letters, primes)}^{{({number})}}"
    if name in INPUTS:
        return INPUTS[name][0] + "'" * primes
    return _letters(name) + "'" * primes


def _letters(name: str) -> str:
    if len(name) == 1:
        return name
    if name in GREEK:
        return f"\\{name}"
    return rf"\mathrm{{{upright(name)}}}"


def word(name: str, primes: int = 0) -> str:
    """Write a name in upright letters, even where it stands for a letter."""
    return rf"\mathrm{{{upright(name)}}}" + "'" * primes


def upright(name: str) -> str:
    """Escape a word for upright letters."""
    return name.replace("_", r"\_")


def scientific(value: float) -> Text:
    """Write a constant as people do: 0.999, or a power of ten."""
    if math.isclose(abs(value), math.pi, rel_tol=1e-12):
        return (r"\pi", ATOM) if value > 0 else (r"-\pi", SUM)
    sign, size = ("-" if value < 0 else ""), abs(value)
    binds = ATOM if value >= 0 else SUM
    mantissa, place = digits(size)
    if not place:
        return f"{sign}{mantissa}", binds
    power = f"10^{{{place}}}"
    if mantissa == "1":
        return f"{sign}{power}", POWER if value >= 0 else SUM
    return rf"{sign}{mantissa} \cdot {power}", PRODUCT if value >= 0 else SUM


def _times(left: str, right: str) -> str:
    sign = r"\cdot" if right[0].isdigit() else r"\,"
    return rf"{left} {sign} {right}"


def _function(name: str) -> str:
    return FUNCTIONS.get(name, rf"\operatorname{{{upright(name)}}}")


def _at(symbol: str) -> str:
    return f"{symbol}_t"


def _before(symbol: str) -> str:
    return rf"{symbol}_{{t-1}}"


def _product(a: Text, b: Text) -> Text:
    return LATEX.product(a, b)


def _power(a: Text, b: Text) -> Text:
    base = LATEX.within(a, ATOM)
    # TeX takes no second superscript, and a prime is one.
    raised = "{" + base + "}" if _has_superscript(base) else base
    return f"{raised}^{{{b[0]}}}", POWER


def _has_superscript(text: str) -> bool:
    """Tell whether a symbol has primes or a number above; what is bracketed has none of its own."""
    depth = 0
    for character in text if r"\left" not in text else "":
        depth += (character == "{") - (character == "}")
        if depth == 0 and character in "'^":
            return True
    return False


def _mod(a: Text, b: Text) -> Text:
    return rf"{LATEX.within(a, POWER)} \bmod {LATEX.within(b, POWER)}", REMAINDER


LATEX = Notation(
    symbol=symbol,
    word=word,
    constant=scientific,
    at=_at,
    before=_before,
    weight=r"\theta",
    factor=r"\lambda",
    group=r"\left( {0} \right)",
    times=_times,
    minus="-",
    templates={
        # A fraction binds like a power: what it encloses needs no brackets, but to raise it does.
        "div": (r"\frac{{{0}}}{{{1}}}", POWER),
        "reciprocal": (r"\frac{{1}}{{{0}}}", POWER),
        "abs": (r"\left| {0} \right|", ATOM),
        "sqrt": (r"\sqrt{{{0}}}", ATOM),
        "cbrt": (r"\sqrt[3]{{{0}}}", ATOM),
        "norm": (r"\left\| {0} \right\|", ATOM),
        "global_norm": (r"\left\| {0} \right\|_{{\mathrm{{all}}}}", ATOM),
        "exp": (r"e^{{{0}}}", POWER),
        "exp2": (r"2^{{{0}}}", POWER),
        "exp10": (r"10^{{{0}}}", POWER),
        "expm1": (r"e^{{{0}}} - 1", SUM),
        "log": (r"\ln \left| {0} \right|", POWER),
        "log2": (r"\log_2 \left| {0} \right|", POWER),
        "log10": (r"\log_{{10}} \left| {0} \right|", POWER),
        "dot": (r"\left\langle {0}, {1} \right\rangle", ATOM),
    },
    rules={
        "add": lambda a, b: LATEX.plus(a, b),
        "sub": lambda a, b: LATEX.less(a, b),
        "neg": lambda a: LATEX.negative(a),
        "mul": _product,
        "matmul": _product,
        "pow": _power,
        "square": lambda a: _power(a, ("2", ATOM)),
        "cube": lambda a: _power(a, ("3", ATOM)),
        "transpose": lambda a: _power(a, (r"\top", ATOM)),
        "mod": _mod,
        "log1p": lambda a: (rf"\ln \left| {LATEX.plus(('1', ATOM), a)[0]} \right|", POWER),
    },
    relations={"gt": ">", "lt": "<", "ge": r"\geq", "le": r"\leq"},
    where=r"\left[ {1} \text{{ if }} {0} \text{{ else }} {2} \right]",
    nonzero=r"{0} \neq 0",
    iverson=r"\left[ {0} \right]",
    call=r"{0}\left( {1} \right)",
    function=_function,
)
"""Equations as LaTeX sets them."""
