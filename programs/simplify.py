"""The shortest program found that behaves the same, or that scores the same.

Two phases take turns. *Equivalence* is a best-first search from the program through neighbours that
behave as it does: equal on the fixed probes (the fingerprint) and on fresh random ones. Neighbours
are what a rewrite rule makes of it, what is left when a value is taken from elsewhere, in the entry
or in a helper, and what it is with a helper written out where it is called. Every program found is
compared with the original, the first too: that without dead code and repetitions.
*Ablation* needs a score: it takes the cut that hurts the score least, as long as all cuts together
cost no more than the tolerance; what is left is then a program of its own, and equivalence goes on
from there. The cuts were chosen by that score, so the last ones are undone where another judge, who
chose nothing, does not find what they led to good enough.

A program is simpler that has fewer states, then fewer statements, then fewer arguments, then
constants of fewer digits, then smaller and positive ones.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from programs.canonical import structural_key
from programs.cuts import ablations, altered, shortcuts
from programs.digits import with_few_digits
from programs.equivalence import Equivalence
from programs.folding import folded, without_dirt
from programs.genome import Genome
from programs.kind import Kind
from programs.motifs import written_out
from programs.neat import neat
from programs.rewrites import rewritten

PATIENCE = 40
"""Programs no simpler than the best that are explored before the search gives up."""

SLACK = 1
"""Statements by which a program on the way may be longer than the best so far."""

Score = Callable[[Genome], float]
"""Higher is better; not-a-number for a program that fails."""

Holds = Callable[[Genome], bool]
"""Whether a program that the score chose is good enough, by what did not choose it."""

Cost = tuple[int, int, int, int, float]


@dataclass(frozen=True, slots=True)
class Step:
    """One simplification: what was done, the statements left, and the score if it was asked."""

    what: str
    size: int
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Simplified:
    """The simplest program found, and how it came about.

    `steps` leads from the program given to `genome`; those with a score changed what the program
    does. `removed` counts the statements saved, dead ones included, `undone` the last cuts that led
    to what did not hold.
    """

    genome: Genome
    removed: int
    steps: tuple[Step, ...]
    checks: int
    undone: int = 0

    @property
    def same_behaviour(self) -> bool:
        """Tell whether every step kept what the program given does, as far as probes can see."""
        return all(step.score is None for step in self.steps)


def simplify(
    genome: Genome,
    kind: Kind,
    rng: np.random.Generator,
    *,
    score: Score | None = None,
    tolerance: float = 0.0,
    holds: Holds = lambda _: True,
) -> Simplified:
    """Return the simplest program found that behaves as a checked genome does.

    With `score`, the simplest whose score is at most `tolerance` below the genome's own, and that
    `holds`, where cuts change what it does.
    """
    found, steps, checks = _equivalent(genome, kind, rng)
    reached = [(found, steps)]
    least = -np.inf if score is None else score(found) - tolerance
    tried: set[str] = set()
    while score is not None:
        cut = _least_harmful(found, kind, score, least, tried)
        if cut is None:
            break
        ablated, step = cut
        found, more, used = _equivalent(ablated, kind, rng)
        steps, checks = [*steps, step, *more], checks + used
        reached.append((found, steps))
    cuts = len(reached)
    while len(reached) > 1 and not holds(reached[-1][0]):
        reached.pop()
    found, steps = reached[-1]
    # What was cut on purpose is no longer the original's behaviour, but its own.
    kept = found if any(step.score is not None for step in steps) else genome
    same = Equivalence(kept, kind, rng)
    short = with_few_digits(found, same.admits)
    if short != found:
        steps = [*steps, Step("constants to the digits that matter", short.size)]
    removed, undone = genome.size - short.size, cuts - len(reached)
    return Simplified(short, removed, tuple(steps), checks + same.checks, undone)


@dataclass(order=True, slots=True)
class _Node:
    """A program on the way, cheapest first."""

    cost: Cost
    age: int
    genome: Genome = field(compare=False)
    steps: tuple[Step, ...] = field(compare=False)


def _equivalent(
    genome: Genome, kind: Kind, rng: np.random.Generator
) -> tuple[Genome, list[Step], int]:
    """Search for the simplest program that behaves as `genome` does."""
    search = _Search(genome, kind, rng)
    best = search.best_found()
    return best.genome, list(best.steps), search.same.checks


class _Search:
    """Best-first search through programs that behave as one does."""

    def __init__(self, genome: Genome, kind: Kind, rng: np.random.Generator) -> None:
        self.kind = kind
        self.same = Equivalence(genome, kind, rng)
        start = self.begun(genome)
        dropped = Step("dead code and repetitions dropped", start.size)
        steps = () if start == genome else (dropped,)
        self.best = _Node(_cost(start, kind), 0, start, steps)
        self.waiting = [self.best]
        self.seen = {structural_key(start, kind)}

    def begun(self, genome: Genome) -> Genome:
        """Return the genome without what looks superfluous, or itself if that was needed."""
        for fold in (without_dirt, folded):
            start = neat(genome, self.kind, fold)
            if start == genome or self.same.admits(start):
                return start
        return genome

    def best_found(self) -> _Node:
        """Explore the cheapest programs first, until patience ends with no better one."""
        idle = 0
        while self.waiting and idle < PATIENCE:
            before = self.best
            self.explore(heapq.heappop(self.waiting))
            idle = idle + 1 if self.best is before else 0
        return self.best

    def explore(self, node: _Node) -> None:
        """Put a program's neighbours in line; stop at the first that is shorter than all so far."""
        # Only the best so far is worth trying to shorten by force; algebra works on all.
        thorough = node is self.best
        for what, child in _neighbours(node.genome, self.kind, thorough=thorough):
            cost = _cost(child, self.kind)
            better = cost < self.best.cost
            if not self.admits(child, cost, better=better):
                continue
            step = Step(what, child.size)
            made = _Node(cost, len(self.seen), child, (*node.steps, step))
            heapq.heappush(self.waiting, made)
            if better:
                shorter = cost[:2] < self.best.cost[:2]
                self.best = made
                if shorter:
                    return

    def admits(self, child: Genome, cost: Cost, *, better: bool) -> bool:
        """Tell whether a neighbour is new, short enough and behaves the same."""
        if cost[0] > self.best.cost[0] or cost[1] > self.best.cost[1] + SLACK:
            return False
        key = structural_key(child, self.kind)
        if (key in self.seen and not better) or not self.same(child):
            return False
        self.seen.add(key)
        return not better or self.same.surely(child)


