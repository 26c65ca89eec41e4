"""How fast stacked training is: against one replica at a time, and against a loop by hand.

All do the same work, the 64-64-64-10 perceptron under AdamW with batches of 64. Every figure is
the median of several rounds in which the rivals take turns, in processor time: other processes
disturb that less than the clock. (The least would not do: on a busy virtual machine the system
sometimes books a slice of time to nobody.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

import torch
from torch import Tensor

from evaluators.harness.capture import Course, Recorder, Replayed, Taken
from evaluators.harness.losses import cross_entropy
from evaluators.harness.memory import keep_freed_memory
from evaluators.harness.models import mlp
from evaluators.harness.replicas import Replicas
from evaluators.harness.rules import Interpreted
from evaluators.harness.training import RECORDERS, cosine
from programs.load import library
from sandbox.base import Payload

WIDTHS = (64, 64, 64, 10)
BATCH = 64
EXAMPLES = 1024

Loop = Callable[[], None]


def evaluate(payload: Payload) -> Payload:
    """Return microseconds per step of a loop by hand, and of stacks of each size in `replicas`.

    On the `device`; on a card by the clock, until it has done all that it was asked, and for each
    size once more with steps replayed.
    """
    steps, rounds = int(payload.data["steps"]), int(payload.data["rounds"])
    device = torch.device(str(payload.data.get("device", "cpu")))
    clock = time.process_time if device.type == "cpu" else _settled
    sizes = [1, *(int(n) for n in payload.data["replicas"])]
    loops = {"by hand": _by_hand(steps, device)}
    loops |= {str(n): _stacked(n, steps, device) for n in sizes}
    if device.type in RECORDERS:
        record = RECORDERS[device.type]
        loops |= {f"{n} replayed": _stacked(n, steps, device, record) for n in sizes}
    taken: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(rounds + 1):
        for name, loop in loops.items():
            began = clock()
            loop()
            taken[name].append(clock() - began)
    return Payload({name: 1e6 * median(seconds) / steps for name, seconds in taken.items()})


def warm_up() -> None:
    """Take a step, so that what torch imports late is there before the first fork."""
    keep_freed_memory()
    evaluate(Payload({"steps": 1, "rounds": 0, "replicas": []}))


def _settled() -> float:
    """Return the time at which the card has nothing left to do."""
    torch.cuda.synchronize()
    return time.perf_counter()


def _draw(steps: int, seeds: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(EXAMPLES, WIDTHS[0], generator=generator)
    y = torch.randint(0, WIDTHS[-1], (EXAMPLES,), generator=generator)
    order = torch.randint(0, EXAMPLES, (steps, seeds, BATCH), generator=generator)
    return x.to(device), y.to(device), order.to(device)


def _stacked(
    count: int, steps: int, device: torch.device, record: Callable[[], Recorder] | None = None
) -> Loop:
    """Train `count` replicas: eight learning rates (or one), and as many seeds as that leaves."""
    seeds = list(range(max(1, count // 8)))
    rates = [0.001 * (1 + place) for place in range(count // len(seeds))]
    x, y, order = _draw(steps, len(seeds), device)
    genome = library("optimizer")["adamw"].genome
    assert genome is not None
    model = mlp(WIDTHS)
    rule = Interpreted(genome.main, model.shapes, steps, device)
    stack = Replicas(model, cross_entropy, rule, rates, seeds, device)
    course = Course(x, y, order, [cosine(step, steps) for step in range(steps)])
    training = Taken(stack, course) if record is None else Replayed(stack, course, record())

    def loop() -> None:
        if isinstance(training, Replayed):
            training.behind.zero_()
        for step in range(1, steps + 1):
            training.take(step)

    return loop


def _by_hand(steps: int, device: torch.device) -> Loop:
    """Train one network as anyone would write it."""
    x, y, order = _draw(steps, 1, device)
    net = torch.nn.Sequential(*_layers(WIDTHS)).to(device)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.001)

    def loop() -> None:
        for step in range(steps):
            picked = order[step, 0]
            optimizer.param_groups[0]["lr"] = 0.001 * cosine(step, steps)
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x[picked]), y[picked]).backward()
            optimizer.step()

    return loop


def _layers(widths: Sequence[int]) -> list[torch.nn.Module]:
    layers: list[torch.nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    return layers[:-1]
