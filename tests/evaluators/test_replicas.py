"""Stacked training gives the numbers of one model trained alone, and of PyTorch's own loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from evaluators.harness import training
from evaluators.harness.losses import cross_entropy
from evaluators.harness.models import Model, mlp
from evaluators.harness.optimizer import cosine, train
from evaluators.harness.replicas import Replicas
from evaluators.harness.rules import Interpreted
from programs.load import library
from sandbox.base import Payload

WIDTHS = [6, 8, 3]
STEPS = 19  # before the first look at progress, which may end a slow one


def data(rng: np.random.Generator) -> dict[str, np.ndarray]:
    x = rng.normal(size=(64, WIDTHS[0])).astype(np.float32)
    y = (x[:, :3].argmax(1)).astype(np.int64)
    return {"train_x": x, "train_y": y, "eval_x": x[:16]}


def payload(source: str, rates: list[float], seeds: list[int], steps: int = STEPS) -> Payload:
    model = {"family": "mlp", "widths": WIDTHS}
    settings = {"source": source, "model": model, "loss": "cross-entropy", "steps": steps}
    arrays = data(np.random.default_rng(0))
    return Payload({**settings, "batch": 16, "learning_rates": rates, "seeds": seeds}, arrays)


@pytest.mark.parametrize("name", ["adamw", "lion", "nesterov", "sgd", "muon"])
def test_a_replica_in_a_stack_trains_as_it_would_alone(name: str) -> None:
    source = library("optimizer")[name].source
    rates, seeds = [0.003, 0.03], [0, 1, 2]
    together = train(payload(source, rates, seeds)).arrays["predictions"]
    for i, rate in enumerate(rates):
        for j, seed in enumerate(seeds):
            alone = train(payload(source, [rate], [seed])).arrays["predictions"]
            np.testing.assert_allclose(together[i, j], alone[0, 0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("adamw", lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.01)),
        ("sgd", lambda p: torch.optim.SGD(p, lr=0.01)),
        ("nesterov", lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True)),
    ],
)
def test_our_loop_is_the_one_a_person_would_write(name: str, make) -> None:
    model = mlp(WIDTHS)
    net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    for own, given in zip(net.parameters(), model.initial(5), strict=True):
        own.data.copy_(given)
    optimizer = make(net.parameters())
    function = library("optimizer")[name].genome
    assert function is not None
    cpu = torch.device("cpu")
    rule = Interpreted(function.main, model.shapes, STEPS, cpu)
    ours = Replicas(model, cross_entropy, rule, [0.01], [5], cpu)
    arrays = {k: torch.from_numpy(v) for k, v in data(np.random.default_rng(1)).items()}
    for step in range(STEPS):
        picked = torch.randint(64, (16,), generator=torch.Generator().manual_seed(step))
        x, y = arrays["train_x"][picked], arrays["train_y"][picked]
        factor = cosine(step, STEPS)
        loss = ours.step(x[None], y[None], step + 1, factor)
        optimizer.param_groups[0]["lr"] = 0.01 * factor
        optimizer.zero_grad()
        theirs = torch.nn.functional.cross_entropy(net(x), y)
        theirs.backward()
        optimizer.step()
        assert loss.item() == pytest.approx(theirs.item(), rel=2e-4, abs=1e-5)
    predicted = ours.predict(arrays["eval_x"])[0, 0]
    torch.testing.assert_close(predicted, net(arrays["eval_x"]).detach(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("seen", ["w", "transpose(transpose(w))", "w + 0 * norm(w)"])
def test_a_state_that_keeps_the_weight_keeps_the_one_of_the_step_before(seen: str) -> None:
    """Heavy-ball momentum, from the last two weights, is that from a buffer of updates."""
    balls = (
        f"def update(w, g, m, lr, step):\n    d = where(step <= 1, 0 * w, w - m)\n"
        f"    return lr * g - 0.9 * d, {seen}\n"
    )
    buffer = "def update(w, g, m, lr):\n    m = 0.9 * m + lr * g\n    return m, m\n"
    found, owed = (train(payload(s, [0.1], [0, 1])).arrays["predictions"] for s in (balls, buffer))
    # The factor on the rate falls, which both feel alike.
    np.testing.assert_allclose(found, owed, rtol=1e-3, atol=1e-4)


def test_diverged_replicas_leave_and_do_not_disturb_the_others() -> None:
    source = "def update(w, g, lr):\n    return lr * g\n"
    calm = train(payload(source, [0.05], [0, 1])).arrays["predictions"]
    mixed = train(payload(source, [0.05, 1e30], [0, 1])).arrays["predictions"]
    assert np.isnan(mixed[1]).all()
    np.testing.assert_allclose(mixed[0], calm[0], rtol=1e-4, atol=1e-5)


def test_diverged_replicas_cost_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count what the model is given to do, since time would tell of the machine as well."""
    stacks: list[int] = []
    given = mlp(WIDTHS)

    def counted(_: object) -> Model:

        def forward(params: Sequence[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
            stacks.append(len(x))
            return given.forward(params, x)

        return replace(given, forward=forward)

    monkeypatch.setattr(training, "build", counted)
    source = "def update(w, g, lr):\n    return lr * g\n"
    rates, seeds, steps = [0.05, 1e30, 1e31, 1e32], [0, 1], 200
    answer = train(payload(source, rates, seeds, steps))
    assert answer.data["steps"] == steps
    looks = 2  # at the training loss: before the first step and after the probation
    assert len(stacks) == steps + looks
    # All eight until the first check, then the two that are left.
    assert stacks.count(8) == training.CHECK_EVERY + 1
    assert stacks.count(2) == steps - training.CHECK_EVERY + 1


def test_a_program_that_diverges_everywhere_is_stopped_early() -> None:
    answer = train(payload("def update(w, g, lr):\n    return 1e30 * g\n", [0.1, 1.0], [0], 400))
    assert str(answer.data["stopped"]).startswith("diverged: ")
    assert answer.data["steps"] <= 20


@pytest.mark.parametrize("stateful", [True, False])
def test_diverging_with_matrix_functions_is_no_error(stateful: bool) -> None:
    source = "def update(w, g, lr):\n    return 1e30 * g * row_mean(g)\n"
    if stateful:
        source = "def update(w, g, m, lr):\n    m = m + 1e30 * g * norm(g)\n    return m, m\n"
    assert train(payload(source, [0.1], [0], 400)).data["stopped"]


def test_a_program_that_learns_nothing_is_stopped_early() -> None:
    answer = train(payload("def update(w, g, lr):\n    return 1e-9 * g\n", [0.1], [0], 400))
    assert str(answer.data["stopped"]).startswith("no progress: ")
    assert answer.data["steps"] <= 40


def test_the_same_job_gives_the_same_bytes() -> None:
    source = library("optimizer")["adamw"].source
    first, second = (train(payload(source, [0.01, 0.1], [0, 1])) for _ in range(2))
    assert first.arrays["predictions"].tobytes() == second.arrays["predictions"].tobytes()
