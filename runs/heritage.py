"""Where a search begins: the library's programs, and the best an earlier run found.

What a run inherits is settled when it is created and kept with its settings, so that resuming it
begins from the same programs whatever was found since.
"""

from __future__ import annotations

from evaluators.candidate import Candidate, Origin
from evaluators.task import Task, language
from programs.load import library
from programs.program import Program
from runs.config import RunConfig
from runs.history import revived
from runs.record import Verdict
from runs.store import Store

WARM_START = "warm start"
"""How the library's programs come into a run."""

CARRIED = "carried on"
"""How a program came into a run that began with it, where an earlier run had found it."""

MOST = 16
"""Programs a run inherits: half of what its population holds."""


def inheriting(store: Store, config: RunConfig, task: str, protocol: str) -> RunConfig:
    """Begin with the best behaviours known under the same protocol, and a budget beside them.

    The seed moves on with the number of runs before, so that each run of a series draws anew.
    """
    found = store.top(task=task, protocol=protocol, limit=MOST)
    best = [row for row in found if row.operator != WARM_START]
    earlier = sum(run.task == task for run in store.runs())
    # What earlier runs judged is not trained again, and takes nothing of the fresh budget.
    known = len(best) + len(config.warm_start) if found else 0
    evals = None if config.evals is None else config.evals + known
    update = {"ancestors": tuple(r.id for r in best), "evals": evals, "seed": config.seed + earlier}
    return config.model_copy(update=update)


def verdict_before(store: Store, candidate: Candidate) -> Verdict | None:
    """Return what an earlier run's verification said of an inherited program, if it was judged."""
    while candidate.origin.operator == CARRIED:
        candidate = store.candidate(candidate.origin.parents[0])
        if (verdict := store.verdict(candidate.id)) is not None:
            return verdict
    return None


def beginnings(store: Store, config: RunConfig, task: Task) -> list[tuple[Program, Origin]]:
    """Return the programs that take a run's first places, and where each comes from."""
    known = library(task.kind)
    found = [
        (known[name], Origin("library", WARM_START, rationale=f"the library's {name}"))
        for name in config.warm_start
    ]
    for id_ in config.ancestors:
        program = revived(store.candidate(id_), language(task)).program
        why = f"one of the best of run {store.run_of(id_).id}"
        found.append((program, Origin("library", CARRIED, (id_,), why)))
    return found
