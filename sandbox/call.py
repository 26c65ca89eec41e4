"""Call a harness function by its import path, and turn whatever it does into an answer."""

from __future__ import annotations

import importlib
import random
import re
import sys
import traceback
from typing import Any

import numpy as np

from sandbox import wire
from sandbox.base import Ending, Job, Payload
from sandbox.link import GuestEnd, HostEnd
from sandbox.messages import Answer
from sandbox.text import one_line, size

DEFAULT_SEED = 0
_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50}
_ASKED = re.compile(r"allocate ([0-9]+(?:\.[0-9]+)?) (bytes|[KMGTP]iB)")
_NO_MEMORY = re.compile(r"(can't|cannot|unable to) allocate|out of memory|not enough memory", re.I)


def call(job: Job, end: HostEnd | None = None) -> Payload:
    """Seed the random number generators, then return what the harness makes of the payload.

    A job with a guest is given its end of the line as well.
    """
    _seed_for(job.payload)
    harness = _resolve(job.harness)
    result = harness(job.payload) if end is None else harness(job.payload, end)
    if not isinstance(result, Payload):
        raise TypeError(f"expected {job.harness} to return a Payload, saw {type(result).__name__}")
    return result


def attend(harness: str, payload: Payload, end: GuestEnd) -> None:
    """Let a guest's harness answer until the host has gone."""
    _seed_for(payload)
    _resolve(harness)(payload, end)


def _seed_for(payload: Payload) -> None:
    asked = payload.data.get("seed")
    seed(asked if type(asked) is int else DEFAULT_SEED)


def seed(number: int) -> None:
    """Seed Python, numpy and (where it is loaded) torch, all alike in every child otherwise."""
    random.seed(number)
    np.random.seed(number % 2**32)
    if torch := sys.modules.get("torch"):
        # The whole of it takes two milliseconds to note what cards, once opened, are to be given.
        whole = torch.cuda.is_initialized()
        (torch.manual_seed if whole else torch.default_generator.manual_seed)(number % 2**63)


def failure(error: BaseException, used: int, limit: int) -> Answer:
    """Return the answer for a harness that raised, `used` bytes of `limit` being in use."""
    words = _words(error)
    if not _is_memory(error, words):
        return Answer(Ending.FAILED, one_line(f"{type(error).__name__}: {words}".rstrip(": ")))
    asked = _ASKED.search(words)
    more = f"{size(float(asked[1]) * _UNITS[asked[2]])} more" if asked else "more"
    return Answer(Ending.OUT_OF_MEMORY, f"used {size(used)} of {size(limit)} and asked for {more}")


def too_large(job: Job, parts: list[wire.Part]) -> Answer | None:
    """Return the answer for a result that is larger than allowed, else `None`."""
    count = wire.length(parts)
    if count <= job.limits.result:
        return None
    message = f"returned {size(count)}, at most {size(job.limits.result)} are allowed"
    return Answer(Ending.TOO_MUCH_OUTPUT, message)


def trace(error: BaseException) -> str:
    """Return the traceback as text, even where the error cannot be printed."""
    try:
        return "".join(traceback.format_exception(error))
    except Exception as again:
        return f"(no traceback: {type(again).__name__})\n"


def _resolve(path: str) -> Any:
    module, _, name = path.partition(":")
    if not module or not name:
        raise ValueError(f"expected a harness as package.module:function, saw {path!r}")
    return getattr(importlib.import_module(module), name)


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text cannot be shown)"


def _is_memory(error: BaseException, words: str) -> bool:
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError | OSError) and bool(_NO_MEMORY.search(words))
