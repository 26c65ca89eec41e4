"""Our own benchmarks: how fast the language is, and how much work it saves a search.

A population evolves without training: a child's score is a number drawn from its fingerprint, so
that selection is real and knows nothing; only a program that does nothing on the probes loses every
duel. Each child goes the way of a real one, mutate → check → structural key → fingerprint, and each
stage is timed in processor seconds. A search asks for the fingerprint of a structural key only
once; here every child is run, and what that rule would save is reckoned from the time taken by
those whose key was known. Beside it runs the same evolution with its dead statements left
in, as Lion's ran (Chen et al. 2023, appendix I).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import numpy as np

import programs
import programs.operator as operators
from programs.canonical import structural_key
from programs.check import checked, without_dead_code
from programs.conformance import drawn
from programs.errors import Fault, InputError
from programs.fingerprint import Behaviour, behaviour
from programs.genome import Genome
from programs.kind import Kind
from programs.load import builtin_kinds, kind_named, library
from programs.operator import Operator, usual_operators
from runs.settling import settled

STAGES = ("mutate", "check", "key", "fingerprint")
POPULATION = 100
TOURNAMENT = 2

Clean = Callable[[Genome, Kind], Genome]


@dataclass(slots=True)
class Tally:
    """What an evolution without training counted; `seconds` by stage.

    `known_seconds` is the part of the fingerprints' time that went to keys seen before.
    """

    kind: str
    children: int = 0
    idle: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    known_seconds: float = 0.0
    key_hits: int = 0
    print_hits: int = 0
    live_statements: int = 0
    statements: int = 0
    dead_statements: int = 0
    dead_children: int = 0
    pointless: int = 0

    @property
    def per_second(self) -> float:
        """Return how many children one core takes through all stages in a second."""
        return self.children / max(sum(self.seconds.values()), 1e-9)

    @property
    def per_second_remembering(self) -> float:
        """Return the same where the fingerprint of a known structural key is looked up."""
        return self.children / max(sum(self.seconds.values()) - self.known_seconds, 1e-9)

    def microseconds(self, stage: str) -> float:
        """Return the time that one stage takes for one child."""
        return 1e6 * self.seconds[stage] / max(self.children, 1)

    def share(self, count: int) -> float:
        """Return a count as a part of the children."""
        return count / max(self.children, 1)


@dataclass(frozen=True, slots=True)
class LanguageFigures:
    """One kind's figures: children cleaned, as search breeds them, and left as they are."""

    cleaned: Tally
    raw: Tally

    def as_json(self) -> dict[str, object]:
        """Return the figures as one flat record."""
        tally = self.cleaned
        return {
            "kind": tally.kind,
            "programs": tally.children,
            "per_second": round(tally.per_second, 1),
            "per_second_remembering": round(tally.per_second_remembering, 1),
            "statements": round(tally.live_statements / max(tally.children, 1), 2),
            "microseconds": {s: round(tally.microseconds(s), 1) for s in STAGES},
            "idle_mutations": tally.idle,
            "dead_children": round(tally.share(tally.dead_children), 4),
            "dead_statements_uncleaned": round(self.redundancy, 4),
            "pointless": round(tally.share(tally.pointless), 4),
            "key_hits": round(tally.share(tally.key_hits), 4),
            "fingerprint_hits": round(tally.share(tally.print_hits), 4),
            "key_hits_uncleaned": round(self.raw.share(self.raw.key_hits), 4),
            "fingerprint_hits_uncleaned": round(self.raw.share(self.raw.print_hits), 4),
        }

    @property
    def redundancy(self) -> float:
        """Return the part of all statements that is dead where nothing is ever cleaned."""
        return self.raw.dead_statements / max(self.raw.statements, 1)


def language(kinds: Sequence[str], count: int, seed: int) -> list[LanguageFigures]:
    """Breed `count` children of each kind, cleaned and not."""
    return [
        LanguageFigures(
            evolve(kind_named(name), count, np.random.default_rng(seed)),
            evolve(kind_named(name), count, np.random.default_rng(seed), clean=False),
        )
        for name in kinds or builtin_kinds()
    ]


