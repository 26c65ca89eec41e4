"""Which kind a text is meant to be of where no function in it has an entry's name.

def shedule(step, total)     by its name, which is nearly that of an entry
def get_lr(step, total)      by its parameters
lr = lambda t: 1 - t / 100   by what others call it
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from programs.errors import closest
from programs.kind import Entry, Kind
from programs.load import kind_of
from programs.named import builtin_kinds, kind_named
from programs.parse import MAX_CHARACTERS

_DEFINITION = re.compile(
    r"^\s*(?:def\s+(\w+)\s*\(([^()]*)|(\w+)\s*=\s*lambda\b([^:]*):)", re.MULTILINE
)
"""Finds functions and their parameters in a text that may be no Python."""

_OTHER_NAMES = {
    **dict.fromkeys(("lr", "get_lr", "lr_lambda", "learning_rate", "factor"), "schedule"),
    **dict.fromkeys(("model", "forward", "net", "body", "build_model"), "architecture"),
}


def meant_kind(source: str) -> Kind:
    """Return a text's kind, or the one it comes nearest to, in whose words its faults are told."""
    if (kind := kind_of(source)) is not None:
        return kind
    kinds = [kind_named(name) for name in builtin_kinds()]
    defined = list(_defined(source))
    entries = {kind.entry.name: kind for kind in kinds}
    for name, _ in defined:
        if (near := closest(name.lower(), entries)) is not None:
            return entries[near]
    # The entry comes last.
    for _, params in reversed(defined):
        best = max(kinds, key=lambda kind: _fit(kind.entry, params))
        if _fit(best.entry, params):
            return best
    others = (_OTHER_NAMES.get(name.lower()) for name, _ in reversed(defined))
    return kind_named(next((name for name in others if name), "optimizer"))


def _defined(source: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the functions of a text with their parameters."""
    for found in _DEFINITION.finditer(source[:MAX_CHARACTERS]):
        name, params = found[1] or found[3], found[2] or found[4] or ""
        words = (re.match(r"\s*(\w+)", param) for param in params.split(","))
        yield name, [word[1] for word in words if word and word[1] != "self"]


def _fit(entry: Entry, params: Sequence[str]) -> float:
    """Return the share of what an entry must take that is there, 0 where it takes no more."""
    if entry.state is None and len(params) > len(entry.inputs):
        return 0.0
    return sum(name in params for name in entry.required) / len(entry.required)
