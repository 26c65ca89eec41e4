"""Abstract execution: find what a program computes on types alone, before it costs anything.

    check       infer the type of every value, or say which statement cannot be
    live        drop the statements and states that reach no output (dependency tracking)
    depends_on  ask whether the output can feel an input at all

Sources: Chen et al. 2023 (Lion), appendix I.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement, base_of, is_anonymous
from programs.inline import MAX_FLAT, Flat, inline
from programs.kind import Kind, Op, Type, TypeMismatch, WrongSort

Types = Mapping[str, Type]

MAX_REMEMBERED, MAX_CHECKED = 50_000, 1_000


@dataclass(frozen=True, slots=True)
class Typed:
    """A program that type-checks: its kind with settled inputs, written out, and all its types."""

    kind: Kind
    flat: Flat
    types: Types

    def within(self, function: Function) -> Types | None:
        """Return the types of a function's names at its first call, if it is ever called."""
        names = self.flat.names.get(function.name)
        if names is None:
            return self.types if function.name == self.flat.function.name else None
        return {name: type_of(arg, self.types, self.kind) for name, arg in names.items()}


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A fault with the function and the target it is at; `reach` counts what was typed before."""

    fault: Fault
    function: str = ""
    target: str = ""
    reach: int = 0

    @property
    def nearness(self) -> tuple[bool, int]:
        """Order faults by how near a program came to its kind's inputs."""
        return not self.fault.foreign, self.reach


def check(genome: Genome, kind: Kind, before: Typed | None = None) -> Typed | Fault:
    """Return the type of every value of a program, or the first fault.

    What it begins with in common with `before`, found for the same kind, is not looked at again.
    """
    found = examine(genome, kind, before)
    return found.fault if isinstance(found, Misplaced) else found


def rechecked(function: Function, before: Typed) -> Typed | Fault:
    """Check a program of one function that was made of another such, found for the same kind."""
    if not _alike(function, before) or len(function.body) > MAX_FLAT:
        return check(Genome((function,)), before.kind, before)
    found = _typed(Flat(function), before.kind, before)
    return found.fault if isinstance(found, Misplaced) else found


def checked(genome: Genome, kind: Kind) -> Typed | Fault:
    """Check a genome that is looked at again and again, as a child is and then as a parent."""
    held = kind.checks.get(id(genome))
    return found_in(genome, kind, check(genome, kind)) if held is None else held[1]  # type: ignore[return-value]


def found_in(genome: Genome, kind: Kind, found: Typed | Fault) -> Typed | Fault:
    """Remember what a genome was found to be, for `checked` to tell."""
    known = kind.checks
    if len(known) >= MAX_CHECKED:
        known.clear()
    # The genome is kept with what was found, so that no other can come to have its id.
    known[id(genome)] = (genome, found)
    return found


def examine(genome: Genome, kind: Kind, before: Typed | None = None) -> Typed | Misplaced:
    """Check a program and say where in the genome a fault is.

    Where the kind leaves its inputs open, the first setting that fits counts; if none does, the
    fault is that of the setting that comes nearest: inputs of another sort are further away than
    those of another size, and then it counts how far the program came.
    """
    fault = kind.entry.faults_in(genome.main)
    if fault is not None:
        return Misplaced(fault, genome.main.name)
    flat = inline(genome)
    if isinstance(flat, Fault):
        return Misplaced(flat)
    if kind.settings is None:
        return _typed(flat, kind, before)
    nearest: Misplaced | None = None
    for entry in kind.settings(genome):
        found = _typed(flat, kind.at(entry))
        if isinstance(found, Typed):
            return found
        if nearest is None or found.nearness > nearest.nearness:
            nearest = found
    assert nearest is not None
    return nearest


def _alike(function: Function, before: Typed) -> bool:
    """Tell whether a function takes and returns as many things of the same names as another."""
    old = before.flat.function
    return (
        function.params is old.params
        and function.name == old.name
        and len(function.returns) == len(old.returns)
    )


