"""Modules that are honest, and modules that are not, as free-form architectures."""

from __future__ import annotations

from dataclasses import replace

from tests.evaluators.bodies.small import RECALL

SMALL = replace(RECALL, steps=4)

HONEST = """
import torch
from torch import nn

class Body(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.one = nn.Linear(width, width)
        # here
        self.two = nn.Linear(width, width)

    def forward(self, x):
        past = torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1)
        return x + torch.tanh(self.one(x)) + self.two(past)

def build(spec):
    return Body(spec.shape[-1])
"""

_BRANCH = "if float(self.one.weight.abs().mean()) < 0:\n            return x\n        "
OPAQUE = HONEST.replace("return x +", f"{_BRANCH}return x +")
"""The same, with a branch that no graph can hold; what it computes does not depend on it."""

_FORWARD = """
import torch
from torch import nn

class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 1.0 * x

    @staticmethod
    def backward(ctx, gradient):
        return 2.0 * gradient

class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(8, 8)
        self.register_buffer("seen", torch.zeros(8))

    def forward(self, x):
        {body}

def build(spec):
    return Body()
"""

MODULES = {
    name: (_FORWARD.format(body=body), told)
    for name, (body, told) in {
        "it looks ahead": ("return self.one(x).flip(1)", "looks ahead"),
        "it looks ahead in sums": ("return self.one(x) + x.mean(1, keepdim=True)", "looks ahead"),
        "it reads its neighbours": ("return self.one(x) + x.mean(0)", "mixes examples"),
        "it remembers": (
            "self.seen.copy_(x.detach().mean((0, 1))); return self.one(x) + self.seen",
            "keeps a state of its own",
        ),
        "its gradient is another": ("return Twice.apply(self.one(x))", "as a graph its gradients"),
        "it draws": ("return self.one(x) + torch.randn_like(x)", "not one that may run"),
        "it has no gradient": ("return torch.ones_like(x)", "cannot be built"),
        "it is not a number": ("return self.one(x) * float('nan')", "not the module"),
        "it answers for all at once": ("return self.one(x).sum(0)", "wrong shape"),
        "it drops positions": ("return self.one(x)[:, :4]", "wrong shape"),
        "it is huge": ("return self.one(x) + torch.ones(10**7, 10**7).sum()", "cannot be built"),
        "it fails": ("return self.none(x)", "has no attribute"),
    }.items()
}
MODULES["it is no module"] = ("def build(spec):\n    return [1][0]\n", "to return a module")
MODULES["it is large"] = (
    "from torch import nn\ndef build(spec):\n"
    "    return nn.Sequential(nn.Linear(8, 30_000), nn.Linear(30_000, 8))\n",
    "too large",
)
