"""Memory for a job's data: a limit is on what training takes beside them, however many they are.

A task says how much a training may use without having read its data, and the same limit serves
eight hundred digits and all of CIFAR-10.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sandbox.base import Job

COPIES = 2
"""Of each array in a training process: as it arrived, and as torch has it."""


def with_room(job: Job) -> Job:
    """Raise a job's limit of memory by what its data take in the process that trains."""
    room = sum(map(_taken, job.payload.arrays.values()))
    return replace(job, limits=replace(job.limits, memory=job.limits.memory + room))


def _taken(array: np.ndarray) -> int:
    """Return the bytes of an array's copies; torch looks things up by 64 bits alone."""
    widened = 0 if array.dtype.kind == "f" else 8 * array.size
    return COPIES * array.nbytes + widened
