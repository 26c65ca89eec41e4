"""Measure the sandbox: what each tier costs, how fast a limit bites, and that results are equal.

The tiers take turns, job by job, so that whatever else the machine does slows all of them alike.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluators import freeform, modules
from evaluators.bodies import Bodies, embedding
from evaluators.data.splits import Data, split
from evaluators.task import Trial
from programs.errors import CambrianError
from programs.load import library
from programs.program import Program
from programs.spec import Spec
from sandbox import Guest, Job, Limits, Outcome, Payload, ProcessSandbox, tiers

PRELOAD = ("torch", "sandbox.drill")
FREEFORM = (*freeform.PRELOAD, "evaluators.harness.schedule")
MODULES = (*modules.PRELOAD, "evaluators.harness.architecture")
"""What is imported before the forks: a fork costs more the more there is."""

_LIMIT = 0.1
_FEW = 7  # rounds of what takes a second


def measure(rounds: int = 100) -> list[dict[str, Any]]:
    """Return the figures of each tier that works here, "process" last for comparison."""
    names = [finding.tier for finding in tiers.survey() if finding.works] + ["process"]
    with _warm(names, PRELOAD) as warm:
        starts = {name: _started(sandbox) for name, sandbox in warm.items()}
        empty = _in_turns(warm, _job("nothing"), rounds)
        short = _in_turns(warm, _job("train", steps=20), rounds)
        long = _in_turns(warm, _job("train", steps=4000), _FEW)
        late = {name: [_overrun(sandbox) for _ in range(_FEW)] for name, sandbox in warm.items()}
        results = {name: _fingerprint(sandbox) for name, sandbox in warm.items()}
    with _warm(names, FREEFORM) as warm:
        asked = _in_turns(warm, _optimizer(), rounds)
        factors = _in_turns(warm, _schedule(), rounds)
        given = _in_turns(warm, _scheduled(), rounds)
    with _warm(names, MODULES) as warm:
        built = _in_turns(warm, _architecture, rounds)
    return [
        {
            "tier": name,
            "start_s": round(starts[name], 1),
            **_figures("empty", empty[name]),
            **_figures("training", short[name]),
            **_figures("freeform_optimizer", asked[name]),
            **_figures("freeform_schedule", factors[name].before(given[name])),
            **_figures("freeform_architecture", built[name]),
            "long_training_s": round(statistics.median(long[name].seconds), 2),
            "gone_after_limit_ms": round(1000 * max(late[name])),
            "two_workers": round(_speed_up(name, rounds), 2),
            "result": results[name],
            "load": round(os.getloadavg()[0], 1),
        }
        for name in names
    ]


@contextmanager
def _warm(names: Sequence[str], preload: Sequence[str]) -> Iterator[dict[str, ProcessSandbox]]:
    """Hold a worker of each tier; where nothing cages them, the programs are still our own."""
    with ExitStack() as held:
        yield {
            name: held.enter_context(ProcessSandbox(1, preload, tier=name, unsafe=True))
            for name in names
        }


@dataclass(slots=True)
class _Taken:
    """What jobs took: seconds each, and seconds of processor in all, ours included."""

    seconds: list[float] = field(default_factory=list)
    processor: float = 0.0

    def before(self, other: _Taken) -> _Taken:
        """Return what pairs of jobs took, one after the other."""
        pairs = zip(self.seconds, other.seconds, strict=True)
        return _Taken([sum(pair) for pair in pairs], self.processor + other.processor)


def _figures(name: str, taken: _Taken) -> dict[str, float]:
    """Return the wait, the processor time, and how many of the job one core can do in a minute."""
    processor = taken.processor / len(taken.seconds)
    return {
        f"{name}_ms": round(1000 * statistics.median(taken.seconds), 1),
        f"{name}_processor_ms": round(1000 * processor, 1),
        f"{name}_per_minute_and_core": round(60 / processor) if processor else 0,
    }


def _started(sandbox: ProcessSandbox) -> float:
    began = time.perf_counter()
    sandbox.start()
    return time.perf_counter() - began


def _in_turns(
    warm: dict[str, ProcessSandbox], job: Job | Callable[[ProcessSandbox], Job], rounds: int
) -> dict[str, _Taken]:
    """Time a job, or one whose making asks the sandbox too."""
    for sandbox in warm.values():
        _finished(sandbox.run(job if isinstance(job, Job) else job(sandbox)))
    taken = {name: _Taken(processor=-sandbox.processor()) for name, sandbox in warm.items()}
    for _ in range(rounds):
        for name, sandbox in warm.items():
            began, own = time.perf_counter(), time.process_time()
            _finished(sandbox.run(job if isinstance(job, Job) else job(sandbox)))
            taken[name].seconds.append(time.perf_counter() - began)
            taken[name].processor += time.process_time() - own
    for name, sandbox in warm.items():
        taken[name].processor += sandbox.processor()
    return taken


def _overrun(sandbox: ProcessSandbox) -> float:
    """Return the seconds from a limit until the answer that all is gone."""
    return sandbox.run(_job("spin", _LIMIT)).seconds - _LIMIT


def _fingerprint(sandbox: ProcessSandbox) -> str:
    losses = _finished(sandbox.run(_job("train", steps=20))).arrays["losses"]
    return hashlib.sha256(losses.tobytes()).hexdigest()[:12]


def _speed_up(tier: str, rounds: int) -> float:
    """Return how many times as many trainings two workers do as one."""
    job = _job("train", steps=100)
    taken = []
    for workers in (1, 2):
        with (
            ProcessSandbox(workers, PRELOAD, tier=tier) as sandbox,
            ThreadPoolExecutor(workers) as threads,
        ):
            sandbox.start()
            began = time.perf_counter()
            list(threads.map(sandbox.run, [job] * rounds))
            taken.append(time.perf_counter() - began)
    return taken[0] / taken[1]


def _finished(outcome: Outcome) -> Payload:
    if outcome.result is None:
        raise CambrianError(f"The benchmark failed: {outcome.message}")
    return outcome.result


def _job(name: str, seconds: float = 60.0, **data: Any) -> Job:
    return Job(f"sandbox.drill:{name}", Payload(data), Limits(seconds=seconds), trusted=True)


def _optimizer() -> Job:
    """Train for 20 steps under a free-form optimiser in a process of its own."""
    given = Payload({"source": _MOMENTUM, "form": "tensor"})
    guest = Guest("evaluators.harness.freeform.guest:serve", given)
    harness = "evaluators.harness.beside:train"
    return Job(harness, _small(), Limits(), trusted=True, guest=guest)


def _schedule() -> Job:
    """Sample a free-form schedule, the first half of judging it."""
    data = {"source": _COSINE, "form": "schedule", "total": _STEPS}
    return Job("evaluators.harness.freeform.behaviour:sampled", Payload(data))


def _scheduled() -> Job:
    """Train for 20 steps under factors that are numbers, the second half."""
    small = _small()
    data = {**small.data, "source": library("optimizer")["adamw"].source, "schedule": ""}
    arrays = {**small.arrays, "factors": np.linspace(1.0, 0.1, _STEPS)}
    return Job("evaluators.harness.schedule:train", Payload(data, arrays), trusted=True)


def _architecture(sandbox: ProcessSandbox) -> Job:
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
