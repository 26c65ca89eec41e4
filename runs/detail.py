"""One candidate in full, as a screen for people or as data for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evaluators.candidate import Candidate
from evaluators.levels import name_of
from runs import tables
from runs.record import RunRecord, Verdict


def as_dict(
    candidate: Candidate, run: RunRecord, verdict: Verdict | None, aliases: Sequence[str]
) -> dict[str, Any]:
    """Return everything that is known of a candidate."""
    evaluation, origin = candidate.evaluation, candidate.origin
    return {
        "id": candidate.id,
        "index": candidate.index,
        "run": run.id,
        "task": run.task,
        "kind": candidate.program.kind,
        "status": str(evaluation.status),
        "score": evaluation.score,
        "stderr": evaluation.stderr,
        "by_seed": list(evaluation.by_seed),
        "metrics": dict(evaluation.metrics),
        "message": evaluation.message,
        "seconds": evaluation.seconds,
        "device": evaluation.device,
        "tier": evaluation.tier,
        "key": candidate.program.key,
        "fingerprint": evaluation.fingerprint,
        "proposer": origin.proposer,
        "operator": origin.operator,
        "parents": list(origin.parents),
        "rationale": origin.rationale,
        "seed": list(origin.seed),
        "duplicate_of": candidate.duplicate_of,
        "recalled": candidate.recalled,
        "aliases": list(aliases),
        "rung": name_of(evaluation.rung),
        "climbs": [
            {
                "rung": name_of(climb.rung),
                "status": str(climb.status),
                "score": climb.score,
                "stderr": climb.stderr,
                "by_seed": list(climb.by_seed),
                "metrics": dict(climb.metrics),
                "message": climb.message,
                "seconds": climb.seconds,
            }
            for climb in candidate.climbs
        ],
        "verdict": None if verdict is None else verdict.sentence,
        "source": candidate.program.source,
    }


def as_screen(
    candidate: Candidate, run: RunRecord, verdict: Verdict | None, aliases: Sequence[str]
) -> RenderableType:
    """Compose the screen: facts first, then the program."""
    evaluation, origin = candidate.evaluation, candidate.origin
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")

    def fact(name: str, value: str) -> None:
        if value:
            facts.add_row(name, Text(value))

    fact("candidate", f"{candidate.id}, number {candidate.index} of run {run.id} on {run.task}")
    fact(
        "status", str(evaluation.status) + (" (from an earlier run)" if candidate.recalled else "")
    )
    fact("message", evaluation.message)
    if evaluation.score is not None:
        fact("score", tables.score_text(evaluation.score, evaluation.stderr))
        fact("by seed", "  ".join(f"{s:.4f}" for s in evaluation.by_seed))
    for climb in candidate.climbs:
        text = tables.score_text(climb.score, climb.stderr)
        fact(f"on {name_of(climb.rung)}", climb.message if climb.score is None else text)
    fact("metrics", "  ".join(f"{k} {v:.4g}" for k, v in evaluation.metrics.items()))
    fact("verdict", "" if verdict is None else verdict.sentence)
    fact("proposed by", f"{origin.proposer} {origin.operator}".strip())
    fact("why", origin.rationale)
    fact("parents", "  ".join(origin.parents))
    fact("behaves like", "  ".join(aliases))
    fact("fingerprint", evaluation.fingerprint)
    fact("key", candidate.program.key)
    fact("cost", f"{evaluation.seconds:.2f} s on {evaluation.device}, isolation {evaluation.tier}")
    return Group(facts, Text(""), tables.program_text(candidate.program.source))
