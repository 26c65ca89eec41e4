"""How proposers are weighed and how long workers wait: shown as a run goes on, kept as events."""

from __future__ import annotations

import time

from agent.team import Team
from runs.progress import Progress, with_model
from runs.store import Store

PORTFOLIO = "portfolio"
"""The event that says how proposers × models were weighed, from the place it names on."""

WAITING = "waiting"
"""The event that says how long workers had nothing to do, of how many seconds."""

EVERY = 20
"""Places after which the weights are kept."""


class Weighing:
    """Watches one sitting of a run; call it from the loop's thread."""

    def __init__(self, store: Store, run: str, team: Team, progress: Progress) -> None:
        self.store, self.run, self.team, self.progress = store, run, team, progress
        self._kept = 0
        self._looked, self._resting = time.monotonic(), 0.0

    def weigh(self, place: int) -> None:
        """Show the chances of the next place, and keep the reasons now and then."""
        reasons = self.team.reasons()
        self.progress.chances = {with_model(r["proposer"], r["model"]): r["share"] for r in reasons}
        if reasons and place >= self._kept + EVERY:
            self._kept = place
            self._keep(place)

    def count_idle(self) -> None:
        """Add the time since the last look for the workers that had nothing to do at it."""
        clock, busy = time.monotonic(), len(self.progress.flights)
        self.progress.idle += (clock - self._looked) * self._resting
        self._looked, self._resting = clock, 1.0 - min(busy / self.progress.config.workers, 1.0)

    def finish(self, place: int) -> None:
        """Keep the last weights, and how long workers waited."""
        self._keep(place)
        waited = {"idle": self.progress.idle, "seconds": self.progress.this_sitting}
        self.store.event(self.run, WAITING, waited)

    def _keep(self, place: int) -> None:
        self.store.event(self.run, PORTFOLIO, {"place": place, "arms": self.team.reasons()})
