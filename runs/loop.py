"""The run: propose, admit, evaluate, keep, record, within a budget, until told to stop.

`drafts.py` says what comes next, `order.py` takes in what came of it, `climbing.py` sends the best
up the ladder; here all three are turned, and workers judge. The lineage depends on the seed alone,
or with models on their replies and what `seating.py` writes down: those files say why.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from agent.proposer import Proposal
from evaluators.admit import Rejected, admit_to
from evaluators.cache import Look, Use, as_copy
from evaluators.candidate import Candidate, Evaluation, Status
from evaluators.collisions import compared, marked
from evaluators.evaluator import Cancelled, Evaluator
from evaluators.task import language
from programs.errors import CambrianError, StoreError
from programs.program import Program
from runs.briefing import briefing
from runs.climbing import Ascent, Climbing
from runs.config import RunConfig
from runs.drafts import Drafts
from runs.guard import evaluate
from runs.models import Models
from runs.order import Order
from runs.patience import Patience
from runs.progress import Display, Flight, Progress
from runs.record import RunRecord, candidate_id
from runs.signs import Signs
from runs.stop import Stop
from runs.store import Store
from runs.weighing import Weighing

TICK = 0.1


@dataclass(frozen=True, slots=True)
class Job:
    """A candidate that is judged on a rung, and who takes in the result."""

    candidate: Candidate
    rung: int
    take: Callable[[Evaluation], None]

    @property
    def name(self) -> tuple[str, int]:
        """Tell it from all others of its run."""
        return self.candidate.id, self.rung


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
        task = evaluator.task
        self.order = Order(store, run, config, language(task), display, progress)
        self.climbing = Climbing(store, run, config, self.order, display, progress)
        self.drafts = Drafts(self.order, self.climbing, config, task, models, progress, stop)
        self.flying: dict[Future[Evaluation], Job] = {}
        self.departed: dict[tuple[str, int], float] = {}
        self.late = False
        self.signs = Signs(store, run.id)
        self.weighing = Weighing(store, run.id, models.team, progress)

    def __call__(self) -> str:
        """Run to the end of the budget; return the run's final state and close its record."""
        self.store.patience = Patience(self._say, self.stop)
        self.display.start(self.progress)
        pool = ThreadPoolExecutor(self.config.workers, thread_name_prefix="worker")
        try:
            self._brief()
            self._work(pool)
            state = self._finish()
            self._hear(self.models.close())
            self.progress.ended = state
            return state
        except CambrianError as error:
            self._fail(error)
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            self.models.team.close()
            self.display.stop(self.progress)
            self.store.patience = None

    def _brief(self) -> None:
        """Learn what models are told of the task, which may take a measurement."""
        about = (self.store, self.run, self.config, self.evaluator, self.climbing.levels[0])
        self.drafts.briefing = briefing(*about, self.models.news.put)

    def _work(self, pool: ThreadPoolExecutor) -> None:
        while not self.stop.now:
            self._fill(pool)
            if not self.flying and not self.drafts.awaiting():
                return
            self._collect(TICK)
            self._hear(self.models.hear())
            self._leave_queue_when_stopping()
            self._say_when_late()
            self.display.tick(self.progress)
            if asked := self.signs(self.progress.doing):
                self.stop(asked)

    def _fill(self, pool: ThreadPoolExecutor) -> None:
        """Ask for proposals as far ahead as the lookahead allows, and admit those that are due."""
        self._catch_up(pool)
        while (proposal := self.drafts.take(self._idle())) is not None:
            self._hear(self.models.hear())
            self._admit(len(self.order), proposal, pool)
            # Admitting may take a while in the sandbox: what is judged by now is kept meanwhile.
            self._take_in()
            self._catch_up(pool)
        self.weighing.weigh(len(self.order))

    def _idle(self) -> bool:
        """Tell whether a worker has nothing to do, or will have once it has done what it does."""
        return len(self.flying) <= self.config.workers

    def _catch_up(self, pool: ThreadPoolExecutor) -> None:
        """Do all that follows from what is settled."""
        self.order.replay()
        while not self.stop.reason and (sent := self.climbing.advance()):
            if self.drafts.late():
                break
            for ascent in sent:
                self._climb(ascent, pool)
        self.drafts.draw_ahead()

    def _admit(self, index: int, proposal: Proposal, pool: ThreadPoolExecutor) -> None:
        """Give a proposal its place in the order, and start what judging it takes."""
        origin = proposal.origin
        found = admit_to(self.evaluator.task, proposal.offer, self.evaluator.sandbox)
        rejected = isinstance(found, Rejected)
        evaluation = Evaluation(
            Status.INVALID if rejected else Status.SCORED,
            fingerprint=found.fingerprint,
            message=found.reason if rejected else "",
        )
        id_ = candidate_id(self.run.id, index)
        candidate = Candidate(id_, index, found.program, origin, evaluation)
        if rejected:
            self.order.reject(candidate)
            return
        candidate, look, known = self._recognised(candidate)
        if look.use is Use.REUSE:
            self.order.copy(as_copy(candidate), look.earlier)
        elif known is not None:
            self.order.recall(candidate, replace(known.evaluation, seconds=0.0))
        else:
            earlier = look.earlier if look.use is Use.ADD else None
            self.order.expect(candidate, look.averaged, earlier)
            rung = self.climbing.levels[0]
            job = (found.program, candidate.evaluation.fingerprint, rung, look.trained)
            future = pool.submit(evaluate, self.evaluator, *job)
            self.flying[future] = Job(candidate, rung, partial(self._judged, candidate))

    def _recognised(self, candidate: Candidate) -> tuple[Candidate, Look, Candidate | None]:
        """Return a candidate by the fingerprint that is its own, and what is known of that."""
        look, known = self._earlier(candidate)
        met = self.order.program(look.earlier) if look.earlier >= 0 else known and known.program
        if met is None:
            return candidate, look, known
        own = self._compared(candidate, met)
        if own.evaluation.fingerprint != candidate.evaluation.fingerprint:
            look, known = self._earlier(own)
        return own, look, known

    def _earlier(self, candidate: Candidate) -> tuple[Look, Candidate | None]:
        """Say what to do with a candidate, and what another run knows where this one does not."""
        fingerprint, seed = candidate.evaluation.fingerprint, candidate.origin.seed
        look = self.order.cache.look(fingerprint, np.random.default_rng([*seed, 1]))
        return look, self._recall(fingerprint) if look.trained == 0 else None

    def _compared(self, candidate: Candidate, earlier: Program) -> Candidate:
        """Mark a collision of the functional hash; the draw is the candidate's own."""
        rng = np.random.default_rng([*candidate.origin.seed, 2])
        return compared(candidate, earlier, self.order.kind, rng, self.evaluator.sandbox)

    def _judged(self, candidate: Candidate, evaluation: Evaluation) -> None:
        evaluation = marked(evaluation, candidate.evaluation)
        self.order.take(replace(candidate, evaluation=evaluation))

    def _climb(self, ascent: Ascent, pool: ThreadPoolExecutor) -> None:
        """Judge a candidate on a dearer rung, or recall what an earlier run saw there."""
        candidate, level = ascent.candidate, ascent.level
        fingerprint = candidate.evaluation.fingerprint
        about = (self.run.task, self.run.protocol, fingerprint, level)
        known = self.store.recall_climb(*about) if self.config.recall else None
        if known is not None:
            self.climbing.take(ascent, replace(known, seconds=0.0), recalled=True)
            return
        future = pool.submit(evaluate, self.evaluator, candidate.program, fingerprint, level)
        self.flying[future] = Job(candidate, level, partial(self.climbing.take, ascent))

    def _recall(self, fingerprint: str) -> Candidate | None:
        if not self.config.recall:
            return None
        return self.store.recall(self.run.task, self.run.protocol, fingerprint)

    def _collect(self, timeout: float) -> None:
        """Wait for something to come, and take in what has."""
        in_flight: list[Future[Any]] = [*self.flying, *self.models.team.asked]
        wait(in_flight, timeout, return_when=FIRST_COMPLETED)
        self.models.team.pump()
        self._take_in()
        self.progress.flights = self._in_flight()
        self.weighing.count_idle()

    def _take_in(self) -> None:
        """Keep every result that is there; of what broke, the rest is kept first."""
        broken = None
        for future in [f for f in self.flying if f.done()]:
            job = self.flying.pop(future)
            error = None if future.cancelled() else future.exception()
            if error is not None and not isinstance(error, Cancelled):
                broken = error
            elif error is None and not future.cancelled():
                job.take(future.result())
        if broken is not None:
            raise broken

    def _in_flight(self) -> tuple[Flight, ...]:
        """Return what is being judged, leaving out what waits for a worker."""
        running = [job for future, job in self.flying.items() if future.running()]
        clock, device = self.progress.seconds, self.config.device
        self.departed = {job.name: self.departed.get(job.name, clock) for job in running}
        return tuple(
            Flight(job.candidate.id, _how(job.candidate), job.rung, device, self.departed[job.name])
            for job in running
        )

    def _say(self, text: str) -> None:
        """Tell whoever watches at once, while the loop can do nothing else."""
        self.progress.news.append(text)
        self.display.tick(self.progress)

    def _hear(self, news: list[str]) -> None:
        """Note what the models' side has to say."""
        for text in news:
            self.store.event(self.run.id, "model", {"message": text})
        self.progress.news += news
        self.progress.usd, self.progress.usd_last = self.models.spent, self.models.book.last

    def _leave_queue_when_stopping(self) -> None:
        self.progress.stopping = self.stop.reason
        if self.stop.reason:
            for future in self.flying:
                future.cancel()

    def _say_when_late(self) -> None:
        """Say once why a run whose time is over goes on: its order is to have no gaps."""
        if self.drafts.late() and self.flying and not self.late:
            self.late = True
            left = f"{len(self.flying)} proposed before are judged first"
            self.progress.news.append(f"{self.config.hours:g} hours are over: {left}")

    def _finish(self) -> str:
        stopped = bool(self.stop.reason)
        state = "stopped" if stopped else "done"
        if self.config.models:
            self.weighing.finish(len(self.order))
            self._hear(self.models.team.complaints())
            self._hear(self.models.learnt(self.drafts.hindsight()))
        self.store.finish(self.run.id, state, self.stop.reason or self.drafts.message)
        return state

    def _fail(self, error: CambrianError) -> None:
        """Say how the run ended, if the database takes it; else it counts as dead and resumes."""
        self.progress.ended = "failed"
        with suppress(StoreError):
            self._hear(self.models.close())
            self.store.finish(self.run.id, "failed", str(error))


def _how(candidate: Candidate) -> str:
    filling = " (fill)" if candidate.origin.fills_in else ""
    return f"{candidate.origin.proposer} {candidate.origin.operator}".strip() + filling
