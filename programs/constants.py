"""The names of a function's constants: one for each number, which nothing else in it has.

Evolution may leave `beta` with two values, or with the name of a state; the text can do neither.
"""

from __future__ import annotations

import keyword
from dataclasses import replace

from programs.genome import Argument, Function, Named, base_of


def with_own_names(function: Function, reserved: frozenset[str]) -> Function:
    """Return the function with names of constants that its text can hold, most of them as given."""
    rows = (*(s.args for s in function.body), function.returns)
    given = [a for row in rows for a in row if type(a) is Named]
    if not given:
        return function
    names = _names(given, {base_of(n) for n in function.bound()} | reserved)

    def meant(args: tuple[Argument, ...]) -> tuple[Argument, ...]:
        return tuple([names[a.name, float(a)] if type(a) is Named else a for a in args])

    body = tuple(s.reading(meant(s.args)) for s in function.body)
    return replace(function, body=body, returns=meant(function.returns))


def _names(given: list[Named], taken: set[str]) -> dict[tuple[str, float], Named]:
    """Map each name with its number to the constant it becomes."""
    new: dict[tuple[str, float], Named] = {}
    for constant in given:
        key = (constant.name, float(constant))
        if key not in new and constant.name not in taken:
            taken.add(constant.name)
            new[key] = constant
    # Every name that was given is some constant's by now; the others get one like theirs.
    for constant in given:
        key = (constant.name, float(constant))
        if key not in new:
            new[key] = Named(constant, _like(constant.name, taken))
    return new


def _like(name: str, taken: set[str]) -> str:
    """Return `name` with a number, and mark it: `c1` for `c`, but `beta1_1` for `beta1`."""
    stem, number = name.rstrip("0123456789") or name, 1
    if stem != name and not stem.endswith("_"):
        stem = f"{name}_"
    while (new := f"{stem}{number}") in taken or keyword.iskeyword(new):
        number += 1
    taken.add(new)
    return new
