"""Source text to type-checked genome, or to a fault that says where and what instead.

The text is read by Python's own `ast` and never executed. Everything that is not functions of
straight-line arithmetic over the vocabulary is refused with a place and the nearest legal form.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence

from programs.beyond_ascii import fence_in, sign_for
from programs.calls import WIDEST, form_of_call
from programs.check import Misplaced, examine
from programs.docstrings import docstring
from programs.errors import Fault, closest
from programs.genome import Function, Genome
from programs.imports import without_imports
from programs.kind import Entry, Kind
from programs.lower import lower
from programs.numbers import MAX_CONSTANT
from programs.readable import fits
from programs.refusal import Refused, quoted, refuse
from programs.render import render
from programs.tidy import tidy

MAX_CHARACTERS = 64 * 1024

_DEEP = "nested too deeply, or a sum or product too long: give parts of it names"
_HUGE = f"a number has too many digits; it must be within ±{MAX_CONSTANT:g}"

__all__ = ["MAX_CHARACTERS", "MAX_CONSTANT", "names_in", "parse", "syntax_tree", "untyped"]


def parse(source: str, kind: Kind) -> Genome | Fault:
    """Read a program of `kind`; give back its genome, or the first fault with its place."""
    tree = syntax_tree(source)
    if isinstance(tree, Fault):
        return tree
    reader = _Reader(kind, source)
    try:
        genome = reader.checked(reader.module(tree))
    except Refused as refused:
        return refused.fault
    except RecursionError:
        return Fault(_DEEP, 1, 1)
    genome = tidy(genome, kind)
    # What is read must be read again once it is written out, and that may take more characters.
    return _too_long(render(genome, kind), " once written out") or genome


def untyped(source: str, kind: Kind) -> Genome | Fault:
    """Read a program of `kind` without a look at its types."""
    tree = syntax_tree(source)
    try:
        return tree if isinstance(tree, Fault) else _Reader(kind, source).module(tree)
    except Refused as refused:
        return refused.fault
    except RecursionError:
        return Fault(_DEEP, 1, 1)


def syntax_tree(source: str) -> ast.Module | Fault:
    """Read a text as Python, within bounds on its length and depth."""
    if (fault := _too_long(source)) is not None:
        return fault
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        line, column = error.lineno or 1, max(error.offset or 1, 1)
        if (fence := fence_in(source, line)) is not None:
            return Fault("expected a program alone, found a line of ```: leave it out", fence, 1)
        said = _HUGE if "int_max_str_digits" in error.msg else f"not valid Python: {error.msg}"
        return Fault(said, line, column, _with_colon(error) or _in_ascii(error))
    except ValueError:
        return Fault("not valid Python: it has characters that Python does not read", 1, 1)
    except (RecursionError, MemoryError, OverflowError):
        return Fault(_DEEP, 1, 1)


def _too_long(text: str, where: str = "") -> Fault | None:
    if len(text) <= MAX_CHARACTERS:
        return None
    size = f"{len(text):,} characters{where}; at most {MAX_CHARACTERS:,} are read"
    return Fault(f"the program has {size}", 1, 1)


def _outside(line: ast.stmt) -> str:
    """Say what becomes of a line that stands outside all functions."""
    match line:
        case ast.Assign(value=ast.Lambda()):
            return ", found a function without `def`"
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return f": put `{name}` into the function that reads it"
        case ast.ClassDef():
            return ", found a class"
    return ""


def _as_function(line: ast.stmt, entry: Entry) -> str | None:
    """Return `f = lambda x: …` as a definition, of the entry where it takes what the entry does."""
    match line:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda(args=args, body=body)):
            meant = {a.arg for a in args.args}.issuperset(entry.required)
            head = f"def {entry.name if meant else name}"
            form = f"{head}({quoted(args, WIDEST)}): return {quoted(body, WIDEST)}"
            return form if len(form) <= WIDEST and "…" not in form else None
    return None


def _with_colon(error: SyntaxError) -> str | None:
    """Return the line that lacks its colon with it; Python's words say enough of other mistakes."""
    if error.msg != "expected ':'" or not error.text or not error.offset:
        return None
    head, rest = error.text[: error.offset - 1].rstrip(), error.text[error.offset - 1 :].strip()
    line = f"{head.lstrip()}: {rest}".rstrip()
    return line if len(line) <= 80 else None


