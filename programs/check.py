"""Abstract execution: find what a program computes on types alone, before it costs anything.

    check       infer the type of every value, or say which statement cannot be
    live        drop the statements and states that reach no output (dependency tracking)
    depends_on  ask whether the output can feel an input at all

Sources: Chen et al. 2023 (Lion), appendix I.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement, base_of, is_anonymous
from programs.kind import Kind, Type, TypeMismatch

Types = Mapping[str, Type]


def check(genome: Genome, kind: Kind) -> Types | Fault:
    """Return the type of every name of the entry function, or the first fault."""
    function = genome.main
    fault = kind.entry.faults_in(function)
    if fault is not None:
        return fault
    types: dict[str, Type] = {
        p: kind.entry.inputs.get(p, kind.entry.state) for p in function.params
    }
    for statement in function.body:
        found = infer(statement, types, kind)
        if isinstance(found, Fault):
            return found
        types[statement.target] = found
    return check_returns(function, types, kind) or types


def infer(statement: Statement, types: Types, kind: Kind) -> Type | Fault:
    """Return the type of a statement's value, given the types of the names before it."""
    op = kind.ops.get(statement.op)
    if op is None:
        return Fault(f"there is no function `{statement.op}`")
    if len(statement.args) != op.arity:
        return Fault(f"expected `{op.usage}`, found {len(statement.args)} arguments")
    unbound = [name for name in statement.names() if name not in types]
    if unbound:
        return Fault(f"`{unbound[0]}` is used before it is bound")
    try:
        return op.infer(*(type_of(a, types, kind) for a in statement.args))
    except TypeMismatch as mismatch:
        return Fault(f"{_shown(statement)}: {mismatch}")


def type_of(arg: Argument, types: Types, kind: Kind) -> Type:
    """Return the type of a name or a constant."""
    return types[arg] if isinstance(arg, str) else kind.number


def _shown(statement: Statement) -> str:
    args = (base_of(a) or "…" if isinstance(a, str) else f"{a:g}" for a in statement.args)
    call = f"{statement.op}({', '.join(args)})"
    return call if is_anonymous(statement.target) else f"{base_of(statement.target)} = {call}"


def check_returns(function: Function, types: Types, kind: Kind) -> Fault | None:
    """Check that the entry function returns what it owes."""
    entry = kind.entry
    owed = [("the result", entry.output)]
    owed += [(f"the new `{state}`", entry.state) for state in entry.states(function)]
    for arg, (what, wanted) in zip(function.returns, owed, strict=True):
        if isinstance(arg, str) and arg not in types:
            return Fault(f"{what} `{arg}` is not bound")
        found = type_of(arg, types, kind)
        if found != wanted:
            return Fault(f"{what} must be {wanted}, found {found}")
    return None


def live(function: Function, kind: Kind) -> Function:
    """Return the function without statements and states that never reach the result.

    A state that only feeds itself is dropped, its parameter and its return with it.
    """
    states = kind.entry.states(function)
    new_state = dict(zip(states, function.returns[1:], strict=True))
    needed = _reached(function, [function.returns[0]], new_state)
    body = tuple(s for s in function.body if s.target in needed)
    dropped = {s for s in states if s not in needed}
    params = tuple(p for p in function.params if p not in dropped)
    kept = tuple(new_state[s] for s in states if s not in dropped)
    return replace(function, params=params, body=body, returns=(function.returns[0], *kept))


def depends_on(function: Function, kind: Kind, name: str) -> bool:
    """Tell whether the result depends on the input `name`, through states too."""
    states = kind.entry.states(function)
    new_state = dict(zip(states, function.returns[1:], strict=True))
    return name in _reached(function, [function.returns[0]], new_state)


def _reached(
    function: Function, roots: list[Argument], new_state: Mapping[str, Argument]
) -> set[str]:
    """Walk back from the roots; a state that is read makes its new value a root as well."""
    made_by = {s.target: s for s in function.body}
    reached: set[str] = set()
    waiting = [r for r in roots if isinstance(r, str)]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        if name in made_by:
            waiting.extend(made_by[name].names())
        elif isinstance(new_state.get(name), str):
            waiting.append(str(new_state[name]))
    return reached


def without_dead_code(genome: Genome, kind: Kind) -> Genome:
    """Return the genome with only the live part of its entry function."""
    return genome.with_main(live(genome.main, kind))
