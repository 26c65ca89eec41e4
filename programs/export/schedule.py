"""A schedule as one Python file with a scheduler of PyTorch's sort.

The file holds the program as `factor(step, total)`, on Python's own floats, and around it an
`LRScheduler` that multiplies the base learning rate of every parameter group by it.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import replace

from programs.errors import InputError
from programs.export.analysis import folded
from programs.export.evidence import Evidence
from programs.export.floats import HELPERS, FloatSpeller
from programs.export.header import clean, header
from programs.export.names import Names, class_name, python_name
from programs.export.sizes import count
from programs.export.spell import ATOM, Operand, literal
from programs.genome import Argument, Function, Statement, is_anonymous
from programs.load import kind_named
from programs.program import Program
from programs.ranges import Range, range_of, ranges_of
from programs.tidy import tidy

WIDTH = 72
"""Characters from which a nested expression gets a line and a name of its own."""

INPUTS = {"step": Range(0.0, 1e15), "total": Range(1.0, 1e15)}
"""Counts that a float holds."""

READING = (
    "`step` is 0, 1, …, `total` - 1. What the program returns is the factor on the base learning "
    "rate at that step."
)
_CLASS = '''class {name}(torch.optim.lr_scheduler.LRScheduler):
    """{name}: each group's base learning rate times `factor(step, total)`.

    Like PyTorch's `LambdaLR` it sets the rates outright; they stay where they are after the last
    of `total_steps`. Call `step` after each step of the optimiser.

    Args:
        optimizer: whose learning rates are set
        total_steps: steps in all
        last_epoch: the last step done when training resumes, else -1
    """

    def __init__(self, optimizer, total_steps, last_epoch=-1):
        if not total_steps >= 1:
            raise ValueError(f"expected total_steps of at least 1, found {{total_steps}}")
        self.total_steps = total_steps
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """Return the learning rate of each parameter group at this step."""
        step = min(self.last_epoch, self.total_steps - 1)
        scale = factor(float(step), float(self.total_steps))
        return [base_lr * scale for base_lr in self.base_lrs]'''


def export_schedule(
    program: Program,
    evidence: Evidence | Mapping[str, str] | None = None,
    name: str | None = None,
) -> str:
    """Return the text of a Python file with the program as an `LRScheduler`."""
    if program.kind != "schedule" or program.genome is None:
        raise InputError("expected a schedule in the program language")
    helpers: set[str] = set()
    kind, genome = kind_named("schedule"), clean(program)
    genome = tidy(genome.with_main(folded(genome.main, kind)), kind)
    writer = _Writer(genome.main, helpers)
    body = textwrap.indent("\n".join(writer.lines), "    ")
    known = Evidence.of(evidence)
    function = (
        "def factor(step, total):\n"
        '    """Return the factor on the base learning rate at step 0, 1, …, total - 1."""\n'
        f"{body}"
    )
    called = [text.strip() for helper, text in HELPERS.items() if helper in helpers]
    parts = [_CLASS.format(name=class_name(program, name)), function, *called]
    text = "\n\n\n".join(parts)
    imports = "import math\n\nimport torch" if "math." in text else "import torch"
    return f"{header(program, known, READING, imports)}\n\n\n{text}\n"


class _Writer:
    """Write statements, the nested ones where they are used; `lines` are the function's body."""

    def __init__(self, function: Function, helpers: set[str]) -> None:
        targets = frozenset(s.target for s in function.body)
        self.ranges = ranges_of(function, (), targets | set(INPUTS), INPUTS)
        self.spell = FloatSpeller(helpers, {n: count(r) for n, r in INPUTS.items()}, {})
        self.names = Names(python_name(n) for n in function.bound() if not is_anonymous(n))
        self.texts = {p: Operand(p, tensor=False, range=INPUTS[p]) for p in function.params}
        self.lines: list[str] = []
        self.result, self.last = function.returns[0], (function.body or (None,))[-1]
        for statement in function.body:
            self.add(statement)
        self.lines.append(f"return {self.operand(self.result).text}")

    def add(self, statement: Statement) -> None:
        """Write one statement, or keep its text for where it is used."""
        name = statement.target
        known, args = range_of(name, self.ranges), [self.operand(a) for a in statement.args]
        text, binds = self.spell(statement.op, args, known)
        value = Operand(text, binds, False, known)
        is_result = statement == self.last and name == self.result
        if not is_result and (not is_anonymous(name) or len(text) > WIDTH):
            given = self.names.numbered("x") if is_anonymous(name) else python_name(name)
            self.lines.append(f"{given} = {text}")
            value = replace(value, text=given, binds=ATOM)
            self.spell.sizes[given] = self.spell.sizes[text]
        self.texts[name] = value

    def operand(self, arg: Argument) -> Operand:
        """Return the text of a name or a constant."""
        if isinstance(arg, str):
            return self.texts[arg]
        return replace(literal(arg), text="math.pi") if arg == math.pi else literal(arg)
