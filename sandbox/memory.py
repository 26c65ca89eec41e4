"""A sandbox without processes or limits, for tests."""

from __future__ import annotations

import time
from collections.abc import Callable

from sandbox.base import Ending, Job, Outcome
from sandbox.call import call, failure, too_large, trace
from sandbox.closing import Closing
from sandbox.messages import Answer, pack_answer, pack_job, unpack_answer, unpack_job
from sandbox.text import plain


class MemorySandbox(Closing):
    """Answer jobs in this process; `jobs` lists those it was given.

    With `answers` it returns what that says. Without, it calls the harness, and both payloads make
    the journey through their bytes, so that one which could not cross to a process fails here too.
    """

    def __init__(self, answers: Callable[[Job], Outcome] | None = None) -> None:
        self.jobs: list[Job] = []
        self._answers = answers or _run_here
        self._closed = False

    @property
    def tier(self) -> str:
        """Return "memory": nothing is isolated."""
        return "memory"

    def run(self, job: Job) -> Outcome:
        """Answer one job."""
        if self._closed:
            return Outcome(Ending.CANCELLED, message="the sandbox was closed")
        self.jobs.append(job)
        return self._answers(job)

    def close(self) -> None:
        """Cancel whatever is asked from now on."""
        self._closed = True


def _run_here(job: Job) -> Outcome:
    began = time.monotonic()
    if job.guest:
        raise ValueError("a guest needs a process of its own, and there are none here")
    received = unpack_job(pack_job(job))
    log = ""
    try:
        parts = pack_answer(Answer(Ending.FINISHED, result=call(received)))
        parts = pack_answer(excess) if (excess := too_large(job, parts)) else parts
    except (Exception, SystemExit) as error:
        log = plain(trace(error), job.limits.output)
        parts = pack_answer(failure(error, 0, job.limits.memory))
    answer = unpack_answer(b"".join(parts))
    result = answer.result if answer.ending is Ending.FINISHED else None
    return Outcome(answer.ending, result, answer.message, log, time.monotonic() - began)
