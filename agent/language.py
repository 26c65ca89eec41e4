"""What a model is told of the language: it never changes within a run, so providers can cache it.

The numerical conventions are those that the vocabulary's own files state, word for word.
"""

from __future__ import annotations

import importlib
import re
from functools import cache

from agent.source import block
from programs.check import check
from programs.errors import Fault
from programs.kind import Kind
from programs.kinds import arithmetic
from programs.load import library
from programs.parse import MAX_CHARACTERS

_PLURALS = {"schedule": "learning-rate schedules", "architecture": "neural architectures"}

_EXAMPLES = ("lion", "cosine_warmup", "resnet", "transformer", "mlp")
"""Library programs that show the language well; the first that suits the task is shown."""


@cache
def language(kind: Kind) -> tuple[str, ...]:
    """Return the rules of a kind's programs, their conventions and an example."""
    parts = (_rules(kind), _conventions(kind), _numbers(kind), _example(kind))
    return tuple(part for part in parts if part)


@cache
def vocabulary(kind: Kind) -> tuple[str, ...]:
    """Return the operators, then a line for each function."""
    ops = [op for op in kind.ops.values() if op.name != "neg"]
    infix = " ".join(op.infix for op in ops if op.infix)
    constants = f" Constants: {', '.join(kind.constants)}." if kind.constants else ""
    equality = "; == and != are read, too" if ">=" in infix else ""
    signs = f"Operators: {infix} and unary -{equality}.{constants}"
    return signs, *(f"{op.usage}: {op.doc}" for op in ops if not op.infix)


def used(kind: Kind, text: str) -> tuple[str, ...]:
    """Return the lines of the functions that programs in a text call."""
    called = set(re.findall(r"\b(\w+)\(", text))
    ops = (op for op in kind.ops.values() if not op.infix and op.name in called)
    return tuple(f"{op.usage}: {op.doc}" for op in ops)


def _rules(kind: Kind) -> str:
    entry = kind.entry
    needed = ", ".join(f"`{n}`" for n in entry.required)
    optional = ", ".join(f"`{n}`" for n in entry.inputs if n not in entry.required)
    taken = f"It takes {needed}" + (f" and may take any of {optional}." if optional else ".")
    helpers = (
        ", after any number of helper functions of the same sort that it calls, or repeats with "
        "`repeat(f, n, x)`; a helper may call those before it"
        if kind.motifs
        else "; helper functions, of one result each, may stand before it and are written out "
        "where they are called"
    )
    state = (
        " Every other parameter is a state that you invent, zero at the start; return its new "
        "value after the result, in the order of the parameters."
        if entry.state is not None
        else ""
    )
    return (
        f"You design {_PLURALS.get(kind.name, kind.name + 's')} as small programs and know the "
        f"literature on them. A program is one Python function `def {entry.name}(…)` of "
        f"straight-line assignments in a restricted language{helpers}. There is no `if`, no loop, "
        f"no import, no attribute, and no call but of what is listed below. {taken}{state} "
        "Docstrings and comments are allowed and not counted. A program's size is its statements: "
        f"one for each operation or call. Its text has at most {MAX_CHARACTERS // 1024} KiB."
    )


def _conventions(kind: Kind) -> str:
    """Return what the kind's own file says about its programs."""
    try:
        doc = importlib.import_module(f"programs.kinds.{kind.name}").__doc__
    except ImportError:
        return ""
    return _indented(doc)


def _numbers(kind: Kind) -> str:
    """Return the conventions of numbers, where programs compute with them."""
    computes = set(arithmetic.ARITHMETIC) <= set(kind.ops.values())
    return _indented(arithmetic.__doc__) if computes else ""


def _indented(doc: str | None) -> str:
    blocks = [b for b in (doc or "").strip().split("\n\n")[1:] if b.startswith("    ")]
    return "\n\n".join(blocks)


def _example(kind: Kind) -> str:
    known = library(kind.name)
    named = (known[name] for name in _EXAMPLES if name in known)
    suits = (p for p in named if p.genome and not isinstance(check(p.genome, kind), Fault))
    shown = next(suits, None)
    return f"For example:\n\n{block(shown.source)}" if shown else ""
