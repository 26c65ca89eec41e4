"""Helper functions as search moves them: a run of statements becomes one, a call becomes its body.

Every call makes weights of its own, just as the statements did that it replaces, so neither
direction changes what a program computes. A *run* can become a function if one value alone leaves
it. Runs of the same *shape* (ops, constants and the flow between them, whatever the names) become
calls of one function.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from programs.check import without_dead_code
from programs.edits import first_free, redirected
from programs.genome import CALL, Argument, Function, Genome, Statement, base_of
from programs.kind import Kind
from programs.tidy import tidy

LEAST, MOST = 2, 12
"""Statements that a motif may be made of."""

MAX_PARAMS = 3

Shape = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Statements `start` to `stop` of a function; `inputs` are the names they read from before."""

    function: str
    start: int
    stop: int
    inputs: tuple[str, ...]
    shape: Shape

    def overlaps(self, other: Run) -> bool:
        """Tell whether two runs share a statement."""
        if self.function != other.function:
            return False
        return self.start < other.stop and other.start < self.stop


def runs(genome: Genome) -> Iterator[Run]:
    """Yield every run that can become a function of its own."""
    for function in genome.functions:
        count = len(function.body)
        last_read = _last_reads(function)
        for start in range(count):
            for stop in range(start + LEAST, min(start + MOST, count) + 1):
                inner = function.body[start : stop - 1]
                if stop - start == count or any(last_read[s.target] >= stop for s in inner):
                    continue
                run = _run(function, start, stop)
                if len(run.inputs) > MAX_PARAMS:
                    break  # a longer run reads no less
                if run.inputs:
                    yield run


def apart(found: Sequence[Run]) -> list[Run]:
    """Return the runs without those that overlap an earlier one."""
    chosen: list[Run] = []
    for run in found:
        if not any(run.overlaps(other) for other in chosen):
            chosen.append(run)
    return chosen


def extracted(genome: Genome, chosen: Sequence[Run], kind: Kind) -> Genome:
    """Let one new function stand for runs of the same shape that do not overlap."""
    name = _free_name(genome, kind)
    places = {f.name: i for i, f in enumerate(genome.functions)}
    first = min(chosen, key=lambda r: places[r.function])
    by_name = {f.name: f for f in genome.functions}
    motif = _motif(name, by_name[first.function], first, kind)
    functions = [_calling(f, name, chosen) for f in genome.functions]
    functions.insert(places[first.function], motif)
    return tidy(Genome(tuple(functions), genome.doc), kind)


def inlined(genome: Genome, function: Function, place: int, kind: Kind) -> Genome:
    """Put a helper's body in the place of one call of it; a helper without calls goes."""
    call = function.body[place]
    helper = next(f for f in genome.helpers if f.name == call.function)
    known: dict[str, Argument] = dict(zip(helper.params, call.args, strict=True))
    number = first_free(function, helper)
    body = []
    for offset, statement in enumerate(helper.body):
        target = f"{base_of(statement.target)}.{number + offset}"
        if statement.target == helper.returns[0]:
            target = f"{base_of(call.target)}.{number + offset}"
        args = tuple(known.get(a, a) if isinstance(a, str) else a for a in statement.args)
        body.append(statement.reading(args).bound_to(target))
        known[statement.target] = target
    result = helper.returns[0]
    value = known[result] if isinstance(result, str) else result
    without = replace(function, body=(*function.body[:place], *function.body[place + 1 :]))
    child = genome.with_function(redirected(without, place, call.target, value, body))
    return tidy(without_dead_code(child, kind), kind)


def written_out(genome: Genome, helper: Function, kind: Kind) -> Genome:
    """Put a helper's body in the place of every call of it; what repeats it still needs it."""
    for function in genome.functions:
        while call := _first_call(genome, function.name, helper.name):
            genome = inlined(genome, *call, kind)
    return genome


def _first_call(genome: Genome, within: str, helper: str) -> tuple[Function, int] | None:
    function = next((f for f in genome.functions if f.name == within), None)
    for place, statement in enumerate(function.body if function else ()):
        if statement.op == CALL and statement.function == helper:
            return function, place  # type: ignore[return-value]
    return None


def _last_reads(function: Function) -> dict[Argument, int]:
    """Return the place of each name's last reader; the return comes after all statements."""
    last: dict[Argument, int] = {s.target: -1 for s in function.body}
    last.update((a, place) for place, s in enumerate(function.body) for a in s.args)
    return last | dict.fromkeys(function.returns, len(function.body))


def _run(function: Function, start: int, stop: int) -> Run:
    inputs: list[str] = []
    known: dict[Argument, tuple[str, int]] = {}
    shape: list[object] = []
    for offset, statement in enumerate(function.body[start:stop]):
        for name in statement.names():
            if name not in known:
                known[name] = ("input", len(inputs))
                inputs.append(name)
        read = tuple([known[a] if isinstance(a, str) else a for a in statement.args])
        shape.append((statement.op, statement.function, read))
        known[statement.target] = ("made", offset)
    return Run(function.name, start, stop, tuple(inputs), tuple(shape))


def _motif(name: str, function: Function, run: Run, kind: Kind) -> Function:
    """Make the function; its parameters keep the names that people gave."""
    params: list[str] = []
    taken = {*kind.reserved, name}
    for given in run.inputs:
        letters = (base_of(given), *"xyzabcd")
        params.append(next(n for n in letters if n and n not in taken))
        taken.add(params[-1])
    new = dict(zip(run.inputs, params, strict=True))
    body = function.body[run.start : run.stop]
    number = first_free(function)
    new |= {s.target: f"{base_of(s.target)}.{number + i}" for i, s in enumerate(body)}
    # The result needs no name inside: it has one where the function is called.
    new[body[-1].target] = f".{number + len(body)}"
    written = tuple(s.renamed(lambda n: new[n]) for s in body)
    return Function(name, tuple(params), written, (new[body[-1].target],))


def _calling(function: Function, name: str, chosen: Sequence[Run]) -> Function:
    """Return the function with a call in the place of each of its runs."""
    body = list(function.body)
    own = (r for r in chosen if r.function == function.name)
    for run in sorted(own, key=lambda r: r.start, reverse=True):
        call = Statement(body[run.stop - 1].target, CALL, run.inputs, name)
        body[run.start : run.stop] = [call]
    return replace(function, body=tuple(body))


def _free_name(genome: Genome, kind: Kind) -> str:
    taken = {f.name for f in genome.functions} | kind.reserved
    taken |= {base_of(n) for f in genome.functions for n in f.bound()}
    number = 1
    while (name := f"motif{number if number > 1 else ''}") in taken:
        number += 1
    return name
