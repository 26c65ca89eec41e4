"""How long a run waits for another process that holds the database, and what it says meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from runs.stop import Stop

LONGEST = 600.0
"""Seconds that other writers may hold the file before the run gives up and can be resumed."""

FORGOTTEN = 60.0
"""Seconds without a wait after which the next one is another."""


class Patience:
    """Say once that the file is locked, and go on waiting unless told to drop everything."""

    def __init__(self, say: Callable[[str], None], stop: Stop) -> None:
        self._say, self._stop = say, stop
        self._since = self._asked = float("-inf")

    def __call__(self) -> bool:
        """Tell whether to wait on."""
        clock = time.monotonic()
        if clock - self._asked > FORGOTTEN:
            self._since = clock
            self._say("the database is locked by another process: waiting, workers go on")
        self._asked = clock
        return not self._stop.now and clock - self._since < LONGEST
