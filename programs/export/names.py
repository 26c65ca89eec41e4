"""The names that exported code gives to a program's values.

A name a person chose is kept, and bound again where the program binds it again. Only what would
hide something the file needs (`torch`, one of its helpers) gets an underscore.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Iterable

from programs.errors import InputError
from programs.genome import base_of
from programs.program import Program

_PYTHON = (
    "abs",
    "float",
    "group",
    "isinstance",
    "math",
    "len",
    "max",
    "min",
    "range",
    "torch",
    "tuple",
    "zip",
)
_OURS = ("apply", "as_lists", "as_tensor", "beside", "copy_back", "cosine", "divide", "matrix")
_MODEL = ("answered", "newton_schulz", "noise", "scrambled", "self", "share", "start", "whole")
_FOREACH = ("add_", "addcdiv_", "addcmul_", "by_step", "by_type", "shrinkage", "update_foreach_")
_FLOATS = ("cbrt", "clamp", "divide", "extremum", "floor", "mod", "power", "safely", "sign")
TAKEN = frozenset((*_PYTHON, *_OURS, *_MODEL, *_FOREACH, *_FLOATS))


def python_name(name: str) -> str:
    """Return the name in exported code of a value that a person named."""
    base = base_of(name)
    return f"{base}_" if base in TAKEN else base


LONGEST_TITLE = 40
_ENDINGS = "around|as|at|for|from|in|of|over|that|whose|without"
"""Words before which a title ends."""


class Names:
    """Hand out names beside those that a function binds itself."""

    def __init__(self, bound: Iterable[str]) -> None:
        self.bound = Counter(bound)

    def once(self, name: str) -> str:
        """Return the name of a value; a numbered one where its name is bound more than once."""
        own = python_name(name)
        return own if self.bound[own] < 2 else self.numbered(own)

    def numbered(self, stem: str) -> str:
        """Return `stem` with the lowest number that makes it unused, and mark it as used."""
        number = 1
        while f"{stem}{number}" in self.bound:
            number += 1
        self.bound[f"{stem}{number}"] = 1
        return f"{stem}{number}"


def class_name(program: Program, name: str | None) -> str:
    """Name the class as asked, as the program's first sentence opens, or by its key."""
    if name is not None:
        if not name.isidentifier() or keyword.iskeyword(name) or name in TAKEN:
            raise InputError(f"expected a name that a Python class can have, found `{name}`")
        return name
    doc = program.genome.doc if program.genome else ""
    return _title(doc) or f"Evolved{program.key[:8]}"


def _title(doc: str) -> str:
    """Write the words that a docstring opens with as one: `Schedule-Free AdamW (…` loses its dash.

    Nothing comes of an opening that is no title: one too long, or with a number in front.
    """
    doc = re.sub(r"^(A|An|Plain|The) ", "", doc.strip())
    opening = re.split(rf"[(:;.\n]|,? (?:{_ENDINGS})\b", doc, maxsplit=1)[0]
    words = re.findall(r"[A-Za-z0-9]+", opening)
    title = "".join(w[0].upper() + w[1:] for w in words)
    fits = title.isidentifier() and title.isascii() and len(title) <= LONGEST_TITLE
    return title if fits and not keyword.iskeyword(title) else ""
