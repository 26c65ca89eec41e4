"""A machine's side of a cluster: one warm worker there, spoken to in our own bytes.

It runs inside a Ray actor and is all ours: programs run below it, in children of its own
`ProcessSandbox`, as isolated as on the machine that asked.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from programs.errors import SandboxUnavailable
from sandbox.messages import Packed, pack_outcome, pack_refusal, unpack_job
from sandbox.process import ProcessSandbox


class Keeper:
    """Keep one worker for one driver; what the methods take and return crosses the network."""

    def __init__(
        self, preload: Sequence[str], tier: str, unsafe: bool, device: str, driver: str
    ) -> None:
        self._sandbox = ProcessSandbox(
            1, preload, tier=tier, unsafe=unsafe, device=device, driver=driver
        )

    def greet(self) -> dict[str, Any]:
        """Warm up, and say where this is, which isolation holds here and with what versions."""
        try:
            self._sandbox.start()
        except SandboxUnavailable as error:
            return {"machine": platform.node(), "unavailable": str(error)}
        return {
            "machine": platform.node(),
            "tier": self._sandbox.tier,
            "versions": dict(self._sandbox.versions),
        }

    def hears(self) -> bool:
        """Answer."""
        return True

    def run(self, head: bytes, *bodies: bytes) -> bytes:
        """Run one job, given and answered as frames of `sandbox.messages`."""
        job = unpack_job(Packed([head], [[body] for body in bodies]))
        try:
            outcome = replace(self._sandbox.run(job), tier=self._sandbox.tier)
        except SandboxUnavailable as error:
            return b"".join(pack_refusal(f"On the machine {platform.node()}: {error}"))
        return b"".join(pack_outcome(outcome))
