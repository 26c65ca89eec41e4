"""Make a program roundabout by random steps that change nothing it does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from programs.edits import first_free
from programs.genome import Argument, Function, Genome, Statement
from programs.kind import Kind
from programs.tidy import tidy

Call = tuple[str, tuple[Argument, ...]]

X = "x"
LAST = "."

DETOURS: tuple[tuple[Call, ...], ...] = (
    (("mul", (X, 1.0)),),
    (("add", (0.0, X)),),
    (("neg", (X,)), ("neg", (LAST,))),
    (("lerp", (X, X, 0.3)),),
    (("maximum", (X, X)),),
    (("mul", (X, 4.0)), ("mul", (0.25, LAST))),
    (("sign", (X,)), ("abs", (X,)), ("mul", ("..", LAST))),
    (("add", (X, X)), ("div", (LAST, 2.0))),
    (("sub", (X, X)), ("add", (LAST, X))),
)
"""Calls that end in the value `x` they start from; `.` is the call before, `..` that before it."""


def obfuscated(genome: Genome, kind: Kind, rng: np.random.Generator, detours: int) -> Genome:
    """Return the genome with some arguments reached by a detour."""
    function = genome.main
    for _ in range(detours):
        function = _with_detour(function, rng)
    return tidy(genome.with_main(function), kind)


def _with_detour(function: Function, rng: np.random.Generator) -> Function:
    reads = [
        (place, which)
        for place, s in enumerate(function.body)
        for which, arg in enumerate(s.args)
        if isinstance(arg, str)
    ]
    place, which = reads[rng.integers(len(reads))]
    reader = function.body[place]
    calls = DETOURS[rng.integers(len(DETOURS))]
    added: list[Statement] = []
    for call in calls:
        names: dict[Argument, Argument] = {X: reader.args[which]}
        names.update({"." * (i + 1): s.target for i, s in enumerate(reversed(added))})
        args = tuple(names.get(a, a) for a in call[1])
        added.append(Statement(f".{first_free(function) + len(added)}", call[0], args))
    args = list(reader.args)
    args[which] = added[-1].target
    changed = reader.reading(tuple(args))
    body = (*function.body[:place], *added, changed, *function.body[place + 1 :])
    return replace(function, body=body)
