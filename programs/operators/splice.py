"""Splice: let a value of one parent be computed as a value of the same type is in another.

A typed crossover. The second parent's expression comes with everything it is made of. Its states
are either played by states that the first parent has already, or come along with the statements
that renew them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from programs.check import Typed, check
from programs.edits import ancestors, first_free, redirected, with_inputs
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement, base_of
from programs.kind import Kind
from programs.operator import MAX_STATEMENTS, Site, attempt

BRING_SHARE = 0.5
"""How often the states of the second parent come along."""


class Splice:
    """Replace a value by an expression of the second parent."""

    name = "splice"
    arity = 2

    def __call__(
        self, parents: Sequence[Genome], kind: Kind, rng: np.random.Generator
    ) -> Genome | Fault:
        """Return the first parent with a part of the second."""
        first, second = parents
        donors: dict[Kind, Typed | Fault] = {}

        def edit(site: Site, rng: np.random.Generator) -> Function | Fault:
            donor = donors.setdefault(site.kind, check(second, site.kind))
            return donor if isinstance(donor, Fault) else _spliced(site, donor, rng)

        return attempt(edit, first, _common_setting(first, second, kind), rng)


def _common_setting(first: Genome, second: Genome, kind: Kind) -> Kind:
    """Settle open inputs on those that both parents fit, so that one can give to the other."""
    for entry in kind.settings(first) if kind.settings else ():
        settled = kind.at(entry)
        if not any(isinstance(check(parent, settled), Fault) for parent in (first, second)):
            return settled
    return kind


@dataclass(frozen=True, slots=True)
class _Graft:
    """Statements to insert, the value they compute, and states with their new values."""

    body: tuple[Statement, ...]
    value: Argument
    inputs: tuple[str, ...]
    states: Mapping[str, Argument]


def _spliced(site: Site, typed: Typed, rng: np.random.Generator) -> Function | Fault:
    stock, kind, donor = site.function, site.kind, typed.flat.function
    if not stock.body or not donor.body:
        return Fault("both parents need at least one statement")
    value = donor.body[rng.integers(len(donor.body))].target
    wanted = typed.types[value]
    places = [i for i, s in enumerate(stock.body) if site.types[s.target] == wanted]
    if not places:
        return Fault(f"the first parent computes nothing that is {wanted}")
    place = places[rng.integers(len(places))]
    if stock.name != kind.entry.name:
        return _into_helper(site, place, typed, value, rng)
    graft = _cut(donor, value, stock, kind, rng)
    if len(stock.body) + len(graft.body) > MAX_STATEMENTS:
        return Fault(f"the child would have more than {MAX_STATEMENTS} statements")
    # At the front, for a state that comes along is renewed from names the stock knows from there.
    child = redirected(stock, place + 1, stock.body[place].target, graft.value)
    child = replace(
        child,
        params=(*child.params, *graft.states),
        body=(*graft.body, *child.body),
        returns=(*child.returns, *graft.states.values()),
    )
    return with_inputs(child, kind, graft.inputs)


def _into_helper(
    site: Site, place: int, typed: Typed, value: str, rng: np.random.Generator
) -> Function | Fault:
    """Let parameters of a helper play the inputs of the expression."""
    stock, donor = site.function, typed.flat.function
    body, read = ancestors(donor.body, [value])
    number = first_free(stock, donor)
    new = {s.target: f"{base_of(s.target)}.{number + i}" for i, s in enumerate(body)}
    for name in sorted(read):
        hosts = [p for p in stock.params if site.types[p] == typed.types[name]]
        if not hosts:
            return Fault(f"the helper `{stock.name}` takes nothing that is {typed.types[name]}")
        new[name] = hosts[rng.integers(len(hosts))]
    if len(stock.body) + len(body) > MAX_STATEMENTS:
        return Fault(f"the child would have more than {MAX_STATEMENTS} statements")
    grafted = [s.renamed(lambda n: new.get(n, n)) for s in body]
    return redirected(stock, place + 1, stock.body[place].target, new[value], grafted)


def _cut(
    donor: Function, value: str, stock: Function, kind: Kind, rng: np.random.Generator
) -> _Graft:
    """Take out what computes `value`, under names that are free in the stock."""
    states = kind.entry.states(donor)
    hosts = kind.entry.states(stock)
    new: dict[str, str] = {}
    brought: list[str] = []
    body, read = ancestors(donor.body, [value])
    if not hosts or rng.random() < BRING_SHARE:
        body, read, brought = _with_states(donor, value, kind)
        taken = {base_of(n) for n in (*stock.bound(), *donor.bound())} | kind.reserved
        for state in brought:
            new[state] = _unused(state, taken) if state in stock.bound() else state
    else:
        new = {s: hosts[rng.integers(len(hosts))] for s in states}
    number = first_free(stock, donor)
    new |= {s.target: f"{base_of(s.target)}.{number + i}" for i, s in enumerate(body)}

    def renamed(name: str) -> str:
        return new.get(name, name)

    renewed = dict(zip(states, donor.returns[1:], strict=True))
    carried = {new[s]: _renamed(renewed[s], new) for s in brought}
    inputs = tuple(n for n in sorted(read) if n in kind.entry.inputs)
    return _Graft(tuple(s.renamed(renamed) for s in body), renamed(value), inputs, carried)


def _with_states(
    donor: Function, value: str, kind: Kind
) -> tuple[tuple[Statement, ...], frozenset[str], list[str]]:
    """Take `value` with the states it needs and, in turn, what renews them."""
    states = kind.entry.states(donor)
    renewed = dict(zip(states, donor.returns[1:], strict=True))
    wanted, brought = [value], []
    while True:
        body, read = ancestors(donor.body, wanted)
        missing = [s for s in states if s in read and s not in brought]
        if not missing:
            return body, read, brought
        brought += missing
        wanted += [r for s in missing if isinstance(r := renewed[s], str)]


def _renamed(arg: Argument, new: Mapping[str, str]) -> Argument:
    return new.get(arg, arg) if isinstance(arg, str) else arg


def _unused(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}{number}" in taken:
        number += 1
    taken.add(f"{name}{number}")
    return f"{name}{number}"


OPERATOR = Splice()
