"""What an attack must leave as it was: the processes, the files, and what later jobs compute."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox import MIB, Job, Limits, Payload, ProcessSandbox, kernel

REFERENCE = Job(
    "tests.sandbox.harnesses:train",
    Payload({"steps": 3}),
    Limits(seconds=10.0, memory=256 * MIB),
    trusted=True,
)


class Surroundings:
    """A picture of before, for comparison."""

    def __init__(self) -> None:
        self.processes = set(kernel.living_below(os.getpid()))

    @staticmethod
    def files(folder: Path) -> dict[str, bytes]:
        """Return what lies in the folder."""
        return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}

    def check(self, sandbox: ProcessSandbox) -> None:
        """Assert that nothing survived and that a later job is answered as ever."""
        assert set(kernel.living_below(os.getpid())) <= self.processes
        outcome = sandbox.run(REFERENCE)
        assert outcome.result is not None, outcome.message
        losses = outcome.result.arrays["losses"].tobytes()
        assert EXPECTED.setdefault("losses", losses) == losses


EXPECTED: dict[str, bytes] = {}
