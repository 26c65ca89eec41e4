"""What an exported program says of itself: where it was found, what it scored, the verdict."""

from __future__ import annotations

from programs.export import export

from evaluators.candidate import Candidate
from programs.errors import Fault, InputError
from programs.load import kind_named, read_program
from runs import tables
from runs.record import RunRecord, Verdict
from runs.store import Store


def exported(store: Store, prefix: str, form: str) -> str:
    """Write a stored candidate in the form asked for, with its evidence."""
    candidate = store.candidate(prefix)
    run = store.run_of(candidate.id)
    program = read_program(candidate.program.source, kind_named(run.kind))
    if isinstance(program, Fault):
        raise InputError(f"Candidate {candidate.id} is not a program of the language: {program}")
    lines = evidence(candidate, run, store.verdict(candidate.id))
    return export(program, form, lines)


def evidence(candidate: Candidate, run: RunRecord, verdict: Verdict | None) -> dict[str, str]:
    """Return the facts of a candidate, by name."""
    evaluation = candidate.evaluation
    score = tables.score_text(evaluation.score, evaluation.stderr)
    facts = {
        "found": f"{run.started[:10]} as candidate {candidate.id} of run {run.id}, task {run.task}",
        "how": f"{candidate.origin.proposer} {candidate.origin.operator}".strip(),
        "validation score": f"{score} (mean ± standard error, {len(evaluation.by_seed)} seeds)",
        "learning rate": f"{evaluation.metrics.get('learning_rate', float('nan')):.3g} was best",
        "verdict": "not verified on held-out data yet" if verdict is None else verdict.sentence,
        "fingerprint": evaluation.fingerprint,
    }
    versions = "  ".join(f"{name} {value}" for name, value in run.versions.items())
    return {**facts, "made with": versions}
