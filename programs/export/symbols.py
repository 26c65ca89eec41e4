"""How each vocabulary function and each name looks in mathematics."""

from __future__ import annotations

import math
import re

ATOM, POWER, PRODUCT, SUM, RELATION = 100, 70, 50, 40, 20

TEMPLATES: dict[str, tuple[str, int]] = {
    "div": (r"\frac{{{0}}}{{{1}}}", ATOM),
    "reciprocal": (r"\frac{{1}}{{{0}}}", ATOM),
    "abs": (r"\left| {0} \right|", ATOM),
    "sqrt": (r"\sqrt{{{0}}}", ATOM),
    "cbrt": (r"\sqrt[3]{{{0}}}", ATOM),
    "norm": (r"\left\| {0} \right\|", ATOM),
    "global_norm": (r"\left\| {0} \right\|_{{\mathrm{{all}}}}", ATOM),
    "exp": (r"e^{{{0}}}", POWER),
    "exp2": (r"2^{{{0}}}", POWER),
    "exp10": (r"10^{{{0}}}", POWER),
    "expm1": (r"e^{{{0}}} - 1", SUM),
    "log": (r"\ln \left| {0} \right|", ATOM),
    "log2": (r"\log_2 \left| {0} \right|", ATOM),
    "log10": (r"\log_{{10}} \left| {0} \right|", ATOM),
    "log1p": (r"\ln \left| 1 + {0} \right|", ATOM),
    "dot": (r"\left\langle {0}, {1} \right\rangle", ATOM),
    "mod": (r"{0} \bmod {1}", PRODUCT),
    "where": (r"\left[ {1} \text{{ if }} {0} \neq 0 \text{{ else }} {2} \right]", ATOM),
    "gt": (r"\left[ {0} > {1} \right]", ATOM),
    "lt": (r"\left[ {0} < {1} \right]", ATOM),
    "ge": (r"\left[ {0} \geq {1} \right]", ATOM),
    "le": (r"\left[ {0} \leq {1} \right]", ATOM),
}
"""Functions with a notation of their own: `{0}`, `{1}`, … stand for the operands."""

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

INPUTS = {"lr": r"\eta", "step": "t", "total": "T"}
_GREEK = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "theta", "kappa", "lambda", "mu"]
_GREEK += ["nu", "xi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"]


def symbol(name: str) -> str:
    """Write a name a person chose: `m_hat` with a hat, `beta` as the letter, words upright."""
    if name.endswith("_hat") and len(name) > 4:
        return rf"\hat{{{symbol(name[:-4])}}}"
    if name.endswith("_bar") and len(name) > 4:
        return rf"\bar{{{symbol(name[:-4])}}}"
    numbered = re.fullmatch(r"(.*[A-Za-z])_?(\d+)", name)
    if numbered:
        return rf"{symbol(numbered[1])}^{{({numbered[2]})}}"
    if len(name) == 1:
        return name
    if name in _GREEK:
        return f"\\{name}"
    return rf"\mathrm{{{upright(name)}}}"


def upright(name: str) -> str:
    """Escape a word for upright letters."""
    return name.replace("_", r"\_")


def scientific(value: float) -> tuple[str, int]:
    """Write a constant as people do: 0.999, or a power of ten."""
    if math.isclose(abs(value), math.pi, rel_tol=1e-12):
        return (r"\pi", ATOM) if value > 0 else (r"-\pi", SUM)
    sign, size = ("-" if value < 0 else ""), abs(value)
    binds = ATOM if value >= 0 else SUM
    if size == 0 or 1e-4 <= size < 1e6:
        return f"{sign}{size:.10g}", binds
    digits, _, exponent = f"{size:e}".partition("e")
    mantissa = f"{float(digits):g}"
    power = f"10^{{{int(exponent)}}}"
    if mantissa == "1":
        return f"{sign}{power}", POWER if value >= 0 else SUM
    return rf"{sign}{mantissa} \cdot {power}", PRODUCT if value >= 0 else SUM
