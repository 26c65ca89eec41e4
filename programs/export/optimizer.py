"""An optimiser as one Python file that imports torch alone.

The file holds the program twice over: `update`, on one tensor, reads as the program does, and
`update_foreach_` does the same to whole lists, in place. Around them stands a
`torch.optim.Optimizer` with what its users count on: groups, checkpoints, closures, schedulers.
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
from programs.export.shape import Shape
from programs.export.steps import apply
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
    lists = foreach_lines(analysis, scalars, helpers)
    known = Evidence.of(evidence)
    shape = Shape(
        name=class_name(program, name),
        lr=known.lr,
        states=tuple(python_name(s) for s in analysis.states),
        scalars=scalars,
        matrix=bool(analysis.ops(Scope.TENSOR)),
        rounds=sum(op != "noise" for op in analysis.ops(Scope.MODEL)),
        starts=analysis.starts(),
    )
    parts = [
        header(program, known, template.reading(analysis.states), "import torch"),
        template.optimizer(shape),
        template.update(shape, body),
        apply(shape),
        template.update_foreach(shape, lists),
        helper_functions(helpers | shape.helpers, analysis.kind),
    ]
    return "\n\n\n".join(p.strip("\n") for p in parts if p) + "\n"
