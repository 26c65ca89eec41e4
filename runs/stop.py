"""How the outside world asks a run to end."""

from __future__ import annotations

from collections.abc import Callable


class Stop:
    """A request to end: gently, then at once."""

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