def _typed(flat: Flat, kind: Kind, before: Typed | None = None) -> Typed | Misplaced:
    function, entry = flat.function, kind.entry
    types: dict[str, Type] = {p: entry.inputs.get(p, entry.state) for p in function.params}
    twins, number, inferred, literals = flat.twins, kind.number, kind.inferred, kind.literals
    made = {s.target: s for s in function.body} if twins else {}
    same = _known_types(function, before, types) if before and not twins else 0
    for place, statement in enumerate(function.body[same:], same):
        op, found = statement.op, None
        if op not in literals:
            # What `infer` finds, for the many calls that are well formed and have been met before.
            of_args = [types.get(a) if type(a) is str else number for a in statement.args]
            found = inferred.get((op, *of_args))
        if found is None or type(found) is Fault:
            found = infer(statement, types, kind)
        if twins and statement.target in twins and type(found) is not Fault:
            twin = made[twins[statement.target]]
            found = _unlike(statement, twin, types, kind) or found
        if type(found) is Fault:
            owner, target = flat.origins[place] if flat.origins else (function.name, "")
            return Misplaced(found, owner, target or statement.target, place)
        types[statement.target] = found
    fault = check_returns(function, types, kind)
    if fault is not None:
        return Misplaced(fault, function.name, "", len(function.body))
    return Typed(kind, flat, types)


def _known_types(function: Function, before: Typed, types: dict[str, Type]) -> int:
    """Take over the types of the statements that a function begins with as another does."""
    old, same = before.flat.function, 0
    if old.params == function.params:
        for one, other in zip(function.body, old.body, strict=False):
            if one is not other:
                break
            types[one.target] = before.types[one.target]
            same += 1
    return same


def _unlike(statement: Statement, twin: Statement, types: Types, kind: Kind) -> Fault | None:
    """Demand that a later copy under `recur` sees what its weights were made for."""
    if not kind.ops[statement.op].weighted:
        return None
    pairs = zip(statement.args, twin.args, strict=True)
    if all(type_of(a, types, kind) == type_of(b, types, kind) for a, b in pairs):
        return None
    return Fault("`recur` applies one copy, so its function must give back the shape it takes")


def infer(statement: Statement, types: Types, kind: Kind) -> Type | Fault:
    """Return the type of a statement's value, given the types of the names before it."""
    name, number = statement.op, kind.number
    try:
        # What is remembered was well formed, so a known call needs no further look.
        if name in kind.literals:
            found = kind.inferred[_call(statement, types, kind)]
        else:
            types_of = [types[a] if type(a) is str else number for a in statement.args]
            found = kind.inferred[(name, *types_of)]
    except KeyError:
        fault = _malformed(statement, types, kind)
        if fault is not None:
            return fault
        found = _inferred_anew(kind.ops[statement.op], _call(statement, types, kind), kind)
    if type(found) is Fault:
        return replace(found, message=f"{_shown(statement)}: {found.message}")
    return found


def _call(statement: Statement, types: Types, kind: Kind) -> tuple[Hashable, ...]:
    """Return a call with its arguments' types in their place; an attribute stands for itself."""
    name, args = statement.op, statement.args
    if name not in kind.literals:
        number = kind.number
        return (name, *[types[a] if type(a) is str else number for a in args])
    params = kind.ops[name].params
    if len(args) != len(params):
        raise KeyError(name)
    pairs = zip(params, args, strict=True)
    return (name, *[a if p.attribute else type_of(a, types, kind) for p, a in pairs])


def _malformed(statement: Statement, types: Types, kind: Kind) -> Fault | None:
    """Say what keeps a statement from being looked up at all."""
    op = kind.ops.get(statement.op)
    if op is None:
        return Fault(f"there is no function `{statement.op}`")
    if len(statement.args) != len(op.params):
        return Fault(f"expected `{op.usage}`, found {len(statement.args)} arguments")
    for name in statement.names():
        if name not in types:
            return Fault(f"`{name}` is used before it is bound")
    return None


