"""A sandbox as one of its owners sees it: every job run through it is that owner's.

Whoever makes jobs need not know who asks, and two runs that share a pool take turns at it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.base import Job, Outcome, Sandbox
from sandbox.closing import Closing


@dataclass(frozen=True, slots=True)
class Owned(Closing):
    """The sandbox `whole` for the jobs of `owner`; closing it closes the whole."""

    whole: Sandbox
    owner: str

    @property
    def tier(self) -> str:
        """Name the isolation in force."""
        return self.whole.tier

    def run(self, job: Job) -> Outcome:
        """Run one job, as the owner's."""
        return self.whole.run(replace(job, owner=self.owner))

    def close(self) -> None:
        """Kill what runs, whoever's it is, and release every process."""
        self.whole.close()
