"""ListOps as Long Range Arena draws it (Nangia & Bowman 2018; Tay et al. 2021, arXiv 2011.04006).

Nested prefix expressions of minimum, maximum, median and sum modulo 10 over digits, such as
`[MAX 2 9 [MIN 4 7 ] 0 ]`; the label is the value. Lengths here are for a CPU, tens of tokens where
the arena has two thousand; the arena's parentheses carry nothing and are left out.
"""

from __future__ import annotations

import numpy as np

from evaluators.data.splits import Data, Pair, distinct

PAD, END = 0, 15
OPERATORS = {"MIN": 11, "MAX": 12, "MED": 13, "SM": 14}
VOCABULARY = 16
"""Padding 0, digit d as d + 1, four operators, and the closing bracket."""

LEAF = 0.75
"""The share of arguments that are digits."""

Tree = int | tuple[str, list]


def listops(
    shortest: int,
    length: int,
    depth: int,
    arguments: int,
    counts: tuple[int, int, int],
    seed: int = 0,
) -> Data:
    """Draw expressions of `shortest` to `length` tokens, padded in front, with their values."""
    rng = np.random.default_rng(seed)

    def draw(count: int) -> Pair:
        x, y = np.full((count, length), PAD), np.empty(count, np.int64)
        for row in range(count):
            tree, tokens = _fitting(shortest, length, depth, arguments, rng)
            x[row, length - len(tokens) :], y[row] = tokens, value(tree)
        return x, y

    return distinct(draw, counts)


def _fitting(
    shortest: int, longest: int, depth: int, arguments: int, rng: np.random.Generator
) -> tuple[Tree, list[int]]:
    while True:
        tree = _tree(1, depth, arguments, rng)
        tokens = written(tree)
        if shortest <= len(tokens) <= longest:
            return tree, tokens


def _tree(level: int, depth: int, arguments: int, rng: np.random.Generator) -> Tree:
    # The root is always an operator: a lone digit would be too short anyway.
    if level > 1 and (level >= depth or rng.random() < LEAF):
        return int(rng.integers(10))
    count = int(rng.integers(2, arguments + 1))
    values = [_tree(level + 1, depth, arguments, rng) for _ in range(count)]
    return list(OPERATORS)[rng.integers(len(OPERATORS))], values


def written(tree: Tree) -> list[int]:
    """Return the tokens of an expression."""
    if isinstance(tree, int):
        return [tree + 1]
    operator, values = tree
    return [OPERATORS[operator], *(t for v in values for t in written(v)), END]


def value(tree: Tree) -> int:
    """Return what an expression comes to; the median of two middle values is rounded down."""
    if isinstance(tree, int):
        return tree
    operator, parts = tree
    values = [value(part) for part in parts]
    if operator == "SM":
        return sum(values) % 10
    return int({"MIN": min, "MAX": max, "MED": np.median}[operator](values))
