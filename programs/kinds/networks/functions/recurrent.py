"""Recurrent cells step by step, and linear recurrences in a logarithmic number of steps."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def running(decay: Tensor, x: Tensor) -> Tensor:
    """Return h with h[t] = decay[t]·h[t-1] + x[t] along dimension 1, by doubling the reach."""
    reach, length = 1, x.shape[1]
    while reach < length:
        x = torch.cat([x[:, :reach], x[:, reach:] + decay[:, reach:] * x[:, :-reach]], 1)
        decay = torch.cat([decay[:, :reach], decay[:, reach:] * decay[:, :-reach]], 1)
        reach *= 2
    return x


def scan(decay: Tensor, x: Tensor) -> Tensor:
    """Run h = decay·h + x with the decays held in [0, 1]."""
    return running(decay.clamp(0.0, 1.0), x)


def linear_recurrence(x: Tensor, decay: Tensor) -> Tensor:
    """Average each feature exponentially over the past with σ(decay)."""
    a = torch.sigmoid(decay).expand_as(x)
    return running(a, (1 - a) * x)


def min_gru(x: Tensor, gate: Tensor, inner: Tensor, bias: Tensor) -> Tensor:
    """Move the state to a candidate by a gate, both made from the input alone."""
    z = torch.sigmoid(F.linear(x, gate, bias))
    return running(1 - z, z * F.linear(x, inner))


def gru(x: Tensor, inner: Tensor, state: Tensor, bias: Tensor) -> Tensor:
    """Run a gated recurrent unit; the rows of `inner` and `state` are reset, update, candidate."""
    given = F.linear(x, inner, bias).unbind(1)
    h = torch.zeros_like(x[:, 0])
    out = []
    for now in given:
        reset, update, candidate = now.chunk(3, -1)
        back_reset, back_update, back = F.linear(h, state).chunk(3, -1)
        keep = torch.sigmoid(update + back_update)
        fresh = torch.tanh(candidate + torch.sigmoid(reset + back_reset) * back)
        h = keep * h + (1 - keep) * fresh
        out.append(h)
    return torch.stack(out, 1)


def lstm(x: Tensor, inner: Tensor, state: Tensor, bias: Tensor) -> Tensor:
    """Run an LSTM; the rows are input, forget, cell and output gate."""
    given = F.linear(x, inner, bias).unbind(1)
    h, cell = torch.zeros_like(x[:, 0]), torch.zeros_like(x[:, 0])
    out = []
    for now in given:
        write, keep, fresh, show = (now + F.linear(h, state)).chunk(4, -1)
        cell = torch.sigmoid(keep + 1) * cell + torch.sigmoid(write) * torch.tanh(fresh)
        h = torch.sigmoid(show) * torch.tanh(cell)
        out.append(h)
    return torch.stack(out, 1)


def minimal_gated(x: Tensor, inner: Tensor, state: Tensor, bias: Tensor) -> Tensor:
    """Run a minimal gated unit; the rows are the gate and the candidate."""
    width = x.shape[-1]
    given = F.linear(x, inner, bias).unbind(1)
    h = torch.zeros_like(x[:, 0])
    out = []
    for now in given:
        gate = torch.sigmoid(now[:, :width] + F.linear(h, state[:width]))
        fresh = torch.tanh(now[:, width:] + F.linear(gate * h, state[width:]))
        h = h + gate * (fresh - h)
        out.append(h)
    return torch.stack(out, 1)


def ssm(x: Tensor, rate: Tensor, step: Tensor, read: Tensor, skip: Tensor) -> Tensor:
    """Run `states` decaying averages of each feature and read them; `rate [width, states]`."""
    size = F.softplus(step)[:, None]
    decay = torch.exp(-torch.exp(rate) * size)
    decay = decay.expand(*x.shape, decay.shape[-1])
    states = running(decay, (x.unsqueeze(-1) * size).expand_as(decay))
    return torch.matmul(states.unsqueeze(-2), read.unsqueeze(-1)).flatten(-3) + skip * x


def selective_ssm(
    x: Tensor,
    rate: Tensor,
    step: Tensor,
    step_bias: Tensor,
    write: Tensor,
    read: Tensor,
    skip: Tensor,
) -> Tensor:
    """Run decaying averages whose speed, input and read-out depend on the input."""
    size = F.softplus(F.linear(x, step, step_bias)).unsqueeze(-1)
    decay = torch.exp(-torch.exp(rate) * size)
    given = size * x.unsqueeze(-1) * F.linear(x, write).unsqueeze(-2)
    states = running(decay, given)
    return torch.matmul(states, F.linear(x, read).unsqueeze(-1)).squeeze(-1) + skip * x
