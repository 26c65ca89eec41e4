"""A host that believes what it reads: the other half of the proof for answers that lie."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch  # noqa: F401  a job may look for it

from sandbox.base import Ending, Payload
from sandbox.messages import unpack_answer
from tests.attacks import answers


def _header(raw: bytes) -> Any:
    (count,) = struct.unpack(">I", raw[:4])
    return json.loads(raw[4 : 4 + count])


def _is_believed(raw: bytes) -> bool:
    return unpack_answer(raw).ending in (Ending.CANCELLED, Ending.TIMED_OUT)


def _asks_for_too_much(raw: bytes) -> bool:
    return struct.unpack(">I", raw[:4])[0] > 2**31


def _wants_terabytes(raw: bytes) -> bool:
    (_, _, shape), *_ = _header(raw)["arrays"]
    return shape[0] * 8 > 2**40


def _ends_its_reader(raw: bytes) -> bool:
    try:
        _header(raw)
    except (RecursionError, ValueError):
        return True
    return False


def _runs_its_code(raw: bytes) -> bool:
    mark = Path("/tmp/cambrian-was-here")
    with suppress(Exception):
        pickle.load(io.BytesIO(raw[4:]))
    found = mark.exists()
    mark.unlink(missing_ok=True)
    return found


def _is_taken_once(raw: bytes) -> bool:
    first = raw[: len(raw) // 2]
    return unpack_answer(first).ending is Ending.FINISHED


def _wins_every_comparison(raw: bytes) -> bool:
    score = _header(raw)["data"]["data"]["score"]
    return not score < 1e300


BELIEVED: dict[str, Callable[[bytes], bool]] = {
    "claim_cancelled": _is_believed,
    "claim_timed_out": _is_believed,
    "promise_a_long_header": _asks_for_too_much,
    "promise_a_huge_array": _wants_terabytes,
    "nest_deeply": _ends_its_reader,
    "number_of_many_digits": _ends_its_reader,
    "pickle_bomb": _runs_its_code,
    "answer_twice": _is_taken_once,
    "not_a_number": _wins_every_comparison,
    "infinite": _wins_every_comparison,
}


def in_process(name: str) -> int:
    """Run a job in a fork of this very process, and return what came of going on after it."""
    if not (pid := os.fork()):
        code = 2
        try:
            getattr(answers, name)(Payload())
            code = _goes_on()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _goes_on() -> int:
    """Compute and write as a host does after a job: 0 where both still work."""
    import numpy as np

    try:
        os.write(1, b"")
        return 0 if float(np.zeros(3).sum()) == 0.0 else 3
    except (OSError, TypeError):
        return 4
