"""An optimiser as one Python file that imports torch alone.

The file holds the program twice over: `update`, on one tensor, reads as the program does; and for
programs that allow it `update_foreach_` does the same to whole lists, in place. Around them stands
a `torch.optim.Optimizer` with what its users count on: groups, checkpoints, closures, schedulers.
"""

from __future__ import annotations

from collections.abc import Mapping

from programs.errors import InputError
from programs.export import template
from programs.export.analysis import analyse
from programs.export.each import update_lines
from programs.export.evidence import Evidence
from programs.export.foreach import foreach_lines
from programs.export.header import header
from programs.export.helpers import helper_functions
from programs.export.names import class_name, python_name
from programs.export.scalars import scalars_of
from programs.kind import Scope
from programs.load import kind_named
from programs.program import Program


def export_optimizer(
    program: Program,
    evidence: Evidence | Mapping[str, str] | None = None,
    name: str | None = None,
) -> str:
    """Return the text of a Python file with the program as a `torch.optim.Optimizer`."""
    if program.kind != "optimizer" or program.genome is None:
        raise InputError(
            "expected an optimiser in the program language, found "
            + (f"a program of kind `{program.kind}`" if program.genome else "free-form Python")
        )
    analysis = analyse(program.genome, kind_named("optimizer"))
    helpers: set[str] = set()
    scalars = scalars_of(analysis, helpers)
    body = update_lines(analysis, scalars, helpers)
    model = analysis.ops(Scope.MODEL)
    # The place of a number in the noise is counted over tensors in order, whatever their type.
    foreach = not analysis.ops(Scope.TENSOR) and "noise" not in model
    lists = foreach_lines(analysis, scalars, helpers) if foreach else []
    known = Evidence.of(evidence)
    shape = template.Shape(
        name=class_name(program, name),
        lr=known.lr,
        states=tuple(python_name(s) for s in analysis.states),
        scalars=scalars,
        matrix=bool(analysis.ops(Scope.TENSOR)),
        rounds=tuple("starts" if op == "noise" else "norms" for op in model),
        foreach=foreach,
    )
    parts = [
        header(program, known, template.reading(analysis.states), "import torch"),
        template.optimizer(shape),
        template.update(shape, body),
        template.apply(shape),
        template.update_foreach(shape, lists) if foreach else "",
        helper_functions(helpers | shape.helpers, analysis.kind),
    ]
    return "\n\n\n".join(p.strip("\n") for p in parts if p) + "\n"
