"""Ways in which a program could be changed: one is asked for, so that equal views differ."""

from __future__ import annotations

import numpy as np

from programs.kind import Kind

BOLD = "Make a bold change of its structure; a failure is fine if much could be learnt from it."
"""The one that small edits cannot go."""

DIRECTIONS = (
    "Change the one thing that you think holds it back most.",
    "Use an idea from the literature that no program above uses.",
    "Make it simpler without losing what works.",
    BOLD,
)
SPECIAL = {
    "optimizer": (
        "Use a different statistic of the gradient, or the same one at another scale or grouping.",
        "Let its behaviour change in the course of training, or with the size of what it sees.",
    ),
    "schedule": (
        "Change how the rate begins: the length and the shape of its rise, or none.",
        "Change how the rate ends: when it falls, along which curve, and how low.",
    ),
    "architecture": (
        "Mix positions in another way: convolution, attention, recurrence, pooling.",
        "Spend its parameters elsewhere: width, depth, gates, or weights that are shared.",
    ),
}
"""Directions that only programs of a kind can go."""


def drawn_direction(kind: Kind, rng: np.random.Generator, small: bool = False) -> str:
    """Draw one of the directions that a program of the kind can go, or `small` edits of it can."""
    every = (*DIRECTIONS, *SPECIAL.get(kind.name, ()))
    directions = [d for d in every if not (small and d == BOLD)]
    return directions[int(rng.integers(len(directions)))]
