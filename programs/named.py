"""Kinds of program by name: those that come with the package, and those of files."""

from __future__ import annotations

from functools import cache

from programs.kind import Kind
from programs.plugins import Plugins

KINDS = Plugins(sort="kind", package="programs.kinds", constant="KIND")


@cache
def kind_named(name: str) -> Kind:
    """Return the kind of a name or of a path to its file; `InputError` says which there are."""
    return KINDS.find(name)


@cache
def builtin_kinds() -> tuple[str, ...]:
    """Return the names of the kinds that come with the package."""
    return tuple(KINDS.names())
