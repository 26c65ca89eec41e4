"""Recognise programs in free-form Python: outside the language, yet of one of the forms we can run.

    optimizer   update(w, g, …)                    what happens to each tensor, in any PyTorch
                init(params) -> state              the whole model at once, over lists of tensors
                update(params, grads, state, lr, step, total) -> (deltas, state)
    schedule    schedule(step, total)              in any Python
    module      build(spec) -> torch.nn.Module     the body of a network, for an architecture

What either `update` gives for a tensor is subtracted from it. A parameter of the first form that is
no input (`lr`, `step`, `total`) and has no default is a state: zeros at first, whatever the program
makes of it later. Texts are only parsed here; they run in the sandbox and nowhere else.

A text is taken at its word only where Python could run it: a program of our language that calls an
unknown function is no free-form Python, and its author deserves the language's own error.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from programs.errors import Fault
from programs.kind import Entry, Kind
from programs.parse import syntax_tree

ENTRIES = {"architecture": "build"}
"""What a free-form program defines where that is not what one of the language defines."""

_MODEL_INPUTS = 6
_BEYOND = (
    *(ast.Import, ast.ImportFrom, ast.Attribute, ast.Subscript, ast.For, ast.While, ast.If),
    *(ast.With, ast.Try, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.BoolOp, ast.JoinedStr, ast.NamedExpr, ast.ClassDef, ast.Starred, ast.Dict, ast.List),
)
"""What shows that a text is not merely a program of the language with a mistake in it."""


@dataclass(frozen=True, slots=True)
class Freeform:
    """A text that is free-form Python: the name of its form, and its syntax tree."""

    form: str
    tree: ast.Module

    @property
    def text(self) -> str:
        """Return the text without comments, layout and docstrings, by which it is told apart."""
        return ast.unparse(_Undocumented().visit(ast.parse(ast.unparse(self.tree))))


def recognise(source: str, kind: Kind) -> Freeform | Fault | None:
    """Return the free-form program, what keeps it from being one, or `None` where it is none."""
    tree = syntax_tree(source)
    if isinstance(tree, Fault) or kind.name not in _FORMS:
        return None
    try:
        if not _beyond(tree) or any(_unbound(tree)):
            return None
        defined = {d.name: d for d in tree.body if isinstance(d, ast.FunctionDef)}
        twice = len(defined) < sum(isinstance(d, ast.FunctionDef) for d in tree.body)
        if ENTRIES.get(kind.name, kind.entry.name) not in defined or twice:
            return None if kind.entry.name in defined else _of_a_class(tree, kind)
        form = _FORMS[kind.name](defined, kind.entry)
        return Freeform(form, tree) if isinstance(form, str) else form
    except RecursionError:
        return None


def _of_a_class(tree: ast.Module, kind: Kind) -> Fault | None:
    """Say what a text that brings a class in place of the entry should define."""
    found = next((line for line in tree.body if isinstance(line, ast.ClassDef)), None)
    if found is None:
        return None
    entry, free = kind.entry.name, ENTRIES.get(kind.name)
    wanted = f"`{entry}`, or `{free}` that returns a module" if free else f"`{entry}`"
    nearest = f"def {free}(spec)" if free else kind.entry.signature(())
    said = f"expected a function {wanted}, found the class `{found.name}`"
    return Fault(said, found.lineno, 1, nearest)


def documentation(source: str) -> str:
    """Return the first docstring of a text that reads as Python."""
    tree = syntax_tree(source)
    return (ast.get_docstring(tree) or "") if isinstance(tree, ast.Module) else ""


# -- the forms -------------------------------------------------------------------------------------


def _optimizer(defined: dict[str, ast.FunctionDef], entry: Entry) -> str | Fault | None:
    update = defined[entry.name]
    given = _parameters(update)
    if given is None:
        return None
    required = [name for name, default in given.items() if not default]
    if set(entry.required) <= set(required):
        states = [name for name in required if name not in entry.inputs]
        return _owed(update, 1 + len(states), states) or "tensor"
    init = _parameters(defined["init"]) if "init" in defined else None
    if init is None or _count(init) != 1 or _count(given) != _MODEL_INPUTS:
        return None
    return _owed(update, 2, ["state"]) or "model"


def _schedule(defined: dict[str, ast.FunctionDef], entry: Entry) -> str | Fault | None:
    given = _parameters(defined[entry.name])
    if given is None or not set(entry.required) <= given.keys():
        return None
    further = [name for name, default in given.items() if not default]
    return "schedule" if set(further) <= set(entry.inputs) else None


def _architecture(defined: dict[str, ast.FunctionDef], entry: Entry) -> str | Fault | None:
    given = _parameters(defined["build"])
    return "module" if given is not None and _count(given) == 1 else None


_FORMS: dict[str, Callable[[dict[str, ast.FunctionDef], Entry], str | Fault | None]] = {
    "optimizer": _optimizer,
    "schedule": _schedule,
    "architecture": _architecture,
}


def _parameters(definition: ast.FunctionDef) -> dict[str, bool] | None:
    """Map parameters to whether they have a default; `None` where they cannot be told by name."""
    args = definition.args
    if args.vararg or args.kwarg or args.posonlyargs or definition.decorator_list:
        return None
    names = [a.arg for a in args.args]
    bare = len(names) - len(args.defaults)
    given = {name: place >= bare for place, name in enumerate(names)}
    for extra, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        given[extra.arg] = default is not None
    return given


def _count(given: dict[str, bool]) -> int:
    """Count the parameters that must be given."""
    return sum(not default for default in given.values())


def _owed(definition: ast.FunctionDef, count: int, states: list[str]) -> Fault | None:
    """Find a `return` that shows by its form that it gives another number of values."""
    for line in _returns(definition):
        value = line.value
        tuple_ = isinstance(value, ast.Tuple)
        if tuple_ and any(isinstance(v, ast.Starred) for v in value.elts):
            continue
        if tuple_ or isinstance(value, ast.BinOp | ast.Constant | ast.UnaryOp | None):
            found = len(value.elts) if tuple_ else 1
            if found != count:
                owed = ", ".join(["the result", *(f"the new `{s}`" for s in states)])
                message = f"`{definition.name}` must return {count} values ({owed}), found {found}"
                return Fault(message, line.lineno, line.col_offset + 1)
    return None


def _returns(definition: ast.FunctionDef) -> Iterator[ast.Return]:
    """Yield the function's own returns, not those of functions inside it."""
    unseen: list[ast.AST] = list(definition.body)
    while unseen:
        node = unseen.pop(0)
        if isinstance(node, ast.Return):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            unseen += ast.iter_child_nodes(node)


# -- could Python run it? --------------------------------------------------------------------------


def _beyond(tree: ast.Module) -> bool:
    if any(isinstance(line, ast.Assign | ast.AnnAssign) for line in tree.body):
        return True
    return any(
        isinstance(node, _BEYOND) or (isinstance(node, ast.arguments) and _defaults(node))
        for node in ast.walk(tree)
    )


def _defaults(args: ast.arguments) -> bool:
    return bool(args.defaults or args.kwonlyargs)


def _unbound(tree: ast.Module) -> Iterator[str]:
    """Yield the names that are read and bound nowhere in the text, nor in Python."""
    bound: set[str] = set(dir(builtins))
    read: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.append(name)
            case ast.Name(id=name):
                bound.add(name)
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=alias):
                bound.add(alias or name.partition(".")[0])
            case ast.ExceptHandler(name=str() as name):
                bound.add(name)
    return (name for name in read if name not in bound)


class _Undocumented(ast.NodeTransformer):
    """Take docstrings out, so that they do not tell programs apart."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node
