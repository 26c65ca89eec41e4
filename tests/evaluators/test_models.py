"""Stacked networks are the ordinary PyTorch networks: same first numbers, same after training."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from evaluators import networks
from evaluators.harness.losses import LOSSES
from evaluators.harness.models import build
from evaluators.harness.replicas import Replicas
from evaluators.harness.rules import Interpreted
from programs.load import library

STEPS = 8


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(5, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.a(x).relu()
        return self.c(h + self.b(h).relu())


class Gru(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(2, 4, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * 4 * 7, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.gru(x)[0].flatten(1))


class Language(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(11, 8), nn.Embedding(6, 8)
        given = {"dropout": 0.0, "batch_first": True, "norm_first": True}
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(8, 2, 32, **given) for _ in range(2))
        self.norm, self.out = nn.LayerNorm(8), nn.Linear(8, 11)

    def forward(self, x: Tensor) -> Tensor:
        h = self.tokens(x) + self.places.weight
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        for block in self.blocks:
            h = block(h, src_mask=mask, is_causal=True)
        return self.out(self.norm(h))


def images(*shape: int) -> Callable[[torch.Generator], tuple[Tensor, Tensor]]:
    def draw(g: torch.Generator) -> tuple[Tensor, Tensor]:
        return torch.randn(12, *shape, generator=g), torch.randint(0, 3, (12,), generator=g)

    return draw


def tokens(g: torch.Generator) -> tuple[Tensor, Tensor]:
    drawn = torch.randint(0, 11, (12, 7), generator=g)
    return drawn[:, :-1], drawn[:, 1:]


def vectors(g: torch.Generator) -> tuple[Tensor, Tensor]:
    return torch.randn(12, 5, generator=g), torch.randn(12, 3, generator=g)


def convolutions(kind: type[nn.Module], features: int, first: int) -> nn.Module:
    layers = (kind(first, 4, 5, 2, 1), nn.ReLU(), kind(4, 6, 3, 1, 1), nn.ReLU())
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 3))


TABLE: dict[str, tuple[Mapping, Callable[[], nn.Module], Callable, str]] = {
    "mlp": (
        networks.mlp(5, 8, 3, activation="tanh"),
        lambda: nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)),
        vectors,
        "mean squared error",
    ),
    "residual mlp": (
        networks.mlp(5, 8, 8, 3, residual=True),
        Residual,
        images(5),
        "cross-entropy",
    ),
    "conv 1-D": (
        networks.conv((2, 11), (4, 6), 3, kernels=(5, 3), strides=(2, 1)),
        lambda: convolutions(nn.Conv1d, 6 * 5, 2),
        images(2, 11),
        "cross-entropy",
    ),
    "conv 2-D": (
        networks.conv((1, 8, 7), (4, 6), 3, kernels=(5, 3), strides=(2, 1)),
        lambda: convolutions(nn.Conv2d, 6 * 3 * 3, 1),
        images(1, 8, 7),
        "cross-entropy",
    ),
    "gru": (networks.gru(7, 2, 4, 3), Gru, images(7, 2), "cross-entropy"),
    "transformer": (networks.transformer(11, 6, 8, 2, 2), Language, tokens, "cross-entropy"),
}


def alone(net: nn.Module, first: list[Tensor]) -> nn.Module:
    for own, given in zip(net.parameters(), first, strict=True):
        own.data.copy_(given)
    return net


@pytest.mark.parametrize("name", TABLE)
def test_a_stack_trains_as_the_module_does_alone(name: str) -> None:
    settings, make, draw, loss = TABLE[name]
    model, seeds, rates = build(settings), [3, 4], [0.02, 0.05]
    genome = library("optimizer")["sgd"].genome
    assert genome is not None
    cpu = torch.device("cpu")
    rule = Interpreted(genome.main, model.shapes, STEPS, cpu)
    stack = Replicas(model, LOSSES[loss], rule, rates, seeds, cpu)
    nets = [alone(make(), model.initial(seed)) for _ in rates for seed in seeds]
    opts = [torch.optim.SGD(n.parameters(), lr=rates[i // 2]) for i, n in enumerate(nets)]
    for step in range(STEPS):
        pairs = [draw(torch.Generator().manual_seed(10 * step + s)) for s in seeds]
        x, y = (torch.stack(part) for part in zip(*pairs, strict=True))
        losses = stack.step(x, y, step + 1, 1.0)
        for place, (net, opt) in enumerate(zip(nets, opts, strict=True)):
            given, wanted = pairs[place % 2]
            found = net(given)
            own = F.mse_loss(found, wanted) if "squared" in loss else _entropy(found, wanted)
            opt.zero_grad()
            own.backward()
            opt.step()
            assert losses[place].item() == pytest.approx(own.item(), abs=1e-5)
    for place, net in enumerate(nets):
        mine = [p[place] for p in stack.leaves]
        for ours, theirs in zip(mine, net.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def _entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(outputs.flatten(0, -2), labels.flatten())


@pytest.mark.parametrize("name", TABLE)
def test_first_values_are_spread_as_pytorch_spreads_them(name: str) -> None:
    settings, make, *_ = TABLE[name]
    torch.manual_seed(0)
    drawn = [list(make().parameters()) for _ in range(40)]
    ours = [build(settings).initial(seed) for seed in range(40)]
    for place in range(len(drawn[0])):
        theirs = torch.cat([d[place].detach().flatten() for d in drawn])
        mine = torch.cat([o[place].flatten() for o in ours])
        assert mine.std().item() == pytest.approx(theirs.std().item(), rel=0.15, abs=1e-6)
        assert mine.abs().max().item() == pytest.approx(theirs.abs().max().item(), rel=0.35)


def test_a_language_model_does_not_look_ahead() -> None:
    model = build(TABLE["transformer"][0])
    params = [p[None] for p in model.initial(0)]
    x, _ = tokens(torch.Generator().manual_seed(0))
    changed = x.clone()
    changed[:, 4:] = (changed[:, 4:] + 1) % 11
    before, after = model.forward(params, x[None]), model.forward(params, changed[None])
    torch.testing.assert_close(before[:, :, :4], after[:, :, :4], atol=0, rtol=0)
    assert not torch.allclose(before[:, :, 4], after[:, :, 4])
    torch.testing.assert_close(model.predict(params, x[None]), before[:, :, -1])
