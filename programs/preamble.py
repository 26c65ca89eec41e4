"""What free-form Python says before its functions: modules it imports, numbers it gives names.

Only what is known is let through: torch's and math's modules, and literals with arithmetic on them.
"""

from __future__ import annotations

import ast

from programs.given import Given
from programs.kind import Kind
from programs.spellings import CONSTANTS

_MODULES = ("torch", "math", "torch.linalg", "torch.nn.functional")


class Unknown(Exception):
    """Raise where the text says something that is not known here."""


class Preamble:
    """The names that a text has outside its functions: `modules`, `imported`, `constants`.

    `imported` maps a name to the function or number of torch or math that it stands for.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.modules: set[str] = set()
        self.imported: dict[str, str] = {}
        self.constants: dict[str, ast.expr] = {}

    def read(self, line: ast.stmt) -> None:
        """Take note of an import or of a constant; anything else is unknown."""
        match line:
            case ast.Import(names=names):
                self.note_modules(names)
            case ast.ImportFrom(module=str(module), names=names) if module in _MODULES:
                self.imported.update((n.asname or n.name, n.name) for n in names)
            case ast.ImportFrom(module="__future__" | "typing"):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.note_constant(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self.note_constant(name, value)
            case _:
                raise Unknown

    @property
    def names(self) -> set[str]:
        """Return the names that no function may bind anew."""
        return self.constants.keys() | self.modules | self.imported.keys()

    def note_modules(self, names: list[ast.alias]) -> None:
        """Take note of `import torch as th`."""
        for each in names:
            if each.name not in _MODULES:
                raise Unknown
            self.modules.add(each.asname or each.name)

    def note_constant(self, name: str, value: ast.expr) -> None:
        """Take note of `BETA = 0.9`, which may be said once."""
        if name in self.constants:
            raise Unknown
        self.constants[name] = self.given(name, value)

    def given(self, name: str, value: ast.expr) -> ast.expr:
        """Return a value made of literals; one that is a literal remembers its name."""
        found = self.number(value)
        if isinstance(found, ast.Constant) and isinstance(found.value, int | float):
            return Given(self.out_of_the_way(name), found.value)
        return found

    def out_of_the_way(self, name: str) -> str:
        """Return a name that is no function of the language."""
        return f"{name}_" if name in self.kind.reserved else name

    def number(self, value: ast.expr) -> ast.expr:
        """Return a value made of literals and earlier constants alone."""
        match value:
            case ast.Constant(value=int() | float()) if not isinstance(value.value, bool):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return ast.UnaryOp(ast.USub(), self.number(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return ast.BinOp(self.number(left), op, self.number(right))
            case ast.Name(id=name) if name in self.constants:
                return self.constants[name]
            case ast.Attribute(value=ast.Name(id="math"), attr=name) if name in CONSTANTS:
                return ast.Constant(CONSTANTS[name])
        raise Unknown