def _neighbours(genome: Genome, kind: Kind, *, thorough: bool) -> Iterator[tuple[str, Genome]]:
    """Yield the well-typed neighbours of a program."""
    for helper in genome.helpers:
        child = written_out(genome, helper, kind)
        yield f"`{helper.name}` written out", neat(child, kind, without_dirt)
    for what, child in altered(genome, kind, rewritten):
        yield what, neat(child, kind, without_dirt)
    if thorough:
        for what, child in altered(genome, kind, shortcuts):
            yield what, neat(child, kind, without_dirt)


def _cost(genome: Genome, kind: Kind) -> Cost:
    args = [a for f in genome.functions for s in f.body for a in s.args]
    constants = [a for a in args if isinstance(a, float)]
    digits = sum(len(f"{c:.15g}".strip("-0.").replace(".", "")) for c in constants)
    sizes = sum(abs(c) + (c < 0) for c in constants)
    return len(kind.entry.states(genome.main)), genome.size, len(args), digits, sizes


def _least_harmful(
    genome: Genome, kind: Kind, score: Score, least: float, tried: set[str]
) -> tuple[Genome, Step] | None:
    """Make the cut after which the score is highest, or none if all fall below `least`."""
    best: tuple[float, str, Genome] | None = None
    limit = _cost(genome, kind)
    for what, cut in altered(genome, kind, ablations):
        child = neat(cut, kind, without_dirt)
        key = structural_key(child, kind)
        if key in tried or _cost(child, kind) >= limit:
            continue
        tried.add(key)
        reached = score(child)
        if reached >= least and (best is None or reached > best[0]):
            best = reached, what, child
    if best is None:
        return None
    return best[2], Step(best[1], best[2].size, best[0])
