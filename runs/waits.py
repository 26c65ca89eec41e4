"""How long answers take: whether one still finds a place when it comes, and when to wait no more.

What is decided here hangs on this sitting's clock. It is who is asked and who gets a place; the
latter is on record, so a run that is repeated needs no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from agent.proposer import Proposal

LATEST = 24
"""How many of the latest answers tell how long the next will take: as long as the slowest."""

PATIENCE = 0.02
"""The share of its time that a run waits at its end for what it asked for, and got no answer to."""

LEAST = 10.0
"""The seconds that it waits at least: a short run would else never hear of its models."""


class Waits:
    """The seconds that proposals by models take, by `clock`, which counts those of the run."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._took: deque[float] = deque(maxlen=LATEST)
        self._since: float | None = None

    def time(self, future: Future[Proposal]) -> None:
        """Note how long a proposal takes that is asked for now, if a model makes it."""
        asked = self._clock()
        future.add_done_callback(lambda done: self._note(done, self._clock() - asked))

    def _note(self, done: Future[Proposal], seconds: float) -> None:
        if not (done.cancelled() or done.exception()) and done.result().origin.usage.get("calls"):
            self._took.append(seconds)

    @property
    def seconds(self) -> float:
        """Return the time in which an answer comes, 0 before there was one."""
        return max(self._took, default=0.0)

    def over(self) -> bool:
        """Tell whether workers have waited long enough for the last answers; call it as they do.

        A run that has not heard of its models yet waits on.
        """
        now = self._clock()
        self._since = now if self._since is None else self._since
        return bool(self._took) and now - self._since > max(PATIENCE * now, LEAST)
