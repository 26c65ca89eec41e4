"""The command that makes a run again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from agent.door import AT_ONCE
from evaluators.levels import ETA
from runs.config import REPLY_TIMEOUT
from runs.record import RunRecord

_VALUES = ("kind", "evals", "hours", "workers", "device", "seed", "usd", "api_base", "replay")
_USUAL = {
    "forget": 0.0,
    "aggregate": 1,
    "rungs": 1,
    "eta": ETA,
    "reply_timeout": REPLY_TIMEOUT,
    "in_flight": AT_ONCE,
    "fill": None,
}
_MANY = {"proposers": "--proposer", "models": "--model"}


def command_of(run: RunRecord) -> str:
    """Return the command line that starts the same run, whatever its settings came from."""
    config: Mapping[str, Any] = run.config
    if config.get("models"):
        # Runs of before there were fill-ins had none.
        config = {"fill": 0.0, **config}
    words = ["cambrian", "run", run.task]
    for name in _VALUES:
        if config.get(name) is not None:
            words += [f"--{name.replace('_', '-')}", str(config[name])]
    for name, usual in _USUAL.items():
        if config.get(name, usual) != usual:
            words += [f"--{name.replace('_', '-')}", str(config[name])]
    for name, flag in _MANY.items():
        for each, weight in (config.get(name) or {}).items():
            words += [flag, f"{each}:{float(weight)}"]
    if config.get("recall") is False:
        words.append("--fresh")
    return shlex.join(words)