def evolve(kind: Kind, count: int, rng: np.random.Generator, clean: bool = True) -> Tally:
    """Run regularised evolution without training for `count` children."""
    tally = Tally(kind.name)
    known = _founders(kind)
    mutations = [m for m in usual_operators(kind) if m.arity == 1]
    population: deque[tuple[int, Genome]] = deque(maxlen=POPULATION)
    keys, prints = set(), set()
    for genome in known:
        keys.add(structural_key(genome, kind))
        prints.add(behaviour(genome, kind).fingerprint)
    population.extend((0, known[i % len(known)]) for i in range(POPULATION))
    with settled(kind), _counting(tally, clean):
        while tally.children < count and tally.idle < 20 * count:
            child = _child(population, mutations, kind, rng, tally)
            if child is None:
                continue
            genome, key, seen, seconds = child
            print_ = seen.fingerprint
            tally.live_statements += genome.size
            if key in keys:
                tally.key_hits += 1
                tally.known_seconds += seconds
            tally.print_hits += print_ in prints
            keys.add(key)
            prints.add(print_)
            tally.pointless += seen.fault is not None
            population.append((0 if seen.fault else int(print_, 16), genome))
    return tally


def _founders(kind: Kind) -> Sequence[Genome]:
    """Return the library's programs; of a kind that has none, programs drawn at random."""
    known = [p.genome for p in library(kind.name).values() if p.genome is not None]
    try:
        found = known or drawn(kind)
    except ValueError as error:
        raise InputError(f"No {kind.name} can be drawn to breed from: {error}.") from None
    if not found:
        raise InputError(f"No {kind.name} can be drawn to breed from; `cambrian check` says why.")
    return found


def _child(
    population: Sequence[tuple[int, Genome]],
    mutations: Sequence[Operator],
    kind: Kind,
    rng: np.random.Generator,
    tally: Tally,
) -> tuple[Genome, str, Behaviour, float] | None:
    """Take one child of a duel's winner through all stages; tell what its fingerprint took."""
    duel = rng.integers(len(population), size=TOURNAMENT)
    parent = max((population[int(i)] for i in duel), key=lambda member: member[0])[1]
    mutate = mutations[int(rng.integers(len(mutations)))]
    with _timed(tally, "mutate"):
        genome = mutate([parent], kind, rng)
    if isinstance(genome, Fault):
        tally.idle += 1
        return None
    with _timed(tally, "check"):
        checked(genome, kind)
    with _timed(tally, "key"):
        key = structural_key(genome, kind)
    before = tally.seconds["fingerprint"]
    with _timed(tally, "fingerprint"):
        seen = behaviour(genome, kind)
    tally.children += 1
    return genome, key, seen, tally.seconds["fingerprint"] - before


@contextmanager
def _timed(tally: Tally, stage: str) -> Iterator[None]:
    began = time.process_time()
    yield
    tally.seconds[stage] += time.process_time() - began


@contextmanager
def _counting(tally: Tally, clean: bool) -> Iterator[None]:
    """Watch what operators clean out of their children, and leave it in unless `clean`."""

    def watched(genome: Genome, kind: Kind) -> Genome:
        live = without_dead_code(genome, kind)
        dead = genome.size - live.size
        tally.statements += genome.size
        tally.dead_statements += dead
        tally.dead_children += dead > 0
        return live if clean else genome

    # Operators take the dead code out themselves, so what they use for it is exchanged here.
    operators.without_dead_code = watched
    try:
        yield
    finally:
        operators.without_dead_code = without_dead_code


def labels(kinds: Sequence[str]) -> list[dict[str, object]]:
    """Judge the labelled pairs, which are part of a checkout only; nothing elsewhere."""
    folder = Path(programs.__file__).parent.parent / "tests" / "programs" / "equivalence"
    if not folder.is_dir():
        return []
    set_of = import_module("tests.programs.equivalence.labels")
    judge = import_module("tests.programs.equivalence.judge")
    made = import_module("tests.programs.equivalence.generated")
    found = []
    for kind in set_of.kinds():
        if kinds and kind not in kinds:
            continue
        verdict = judge.judged(set_of.labelled(kind) + made.generated(kind))
        found.append(
            {
                "kind": kind,
                "equivalent": verdict.equivalent,
                "false_splits": len(verdict.false_splits),
                "near": verdict.near,
                "false_merges": len(verdict.false_merges),
            }
        )
    return found
