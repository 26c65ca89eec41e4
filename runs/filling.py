"""Candidates as a search would leave them, made up in no time: to measure the store at any size.

The shape is that of regularised evolution with 32 members and duels of five: lines of descent are
long and thin, one child in twenty has two parents, a quarter of all proposals bring nothing new.
Scores, texts and fingerprints are drawn, never trained.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

import numpy as np

from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.program import Program
from runs.record import candidate_id
from runs.store import Store

POPULATION = 32
CHECKSUM = f"{0:016x}"
DUEL = 5
SEEDS = 3

FATES = {
    Status.SCORED: 0.70,
    Status.DUPLICATE: 0.12,
    Status.INVALID: 0.10,
    Status.PRUNED: 0.04,
    Status.FAILED: 0.03,
    Status.TIMED_OUT: 0.01,
}
"""What becomes of candidates, and how often."""

MESSAGES = {
    Status.INVALID: "unknown name: line 3, column 12: there is no `grad` here",
    Status.PRUNED: "below the median of its rung",
    Status.FAILED: "not finite: the loss is nan at step 31",
    Status.TIMED_OUT: "took longer than 10 s",
}

OPERATORS = ("insert", "delete", "modify", "crossover")


def fill(
    store: Store, candidates: int, runs: int, rng: np.random.Generator, together: int = 1
) -> list[str]:
    """Record `candidates` in `runs` finished runs, `together` in a transaction; return the runs."""
    made = []
    for number in range(runs):
        count = candidates // runs + (number < candidates % runs)
        config = {"task": "digits", "seed": number, "evals": max(count, 1)}
        run = store.create_run("digits", "optimizer", number, config, "plain", "cpu", "p1", {})
        store.event(run.id, "filling", {"candidates": count})  # no run is without an event
        made_up = invented(run.id, count, rng)
        while batch := list(islice(made_up, together)):
            store.record_all(run.id, batch)
        store.finish(run.id, "done", f"{count} candidates made up")
        made.append(run.id)
    return made


def invented(run: str, count: int, rng: np.random.Generator) -> Iterator[Candidate]:
    """Yield a run's candidates, the program it starts from first."""
    population: deque[Candidate] = deque(maxlen=POPULATION)
    fates = rng.choice(len(FATES), size=count, p=list(FATES.values()))
    for index in range(count):
        parents = _parents(population, rng)
        # The first is what the search begins with, and has a score.
        status = tuple(FATES)[int(fates[index])] if parents else Status.SCORED
        candidate = _candidate(run, index, status, parents, rng)
        if status is Status.SCORED:
            population.append(candidate)
        yield candidate


def _parents(population: deque[Candidate], rng: np.random.Generator) -> list[Candidate]:
    """Return the winners of one duel, seldom two; nobody where nobody is."""
    if not population:
        return []
    duels = 2 if rng.random() < 0.05 else 1
    drawn = rng.integers(len(population), size=(duels, DUEL))
    return [max((population[i] for i in duel), key=lambda c: c.score or 0.0) for duel in drawn]


def _candidate(
    run: str, index: int, status: Status, parents: list[Candidate], rng: np.random.Generator
) -> Candidate:
    numbers = rng.random(SEEDS + 3)
    copy = parents[0] if status is Status.DUPLICATE else None
    print_ = copy.evaluation.fingerprint if copy else f"{int(numbers[0] * 2**52):013x}"
    base = (parents[0].score or 0.0) if parents else -0.5
    by_seed = tuple(float(base + 0.02 * (x - 0.52)) for x in numbers[3:])
    if copy:
        by_seed = copy.evaluation.by_seed
    scored = status in (Status.SCORED, Status.DUPLICATE)
    evaluation = Evaluation(
        status,
        score=sum(by_seed) / SEEDS if scored else None,
        metrics={"learning_rate": 0.01, "accuracy": float(numbers[1])} if scored else {},
        by_seed=by_seed if scored else (),
        fingerprint="" if status is Status.INVALID else print_,
        message=MESSAGES.get(status, ""),
        seconds=0.0 if copy else float(2 * numbers[2]),
        tier="plain",
        checksum=CHECKSUM,
    )
    operator = OPERATORS[3] if len(parents) > 1 else OPERATORS[index % 3]
    ids = tuple(parent.id for parent in parents)
    origin = Origin(
        "evolution", operator, ids, f"{operator} in statement {index % 7}", seed=(0, index)
    )
    source = _source(numbers)
    program = Program("optimizer", source, f"{int(numbers[1] * 2**52):013x}")
    id_ = candidate_id(run, index)
    return Candidate(id_, index, program, origin, evaluation, copy.id if copy else None)


def _source(numbers: np.ndarray) -> str:
    """Return a program of the language, told from others by its constants."""
    a, b, c = (f"{x:.6g}" for x in numbers[:3])
    more = "".join(f"    m = m + {x:.3g} * g\n" for x in numbers[: int(numbers[1] * SEEDS)])
    return (
        "def update(w, g, m, v, lr, step, total):\n"
        f"    m = lerp(m, g, {a})\n"
        f"    v = lerp(v, g * g, {b})\n"
        f"{more}"
        "    direction = m / (sqrt(v) + 1e-08)\n"
        f"    decay = {c} * w\n"
        "    return lr * (direction + decay), m, v\n"
    )
