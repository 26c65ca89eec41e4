"""Nudge a constant of free-form Python: the one symbolic edit that needs no genome.

As `programs.operators.nudge_constant` does to a genome, one number is multiplied by 2^a, a drawn
from N(0, 1). Only numbers with a point or an exponent are touched: whole ones count and index.
"""

from __future__ import annotations

import ast

import numpy as np

from programs.errors import Fault
from programs.operator import nudged
from programs.parse import syntax_tree


def nudged_text(source: str, rng: np.random.Generator) -> str | Fault:
    """Return the text with one constant changed, and all else as it was."""
    tree = syntax_tree(source)
    if isinstance(tree, Fault):
        return tree
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and node.value != 0
    ]
    if not found:
        return Fault("there is no constant other than 0 to nudge")
    node = found[rng.integers(len(found))]
    new = nudged(float(node.value), rng)  # type: ignore[arg-type]
    if new == node.value:
        return Fault("the new constant is the old one")
    return _replaced(source, node, f"{new!r}")


def _replaced(source: str, node: ast.expr, by: str) -> str:
    """Replace a node on one line; its columns count bytes of UTF-8."""
    lines = source.split("\n")
    line = lines[node.lineno - 1].encode()
    start, end = line[: node.col_offset], line[node.end_col_offset :]
    lines[node.lineno - 1] = (start + by.encode() + end).decode()
    return "\n".join(lines)
