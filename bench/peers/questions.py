"""What the rivals are asked, and how an answer is read off what was seen.

    speed    evaluations a minute, processor time and memory, for two evaluators, one or two at once
    hostile  one hostile program among good ones: are the rest still scored as without it?
    same     one program proposed again and again: how often is it evaluated?
    kill     `kill -9` of the main process: what was finished and is lost, who goes on?
    seed     two runs with one seed and one stub: how many prompts are equal?

Everything is counted from the evaluator's log; from the rival's own files comes only what it kept,
and what it calls best.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers import programs
from bench.peers.peer import Peer
from bench.peers.trial import GIB, Report, Trial, run

Record = dict[str, Any]
QUESTIONS = ("speed", "hostile", "same", "kill", "seed")
CONTROL = "none"
MANY = 5_000  # proposals of a trial that is ended by the clock
CAP = 4 * GIB
"""The address space that each process may have beside a memory bomb, so that the machine lives."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is asked: proposals of the short trials, seconds a rate is counted over."""

    proposals: int = 6
    repeats: int = 16
    window: float = 10.0
    seconds: float = 180.0
    workers: tuple[int, ...] = (1, 2)
    sorts: tuple[str, ...] = tuple(programs.HOSTILE)


QUICK = Effort(5, 6, 6.0, 120.0, (1,), ("loop", "exit", "forge"))


@dataclass(frozen=True, slots=True)
class Course:
    """Where trials run and with what chance; `python` is the rival's."""

    room: Path
    python: Path
    effort: Effort
    seed: int = 1


def variants(question: str, effort: Effort) -> list[str]:
    """Return the parts of a question, in the order in which they are put."""
    if question == "speed":
        kinds = ("trivial", "training")
        return [f"{kind} {count}" for kind in kinds for count in effort.workers]
    if question == "hostile":
        return [CONTROL, *effort.sorts]
    return [""]


def ask(question: str, variant: str, peer: Peer, course: Course, known: Sequence[Record]) -> Record:
    """Put a question to a rival; `known` are its earlier answers."""
    began = time.monotonic()
    facts = _ASKED[question](variant, peer, course, known)
    told = {"question": question, "variant": variant, "peer": peer.name}
    return {**told, **facts, "seconds": round(time.monotonic() - began, 1)}


def fits(question: str, variant: str, peer: Peer, also: bool) -> bool:
    """Say whether a question can be put; `also` marks a rival's other way of use."""
    if also and question != "speed":
        return False
    return question != "speed" or int(variant.split()[1]) in peer.workers


def _speed(variant: str, peer: Peer, course: Course, known: Sequence[Record]) -> Record:
    kind, workers = variant.split()
    trial = Trial(
        lambda place, ways: peer.program(place),
        MANY,
        int(workers),
        kind == "training",
        limit=60,
        seed=course.seed,
        window=course.effort.window,
        seconds=course.effort.seconds,
    )
    seen = _run(peer, trial, course)
    return {
        "per_minute": _rounded(seen.log.per_minute, 1),
        "processor_ms": _rounded(seen.each and 1000 * seen.each, 1),
        "first_s": _rounded(seen.to_first, 2),
        "memory_mib": round(seen.memory / 2**20),
        "evaluations": len(seen.log.finished),
        "load": round(seen.load, 1),
    }


def _hostile(variant: str, peer: Peer, course: Course, known: Sequence[Record]) -> Record:
    count = course.effort.proposals

    def answer(place: int, ways: programs.Ways) -> str:
        if place == programs.HOSTILE_PLACE and variant != CONTROL:
            return programs.hostile(variant, ways)
        return peer.program(place)

    seen = _run(peer, _short(answer, count, course, memory=CAP, enough=count), course)
    scores = {str(number): score for number, score in seen.log.scores.items()}
    control = next((r["scores"] for r in known if r["variant"] == CONTROL), scores)
    later = [str(n) for n in range(programs.HOSTILE_PLACE + 1, count)]
    return {
        "right": sum(n in scores and scores[n] == control.get(n) for n in later),
        "of": len(later),
        "ended": seen.ended,
        "survivors": list(seen.survivors),
        "best": seen.known.best,
        "forged": _forged(seen.known.best, control),
        "leaked": list(seen.leaked),
        "memory_mib": round(seen.memory / 2**20),
        "scores": scores,
        "load": round(seen.load, 1),
    }


def _same(variant: str, peer: Peer, course: Course, known: Sequence[Record]) -> Record:
    count = course.effort.repeats
    seen = _run(peer, _short(lambda *_: peer.program(0), count, course, enough=count), course)
    answered = min(len(seen.answers), count)
    return {"evaluated": seen.log.times(0), "of": answered, "load": round(seen.load, 1)}


def _kill(variant: str, peer: Peer, course: Course, known: Sequence[Record]) -> Record:
    """Kill at a moment drawn from the seed, the same for every rival."""
    rng = np.random.default_rng(course.seed)
    moment = (int(rng.integers(4, 12)), float(rng.uniform(0.0, 1.0)))
    answer = _good(peer)
    trial = Trial(answer, MANY, limit=60, seed=course.seed, kill_after=moment)
    seen = _run(peer, trial, course)
    if seen.killed is None:
        return {"finished": None, "load": round(seen.load, 1)}
    finished = {n for n in seen.log.before(seen.killed).scores if n != programs.START}
    return {
        "finished": len(finished),
        "lost": len(finished - set(seen.known.scores)),
        "after": seen.lines_after_kill,
        "survivors": list(seen.survivors),
        "load": round(seen.load, 1),
    }


def _seed(variant: str, peer: Peer, course: Course, known: Sequence[Record]) -> Record:
    count = course.effort.repeats
    runs = [_run(peer, _short(_good(peer), count, course), course) for _ in range(2)]
    first, second = (seen.prompts[:count] for seen in runs)
    equal = sum(a == b for a, b in zip(first, second, strict=False))
    return {"equal": equal, "of": max(len(first), len(second)), "load": round(runs[1].load, 1)}


_ASKED: Mapping[str, Callable[[str, Peer, Course, Sequence[Record]], Record]] = {
    "speed": _speed,
    "hostile": _hostile,
    "same": _same,
    "kill": _kill,
    "seed": _seed,
}


def _short(answer: Any, proposals: int, course: Course, **more: Any) -> Trial:
    return Trial(answer, proposals, seed=course.seed, seconds=course.effort.seconds, **more)


def _good(peer: Peer) -> Callable[[int, programs.Ways], str]:
    return lambda place, ways: peer.program(place)


def _run(peer: Peer, trial: Trial, course: Course) -> Report:
    return run(peer, trial, course.python, course.room)


def _forged(best: float | None, control: Mapping[str, float]) -> bool:
    """Say whether a rival calls best what no evaluation without hostile programs scored."""
    return best is not None and bool(control) and best > 2 * abs(max(control.values())) + 1


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def agenda(questions: Sequence[str], effort: Effort) -> Iterator[tuple[str, str]]:
    """Yield every question with its parts."""
    for question in questions:
        for variant in variants(question, effort):
            yield question, variant
