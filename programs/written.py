"""The arguments of a call as its text has them: those at their defaults out, others by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from programs.genome import Argument, Named
from programs.kind import Op


def written(op: Op, args: Sequence[Argument]) -> Iterator[tuple[str, Argument]]:
    """Yield what is given before each argument that is written, `times=` or nothing, and it."""
    by_name = False
    for param, arg in zip(op.params, args, strict=True):
        left_out = param.default is not None and param.default == arg and type(arg) is not Named
        by_name = by_name or param.keyword or left_out
        if not left_out:
            yield f"{param.name}=" if by_name else "", arg
