"""Judge a free-form optimiser: we train, and a process beside ours says what to subtract.

Model, data, loss, random state, step counter and clock are here, in the trusted process; the
program's text is not. What it could gain by lying is what an update rule may do anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from evaluators.harness import optimizer
from evaluators.harness.freeform import batch, text
from evaluators.harness.models.base import Shape
from evaluators.harness.rules import STEP_SECONDS, Asked, Rule
from evaluators.harness.training import cosine, train_on
from sandbox.base import Payload
from sandbox.link import GuestError, GuestLateError, HostEnd


def train(payload: Payload, end: HostEnd) -> Payload:
    """Train for `steps` as `evaluators.harness.optimizer.train` does, under the guest's program.

    `fault` in the result says why there is no training to judge; `late` that time was the reason.
    `step_seconds` may set what the program has for one step.
    """
    steps = int(payload.data["steps"])
    seconds = float(payload.data.get("step_seconds", STEP_SECONDS))

    def ask(shapes: Sequence[Shape], total: int, device: torch.device) -> Rule:
        return Asked(end, shapes, total, seconds)

    try:
        return train_on(payload, ask, [cosine(step, steps) for step in range(steps)])
    except GuestError as error:
        return Payload({"fault": str(error), "late": isinstance(error, GuestLateError)})


def warm_up() -> None:
    """Take steps of each form, so that everything torch imports late is there before a fork."""
    optimizer.warm_up()
    for source, form in _SAMPLES:
        rule = text.rule(source, form)
        for _ in range(2):
            w = [torch.ones(2, 3, 2), torch.ones(2, 3)]
            stack = batch.Batch(rule)
            with torch.no_grad():
                stack.step(w, w, torch.tensor([0.1, 0.2]), 1, 2)
                stack.keep(torch.tensor(np.arange(1)))


_SAMPLES = (
    (
        "import torch\n"
        "def update(w, g, m, lr, step):\n"
        "    m = torch.lerp(m, g, 0.1)\n"
        "    return lr * m / (1 - 0.9**step) / (m.norm() + 1e-8), m\n",
        "tensor",
    ),
    (
        "import torch\n"
        "def init(params):\n"
        "    return [torch.zeros_like(p) for p in params]\n"
        "def update(params, grads, state, lr, step, total):\n"
        "    state = [m.mul_(0.9).add_(g, alpha=0.1) for m, g in zip(state, grads)]\n"
        "    if float(lr) > 0:\n"
        "        return [lr * m for m in state], state\n"
        "    return [m * m for m in state], state\n",
        "model",
    ),
)
