"""What this machine offers, found out by trying."""

from __future__ import annotations

import os
import platform
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


def examine(database: Path) -> dict[str, Any]:
    """Return what was found, each item a plain value; a fault is a sentence, never an error."""
    return {
        "versions": versions(),
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "workers": f"{default_workers()} cores usable of {os.cpu_count()}",
        **_sandbox(),
        "database": _database(database),
    }


def _sandbox() -> dict[str, str]:
    """Start a worker, which proves its isolation, and ask it for a GPU."""
    try:
        with ProcessSandbox(1, ("torch", PROBE.partition(":")[0]), device="cuda") as sandbox:
            sandbox.start()
            tier, devices = sandbox.tier, _devices(sandbox)
    except CambrianError as error:
        return {"isolation": f"none works: {error}", "devices": "cpu"}
    return {"isolation": f"{tier}: {promise(tier)}", **_better_than(tier), "devices": devices}


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


def _better_than(tier: str) -> dict[str, str]:
    """Say, for each tier stronger than the one in force, why not and what would help."""
    lacking = {}
    for finding in survey():
        if finding.tier == tier:
            break
        more = f"; {finding.remedy}" if finding.remedy else ""
        lacking[f"isolation by {finding.tier}"] = f"not here: {finding.why}{more}"
    return lacking


def _database(path: Path) -> str:
    if not path.exists():
        return f"{path.resolve()} (not there yet; the first run makes it)"
    try:
        with Store.open(path, create=False) as store:
            return f"{path.resolve()}, {len(store.runs())} runs"
    except CambrianError as error:
        return str(error)
