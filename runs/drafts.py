"""What comes next: proposals, asked for as far ahead as the lookahead allows.

Draw `i` comes from a generator seeded with (seed, i) and a view of exactly the candidates before
place `i - lookahead + 1`, the seed programs at least; it gets place `i`. So the lineage depends on
the seed alone: not on which worker finishes first, nor on being killed and resumed. A model takes
seconds to answer, so draws are made ahead of their turn; `seating.py` says how others may go
before them meanwhile, and what a lineage depends on then.
"""

from __future__ import annotations

import math
from concurrent.futures import Future
from dataclasses import replace

from numpy.random import default_rng

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
from runs.seating import FILL_IN, SEATED, Seating, as_detail, seated_in
from runs.stop import Stop
from runs.waits import Waits

BARREN = 2_000
"""Proposals in a row without a new behaviour after which a search has nothing left to find."""

FILLING = 3
"""The word of a seed that parts what fills in at a place from the draw of the same number."""

RARE = 10
"""One place in so many, or fewer, for those who ask models: the run says what would give more."""

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
        self._seated = seated_in(order.store.events(run)) if config.fills else {}
        source = order.store.run(config.replay).id if config.fills and config.replay else run
        repeated = seated_in(order.store.events(source)) if source != run else {}
        self.seating = Seating(config, len(self.beginnings), repeated | self._seated)
        self.alive = config.fills and not config.replay
        self.waits = Waits(lambda: progress.seconds)
        self._barren = -1
        self._told = False
        self.unpaid = 0
        self.message = ""

    def draw_ahead(self) -> None:
        """Draw every proposal of which all that it may know is known."""
        self.seating.advance(len(self.order))
        draw = self.seating.first
        while self._may_draw(draw):
            here = draw in self.drawn or self.seating.gone(draw) or self._recorded(draw)
            if not (here or self._in_vain(draw)):
                self.drawn[draw] = self._draw(draw)
            draw += 1

    def late(self) -> bool:
        """Tell whether the run's time is over, and its order has no holes."""
        hours = self.config.hours
        over = hours is not None and self.progress.seconds >= hours * 3600
        return over and self.order.foreseen < 0

    def take(self, idle: bool) -> Proposal | None:
        """Hand out who gets the next place, if that is known and there is room in the budget.

        `idle` says that a worker has nothing to do.
        """
        if self.stop.reason:
            return None
        self.message = self._exhausted()
        place = len(self.order)
        self.seating.advance(place)
        who = None if self.message else self._who(place, idle)
        if who is None:
            return None
        proposal = self._fill_in(place) if who == FILL_IN else self._come(who)
        if proposal is not None:
            self._seat(place, who)
            noted = tuple(replace(note, place=place) for note in proposal.notes)
            self.notes |= self.models.noted(place, noted)
            self._count_unpaid(proposal.origin)
            self._say_if_rare()
        return proposal

    def awaiting(self) -> bool:
        """Tell whether a proposal is still to come that will get the next place."""
        if self.stop.reason or self._exhausted():
            return False
        who = self.seating.given.get(len(self.order))
        return bool(self.drawn) if who is None else who in self.drawn

    def view(self, index: int, seen: int, before: int) -> View:
        """Return what draw `index` may know: the first `seen` places, whatever is in flight.

        The draw before it knew those `before`.
        """
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
            seen - before,
        )

    def hindsight(self) -> View:
        """Return all that is known in the end."""
        settled = self.order.settled
        return self.view(settled, settled, settled)

    def _may_draw(self, draw: int) -> bool:
        """Tell whether all that a draw may know is known, and the budget may reach it."""
        seen = self.seating.known_to(draw)
        if self.stop.reason or seen is None or self.climbing.decided < seen or self._exhausted():
            return False
        place = self.seating.place_of(draw)
        settled = draw < len(self.beginnings) or place in self.seating.given
        hole = place is not None and place < self.order.foreseen
        if settled or hole or self._in_vain(draw):
            return True
        ahead = draw - len(self.seating.places) + self.seating.to_fill
        return ahead < self._left() and not self._too_late(ahead)

    def _in_vain(self, draw: int) -> bool:
        """Tell whether nobody waits for this draw: the places that are on record are others'."""
        return len(self.order) <= self.seating.foreseen and self.seating.place_of(draw) is None

    def _too_late(self, ahead: int) -> bool:
        """Tell whether what fills in will have used the budget up before another answer comes."""
        end = self.progress.seconds_left
        if end is None or not self._may_fill_in():
            return False
        return self.waits.seconds > end * (1 - ahead / self._left())

    def _left(self) -> float:
        evals = self.config.evals
        return math.inf if evals is None else evals - self.order.judged

    def _recorded(self, draw: int) -> bool:
        """Tell whether an earlier sitting recorded what came of a draw."""
        return self.seating.place_of(draw) in self.order.recorded

    def _who(self, place: int, idle: bool) -> int | None:
        """Return who gets a place: the draw whose turn it is, or who is there before it."""
        given = self.seating.given.get(place)
        if given is not None:
            ready = self._ready(given) or (given == FILL_IN and self._can_fill_in(place))
            return given if ready else None
        if self._ready(self.seating.first):
            return self.seating.first
        if not (self.alive and idle):
            return None
        here = next((draw for draw in sorted(self.drawn) if self._ready(draw)), None)
        if here is not None:
            return here
        able = self._can_fill_in(place) and self._may_fill_in() and self._may_take_any()
        return FILL_IN if able else None

    def _ready(self, draw: int) -> bool:
        return draw in self.drawn and self.drawn[draw].done()

    def _can_fill_in(self, place: int) -> bool:
        """Tell whether all that what fills a place in may know is known."""
        return self.climbing.decided >= self.seating.known_to_fill_in(place)

    def _may_fill_in(self) -> bool:
        """Tell whether something may fill the next place in, if a worker has nothing to do."""
        able = self.alive and self.models.team.can_fill_in and self._barren != len(self.order)
        return able and self.seating.may_fill_in(len(self.drawn))

    def _may_take_any(self) -> bool:
        """Tell whether a place is left that is not kept, or is kept no longer, for an answer."""
        return len(self.drawn) < self._left() or self.waits.over()

    def _fill_in(self, place: int) -> Proposal | None:
        seen = self.seating.known_to_fill_in(place)
        words = (self.config.seed, place, FILLING)
        proposal = self.models.team.fill_in(self.view(place, seen, seen), default_rng(words))
        if proposal is None:
            self._barren = place
            return None
        return _drawn_by(proposal, words)

    def _come(self, draw: int) -> Proposal:
        return _drawn_by(self.drawn.pop(draw).result(), (self.config.seed, draw))

    def _seat(self, place: int, who: int) -> None:
        """Write down who gets a place, before the place is given."""
        seeds = len(self.beginnings)
        if self.config.fills and place >= seeds and place not in self._seated:
            self.order.store.event(self.order.run.id, SEATED, as_detail(place, who))
        if self.config.fills:
            self.seating.give(place, who)

    def _exhausted(self) -> str:
        config, judged = self.config, self.order.judged
        if self.order.foreseen >= 0:
            return ""
        if config.evals is not None and judged >= config.evals:
            return f"{judged} evaluations done"
        if self.late():
            return f"{config.hours:g} hours are over"
        if self.order.barren >= BARREN:
            return f"{BARREN} proposals in a row brought nothing new"
        if self.unpaid >= UNPAID and config.evals is None and config.hours is None:
            return f"${config.dollars:g} leave no room for another call"
        return ""

    def _draw(self, draw: int) -> Future[Proposal]:
        if draw < len(self.beginnings):
            program, origin = self.beginnings[draw]
            future: Future[Proposal] = Future()
            future.set_result(Proposal(program.source, origin))
            return future
        seen, before = (self.seating.known_to(each) or 0 for each in (draw, draw - 1))
        rng = default_rng([self.config.seed, draw])
        future = self.models.team.draw(self.view(draw, seen, before), rng)
        self.waits.time(future)
        return future

    def _say_if_rare(self) -> None:
        """Say once that answers take so long that models get few of the places."""
        filled, wait = self.seating.filled, self.waits.seconds
        asked = len(self.seating.places) - len(self.beginnings)
        rare = filled >= RARE and filled >= (RARE - 1) * asked
        if self._told or not (rare and wait and self.alive):
            return
        self._told = True
        self.models.news.put(
            f"answers take up to {wait:.0f} s: {filled} of {filled + asked} places were filled in "
            "meanwhile. A run that may wait for models, with `--fill 3` say, gives them more."
        )

    def _count_unpaid(self, origin: Origin) -> None:
        if origin.usage.get("unpaid"):
            self.unpaid += 1
        elif origin.usage.get("calls"):  # what stands in for a model that repeats itself has none
            self.unpaid = 0


def _drawn_by(proposal: Proposal, words: tuple[int, ...]) -> Proposal:
    """Note what seeded the generator that a proposal comes from."""
    return replace(proposal, origin=replace(proposal.origin, seed=words))
