"""Write the language reference from the vocabulary itself: `make docs` puts it in docs/language.md.

Tables come from the kinds, types from their typing rules on sample arguments, conventions from the
docstrings that state them, and every message from a mistake that is really made here.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import product
from textwrap import dedent

from programs import logic
from programs.errors import Fault
from programs.freeform import Freeform, recognise
from programs.genome import COMBINATORS
from programs.inline import MAX_COPIES
from programs.kind import Attribute, Kind, Op, Scope, Type, TypeMismatch
from programs.kinds import arithmetic, shapes
from programs.kinds.networks.features import Feature
from programs.load import kind_named, library, read_program
from programs.lower import MAX_DEPTH
from programs.numbers import MAX_CONSTANT
from programs.parse import MAX_CHARACTERS
from programs.reference_examples import CAUGHT, FREE, MISTAKES

INTRODUCTION = f"""\
<!-- Written by `make docs` from the vocabulary. Edit programs/reference.py, not this file. -->
# The language

A program is one file of restricted Python. It defines one function, the *entry*, whose name says
what kind of program it is; helper functions, which return one value, may stand before it. A body
is a straight line of `name = expression` and ends in one `return`. Expressions are made of names,
numbers, the operators below, and calls of the kind's functions and of helpers. A name may be bound
again, but not that of a function other than the entry; `a, b = x, y` and `a = b = x` are read as
one line for each name. A number that is given a name (`beta = 0.9`) keeps it through search, at the
head of its function. There is no `if` (write `where(condition, a, b)`), no loop (write
`repeat(f, n, x)`, which applies a helper `f` one to {MAX_COPIES} times in a row), no import, no
attribute, no index. A docstring is kept as the program's description.

