"""Texts that the language reference shows: mistakes that are answered, and free-form programs."""

from __future__ import annotations

MISTAKES = (
    ("optimizer", "def update(w, g, m, lr):\n    m = lepr(m, g, 0.1)\n    return lr * m, m\n"),
    ("optimizer", "def update(w, g, lr):\n    return lr * momentum\n"),
    ("optimizer", "def update(w, g, m, lr):\n    return lr * lerp(m, g, 0.1)\n"),
    ("optimizer", "def update(w, g, lr):\n    return lr * (g @ g)\n"),
    ("optimizer", "def update(w, g, lr):\n    return lr * clip(g)\n"),
    ("optimizer", "def update(w, g, m, lr):\n    return lr * relu(g), m\n"),
    ("schedule", "def schedule(step, total, w):\n    return w * step / total\n"),
    ("architecture", "def network(x):\n    return batch_norm(linear(x, width=1.5))\n"),
    ("architecture", "def network(x):\n    return nn.ReLU()(nn.Linear(64, 128)(x))\n"),
)
"""A kind, and a text that is almost a program of it."""

CAUGHT = """\
A program that reads may still be worthless. Before any training it is refused if its result does
not depend on the gradient, if all outputs on the probes are zero, or if none is finite. And
`cambrian check` warns of an optimiser that seems to return the new weight or the change to add,
where what comes first is subtracted from `w`, and of a change of `w` that no later line reads.
"""

FREE = (
    (
        "optimizer",
        "An optimiser, one tensor at a time: `update` as in the language, in any PyTorch. Required "
        "parameters\nother than `lr`, `step` and `total` are states, zero at first.",
        """\
import torch

def update(w, g, m, lr):
    m.mul_(0.9).add_(g, alpha=0.1)
    if w.ndim > 1:
        u, _, v = torch.linalg.svd(m.flatten(1), full_matrices=False)
        return lr * (u @ v).view_as(w), m
    return lr * m.sign(), m
""",
    ),
    (
        "optimizer",
        "An optimiser, the whole model at once, over lists of tensors; what `update` gives is "
        "subtracted.",
        """\
import torch

def init(params):
    return [torch.zeros_like(p) for p in params]

def update(params, grads, state, lr, step, total):
    state = [0.9 * m + g for m, g in zip(state, grads)]
    size = torch.sqrt(sum((m * m).sum() for m in state))
    return [lr * m / (size + 1e-8) for m in state], state
""",
    ),
    (
        "schedule",
        "A schedule, in any Python:",
        """\
def schedule(step, total):
    if step < total // 20:
        return step / (total // 20)
    return 0.5 if step < 0.8 * total else 0.1
""",
    ),
    (
        "architecture",
        "An architecture: `spec` says `input`, `shape` without the batch, `outputs` and `causal`; "
        "the module maps\nthe stem's output to the read-out's input. A module that is a network of "
        "the language, its\nfirst weights included, becomes that program "
        "([Architectures](architectures.md#free-form-modules)).",
        """\
import torch

def build(spec):
    width = spec.shape[-1]
    into, back = torch.nn.Linear(width, 64), torch.nn.Linear(64, width)
    return torch.nn.Sequential(into, torch.nn.GELU(), back)
""",
    ),
)
"""A kind, what is said of the form, and an example; left out while the form is not recognised."""
