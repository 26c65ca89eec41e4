"""Which vocabulary functions `torch._foreach_*` offers, as chains of list operations.

`?abs` is left out where the operand is known to be at or above zero.
"""

from __future__ import annotations

from programs.export.analysis import Analysis
from programs.genome import Argument, Statement
from programs.render import number

_CHAINS: dict[str, tuple[str, ...]] = {
    "abs": ("abs",),
    "sign": ("sign",),
    "sqrt": ("?abs", "sqrt"),
    "sin": ("sin",),
    "cos": ("cos",),
    "tan": ("tan",),
    "arctan": ("atan",),
    "tanh": ("tanh",),
    "exp": ("clamp_min -80.0", "clamp_max 80.0", "exp"),
    "expm1": ("clamp_min -80.0", "clamp_max 80.0", "expm1"),
    "sinh": ("clamp_min -80.0", "clamp_max 80.0", "sinh"),
    "cosh": ("clamp_min -80.0", "clamp_max 80.0", "cosh"),
    "log": ("?abs", "clamp_min 1e-30", "clamp_max 1e30", "log"),
    "log2": ("?abs", "clamp_min 1e-30", "clamp_max 1e30", "log2"),
    "log10": ("?abs", "clamp_min 1e-30", "clamp_max 1e30", "log10"),
    "arcsin": ("clamp_min -1.0", "clamp_max 1.0", "asin"),
    "arccos": ("clamp_min -1.0", "clamp_max 1.0", "acos"),
}


def chain_of(statement: Statement, analysis: Analysis) -> tuple[Argument, list[str]] | None:
    """Return the operand and the operations that follow each other, or `None`."""
    first = statement.args[0]
    if statement.op in _CHAINS:
        known = analysis.range(first).nonnegative
        wanted = (c for c in _CHAINS[statement.op] if not (c == "?abs" and known))
        return first, [c.removeprefix("?") for c in wanted]
    if statement.op not in ("clip", "maximum", "minimum"):
        return None
    tensor, bound = statement.args
    if not isinstance(tensor, str) and statement.op != "clip":
        tensor, bound = bound, tensor
    if isinstance(bound, str) or not isinstance(tensor, str):
        return None
    return tensor, _clamps(statement.op, bound)


def _clamps(op: str, bound: float) -> list[str]:
    if op == "clip":
        return [f"clamp_min {number(-abs(bound))}", f"clamp_max {number(abs(bound))}"]
    return [f"clamp_{'min' if op == 'maximum' else 'max'} {number(bound)}"]
