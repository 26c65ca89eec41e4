"""The run: propose, admit, evaluate, keep, record, within a budget, until told to stop.

Proposal `i` is drawn by a generator seeded with (seed, i) from a view of exactly the candidates
before `i - lookahead + 1`, the seed programs at least. So the lineage depends on the seed alone:
not on which worker finishes first, nor on being killed and resumed. A candidate is committed as
soon as it is judged; a killed run leaves holes in the order of its last few candidates, which a
resumed run proposes again. A model takes seconds to answer, so proposals are asked for as far ahead
as the lookahead allows, and admitted strictly in order.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import numpy as np

from agent.proposer import Proposal, View
from evaluators.admit import Rejected, admit_to
from evaluators.cache import AVERAGED, FunctionalCache, Use, as_copy, completed
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from evaluators.evaluator import Cancelled, Evaluator
from evaluators.task import language
from programs.errors import CambrianError, Fault
from programs.load import library, read_program
from runs.config import RunConfig
from runs.models import Models, facts_of, left_of
from runs.progress import Display, Progress
from runs.record import RunRecord, candidate_id
from runs.store import Store

TICK = 0.1
HEARTBEAT = 5.0
BARREN = 2_000
"""Proposals in a row without a new behaviour after which a search has nothing left to find."""

UNPAID = 8
"""Calls in a row without money for them after which a run that only money ends is over."""


class Stop:
    """How the outside world asks a run to end: gently, then at once."""

    def __init__(self, at_once: Callable[[], None]) -> None:
        self.reason = ""
        self.now = False
        self._at_once = at_once

    def __call__(self, reason: str = "interrupted") -> None:
        """Ask once to finish what is in flight; ask twice to drop it."""
        if self.reason:
            self.now = True
            self._at_once()
        self.reason = self.reason or reason


class Loop:
    """One sitting of a run; call it once."""

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        config: RunConfig,
        evaluator: Evaluator,
        models: Models,
        display: Display,
        progress: Progress,
        stop: Stop,
    ) -> None:
        self.store, self.run, self.config = store, run, config
        self.evaluator, self.models = evaluator, models
        self.display, self.progress, self.stop = display, progress, stop
        self.kind = language(evaluator.task)
        known = library(run.kind)
        self.seeds = {candidate_id(run.id, i): known[n] for i, n in enumerate(config.warm_start)}
        self.recorded = {c.index: self._revived(c) for c in store.history(run.id)}
        self.notes = self.models.notes(self.kind)
        self.history: list[Candidate | None] = []
        self.settled = 0
        self.cache = FunctionalCache(config.forget, config.aggregate)
        self.waiting: dict[int, list[Candidate]] = {}
        self.averaged_with: dict[int, int] = {}
        self.flying: dict[Future[Evaluation], Candidate] = {}
        self.drawn: dict[int, Future[Proposal]] = {}
        self.judged = 0
        self.barren = 0
        self.unpaid = 0
        self.message = ""

    def __call__(self) -> str:
        """Run to the end of the budget; return the run's final state and close its record."""
        self.display.start(self.progress)
        pool = ThreadPoolExecutor(self.config.workers, thread_name_prefix="worker")
        try:
            self._work(pool)
            return self._finish()
        except CambrianError as error:
            self.store.finish(self.run.id, "failed", str(error))
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            self._hear(self.models.close())
            self.display.stop(self.progress)

    def _work(self, pool: ThreadPoolExecutor) -> None:
        beat = time.monotonic()
        while not self.stop.now:
            self._fill(pool)
            if not self.flying and not self._awaiting():
                return
            self._collect(TICK)
            self._hear(self.models.hear())
            self._leave_queue_when_stopping()
            self.display.tick(self.progress)
            if time.monotonic() - beat > HEARTBEAT:
                self.store.beat(self.run.id)
                beat = time.monotonic()

    # -- what comes next -------------------------------------------------------------------------

    def _fill(self, pool: ThreadPoolExecutor) -> None:
        """Ask for proposals as far ahead as the lookahead allows, and admit those that are due."""
        self._replay()
        self._draw_ahead()
        while self._may_admit():
            self._hear(self.models.hear())
            self._advance(len(self.history), pool)
            self._replay()
            self._draw_ahead()

    def _draw_ahead(self) -> None:
        index = len(self.history)
        while self._may_draw(index):
            if index not in self.recorded and index not in self.drawn:
                self.drawn[index] = self._draw(index)
            index += 1

    def _may_draw(self, index: int) -> bool:
        """Tell whether all that proposal `index` may know is known, and the budget may reach it."""
        if self.stop.reason or self.settled < self._seen_by(index) or self._exhausted():
            return False
        ahead = index - len(self.history)
        return self.config.evals is None or self.judged + ahead < self.config.evals

    def _may_admit(self) -> bool:
        if self.stop.reason:
            return False
        self.message = self._exhausted()
        next_ = self.drawn.get(len(self.history))
        return not self.message and next_ is not None and next_.done()

    def _awaiting(self) -> bool:
        """Tell whether the proposal that is due next is still to come."""
        return len(self.history) in self.drawn and not self.stop.reason and not self._exhausted()

    def _replay(self) -> None:
        """Take in what an earlier sitting recorded, as far as it goes without a hole."""
        while (found := self.recorded.pop(len(self.history), None)) is not None:
            self._place(found, int(found.evaluation.metrics.get(AVERAGED, 1)))
            self._settle(found)

    def _seen_by(self, index: int) -> int:
        """Return how many candidates proposal `index` may know, the seeds at least."""
        seeds = len(self.config.warm_start)
        return 0 if index < seeds else max(seeds, index - self.config.lookahead + 1)

    def _exhausted(self) -> str:
        if self.config.evals is not None and self.judged >= self.config.evals:
            return f"{self.judged} evaluations done"
        if self.config.hours is not None and self.progress.seconds >= self.config.hours * 3600:
            return f"{self.config.hours:g} hours are over"
        if self.barren >= BARREN:
            return f"{BARREN} proposals in a row brought nothing new"
        if self.unpaid >= UNPAID and self.config.evals is None and self.config.hours is None:
            return f"${self.config.dollars:g} leave no room for another call"
        return ""

    def _advance(self, index: int, pool: ThreadPoolExecutor) -> None:
        """Propose and admit candidate `index`, and start what judging it takes."""
        proposal = self.drawn.pop(index).result()
        self.notes |= self.models.noted(index, proposal.notes)
        self._count_unpaid(proposal.origin)
        origin = replace(proposal.origin, seed=(self.config.seed, index))
        found = admit_to(self.evaluator.task, proposal.offer, self.evaluator.sandbox)
        id_ = candidate_id(self.run.id, index)
        evaluation = Evaluation(
            Status.INVALID if isinstance(found, Rejected) else Status.SCORED,
            fingerprint=found.fingerprint,
            message=found.reason if isinstance(found, Rejected) else "",
        )
        candidate = Candidate(id_, index, found.program, origin, evaluation)
        if isinstance(found, Rejected):
            self._place(candidate)
            self._keep(candidate)
            return
        look = self.cache.look(found.fingerprint, np.random.default_rng([*origin.seed, 1]))
        if look.use is Use.REUSE:
            self._place(as_copy(candidate))
            self._finish_after(as_copy(candidate), look.earlier)
        elif look.trained == 0 and (known := self._recall(found.fingerprint)) is not None:
            self._place(candidate)
            self._keep(replace(candidate, evaluation=known, recalled=True))
        else:
            self._place(candidate, look.averaged)
            if look.use is Use.ADD:
                self.averaged_with[index] = look.earlier
            job = (found.program, found.fingerprint, 0, look.trained)
            self.flying[pool.submit(self.evaluator.evaluate, *job)] = candidate

    def _count_unpaid(self, origin: Origin) -> None:
        if origin.usage.get("unpaid"):
            self.unpaid += 1
        elif origin.model:
            self.unpaid = 0

    def _draw(self, index: int) -> Future[Proposal]:
        if index < len(self.config.warm_start):
            name = self.config.warm_start[index]
            origin = Origin("library", "warm start", rationale=f"the library's {name}")
            future: Future[Proposal] = Future()
            future.set_result(Proposal(library(self.kind.name)[name].source, origin))
            return future
        rng = np.random.default_rng([self.config.seed, index])
        return self.models.team.draw(self._view(index), rng)

    def _view(self, index: int) -> View:
        """Return what proposal `index` may know: nothing here depends on what is in flight."""
        task, past = self.evaluator.task, self.history[: self._seen_by(index)]
        known = [c for c in past if c is not None]
        left = left_of(self.config, known)
        notes = [n for place, each in sorted(self.notes.items()) if place < len(past) for n in each]
        facts = facts_of(task)
        return View(task.name, task.goal, self.kind, self.seeds, known, left, index, facts, notes)

    def _recall(self, fingerprint: str) -> Evaluation | None:
        if not self.config.recall:
            return None
        found = self.store.recall(self.run.task, self.run.protocol, fingerprint)
        return None if found is None else replace(found.evaluation, seconds=0.0)

    # -- taking in results -----------------------------------------------------------------------

    def _place(self, candidate: Candidate, averaged: int = 1) -> None:
        """Give a candidate its place in the order, before its result is known."""
        self.history.append(None)
        evaluation = candidate.evaluation
        if evaluation.status in (Status.INVALID, Status.DUPLICATE):
            self.barren += 1
            return
        self.barren = 0
        self.judged += 1
        self.cache.put(evaluation.fingerprint, candidate.index, averaged)

    def _finish_after(self, candidate: Candidate, earlier: int) -> None:
        """Complete a candidate with the result of an equal one, now or once that is known."""
        original = self.history[earlier]
        if original is None:
            self.waiting.setdefault(earlier, []).append(candidate)
        else:
            self._keep(completed(candidate, original))

    def _collect(self, timeout: float) -> None:
        in_flight: list[Future[Any]] = [*self.flying, *self.models.team.asked]
        done, _ = wait(in_flight, timeout, return_when=FIRST_COMPLETED)
        self.models.team.pump()
        broken = None
        for future in [f for f in self.flying if f in done]:
            candidate = self.flying.pop(future)
            error = None if future.cancelled() else future.exception()
            if error is not None and not isinstance(error, Cancelled):
                broken = error
            elif error is None and not future.cancelled():
                self._judged(replace(candidate, evaluation=future.result()))
        self.progress.in_flight = sum(f.running() for f in self.flying)
        if broken is not None:
            raise broken

    def _judged(self, candidate: Candidate) -> None:
        earlier = self.averaged_with.pop(candidate.index, None)
        if earlier is None:
            self._keep(candidate)
        else:
            self._finish_after(candidate, earlier)

    def _keep(self, candidate: Candidate) -> None:
        """Commit a judged candidate, then those that wait for its result."""
        self.store.record(self.run.id, candidate)
        self._settle(candidate)
        for follower in self.waiting.pop(candidate.index, []):
            self._keep(completed(follower, candidate))

    def _settle(self, candidate: Candidate) -> None:
        self.history[candidate.index] = candidate
        self.progress.add(candidate)
        self.display.show(candidate, self.progress)
        while self.settled < len(self.history) and self.history[self.settled] is not None:
            self.settled += 1

    def _hear(self, news: list[str]) -> None:
        """Note what the models' side has to say."""
        for text in news:
            self.store.event(self.run.id, "model", {"message": text})
        self.progress.news += news
        self.progress.usd = self.models.spent

    def _leave_queue_when_stopping(self) -> None:
        self.progress.stopping = self.stop.reason
        if self.stop.reason:
            for future in self.flying:
                future.cancel()

    def _finish(self) -> str:
        stopped = bool(self.stop.reason)
        state = "stopped" if stopped else "done"
        self.message = self.stop.reason if stopped else self.message
        if self.config.models:
            arms = self.models.team.reasons(self._view(len(self.history)))
            self.store.event(self.run.id, "portfolio", {"arms": arms})
            self._hear(self.models.team.complaints())
            self._hear(self.models.learnt(self._view(len(self.history))))
        self.store.finish(self.run.id, state, self.message)
        return state

    def _revived(self, candidate: Candidate) -> Candidate:
        """Read the genome of a stored candidate back from its source."""
        if candidate.evaluation.status is Status.INVALID:
            return candidate
        program = read_program(candidate.program.source, self.kind)
        if isinstance(program, Fault):
            raise CambrianError(f"Candidate {candidate.id} no longer reads: {program}")
        return replace(candidate, program=program)
