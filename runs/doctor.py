"""What this machine offers, found out by trying."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from programs.errors import CambrianError
from runs.config import default_workers
from runs.guard import PROBE
from runs.start import versions
from runs.store import Store
from sandbox.base import Job, Limits, Payload
from sandbox.forkserver import CardUnavailableError
from sandbox.process import ProcessSandbox
from sandbox.tiers import promise, survey


def examine(database: Path) -> Iterator[tuple[str, Any]]:
    """Yield each item and a plain value once it is known; a fault is a sentence, never an error."""
    yield "versions", versions()
    yield "system", f"{platform.system()} {platform.release()}, {platform.machine()}"
    yield "workers", f"{default_workers()} cores usable of {os.cpu_count()}"
    yield from _sandbox()
    yield "database", _database(database)


def _sandbox() -> Iterator[tuple[str, str]]:
    """Start a worker, which proves its isolation, and ask it for a GPU."""
    told = False
    try:
        with ProcessSandbox(1, ("torch", PROBE.partition(":")[0]), device="cuda") as sandbox:
            sandbox.start()
            yield "isolation", f"{sandbox.tier}: {promise(sandbox.tier)}"
            told = True
            yield from _better_than(sandbox.tier)
            yield "devices", _devices(sandbox)
    except CambrianError as error:
        if not told:
            yield "isolation", f"none works: {error}"
        yield "devices", "cpu" if not told else f"cpu ({error})"


def _devices(sandbox: ProcessSandbox) -> str:
    payload = Payload({"device": "cuda"})
    try:
        outcome = sandbox.run(Job(PROBE, payload, Limits(seconds=60.0), "cuda", trusted=True))
    except CardUnavailableError as error:
        return f"cpu ({error})"
    if outcome.result is None:
        return f"cpu (a GPU fails: {outcome.message})"
    there, found = outcome.result.data["there"], outcome.result.data["found"]
    return f"cpu, cuda ({found})" if there else f"cpu ({found})"


def _better_than(tier: str) -> Iterator[tuple[str, str]]:
    """Say, for each tier stronger than the one in force, why not and what would help."""
    for finding in survey():
        if finding.tier == tier:
            break
        more = f"; {finding.remedy}" if finding.remedy else ""
        yield f"isolation by {finding.tier}", f"not here: {finding.why}{more}"


def _database(path: Path) -> str:
    if not path.exists():
        return f"{path.resolve()} (not there yet; the first run makes it)"
    try:
        with Store.open(path, create=False) as store:
            return f"{path.resolve()}, {len(store.runs())} runs"
    except CambrianError as error:
        return str(error)
