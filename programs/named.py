"""Kinds of program by name, those of the package and of files, and those of known programs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

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


@cache
def library_kinds() -> dict[str, str]:
    """Return the kind of each known program by its name; none of them is read."""
    folder = Path(__file__).with_name("library")
    return {
        entry.stem: kind
        for kind in reversed(builtin_kinds())
        for entry in sorted((folder / f"{kind}s").glob("*.py"))
    }
