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
from programs.errors import CambrianError, Fault
from programs.kind import Kind
from programs.load import read_program
from programs.program import Program
from runs.config import RunConfig
from runs.progress import Display, Progress
from runs.record import RunRecord
from runs.store import Store


class Order:
    """Every candidate at its place, `None` where one is still being judged.

    `settled` is how many places are filled without a hole, `judged` counts distinct behaviours,
    `barren` the proposals in a row that brought none. `programs` are those that the cache answers
    with, by place. `recorded` and `climbed` hold what an earlier sitting left: candidates by place,
    climbs by fingerprint and level.
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
        found = store.history(run.id)
        self.recorded = {c.index: revived(c, kind) for c in found}
        self.climbed = {(e.fingerprint, e.rung): e for c in found for e in c.climbs}
        self.kind = kind
        self.history: list[Candidate | None] = []
        self.programs: dict[int, Program] = {}
        self.settled = 0
        self.judged = 0
        self.barren = 0
        self.cache = FunctionalCache(config.forget, config.aggregate)
        self._waiting: dict[int, list[Candidate]] = {}
        self._averaged_with: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many candidates have a place."""
        return len(self.history)

    def replay(self) -> None:
        """Take in what an earlier sitting recorded, as far as it goes without a hole."""
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
        self.history.append(None)
        evaluation = candidate.evaluation
        if evaluation.status in (Status.INVALID, Status.DUPLICATE):
            self.barren += 1
            return
        self.barren = 0
        self.judged += 1
        self.programs[candidate.index] = candidate.program
        self.cache.put(evaluation.fingerprint, candidate.index, averaged)

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
        self.progress.add(candidate)
        self.display.show(candidate, self.progress)
        while self.settled < len(self.history) and self.history[self.settled] is not None:
            self.settled += 1


def revived(candidate: Candidate, kind: Kind) -> Candidate:
    """Read the genome of a stored candidate back from its source; its climbs are known later."""
    if candidate.evaluation.status is Status.INVALID:
        return candidate
    program = read_program(candidate.program.source, kind)
    if isinstance(program, Fault):
        raise CambrianError(f"Candidate {candidate.id} no longer reads: {program}")
    return replace(candidate, program=program, climbs=())
