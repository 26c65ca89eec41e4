"""Explaining a candidate of the database: what is known already, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.candidate import Evaluation, Status
from runs.explain import Explained, Known, Recall
from runs.queries import Queries
from runs.record import RunRecord
from runs.store import Store

EVENT = "explain"
"""The name under which an explanation is kept with its run."""


def recalling(store: Queries, run: RunRecord, protocol: str, task: str) -> Recall:
    """Return the look-up of what was judged under the same conditions.

    The search's own seeds are repeat 0: every run's scores. Others were drawn to explain.
    """
    explained = _explained(store, run.id, protocol)

    def recall(fingerprint: str, repeat: int) -> Evaluation | None:
        if repeat:
            return explained.get((fingerprint, repeat))
        found = store.recall(task, protocol, fingerprint)
        return None if found is None else found.evaluation

    return recall


def keep(
    store: Store, run: RunRecord, protocol: str, found: Explained, answer: Mapping[str, Any]
) -> None:
    """Keep an explanation, and the judgements it rests on, with the candidate's run."""
    judged = [
        [*key, list(each.by_seed), each.score, each.message or str(each.status)]
        for key, each in found.known.items()
    ]
    store.event(run.id, EVENT, {**answer, "protocol": protocol, "judgements": judged})


def _explained(store: Queries, run_id: str, protocol: str) -> Known:
    known: Known = {}
    for event in store.events(run_id):
        if event.name == EVENT and event.detail.get("protocol") == protocol:
            for fingerprint, repeat, by_seed, score, message in event.detail["judgements"]:
                status = Status.FAILED if score is None else Status.SCORED
                known[fingerprint, repeat] = Evaluation(
                    status, score, by_seed=tuple(by_seed), fingerprint=fingerprint, message=message
                )
    return known
