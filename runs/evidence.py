"""What an exported program says of itself: where it was found, what it scored, the verdict."""

from __future__ import annotations

from evaluators.candidate import Candidate
from evaluators.task import find_task
from programs.errors import Fault, InputError
from programs.export import export
from programs.export.evidence import DEFAULT_LR, Evidence
from programs.load import read_program
from programs.spec import Spec
from runs import tables
from runs.inert import inert_line
from runs.judged import kind_judged
from runs.record import RunRecord, Verdict
from runs.store import Store


def exported(store: Store, prefix: str, form: str, task: str | None = None) -> str:
    """Write a stored candidate in the form asked for, with its evidence.

    A network is made for the inputs of the task of its run, or of another one if it is named.
    """
    candidate = store.candidate(prefix)
    run = store.run_of(candidate.id)
    program = read_program(candidate.program.source, kind_judged(task or run.task, run.kind))
    if isinstance(program, Fault):
        raise InputError(f"Candidate {candidate.id} is not a program of the language: {program}")
    facts = evidence(candidate, run, store.verdict(candidate.id))
    return export(program, form, facts, place_in(task or run.task, run.kind))


def place_in(task: str, kind: str) -> Spec | None:
    """Return where an architecture stands in a task; a program of another kind stands anywhere."""
    if kind != "architecture":
        return None
    return getattr(find_task(task, kind), "spec", None)


def evidence(candidate: Candidate, run: RunRecord, verdict: Verdict | None) -> Evidence:
    """Return the facts of a candidate, and the learning rate that did best."""
    evaluation = candidate.standing
    rate, how = evaluation.metrics.get("learning_rate", DEFAULT_LR), "the best of the sweep"
    if (tuned := _tuned(verdict)) is not None:
        how = (
            f"the verdict's; the search did best with {rate:.3g}"
            if tuned != rate
            else "the verdict's"
        )
        rate = tuned
    score = tables.score_text(evaluation.score, evaluation.stderr)
    what = f"{run.score_name}, mean" if run.score_name else "mean"
    facts = {
        "found": f"{run.started[:10]} as candidate {candidate.id} of run {run.id}, task {run.task}",
        "how": inert_line(f"{candidate.origin.proposer} {candidate.origin.operator}"),
        "validation score": f"{score} ({what} ± standard error, {len(evaluation.by_seed)} seeds)",
        "learning rate": f"{rate:.3g}, {how}",
        "verdict": "not verified on held-out data yet" if verdict is None else verdict.sentence,
        "fingerprint": evaluation.fingerprint,
    }
    facts["made with"] = "  ".join(f"{name} {value}" for name, value in run.versions.items())
    return Evidence(tuple(f"{name}: {fact}" for name, fact in facts.items()), rate)


def _tuned(verdict: Verdict | None) -> float | None:
    """Return the learning rate with which a verdict judged its program on the task of its run."""
    for task in verdict.detail.get("tasks", ())[:1] if verdict else ():
        for standing in task["standings"]:
            if standing["gain"] is None:
                return float(standing["learning_rate"])
    return None
