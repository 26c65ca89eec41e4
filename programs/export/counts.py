"""What follows from a tensor's shape alone, in Python's own numbers: `w.shape[-2] / w.shape[-1]`.

Such a value costs nothing and waits for nothing. Where Python's arithmetic would not keep to the
language's conventions (a root of something negative), it becomes a tensor like everything else.
"""

from __future__ import annotations

from collections.abc import Sequence

from programs.export.spell import (
    ATOM,
    CHOICE,
    COMPARISON,
    POWER,
    SIGNS,
    SUM,
    UNARY,
    Operand,
    Speller,
    Written,
    infix,
)
from programs.ranges import Range

_COUNTS = {
    "row_count": "{}.shape[-2]",
    "column_count": "{}.shape[-1]",
    "numel": "{}.numel()",
}
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_EXTREMA = {"maximum": "max", "minimum": "min"}


def written(spell: Speller, op: str, args: Sequence[Operand], known: Range) -> Operand:
    """Write a value: in Python's numbers where shapes decide it, else as a tensor."""
    found = count(op, args, known)
    if found is not None:
        return found
    if not any(a.tensor for a in args):
        args = [Operand(spell.tensor(a), range=a.range) for a in args]
    return Operand(*spell(op, args), range=known)


def count(op: str, args: Sequence[Operand], known: Range) -> Operand | None:
    """Write a value that shapes decide; `None` if this is no such value."""
    if op in _COUNTS:
        return Operand(_COUNTS[op].format(args[0].within(ATOM)), ATOM, False, known, number=True)
    if any(a.tensor for a in args):
        return None
    if not all(a.number for a in args):
        # Beside a number that may live in a tensor, only what works for both.
        written = infix("*", *args) if op == "mul" else None
        return written and Operand(*written, tensor=False, range=known)
    written = _arithmetic(op, args)
    return written and Operand(*written, tensor=False, range=known, number=True)


def _arithmetic(op: str, args: Sequence[Operand]) -> Written | None:
    first, last = args[0], args[-1]
    if op in SIGNS:
        test = f"{first.within(COMPARISON + 1)} {SIGNS[op]} {last.within(COMPARISON + 1)}"
        return f"float({test})", ATOM
    if op in _EXTREMA:
        return f"{_EXTREMA[op]}({first.text}, {last.text})", ATOM
    if op == "neg":
        return f"-{first.within(UNARY)}", UNARY
    if op == "sqrt" and first.range.nonnegative:
        return f"{first.within(POWER + 1)}**0.5", POWER
    if op == "where":
        yes, no = args[1].within(SUM), args[2].within(SUM)
        return f"{yes} if {first.within(SUM)} else {no}", CHOICE
    # Products of whole numbers could outgrow what torch takes as a number.
    exact = op in ("add", "sub") or (op == "mul" and (first.literal or last.literal))
    if exact or (op == "div" and last.range.nonzero):
        return infix(_INFIX[op], first, last)
    return None
