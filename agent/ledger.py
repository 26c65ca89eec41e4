"""The money of a run: a call's worst case is set aside before it is made, so no limit is passed.

What a call really cost replaces its reservation once that is known. A call whose outcome is
unknown (it timed out after it was sent) is booked at its worst case: the provider may charge it.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field

ROUNDING = 1e-9
"""The share of the limit kept back for what sums of floats lose."""


@dataclass
class Ledger:
    """Dollars spent and set aside under a limit; safe to use from several threads."""

    limit: float = math.inf
    spent: float = 0.0
    reserved: float = 0.0
    refusals: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def reserve(self, usd: float) -> bool:
        """Set money aside; `False` when that could pass the limit."""
        with self._lock:
            if self.spent + self.reserved + usd > self.limit * (1 - ROUNDING):
                self.refusals += 1
                return False
            self.reserved += usd
            return True

    def settle(self, reserved: float, actual: float) -> None:
        """Book what a call cost in place of what was set aside for it."""
        with self._lock:
            self.reserved = max(self.reserved - reserved, 0.0)
            self.spent += actual

    @property
    def left(self) -> float:
        """Return what may still be set aside."""
        with self._lock:
            return self.limit - self.spent - self.reserved

    @property
    def over(self) -> bool:
        """Tell whether a call was refused and none is in flight that could free money."""
        with self._lock:
            return self.refusals > 0 and self.reserved < 1e-12
