"""The score by which a program is simplified, and what its noise lets one say.

A shortened program is judged on the seeds of the original, so their difference seed by seed holds
less noise than either score. It counts with its standard error against the shortened one: a cut
passes only if the loss would be within the tolerance even then. Of many cuts the luckiest is
taken, so at the end both programs are judged once more on seeds that chose nothing, and cuts are
undone until the loss is within the tolerance there too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evaluators.admit import Rejected, admit_to
from evaluators.candidate import Evaluation
from evaluators.collisions import Separate
from evaluators.evaluator import Evaluator
from evaluators.task import language
from programs.errors import InputError
from programs.genome import Genome

FRESH = 1
"""The repeat whose seeds no search has used."""


class Scoring:
    """Judge programs against an original; `say` hears of each judgement."""

    def __init__(
        self, evaluator: Evaluator, original: Genome, tolerance: float, say: Callable[[str], Any]
    ) -> None:
        self.evaluator, self.say = evaluator, say
        self.original, self.tolerance = original, tolerance
        self.separate = Separate(language(evaluator.task))
        self.known: dict[tuple[str, int], Evaluation] = {}
        found = self.judged(original)
        if isinstance(found, str) or found.score is None:
            reason = found if isinstance(found, str) else found.message
            raise InputError(f"The program itself gets no score on {evaluator.task.name}: {reason}")
        self.base = found

    def __call__(self, genome: Genome) -> float:
        """Return the original's score plus the difference less its standard error."""
        before = len(self.known)
        found = self.judged(genome)
        if isinstance(found, str) or found.score is None:
            return float("nan")
        assert self.base.score is not None
        mean, error = difference(found, self.base)
        if len(self.known) > before:
            self._tell(genome, mean, "the original")
        return self.base.score + mean - (error or 0.0)

    def holds(self, genome: Genome) -> bool:
        """Tell whether a program's loss is within the tolerance on fresh seeds."""
        mean = self.compared(genome, FRESH)["difference"]
        if mean is not None:
            self._tell(genome, mean, "the original on fresh seeds")
        return self._within(mean)

    def _within(self, mean: float | None) -> bool:
        return mean is not None and mean >= -self.tolerance

    def _tell(self, genome: Genome, mean: float, against: str) -> None:
        judged = f"{len(self.known)} judged: {genome.size} statements"
        self.say(f"{judged}, {mean:+.5g} against {against}")

    def judged(self, genome: Genome, repeat: int = 0) -> Evaluation | str:
        """Judge a program, once for each behaviour; a sentence if it is not worth a training."""
        found = admit_to(self.evaluator.task, genome)
        if isinstance(found, Rejected):
            return found.reason
        found = self.separate.named(found)
        place = found.fingerprint, repeat
        if place not in self.known:
            evaluated = self.evaluator.evaluate(found.program, found.fingerprint, repeat=repeat)
            self.known[place] = evaluated
        return self.known[place]

    def summary(self, genome: Genome, undone: int) -> dict[str, Any]:
        """Compare the outcome with the original on the search's seeds and on fresh ones.

        `undone` is how many cuts further the search had gone.
        """
        search = self.compared(genome, 0)
        fresh = self.compared(genome, FRESH)
        holds = self._within(fresh["difference"])
        task = self.evaluator.task
        told = (
            f"{task.score_name} on {task.name}, {len(self.known)} evaluations: on the search's "
            f"seeds {_shown(search)}; on fresh seeds {_shown(fresh)}, "
            f"{'within' if holds else 'NOT within'} the tolerance of {self.tolerance:g}."
        )
        if undone:
            cuts = "cut" if undone == 1 else f"{undone} cuts"
            told += f" The last {cuts} held on the search's seeds but not on fresh ones: undone."
        return {
            "evaluations": len(self.known),
            "search": search,
            "fresh": fresh,
            "holds": holds,
            "undone": undone,
            "measured": told,
        }

    def compared(self, genome: Genome, repeat: int) -> dict[str, Any]:
        """Compare a program with the original on the seeds of one repeat."""
        old, new = (self.judged(g, repeat) for g in (self.original, genome))
        if isinstance(old, str) or isinstance(new, str) or old.score is None or new.score is None:
            return {"before": None, "after": None, "difference": None, "stderr": None, "seeds": 0}
        mean, error = difference(new, old)
        return {
            "before": old.score,
            "after": new.score,
            "difference": mean,
            "stderr": error,
            "seeds": len(new.by_seed),
        }


def difference(new: Evaluation, old: Evaluation) -> tuple[float, float | None]:
    """Return the mean difference by seed with its standard error (`None` below two seeds)."""
    gaps = np.subtract(new.by_seed, old.by_seed)
    if len(gaps) < 2:
        return float(gaps.mean()), None
    return float(gaps.mean()), float(gaps.std(ddof=1) / np.sqrt(len(gaps)))


def _shown(found: dict[str, Any]) -> str:
    if found["difference"] is None:
        return "there is no score"
    error = "" if found["stderr"] is None else f" ± {found['stderr']:.2g}"
    return (
        f"{found['before']:.5g} → {found['after']:.5g} "
        f"({found['difference']:+.3g}{error}, {found['seeds']} seeds)"
    )
