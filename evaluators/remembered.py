"""A sandbox that remembers what finished, so that a long comparison that is interrupted goes on.

A training is its payload: the same job on the same code gives the same bytes. So what a job came to
is kept in a file named by a hash of all it depends on, and an equal job is answered from there, its
seconds included. Jobs that did not finish are run again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from evaluators.code import code_hash
from sandbox import wire
from sandbox.base import Ending, Job, Outcome, Payload, Sandbox
from sandbox.closing import Closing

STALE = 14 * 86_400.0
"""Seconds after which nobody comes back to an interrupted comparison."""

_SEEN = "outcome"


class Remembered(Closing):
    """`sandbox` with a memory in `folder`; `versions` are those of the libraries that compute."""

    def __init__(self, sandbox: Sandbox, folder: Path, versions: str) -> None:
        self.sandbox, self.folder, self.versions = sandbox, folder, versions
        self.used: set[Path] = set()
        self.answered = 0
        for file in folder.glob("*"):
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > STALE:
                    file.unlink()

    @property
    def tier(self) -> str:
        """Name the isolation in force."""
        return self.sandbox.tier

    def run(self, job: Job) -> Outcome:
        """Answer from memory, or run the job and keep what it came to."""
        file = self.folder / self._key(job)
        self.used.add(file)
        if known := _read(file):
            self.answered += 1
            return known
        outcome = self.sandbox.run(job)
        if outcome.ending is Ending.FINISHED:
            _write(file, outcome)
        return outcome

    def close(self) -> None:
        """Close the sandbox; what is remembered stays."""
        self.sandbox.close()

    def forget(self) -> None:
        """Remove what was remembered for the jobs asked for: they are needed no more."""
        for file in self.used:
            file.unlink(missing_ok=True)

    def _key(self, job: Job) -> str:
        """Hash all that a job's outcome depends on."""
        digest = hashlib.blake2b(digest_size=16)
        facts = [job.harness, code_hash(job.harness), asdict(job.limits), job.device, job.trusted]
        guest = job.guest.harness if job.guest else ""
        digest.update(json.dumps([*facts, guest, self.tier, self.versions]).encode())
        for part in _frames(job):
            digest.update(part)
        return digest.hexdigest()


def _frames(job: Job) -> Iterator[wire.Part]:
    """Write down what goes to a job and to its guest."""
    yield from wire.encode(job.payload)
    if job.guest is not None:
        yield from wire.encode(job.guest.payload)


def _read(file: Path) -> Outcome | None:
    """Return what a file remembers; nothing where it is not there or not whole."""
    try:
        kept = wire.decode(file.read_bytes())
    except (OSError, wire.WireError):
        return None
    facts = kept.data[_SEEN]
    data = {name: value for name, value in kept.data.items() if name != _SEEN}
    return Outcome(Ending.FINISHED, Payload(data, kept.arrays), **facts)


def _write(file: Path, outcome: Outcome) -> None:
    """Keep an outcome, whole or not at all; a folder that cannot be written only costs time."""
    assert outcome.result is not None
    facts = {"seconds": outcome.seconds, "peak_memory": outcome.peak_memory, "tier": outcome.tier}
    whole = Payload({**outcome.result.data, _SEEN: facts}, outcome.result.arrays)
    half = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(b"".join(wire.encode(whole)))
        half.replace(file)
    except (OSError, wire.WireError):
        half.unlink(missing_ok=True)