A text has at most {MAX_CHARACTERS // 1024} KiB, expressions are nested at most {MAX_DEPTH} deep,
and numbers are within ±{MAX_CONSTANT:g}. Programs are parsed and never executed as Python; types
and shapes are inferred before anything runs, and what the result does not depend on is dropped.

`cambrian check FILE` says whether a file is a program and what it does; `cambrian hash` which
files do the same; `cambrian library NAME` prints a known one to start from.
"""

IDENTITY = """\
## When two programs are one

The **structural key** is a hash of the canonical text: dead code gone, common parts merged,
arguments of commutative functions ordered, constants folded. The **fingerprint** is a hash of
what the program computes on fixed inputs, rounded to 24 bits. Of programs with the same
fingerprint, however they are written, a run trains one (unless `--forget` or `--aggregate` asks
for more).
"""

SAMPLES: dict[str, Feature] = {
    "sequence": Feature("sequence", (16, 32)),
    "causal sequence": Feature("sequence", (16, 32), True),
    "image": Feature("image", (32, 8, 8)),
    "vector": Feature("vector", (32,)),
}
"""Arguments on which the typing rules of layers are shown."""


def reference() -> str:
    """Return the language reference as Markdown."""
    optimizer, schedule = kind_named("optimizer"), kind_named("schedule")
    shared = [op for name, op in optimizer.ops.items() if schedule.ops.get(name) == op]
    parts = [
        INTRODUCTION,
        _numbers(shared),
        _optimizers(optimizer, shared),
        _schedules(schedule, shared),
        _architectures(kind_named("architecture")),
        _mistakes(),
        _free(),
        IDENTITY,
    ]
    return "\n".join(parts)


# -- the kinds -------------------------------------------------------------------------------------


def _numbers(shared: Iterable[Op]) -> str:
    constants = ", ".join(f"`{name}` = {value:.9g}" for name, value in arithmetic.CONSTANTS.items())
    rows = [(_call(op), op.doc, _aliases(op), f"`{_computed(op)}`") for op in shared]
    return (
        "## Numbers: optimisers and schedules\n\n"
        "These work element by element; shapes that differ are broadcast where that has a "
        f"meaning. Constants: {constants}.\n\n"
        + _table(("function", "meaning", "also read as", "computes"), rows)
        + "\nIn `computes`, `divide(a, b)` is a / b, and 0 where b is 0.\n\n"
        "### Conditions\n\n"
        "A comparison is the number 1 or 0. What Python writes with signs that the language lacks\n"
        "is read as what it has, and comes out so:\n\n" + _block(logic.__doc__, 0) + "\n"
        "### Numerical conventions\n\n"
        "The same in the probes, in training and in an exported file:\n\n"
        + _block(arithmetic.__doc__, 0)
    )


def _optimizers(kind: Kind, shared: list[Op]) -> str:
    rows = [
        (_call(op), op.doc, _typed(op), f"`{_computed(op)}`")
        for op in kind.ops.values()
        if op not in shared
    ]
    return (
        f"## Optimisers: `def {kind.entry.name}`\n\n"
        f"{_summary(kind)}\n\n{_block(_doc(kind), 0)}\n{_inputs(kind)}\n"
        "Every other parameter is a state of `w`'s shape, zero before the first step. The function "
        "returns what is\n**subtracted** from `w`, then the new states in the order of the "
        "parameters.\n\n"
        f"{_block(_doc(kind), 1)}\n"
        "Beside the functions of numbers, an optimiser has these over one parameter tensor"
        ", or over all of\nthem at once (marked *model*):\n\n"
        + _table(("function", "meaning", "types", "computes"), rows)
        + f"\nKnown ones: {_known(kind)}.\n"
    )


def _schedules(kind: Kind, shared: list[Op]) -> str:
    own = [op for op in kind.ops.values() if op not in shared]
    rows = [(_call(op), op.doc, f"`{_computed(op)}`") for op in own]
    return (
        f"## Schedules: `def {kind.entry.name}`\n\n"
        f"{_summary(kind)}\n\n{_block(_doc(kind), 0)}\n{_inputs(kind)}\n"
        "It returns the factor on the base learning rate. Everything is a scalar. Beside the "
        "functions of\nnumbers there is:\n\n"
        + _table(("function", "meaning", "computes"), rows)
        + f"\nKnown ones: {_known(kind)}.\n"
    )


def _architectures(kind: Kind) -> str:
    combinators = "\n".join(f"- `{form}`: {_USES[name]}" for name, form in COMBINATORS.items())
    rows = [
        (_call(op), op.doc, *(_shape(op, sample) for sample in SAMPLES.values()), _literals(op))
        for op in kind.ops.values()
    ]
    samples = ", ".join(f"{name} {'×'.join(map(str, s.shape))}" for name, s in SAMPLES.items())
    return (
        f"## Architectures: `def {kind.entry.name}`\n\n"
        f"{_summary(kind)}\n\n{_block(_doc(kind), 0, 2)}\n"
        "`x` is a sequence `[length, width]`, an image `[channels, height, width]` or a vector "
        "`[width]`,\nas the task says; the batch is not written. A file is read for inputs of a "
        "usual size, or of one\nthat its heads, groups, patches and pools ask for; `cambrian "
        "check`, `hash` and `diff` read it for a\ntask's with `--task NAME`.\n\nHelper functions "
        f"(motifs) stand before `{kind.entry.name}` and return one value. A helper `f` is\napplied "
        "in three ways:\n\n"
        f"{combinators}\n\n"
        "Layers with weights make their own at every call. What a layer gives is shown for these "
        f"arguments:\n{samples}. “=” means\nthe same type, “–” that the rule refuses it. On a "
        "causal sequence no position may see a later one.\nBeyond the ends of a sequence and the "
        "border of an image there are zeros, and the means of\n`pooling` count them in. Literals "
        "are numbers, names of them, or arithmetic on these\n(`times=8 / 3`, `linear(x, 4 * d)`), "
        "which is worked out as it is read; their default stands after `=`.\n\n"
        + _table(("layer", "meaning", *SAMPLES, "literals"), rows)
        + f"\nAlso read: {_other_names(kind)}. After\n`stride`, where PyTorch goes on with a "
        "padding, those two take arguments by name; there is no\npadding to give: it is always "
        "the one that keeps the size.\n"
        f"\nKnown ones: {_known(kind)}.\n"
    )


_USES = {
    "call": "once",
    "repeat": f"`n` copies in a row, each with its own weights (1 to {MAX_COPIES})",
    "recur": f"one copy `n` times, the same weights each time (1 to {MAX_COPIES})",
}


def _inputs(kind: Kind) -> str:
    entry = kind.entry
    rows = [
        (f"`{name}`", str(type_), "yes" if name in entry.required else "")
        for name, type_ in entry.inputs.items()
    ]
    return _table(("input", "type", "must be there"), rows)


def _known(kind: Kind) -> str:
    return ", ".join(f"`{name}`" for name in library(kind.name))


# -- one function ----------------------------------------------------------------------------------


def _call(op: Op) -> str:
    if op.infix:
        left, right = (p.name for p in op.params)
        return f"`{left} {op.infix} {right}`"
    return "`-a`" if op.name == "neg" and not op.weighted else f"`{op.usage}`"


def _aliases(op: Op) -> str:
    return ", ".join(f"`{name}`" for name in op.aliases)


def _other_names(kind: Kind) -> str:
    named = (op for op in kind.ops.values() if op.aliases)
    return "; ".join(f"{_aliases(op)} as `{op.name}`" for op in named)


def _computed(op: Op) -> str:
    return op.expression.replace("xp.", "")


def _typed(op: Op) -> str:
    """Return the first types of arguments that the rule takes, and what it makes of them."""
    transposed = shapes.transposed(shapes.TENSOR)
    for given in product((shapes.TENSOR, shapes.SCALAR, transposed), repeat=op.arity):
        try:
            result = op.infer(*given)
        except TypeMismatch:
            continue
        scope = "*model*: " if op.scope is Scope.MODEL else ""
        return f"{scope}{', '.join(map(_word, given))} → {_word(result)}"
    raise ValueError(f"no sample fits `{op.name}`")


def _word(shape: Type) -> str:
    return "tensor" if shape == shapes.TENSOR else str(shape).partition(" (")[0].partition(" ")[2]


def _shape(op: Op, sample: Feature) -> str:
    """Return what a layer makes of a sample: its type, “=” for the same, “–” for a refusal."""
    given = [sample if p.attribute is None else _literal(p.default, p.attribute) for p in op.params]
    try:
        found = op.infer(*given)
    except TypeMismatch:
        return "–"
    if found == sample or not isinstance(found, Feature):
        return "=" if found == sample else str(found)
    causal = "causal " if found.causal and not sample.causal else ""
    return f"{causal}{found.sort} {'×'.join(map(str, found.shape))}"


def _literal(default: float | None, attribute: Attribute) -> float:
    value = attribute.usual[0] if default is None else default
    return int(value) if value == int(value) else value


def _literals(op: Op) -> str:
    return "; ".join(f"`{p.name}` {p.attribute}" for p in op.params if p.attribute)


# -- mistakes and free forms -----------------------------------------------------------------------


def _mistakes() -> str:
    """Make every mistake, and print what the reader says."""
    return (
        "## Mistakes\n\n"
        "What is not in the language is answered with its place, what was expected, and the "
        "nearest legal\nform; people and models read the same sentence.\n\n"
        + "\n".join(_answers())
        + f"\n{CAUGHT}"
    )


def _answers() -> Iterator[str]:
    for name, source in MISTAKES:
        found = read_program(source, kind_named(name))
        if not isinstance(found, Fault):
            raise ValueError(f"no mistake any more:\n{source}")
        yield f"```python\n{source}```\n\n> {found}\n"


def _free() -> str:
    """Show the free forms that are recognised today."""
    parts = [
        "## Free-form Python\n\n"
        "A file that is Python beyond the language is a program too. It is run only in the "
        "sandbox\n([Trust and safety](sandbox.md)), and where it merely spells the language in "
        "another way it becomes\na program of the language. The rest cannot be mutated "
        "symbolically; models can rewrite it, and it is\nhashed, judged, kept and exported like "
        "any other.\n"
    ]
    for name, heading, source in FREE:
        if isinstance(recognise(source, kind_named(name)), Freeform):
            parts.append(f"{heading}\n\n```python\n{source}```\n")
    return "\n".join(parts)


# -- text ------------------------------------------------------------------------------------------


def _doc(kind: Kind) -> str:
    return inspect.getdoc(import_module(f"programs.kinds.{kind.name}")) or ""


def _summary(kind: Kind) -> str:
    return _doc(kind).split("\n")[0].partition(": ")[2].capitalize()


def _block(doc: str | None, place: int, count: int = 1) -> str:
    """Return `count` indented blocks of a docstring, fenced."""
    blocks = [b for b in (doc or "").strip().split("\n\n") if b.startswith("    ")]
    text = dedent("\n\n".join(blocks[place : place + count]))
    return f"```{'python' if 'def ' in text else 'text'}\n{text}\n```\n"


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines
    )


if __name__ == "__main__":
    print(reference(), end="")