def _in_ascii(error: SyntaxError) -> str | None:
    """Return the sign that stands for one that Python does not read."""
    _, _, sign = error.msg.partition("invalid character '")
    return sign_for(sign[:1])


class _Reader:
    """Read one syntax tree, function by function; then check the whole."""

    def __init__(self, kind: Kind, source: str) -> None:
        self.kind = kind
        self.source = source
        self.params: dict[str, Sequence[str]] = {}
        self.places: dict[tuple[str, str], ast.AST] = {}
        self.doc = ""

    def module(self, tree: ast.Module) -> Genome:
        lines = list(tree.body)
        doc = ""
        if lines and (text := docstring(lines[0])) is not None:
            doc, lines = text, lines[1:]
        functions = tuple(self.function(d) for d in self.definitions(lines))
        return Genome(functions, doc or self.doc)

    def definitions(self, lines: list[ast.stmt]) -> list[ast.FunctionDef]:
        """Return the definitions, the entry last, or refuse anything else."""
        entry = self.kind.entry.name
        found = [line for line in lines if isinstance(line, ast.FunctionDef)]
        for line in lines:
            if not isinstance(line, ast.FunctionDef):
                wanted = f"expected `def {entry}(…)` and helper functions before it only"
                imports = isinstance(line, ast.Import | ast.ImportFrom)
                told = without_imports(lines, self.kind, self.source) if imports else _outside(line)
                raise refuse(line, f"{wanted}{told}", _as_function(line, self.kind.entry))
        if not found:
            nearest = self.kind.entry.signature(())
            raise refuse(None, f"expected a function `{entry}`, found none", nearest)
        if all(d.name != entry for d in found):
            meant = self.meant(found)
            nearest = self.kind.entry.signature([a.arg for a in meant.args.args])
            raise refuse(meant, f"expected a function `{entry}`, found none", nearest)
        if found[-1].name != entry:
            raise refuse(found[-1], f"expected a function `{entry}`, which must come last")
        return found

    def meant(self, found: list[ast.FunctionDef]) -> ast.FunctionDef:
        """Return the function that comes nearest to the entry, the last where none does."""
        near = closest(self.kind.entry.name, [d.name.lower() for d in found])
        return next((d for d in found if d.name.lower() == near), found[-1])

    def function(self, definition: ast.FunctionDef) -> Function:
        name, entry = definition.name, self.kind.entry
        if name != entry.name and name in self.kind.reserved:
            raise refuse(definition, f"`{name}` is a function of the language; choose another name")
        if name in self.params:
            raise refuse(definition, f"there are two functions `{name}`")
        if not name.isascii():
            raise refuse(definition, f"`{name}` has letters outside ASCII")
        lowered = lower(definition, self.kind, self.params, self.source)
        function = lowered.function
        self.places.update(((name, t), node) for t, node in lowered.places.items())
        self.params[name] = function.params
        if name == entry.name:
            self.doc = lowered.doc
            if (fault := entry.faults_in(function)) is not None:
                raise refuse(definition, fault.message, fault.nearest)
        elif len(function.returns) != 1:
            raise refuse(lowered.places[""], f"a helper returns one value; `{name}` does not")
        return function

    def checked(self, genome: Genome) -> Genome:
        """Type-check the whole; a kind without motifs gets its helpers written out."""
        found = examine(genome, self.kind)
        if isinstance(found, Misplaced):
            place = self.places.get((found.function, found.target))
            nearest = found.fault.nearest or self.form_of(place)
            raise refuse(place, found.fault.message, nearest)
        if self.kind.motifs or not genome.helpers:
            return genome
        return Genome((found.flat.function,), genome.doc)

    def form_of(self, node: ast.AST | None) -> str | None:
        """Return the form of a call that others write with other arguments."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
                form = form_of_call(name, args, keywords, self.kind)
                said = form in (None, quoted(node, WIDEST))
                return None if said or not fits(form, self.params, self.kind) else form
        return None


def names_in(source: str) -> Iterator[str]:
    """Yield the function names a text defines, to tell which kind it is; nothing for bad Python."""
    tree = syntax_tree(source)
    if isinstance(tree, ast.Module):
        yield from (n.name for n in tree.body if isinstance(n, ast.FunctionDef))
