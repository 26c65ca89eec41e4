"""Jobs for a real card: right, greedy, wrong and endless."""

from __future__ import annotations

import torch

from sandbox.base import Payload


def multiply(payload: Payload) -> Payload:
    ones = torch.ones(256, 256, device="cuda")
    right = float((ones @ ones).sum()) == 256.0**3
    return Payload({"cards": torch.cuda.device_count(), "right": right})


def hoard(payload: Payload) -> Payload:
    hoarded = []
    while True:
        hoarded.append(torch.ones(2**28, device="cuda"))


def read_beyond(payload: Payload) -> Payload:
    """Look up what is not there: the card finds out after this has returned."""
    table = torch.ones(4, device="cuda")
    table[torch.tensor([10**6], device="cuda")].sum()
    return Payload({"won": True})


def spin(payload: Payload) -> Payload:
    x = torch.ones(1024, 1024, device="cuda")
    while True:
        x = x @ x
