"""What comes next: proposals, asked for as far ahead as the lookahead allows.

Proposal `i` is drawn by a generator seeded with (seed, i) from a view of exactly the candidates
before `i - lookahead + 1`, the seed programs at least. So the lineage depends on the seed alone:
not on which worker finishes first, nor on being killed and resumed. A model takes seconds to
answer, so proposals are drawn ahead of their turn, and handed out strictly in order.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import numpy as np

from agent.proposer import Proposal, View
from evaluators.candidate import Origin
from evaluators.task import Task, language
from runs.briefing import Briefing
from runs.climbing import Climbing
from runs.config import RunConfig
from runs.heritage import beginnings
from runs.models import Models, left_of
from runs.order import Order
from runs.progress import Progress
from runs.record import candidate_id
from runs.stop import Stop

BARREN = 2_000
"""Proposals in a row without a new behaviour after which a search has nothing left to find."""

UNPAID = 8
"""Calls in a row without money for them after which a run that only money ends is over."""


class Drafts:
    """The proposals that are drawn and not yet due; `message` says why there will be no more.

    `briefing` is what models are told; set it before anything is drawn.
    """

    def __init__(
        self,
        order: Order,
        climbing: Climbing,
        config: RunConfig,
        task: Task,
        models: Models,
        progress: Progress,
        stop: Stop,
    ) -> None:
        self.order, self.climbing, self.config, self.task = order, climbing, config, task
        self.models, self.progress, self.stop = models, progress, stop
        self.briefing = Briefing()
        self.beginnings = beginnings(order.store, config, task)
        run = order.run.id
        self.seeds = {candidate_id(run, i): p for i, (p, _) in enumerate(self.beginnings)}
        self.notes = models.notes(language(task))
        self.drawn: dict[int, Future[Proposal]] = {}
        self.unpaid = 0
        self.message = ""

    def draw_ahead(self) -> None:
        """Draw every proposal of which all that it may know is known."""
        index = len(self.order)
        while self._may_draw(index):
            if index not in self.order.recorded and index not in self.drawn:
                self.drawn[index] = self._draw(index)
            index += 1

    def late(self) -> bool:
        """Tell whether the run's time is over."""
        hours = self.config.hours
        return hours is not None and self.progress.seconds >= hours * 3600

    def due(self) -> bool:
        """Tell whether the next proposal is there and there is room for it in the budget."""
        if self.stop.reason:
            return False
        self.message = self._exhausted()
        next_ = self.drawn.get(len(self.order))
        return not self.message and next_ is not None and next_.done()

    def awaiting(self) -> bool:
        """Tell whether the proposal that is due next is still to come."""
        return len(self.order) in self.drawn and not self.stop.reason and not self._exhausted()

    def take(self) -> Proposal:
        """Hand out the proposal that is due."""
        index = len(self.order)
        proposal = self.drawn.pop(index).result()
        self.notes |= self.models.noted(index, proposal.notes)
        self._count_unpaid(proposal.origin)
        return replace(proposal, origin=replace(proposal.origin, seed=(self.config.seed, index)))

    def view(self, index: int) -> View:
        """Return what proposal `index` may know: nothing here depends on what is in flight."""
        seen = self._seen_by(index)
        known = self.climbing.as_known(seen)
        left = left_of(self.config, known, self.order.judged_before(seen))
        task, kind = self.task, language(self.task)
        notes = [n for place, each in sorted(self.notes.items()) if place < seen for n in each]
        told = self.briefing
        return View(
            task.name,
            task.goal,
            kind,
            self.seeds,
            known,
            left,
            index,
            told.facts,
            notes,
            told.card,
        )

    def _may_draw(self, index: int) -> bool:
        """Tell whether all that proposal `index` may know is known, and the budget may reach it."""
        if self.stop.reason or self.climbing.decided < self._seen_by(index) or self._exhausted():
            return False
        ahead = index - len(self.order)
        return self.config.evals is None or self.order.judged + ahead < self.config.evals

    def _seen_by(self, index: int) -> int:
        """Return how many candidates proposal `index` may know, the seeds at least."""
        seeds = len(self.beginnings)
        return 0 if index < seeds else max(seeds, index - self.config.lookahead + 1)

    def _exhausted(self) -> str:
        config, judged = self.config, self.order.judged
        if config.evals is not None and judged >= config.evals:
            return f"{judged} evaluations done"
        if self.late():
            return f"{config.hours:g} hours are over"
        if self.order.barren >= BARREN:
            return f"{BARREN} proposals in a row brought nothing new"
        if self.unpaid >= UNPAID and config.evals is None and config.hours is None:
            return f"${config.dollars:g} leave no room for another call"
        return ""

    def _draw(self, index: int) -> Future[Proposal]:
        if index < len(self.beginnings):
            program, origin = self.beginnings[index]
            future: Future[Proposal] = Future()
            future.set_result(Proposal(program.source, origin))
            return future
        rng = np.random.default_rng([self.config.seed, index])
        return self.models.team.draw(self.view(index), rng)

    def _count_unpaid(self, origin: Origin) -> None:
        if origin.usage.get("unpaid"):
            self.unpaid += 1
        elif origin.model:
            self.unpaid = 0
