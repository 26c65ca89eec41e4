"""Turn what the zygote saw into the outcome that people read: a pure function."""

from __future__ import annotations

import signal

from sandbox.base import Ending, Job, Outcome, processor_seconds
from sandbox.messages import Answer, Report, unpack_answer
from sandbox.text import one_line, plain, size
from sandbox.wire import WireError

# The clock, a death and a cancellation are for us to see: a job that claims one is lying.
_ITS_OWN_TO_SAY = (
    *(Ending.FINISHED, Ending.FAILED),
    *(Ending.OUT_OF_MEMORY, Ending.TOO_MUCH_OUTPUT),
)


_COUNTED = 0.8
"""The share of its processor time that a process has used for certain when the kernel stops it: the
kernel counts in ticks, most roughly where many take turns."""


def judge(job: Job, report: Report, seconds: float) -> Outcome:
    """Return the outcome of `job`; the sentence carries the figure where there is one."""
    answer = _answer(job, report)
    return Outcome(
        ending=answer.ending,
        result=answer.result if answer.ending is Ending.FINISHED else None,
        message=one_line(answer.message),
        log=plain(report.log.decode("utf-8", "replace"), job.limits.output),
        seconds=seconds,
        peak_memory=report.peak_memory,
    )


def _answer(job: Job, report: Report) -> Answer:
    limits = job.limits
    if report.stopped == "time":
        return Answer(Ending.TIMED_OUT, f"ran past {limits.seconds:g} s")
    if report.stopped == "size":
        return Answer(Ending.TOO_MUCH_OUTPUT, f"returned more than {size(limits.result)}")
    if report.stopped == "memory":
        used = f"used {size(report.held)} of {size(limits.memory)}"
        return Answer(Ending.OUT_OF_MEMORY, used)
    if report.status < 0 and report.processor >= _COUNTED * processor_seconds(limits):
        used = f"used {report.processor:.1f} s of processor in {limits.seconds:g} s"
        if limits.processor is not None:
            used = f"used up its {limits.processor} s of processor"
        return Answer(Ending.TIMED_OUT, used)
    if report.status or not report.answer:
        return Answer(Ending.CRASHED, _death(report.status))
    try:
        answer = unpack_answer(report.answer)
    except WireError as error:
        return Answer(Ending.CRASHED, f"its answer was not one: {error}")
    if answer.ending not in _ITS_OWN_TO_SAY:
        return Answer(Ending.CRASHED, f"its answer claimed that {answer.ending.value}")
    return answer


def _death(status: int) -> str:
    if status >= 0:
        return f"its process ended with exit code {status} and no answer"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    hint = ", perhaps because the machine ran out of memory" if name == "SIGKILL" else ""
    return f"its process was killed by {name}{hint}"
