"""The jobs that the sandbox is measured with: our own, and one of every free-form kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from evaluators import modules
from evaluators.bodies import Bodies, embedding
from evaluators.data.splits import Data, split
from evaluators.task import Trial
from programs.load import library
from programs.program import Program
from programs.spec import Spec
from sandbox import Guest, Job, Limits, Payload, ProcessSandbox


def job(name: str, seconds: float = 60.0, **data: Any) -> Job:
    """Ask for one of our own jobs."""
    return Job(f"sandbox.drill:{name}", Payload(data), Limits(seconds=seconds), trusted=True)


def optimizer() -> Job:
    """Train for 20 steps under a free-form optimiser in a process of its own."""
    given = Payload({"source": _MOMENTUM, "form": "tensor"})
    guest = Guest("evaluators.harness.freeform.guest:serve", given)
    harness = "evaluators.harness.beside:train"
    return Job(harness, _small(), Limits(), trusted=True, guest=guest)


def schedule() -> Job:
    """Sample a free-form schedule, the first half of judging it."""
    data = {"source": _COSINE, "form": "schedule", "total": _STEPS}
    return Job("evaluators.harness.freeform.behaviour:sampled", Payload(data))


def scheduled() -> Job:
    """Train for 20 steps under factors that are numbers, the second half."""
    small = _small()
    data = {**small.data, "source": library("optimizer")["adamw"].source, "schedule": ""}
    arrays = {**small.arrays, "factors": np.linspace(1.0, 0.1, _STEPS)}
    return Job("evaluators.harness.schedule:train", Payload(data, arrays), trusted=True)


def architecture(sandbox: ProcessSandbox) -> Job:
    """Build a free-form network and probe its graph, then train it for 20 steps."""
    network = Program("architecture", _NETWORK, key="", form="module")
    trial = Trial(_STEPS, (0.1,), (0,))
    return modules.judging_job(_WORDS, network, trial, Limits(), "cpu", sandbox)


def _small() -> Payload:
    """Return a problem of 64 examples for a network of 16-32-3."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 16)).astype(np.float32)
    data = {"model": {"family": "mlp", "widths": [16, 32, 3]}, "loss": "cross-entropy"}
    data |= {"steps": _STEPS, "batch": 16, "learning_rates": [0.1], "seeds": [0]}
    return Payload(data, {"train_x": x, "train_y": np.arange(64) % 3, "eval_x": x})


def _words() -> Data:
    x = np.random.default_rng(0).integers(8, size=(128, 8))
    return split(x, x[:, 0] % 3)


_STEPS = 20
_WORDS = Bodies(
    name="drill",
    goal="Tell the first token modulo 3.",
    data=_words,
    spec=Spec("sequence", (8, 8), 3),
    stem=embedding(8, 8),
    steps=_STEPS,
    baselines=(),
)
_NETWORK = (
    "import torch\n\ndef build(spec):\n"
    "    return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.GELU())\n"
)
_MOMENTUM = (
    "import torch\n\ndef update(w, g, m, lr):\n"
    "    m = torch.lerp(m, g, 0.1)\n    return lr * m, m\n"
)
_COSINE = (
    "import math\n\ndef schedule(step, total):\n"
    "    return 0.5 * (1 + math.cos(math.pi * step / total))\n"
)
