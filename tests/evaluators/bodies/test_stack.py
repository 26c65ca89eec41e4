"""Stacked copies train as they would one by one, under torch's own AdamW."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from evaluators.harness.bodies.cost import step_memory
from evaluators.harness.bodies.stack import Recipe, Stack, loss
from evaluators.harness.bodies.whole import Whole, whole
from programs.load import library
from tests.evaluators.bodies.small import RECALL, SIGNALS

RATES, SEEDS, STEPS = (0.003, 0.01), (0, 1), 4


def batches() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(STEPS, len(SEEDS), 8, 2, 6, generator=generator)
    return x, (x[:, :, :, 0].sum(-1) > 0).long()


def networks(name: str) -> list[Whole]:
    spec = {"input": "sequence", "shape": [6, 8], "outputs": 2, "causal": False}
    source = library("architecture")[name].source
    data = {"source": source, "spec": spec, "stem": SIGNALS.stem, "pooled": True}
    return [whole(data, torch.zeros(2, 2, 6), seed) for seed in SEEDS]


def trained(name: str, mapped: bool) -> Stack:
    stack = Stack(networks(name), RATES, Recipe(), mapped)
    x, y = batches()
    for step in range(STEPS):
        stack.step(x[step], y[step], step + 1, 0.5)
    assert stack.mapped is mapped
    return stack


@pytest.mark.parametrize("name", ["transformer", "gru", "tcn", "s4d", "moe"])
def test_mapped_copies_are_what_a_loop_gives(name: str) -> None:
    x = batches()[0][0, 0]
    found = [trained(name, mapped).predict(x, None) for mapped in (True, False)]
    assert np.abs(found[0] - found[1]).max() < 1e-4


def test_running_statistics_are_each_copy_s_own() -> None:
    mapped, looped = trained("vgg", True), trained("vgg", False)
    for name, buffer in mapped.buffers.items():
        assert torch.allclose(buffer, looped.buffers[name], atol=1e-2)
        assert not torch.equal(buffer[0], buffer[1])


def test_training_is_torch_s_adamw() -> None:
    recipe = Recipe(clip=0.1)
    stack = Stack(networks("mlp")[:1], (0.01,), recipe)
    (alone,) = networks("mlp")[:1]
    decays = [
        {"params": [p for p in alone.parameters() if (p.dim() > 1) is big], "weight_decay": decay}
        for big, decay in ((True, recipe.decay), (False, 0.0))
    ]
    optimizer = torch.optim.AdamW(decays, lr=0.01, betas=(recipe.beta1, recipe.beta2))
    x, y = batches()
    for step in range(STEPS):
        stack.step(x[step, :1], y[step, :1], step + 1, 1.0)
        optimizer.zero_grad()
        nn.functional.cross_entropy(alone(x[step, 0]), y[step, 0]).backward()
        nn.utils.clip_grad_norm_(alone.parameters(), recipe.clip)
        optimizer.step()
    mine = stack.one()
    for one, other in zip(mine.parameters(), alone.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_a_diverged_copy_is_taken_out_and_its_place_is_not_a_number() -> None:
    stack = Stack(networks("mlp"), (0.01, float("inf")), Recipe())
    x, y = batches()
    stack.step(x[0], y[0], 1, 1.0)
    assert stack.drop_diverged(stack.step(x[1], y[1], 2, 1.0)) == 2
    found = stack.predict(x[0, 0], None)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_only_what_is_asked_counts_in_the_loss() -> None:
    logits = torch.randn(1, 2, 3, 5)
    labels = torch.tensor([[[4, -1, -1], [-1, 2, -1]]])
    wanted = nn.functional.cross_entropy(
        torch.stack([logits[0, 0, 0], logits[0, 1, 1]]), torch.tensor([4, 2])
    )
    assert torch.allclose(loss(logits, labels)[0], wanted)


@pytest.mark.parametrize("name", ["transformer", "hyena", "tcn", "mlp"])
def test_sizes_are_known_without_running(name: str) -> None:
    genome = library("architecture")[name].genome
    assert genome is not None
    sizes = SIGNALS.sizes(genome)
    (network, _) = networks(name)
    assert sizes.parameters == sum(p.numel() for p in network.parameters())  # type: ignore[union-attr]
    with FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(1, 2, 6))
    assert sizes.flops == counter.get_total_flops()  # type: ignore[union-attr]


def test_first_weights_follow_their_seed_whatever_else_is_drawn() -> None:
    first = networks("transformer")
    torch.rand(3)
    for one, other in zip(first, networks("transformer"), strict=True):
        pairs = zip(one.state_dict().items(), other.state_dict().values(), strict=True)
        assert all(torch.equal(a, b) for (_, a), b in pairs)
    different = [torch.equal(a, b) for a, b in zip(*(n.parameters() for n in first), strict=True)]
    assert not all(different)


def test_drawing_weights_leaves_torch_s_own_generator_alone() -> None:
    before = torch.get_rng_state()
    networks("transformer")
    assert torch.equal(torch.get_rng_state(), before)


def test_memory_grows_with_the_batch_and_is_the_same_every_time() -> None:
    (network, _) = networks("transformer")
    x, y = batches()
    few, many = (step_memory(network, x[0, 0][:n], y[0, 0][:n]) for n in (2, 8))
    assert 0 < few < many
    assert many == step_memory(network, x[0, 0], y[0, 0])
    assert RECALL.spec.causal
