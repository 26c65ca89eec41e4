"""A program as equations in plain characters, for a terminal: `mₜ = 0.9 mₜ₋₁ + 0.1 gₜ`."""

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

_RAISED = str.maketrans("0123456789-−t()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻ᵗ⁽⁾")
_ACCENTS = {"hat": "\u0302", "bar": "\u0304"}


def export_unicode(program: Program) -> str:
    """Return the equations of an optimiser or a schedule, one a line, the signs aligned."""
    rows = equations(program, UNICODE)
    width = max(_columns(left) for left, _ in rows)
    return "".join(f"{' ' * (width - _columns(a))}{a} = {b}\n" for a, b in rows)


def symbol(name: str, primes: int = 0) -> str:
    """Write a name a person chose: `m_hat` with a hat, `beta` as the letter, words as they are."""
    letters, accent = stem(name)
    if accent:
        plain = symbol(letters)
        return plain[:1] + _ACCENTS[accent] + plain[1:] + "′" * primes
    letters, number = split(name)
    if number:
        return symbol(letters, primes) + f"({number})".translate(_RAISED)
    if name in INPUTS:
        return INPUTS[name][1] + "′" * primes
    return GREEK.get(name, name) + "′" * primes


def word(name: str, primes: int = 0) -> str:
    """Write a name as it is, even where it stands for a letter."""
    return name + "′" * primes


def scientific(value: float) -> Text:
    """Write a constant as people do: 0.999, or a power of ten."""
    if math.isclose(abs(value), math.pi, rel_tol=1e-12):
        return ("π", ATOM) if value > 0 else ("−π", SUM)
    sign, size = ("−" if value < 0 else ""), abs(value)
    binds = ATOM if value >= 0 else SUM
    mantissa, place = digits(size)
    if not place:
        return f"{sign}{mantissa}", binds
    power = f"10{_raised(str(place))}"
    if mantissa == "1":
        return f"{sign}{power}", POWER if value >= 0 else SUM
    return f"{sign}{mantissa}·{power}", PRODUCT if value >= 0 else SUM


def _raised(text: str) -> str:
    """Return the text in raised characters where there are such, else behind a circumflex."""
    if all(ord(c) in _RAISED for c in text) and "(" not in text:
        return text.translate(_RAISED)
    return f"^{text}" if text.isalnum() else f"^({text})"


def _columns(text: str) -> int:
    return sum(c not in _ACCENTS.values() for c in text)


def _times(left: str, right: str) -> str:
    return f"{left} · {right}" if right[0].isdigit() or left[-1].isdigit() else f"{left} {right}"


def _fraction(a: Text, b: Text) -> Text:
    # Binds less than a product, whose factors would seem to be below the line too.
    return f"{UNICODE.within(a, PRODUCT)} / {UNICODE.within(b, PRODUCT + 1)}", PRODUCT - 1


def _root(sign: str, a: Text) -> Text:
    enclosed = a[1] >= ATOM and (len(a[0]) < 4 or a[0].startswith("|"))
    return sign + (a[0] if enclosed else f"({a[0]})"), ATOM


def _power(a: Text, b: Text) -> Text:
    return UNICODE.within(a, ATOM) + _raised(b[0]), POWER


def _mod(a: Text, b: Text) -> Text:
    return f"{UNICODE.within(a, POWER)} mod {UNICODE.within(b, POWER)}", REMAINDER


def _product(a: Text, b: Text) -> Text:
    return UNICODE.product(a, b)


UNICODE = Notation(
    symbol=symbol,
    word=word,
    constant=scientific,
    at="{}ₜ".format,
    before="{}ₜ₋₁".format,
    weight="θ",
    factor="λ",
    group="({0})",
    times=_times,
    minus="−",
    templates={
        "abs": ("|{0}|", ATOM),
        "norm": ("‖{0}‖", ATOM),
        "global_norm": ("‖{0}‖_all", ATOM),
        "log": ("ln |{0}|", POWER),
        "log2": ("log₂ |{0}|", POWER),
        "log10": ("log₁₀ |{0}|", POWER),
        "dot": ("⟨{0}, {1}⟩", ATOM),
    },
    rules={
        "add": lambda a, b: UNICODE.plus(a, b),
        "sub": lambda a, b: UNICODE.less(a, b),
        "neg": lambda a: UNICODE.negative(a),
        "mul": _product,
        "matmul": _product,
        "div": _fraction,
        "reciprocal": lambda a: _fraction(("1", ATOM), a),
        "sqrt": lambda a: _root("√", a),
        "cbrt": lambda a: _root("∛", a),
        "exp": lambda a: _power(("e", ATOM), a),
        "exp2": lambda a: _power(("2", ATOM), a),
        "exp10": lambda a: _power(("10", ATOM), a),
        "expm1": lambda a: (f"{_power(('e', ATOM), a)[0]} − 1", SUM),
        "pow": _power,
        "square": lambda a: _power(a, ("2", ATOM)),
        "cube": lambda a: _power(a, ("3", ATOM)),
        "transpose": lambda a: (f"{UNICODE.within(a, ATOM)}ᵀ", POWER),
        "mod": _mod,
        "log1p": lambda a: (f"ln |{UNICODE.plus(('1', ATOM), a)[0]}|", POWER),
    },
    relations={"gt": ">", "lt": "<", "ge": "≥", "le": "≤"},
    where="[{1} if {0} else {2}]",
    nonzero="{0} ≠ 0",
    iverson="[{0}]",
    call="{0}({1})",
    function=lambda name: {"maximum": "max", "minimum": "min"}.get(name, name),
)
"""Equations as a terminal can show them."""
