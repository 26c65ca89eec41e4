"""A stacked bidirectional GRU over a sequence; the read-out sees every position's hidden state.

Both directions run as one: the reversed sequence is one more set of replicas. The gates' products
with the input are taken for all positions at once, before the recurrence.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from evaluators.harness.models.base import Model, Parameter, affine, linear, uniform


def gru(length: int, inputs: int, hidden: int, outputs: int) -> Model:
    """Make a network for sequences `[length, inputs]`; parameters are those of `nn.GRU`."""
    fill = uniform(hidden**-0.5)
    shapes = ((3 * hidden, inputs), (3 * hidden, hidden), (3 * hidden,), (3 * hidden,))
    direction = tuple(Parameter(s, fill) for s in shapes)

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        count = len(x)
        w_in, w_hidden, b_in, b_hidden = (
            torch.stack([a, b], 1).flatten(0, 1)
            for a, b in zip(params[:4], params[4:8], strict=True)
        )
        both = torch.stack([x, x.flip(2)], 1).flatten(0, 1)
        # The hidden bias of the new-state gate is the only one that the reset gate scales.
        fixed = torch.cat([b_hidden[:, : 2 * hidden], torch.zeros_like(b_hidden[:, :hidden])], 1)
        gates = linear(both, w_in, b_in + fixed)
        states = _recur(gates, w_hidden, b_hidden[:, 2 * hidden :])
        ahead, back = states.unflatten(0, (count, 2)).unbind(1)
        features = torch.cat([ahead, back.flip(2)], -1).flatten(2)
        return linear(features, params[8], params[9])

    parameters = (*direction, *direction, *affine(outputs, 2 * length * hidden))
    return Model(parameters, forward, forward)


def _recur(gates: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Run over `gates [replicas, batch, length, 3·hidden]`; return all states."""
    hidden = weight.shape[-1]
    weight, bias = weight.transpose(1, 2), bias.unsqueeze(1)
    mixing, fresh = weight.split([2 * hidden, hidden], dim=2)
    state = gates.new_zeros(*gates.shape[:2], hidden)
    states = []
    for gate in gates.unbind(2):
        given, new = gate.split([2 * hidden, hidden], dim=2)
        reset, keep = torch.sigmoid(torch.baddbmm(given, state, mixing)).chunk(2, dim=2)
        new = torch.tanh(torch.addcmul(new, reset, torch.baddbmm(bias, state, fresh)))
        state = torch.lerp(new, state, keep)
        states.append(state)
    return torch.stack(states, 2)
