"""Run untrusted code on data and return numbers, within limits; knows neither programs nor tasks.

    with ProcessSandbox(workers=2, preload=["torch"]) as sandbox:
        print(sandbox.tier, sandbox.promise)
        outcome = sandbox.run(Job("package.module:function", Payload({"steps": 20})))
        if outcome.ending is Ending.FINISHED: ...

A job's own fault is an `Ending`, never an exception.
"""

from sandbox.base import MIB, Ending, Guest, Job, Limits, Outcome, Payload, Sandbox
from sandbox.memory import MemorySandbox
from sandbox.process import ProcessSandbox
from sandbox.wire import WireError

__all__ = [
    "MIB",
    "Ending",
    "Guest",
    "Job",
    "Limits",
    "MemorySandbox",
    "Outcome",
    "Payload",
    "ProcessSandbox",
    "Sandbox",
    "WireError",
]
