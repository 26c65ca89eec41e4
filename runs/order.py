"""Taking in results: the candidates of a run in the order of their proposal, and what is settled.

A candidate gets its place when it is admitted, and is settled when its result is known. It is
committed as soon as it is judged; a killed run leaves holes in the order of its last few
candidates, which a resumed run proposes again.
"""

from __future__ import annotations

from dataclasses import replace

from evaluators.cache import AVERAGED, FunctionalCache, completed
from evaluators.candidate import Candidate, Evaluation, Status
from evaluators.collisions import marked
from programs.kind import Kind
from programs.program import Program
from runs.config import RunConfig
from runs.history import History, revived
from runs.past import recount
from runs.progress import Display, Progress
from runs.record import RunRecord
from runs.store import Store

UNJUDGED = (Status.INVALID, Status.DUPLICATE)
"""What becomes of candidates that nothing is spent on."""


class Order:
    """Every candidate at its place, `None` where one is still being judged.

    `settled` is how many places are filled without a hole, `judged` counts distinct behaviours,
    `barren` the proposals in a row that brought none. `recorded` and `climbed` hold what an earlier
    sitting left: candidates after the first hole by place, climbs by fingerprint and level.
    """

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        config: RunConfig,
        kind: Kind,
        display: Display,
        progress: Progress,
    ) -> None:
        self.store, self.run, self.config = store, run, config
        self.display, self.progress = display, progress
        # Who climbs a ladder depends on all that came before, so there all of it is taken in anew.
        old = 0 if config.rungs > 1 else store.without_hole(run.id)
        found = store.stretch(run.id, old)
        self.recorded = {c.index: revived(c, kind) for c in found}
        self.climbed = {(e.fingerprint, e.rung): e for c in found for e in c.climbs}
        self.kind = kind
        self.history = History(store, run.id, kind, old)
        self._pending: dict[int, Program] = {}
        self.settled = 0
        self.judged = 0
        self.barren = 0
        self.cache = FunctionalCache(config.forget, config.aggregate, self._entered_before)
        self._judged_old = 0
        self._judged_by: list[int] = []
        self._waiting: dict[int, list[Candidate]] = {}
        self._averaged_with: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many candidates have a place."""
        return len(self.history)

    @property
    def foreseen(self) -> int:
        """Return the last place to come that an earlier sitting filled; below 0, there is none.

        Up to that place there are holes, which are to be filled whatever is left of a budget.
        """
        return max(self.recorded, default=-1)

    def program(self, place: int) -> Program:
        """Return the program at a place, be it judged or not."""
        settled = self.history[place]
        return self._pending[place] if settled is None else settled.program

    def judged_before(self, place: int) -> int:
        """Return how many distinct behaviours the places before this one brought."""
        old = self.history.old
        if place > old:
            return self._judged_by[place - old - 1]
        later = (each for each in self.history[place:old] if each is not None)
        return self._judged_old - sum(each.evaluation.status not in UNJUDGED for each in later)

    def replay(self) -> None:
        """Take in what an earlier sitting recorded, as far as it goes without a hole."""
        if self.settled < self.history.old:
            self._recount()
        while (found := self.recorded.pop(len(self.history), None)) is not None:
            self._place(found, int(found.evaluation.metrics.get(AVERAGED, 1)))
            self._settle(found)

    def reject(self, candidate: Candidate) -> None:
        """Place and commit a candidate that is no valid program."""
        self._place(candidate)
        self._keep(candidate)

    def copy(self, candidate: Candidate, earlier: int) -> None:
        """Place a candidate that takes over the result of the one at `earlier`."""
        self._place(candidate)
        self._finish_after(candidate, earlier)

    def recall(self, candidate: Candidate, known: Evaluation) -> None:
        """Place and commit a candidate that an earlier run judged."""
        self._place(candidate)
        known = marked(known, candidate.evaluation)
        self._keep(replace(candidate, evaluation=known, recalled=True))

    def expect(self, candidate: Candidate, averaged: int = 1, earlier: int | None = None) -> None:
        """Place a candidate that is being judged, to be averaged with the one at `earlier`."""
        self._place(candidate, averaged)
        if earlier is not None:
            self._averaged_with[candidate.index] = earlier

    def take(self, candidate: Candidate) -> None:
        """Take in the result of a candidate that was expected."""
        earlier = self._averaged_with.pop(candidate.index, None)
        if earlier is None:
            self._keep(candidate)
        else:
            self._finish_after(candidate, earlier)

    def _place(self, candidate: Candidate, averaged: int = 1) -> None:
        """Give a candidate its place in the order, before its result is known."""
        self.history.append()
        evaluation = candidate.evaluation
        self._pending[candidate.index] = candidate.program
        if self._count(evaluation):
            self.cache.put(evaluation.fingerprint, candidate.index, averaged)
        self._judged_by.append(self.judged)

    def _count(self, evaluation: Evaluation) -> bool:
        """Count a candidate that got a place; tell whether its behaviour is its own."""
        fresh = evaluation.status not in UNJUDGED
        self.barren = 0 if fresh else self.barren + 1
        self.judged += fresh
        return fresh

    def _recount(self) -> None:
        """Count what earlier sittings recorded, and show what led."""
        old = self.history.old
        self.judged, self.barren = recount(self.store, self.run.id, old, self.progress)
        self.settled, self._judged_old = old, self.judged
        if self.progress.best is not None:
            self.display.show(self.progress.best, self.progress)

    def _entered_before(self, fingerprint: str) -> tuple[int, int, int] | None:
        """Return what the cache of the earlier sittings held for a fingerprint."""
        found = self.store.places(self.run.id, fingerprint, self.history.old)
        if not found:
            return None
        last = self.history[found[-1]]
        assert last is not None
        return last.index, int(last.evaluation.metrics.get(AVERAGED, 1)), len(found)

    def _finish_after(self, candidate: Candidate, earlier: int) -> None:
        """Complete a candidate with the result of an equal one, now or once that is known."""
        original = self.history[earlier]
        if original is None:
            self._waiting.setdefault(earlier, []).append(candidate)
        else:
            self._keep(completed(candidate, original))

    def _keep(self, candidate: Candidate) -> None:
        """Commit a judged candidate, then those that wait for its result."""
        self.store.record(self.run.id, candidate)
        self._settle(candidate)
        for follower in self._waiting.pop(candidate.index, []):
            self._keep(completed(follower, candidate))

    def _settle(self, candidate: Candidate) -> None:
        self.history[candidate.index] = candidate
        self._pending.pop(candidate.index, None)
        self.progress.add(candidate)
        self.display.show(candidate, self.progress)
        while self.settled < len(self.history) and self.history[self.settled] is not None:
            self.settled += 1
