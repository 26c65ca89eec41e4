"""What failed and why, as a model is shown it: the commonest reasons, and the latest programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agent.source import block, changes, shown_source
from evaluators.candidate import Candidate, Status

REASONS = 6
SHOWN = 2
"""The latest failing programs of different reasons that are shown."""

LONGEST_REASON = 200


def failures(history: Sequence[Candidate], told: str = "") -> tuple[str, ...]:
    """Return why programs got no score, the commonest first, then the latest failing programs.

    A program that stands in what is `told` already is not shown again.
    """
    without = [
        c for c in history if c.score is None and c.evaluation.status is not Status.DUPLICATE
    ]
    return (*_counted(without), *_latest(without, history, told))


def _counted(without: Sequence[Candidate]) -> list[str]:
    reasons = [_reason(c) for c in without]
    latest = {reason: place for place, reason in enumerate(reasons)}
    ranked = sorted(Counter(reasons).items(), key=lambda r: (-r[1], -latest[r[0]]))
    return [f"- {times} × {reason}" for reason, times in ranked[:REASONS]]


def _latest(without: Sequence[Candidate], history: Sequence[Candidate], told: str) -> list[str]:
    """Show the latest programs that read and failed, one for each reason."""
    by_id = {c.id: c for c in history}
    shown: dict[str, Candidate] = {}
    for candidate in reversed(without):
        if candidate.program.genome is not None and shown_source(candidate).strip() not in told:
            shown.setdefault(_reason(candidate), candidate)
    return [_program(c, by_id, told) for c in list(shown.values())[:SHOWN]]


def _program(candidate: Candidate, by_id: Mapping[str, Candidate], told: str) -> str:
    """Show what a failing program changed in a parent that is told too, or all of it."""
    head = f"program {candidate.index}: {_reason(candidate)}"
    parent = by_id.get(candidate.origin.parents[0]) if candidate.origin.parents else None
    seen = parent is not None and shown_source(parent).strip() in told
    changed = changes(parent, candidate) if parent is not None and seen else ""
    if parent is None or not changed:
        return f"{head}\n{block(shown_source(candidate))}"
    return f"{head}; made from program {parent.index} by this change:\n{changed}"


def _reason(candidate: Candidate) -> str:
    return (candidate.evaluation.message or str(candidate.evaluation.status))[:LONGEST_REASON]
