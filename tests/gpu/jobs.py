"""Jobs for a card at whatever tier a machine has."""

from __future__ import annotations

from typing import Any

from sandbox import MIB, Job, Limits, Payload, tiers

LIMITS = Limits(seconds=60.0, memory=4096 * MIB)


def job(tier: str, name: str, **data: Any) -> Job:
    """Return a job that runs in a cage where there is one for cards, and elsewhere as our own."""
    trusted = bool(tiers.refusal(tier, "cuda"))
    return Job(f"tests.gpu.harnesses:{name}", Payload(data), LIMITS, "cuda", trusted)
