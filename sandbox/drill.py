"""Jobs whose only purpose is to be measured: nothing, a rest, a training, an endless loop."""

from __future__ import annotations

import sys
import time

import numpy as np

from sandbox.base import Payload


def warm_up() -> None:
    """Train a step, so that everything torch imports late is there before the first fork."""
    if "torch" in sys.modules:
        train(Payload({"steps": 1}))


def nothing(payload: Payload) -> Payload:
    """Return what was given."""
    return payload


def rest(payload: Payload) -> Payload:
    """Do nothing for `pause` seconds."""
    time.sleep(payload.data["pause"])
    return payload


def spin(payload: Payload) -> Payload:
    """Never return."""
    while True:
        pass


def train(payload: Payload) -> Payload:
    """Train a small network for `steps` steps of Adam; return the loss of each."""
    import torch

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    x = torch.randn(64, 16)
    losses = []
    for _ in range(payload.data["steps"]):
        optimizer.zero_grad()
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return Payload({}, {"losses": np.array(losses)})
