"""Candidates to keep, with as few words as a test needs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.program import Program
from runs.record import RunRecord, candidate_id
from runs.store import Store

SOURCE = "def update(w, g, lr):\n    return lr * g\n"

FAILED = (Status.FAILED, Status.INVALID, Status.PRUNED, Status.TIMED_OUT)


def new_run(store: Store, task: str = "digits", protocol: str = "p1", seed: int = 0) -> RunRecord:
    return store.create_run(task, "optimizer", seed, {}, "plain", "cpu", protocol, {})


def candidate(
    run: str,
    index: int,
    score: float | None = None,
    *,
    status: Status = Status.SCORED,
    source: str = SOURCE,
    parents: tuple[str, ...] = (),
    operator: str = "nudge",
    rationale: str = "",
    duplicate_of: str | None = None,
    recalled: bool = False,
    **evaluation: Any,
) -> Candidate:
    key = hashlib.blake2b(source.encode(), digest_size=8).hexdigest()
    scores = {} if score is None else {"score": score, "by_seed": (score, score)}
    return Candidate(
        candidate_id(run, index),
        index,
        Program("optimizer", source, key),
        Origin("evolution", operator, parents, rationale),
        Evaluation(status, **{"fingerprint": f"f{run}{index}", **scores, **evaluation}),
        duplicate_of,
        recalled,
    )


def send_up(store: Store, run: str, every: int = 10) -> list[str]:
    """Judge one in `every` of a run's scored candidates on a dearer rung, where every third fails.

    Returns who climbed.
    """
    scored = [c for c in store.history(run) if c.evaluation.status is Status.SCORED][::every]
    for place, climber in enumerate(scored):
        score = 1.0 + place
        judged = replace(
            climber.evaluation, rung=1, score=score, by_seed=(score - 0.5, score + 0.5)
        )
        if place % 3 == 1:
            judged = replace(judged, status=Status.TIMED_OUT, score=None, by_seed=())
        store.climb(run, climber.id, judged)
    return [climber.id for climber in scored]