def _inferred_anew(op: Op, call: tuple[Hashable, ...], kind: Kind) -> Type | Fault:
    """Apply an op's typing rule and remember what it said."""
    if len(kind.inferred) > MAX_REMEMBERED:
        kind.inferred.clear()
    found = kind.inferred[call] = _apply_rule(op, call[1:])
    return found


def _apply_rule(op: Op, given: tuple[Type, ...]) -> Type | Fault:
    for param, value in zip(op.params, given, strict=True):
        if param.attribute and not param.attribute.admits(value):
            return Fault(f"`{param.name}` must be {param.attribute}, written as a literal")
    whole = (
        int(value) if param.attribute and param.attribute.whole else value  # type: ignore[arg-type]
        for param, value in zip(op.params, given, strict=True)
    )
    try:
        return op.infer(*whole)
    except TypeMismatch as mismatch:
        return Fault(str(mismatch), foreign=isinstance(mismatch, WrongSort))


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
    for place, arg in enumerate(function.returns):
        wanted = entry.state if place else entry.output
        if isinstance(arg, str) and arg not in types:
            return Fault(f"{_owed(function, place, kind)} `{arg}` is not bound")
        found = type_of(arg, types, kind)
        if not entry.fits(found, wanted):
            return Fault(f"{_owed(function, place, kind)} must be {wanted}, found {found}")
    return None


def _owed(function: Function, place: int, kind: Kind) -> str:
    """Say what the entry function returns at a place."""
    return f"the new `{kind.entry.states(function)[place - 1]}`" if place else "the result"


def live(function: Function, kind: Kind) -> Function:
    """Return the entry function without statements and states that never reach the result.

    A state that only feeds itself is dropped, its parameter and its return with it.
    """
    states = kind.entry.states(function)
    needed = reached(function, states)
    dropped = {s for s in states if s not in needed}
    body = tuple([s for s in function.body if s.target in needed])
    if not dropped and len(body) == len(function.body):
        return function
    params, returns = function.params, function.returns
    if dropped:
        params = tuple([p for p in params if p not in dropped])
        new_state = zip(states, returns[1:], strict=True)
        returns = (returns[0], *[new for state, new in new_state if state not in dropped])
    return Function(function.name, params, body, returns)


def depends_on(function: Function, kind: Kind, name: str) -> bool:
    """Tell whether the result depends on the input `name`, through states too."""
    return name in reached(function, kind.entry.states(function))


def reached(function: Function, states: tuple[str, ...] = ()) -> set[Argument]:
    """Return what the result is made of; a state in it makes its new value part of it as well."""
    made: dict[Argument, tuple[Argument, ...]] = {s.target: s.args for s in function.body}
    for state, new in zip(states, function.returns[1:], strict=True):
        made[state] = (new,)
    needed: set[Argument] = set()
    pending = [function.returns[0]]
    while pending:
        arg = pending.pop()
        if arg not in needed:
            needed.add(arg)
            if arg in made:
                pending += made[arg]
    return needed


def without_dead_code(genome: Genome, kind: Kind) -> Genome:
    """Return the genome with only what is live in its functions, and only helpers in use."""
    main = live(genome.main, kind)
    if len(genome.functions) == 1:
        return genome if main is genome.main else Genome((main,), genome.doc)
    kept = [main]
    called = {s.function for s in main.body}
    for helper in reversed(genome.helpers):
        if helper.name in called:
            needed = reached(helper)
            body = tuple(s for s in helper.body if s.target in needed)
            called.update(s.function for s in body)
            kept.append(helper if len(body) == len(helper.body) else replace(helper, body=body))
    functions = tuple(reversed(kept))
    pairs = zip(functions, genome.functions, strict=False)
    if len(functions) == len(genome.functions) and all(new is old for new, old in pairs):
        return genome
    return replace(genome, functions=functions)
