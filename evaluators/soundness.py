"""What is wrong with a task's examples, in a sentence: found before a network trips over it.

That they fit the network is seen to where they are loaded (`evaluators.fitting`). Here are the
questions that cost a second look.
"""

from __future__ import annotations

import numpy as np

from evaluators.bodies import Bodies
from evaluators.harness.labels import UNASKED
from evaluators.supervised import Supervised
from programs.errors import InputError


def unsound(task: object) -> str:
    """Say what is wrong with the examples of a task as far as it says what they are, or nothing."""
    problem = getattr(task, "problem", task)
    if not isinstance(problem, Supervised | Bodies):
        return ""
    try:
        data, again = problem.splits, problem.load()
    except InputError as error:
        return str(error)
    if again.checksum != data.checksum:
        return "loading the data twice gave two data sets: draw with a generator of a fixed seed"
    labels = data.train[1]
    if labels.dtype.kind in "iu" and len(only := np.unique(labels[labels != UNASKED])) == 1:
        return f"all training labels are {only[0]}: there is nothing to learn"
    return ""
