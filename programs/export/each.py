"""The readable half of an exported optimiser: `update`, on one tensor, as the program says it.

Statements keep their names and order; what every tensor shares arrives as a parameter, as does the
place in the noise at which a tensor's numbers start. A norm over the whole model cuts `update` in
parts (`parts.py`).
"""

from __future__ import annotations

from dataclasses import replace

from programs.export.analysis import Analysis
from programs.export.counts import written
from programs.export.names import Names, python_name
from programs.export.parts import Ask, Line
from programs.export.scalars import Scalars
from programs.export.spell import ATOM, PRODUCT, Operand, Speller, Written, literal
from programs.genome import Argument, Statement, is_anonymous
from programs.kind import Scope

WIDTH = 64
"""Characters from which a nested expression gets a line and a name of its own."""


def update_lines(analysis: Analysis, scalars: Scalars, helpers: set[str]) -> list[Line]:
    """Return the lines of the function's body, its return the last."""
    writer = _Writer(analysis, scalars, helpers)
    for statement in analysis.function.body:
        if statement.target not in analysis.scalars:
            writer.add(statement)
    return [*writer.lines, writer.ending()]


class _Writer:
    """Write tensor statements, the nested ones where they are used."""

    def __init__(self, analysis: Analysis, scalars: Scalars, helpers: set[str]) -> None:
        self.analysis = analysis
        self.spell = Speller("w", helpers)
        bound = {python_name(n) for n in analysis.function.bound() if not is_anonymous(n)}
        self.starts, self.keys = analysis.starts(), analysis.keys()
        self.names = Names(bound | set(scalars.parameters) | set(self.starts.values()))
        self.lines: list[Line] = []
        inputs = [p for p in analysis.function.params if p not in analysis.scalars]
        self.texts = {p: Operand(python_name(p), range=analysis.range(p)) for p in inputs}
        for name, text in scalars.names.items():
            self.texts[name] = Operand(text, tensor=False, range=analysis.range(name))
        self.views = {p: p for p in inputs}

    def add(self, statement: Statement) -> None:
        """Write one statement, or keep its text for where it is used."""
        name = statement.target
        value = self._written(statement)
        self._note_view(statement)
        if not is_anonymous(name) or len(value.text) > WIDTH:
            given = self.names.numbered("x") if is_anonymous(name) else python_name(name)
            # Numbers are put beside `w`, which must stay a tensor.
            given = self.names.numbered("w") if given == "w" and not value.tensor else given
            self.lines.append(f"{given} = {value.text}")
            value = replace(value, text=given, binds=ATOM)
        self.texts[name] = value

    def ending(self) -> str:
        """Write the return; a state that becomes another input must not share its memory."""
        owners = ("", *self.analysis.states)
        returns = zip(owners, self.analysis.function.returns, strict=True)
        return f"return {', '.join(self._returned(o, r) for o, r in returns)}"

    def _returned(self, owner: str, arg: Argument) -> str:
        text = self._operand(arg).text
        view = self.views.get(arg) if isinstance(arg, str) else None
        # The weight is changed before the states, so what is subtracted from it may be a state.
        shared = owner and view not in (None, owner)
        return f"{self._operand(arg).within(ATOM)}.clone()" if shared else text

    def _note_view(self, statement: Statement) -> None:
        """Remember which results are an input's own memory."""
        source = statement.args[0]
        if not isinstance(source, str) or source not in self.views:
            return
        same = statement.op == "abs" and self.analysis.range(source).nonnegative
        if same or statement.op == "transpose":
            self.views[statement.target] = self.views[source]

    def _written(self, statement: Statement) -> Operand:
        known = self.analysis.range(statement.target)
        if statement.op == "noise":
            return Operand(*self._noise(statement), range=known)
        args = [self._operand(a) for a in statement.args]
        if self.analysis.kind.ops[statement.op].scope is Scope.MODEL:
            return Operand(*self._asked(statement.op, args), range=known)
        return written(self.spell, statement.op, args, known)

    def _noise(self, statement: Statement) -> Written:
        x, key = statement.args
        start = self.starts[self.analysis.shape(statement.args[0])]
        self.spell.helpers |= {"noise", "scrambled", "share", "whole"}
        row = self.keys[key] if key in self.keys else self._operand(key).text
        return f"noise({self._operand(x).text}, {row}, {start})", ATOM

    def _asked(self, op: str, args: list[Operand]) -> Written:
        """Write an op over the whole model: what it asks the norm of, and what it makes of it."""
        tensor, norm = self._named(args[0]), self.names.numbered("norm")
        self.lines.append(Ask(norm, f"[{tensor}]"))
        if op == "global_norm":
            return norm, ATOM
        self.spell.need("divide")
        return f"{tensor} * {self.spell.need('shrinkage')}({args[1].text}, {norm})", PRODUCT

    def _named(self, arg: Operand) -> str:
        if arg.text.isidentifier():
            return arg.text
        name = self.names.numbered("x")
        self.lines.append(f"{name} = {arg.text}")
        return name

    def _operand(self, arg: Argument) -> Operand:
        return self.texts[arg] if isinstance(arg, str) else literal(arg)
