"""A stacked causal transformer over tokens: pre-norm blocks, learned positions, untied read-out.

A block has the parameters of `nn.TransformerEncoderLayer(norm_first=True)`, in its order and with
its initialisation. Outputs at a position depend on tokens up to that position only.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from evaluators.harness.models.base import (
    Model,
    Parameter,
    affine,
    linear,
    normal,
    ones,
    uniform,
    zeros,
)

_BLOCK = 12


def transformer(
    vocabulary: int, context: int, width: int, depth: int, heads: int, expansion: int = 4
) -> Model:
    """Make a language model for up to `context` tokens, giving logits at every position."""
    wide = expansion * width
    xavier = uniform((6 / (width + 3 * width)) ** 0.5)
    attention_out = (affine(width, width)[0], Parameter((width,), zeros))
    norm = (Parameter((width,), ones), Parameter((width,), zeros))
    block = (
        Parameter((3 * width, width), xavier),
        Parameter((3 * width,), zeros),
        *attention_out,
        *affine(wide, width),
        *affine(width, wide),
        *norm,
        *norm,
    )
    embeddings = (Parameter((vocabulary, width), normal), Parameter((context, width), normal))

    def body(params: Sequence[Tensor], x: Tensor) -> Tensor:
        tokens, positions, *rest = params
        h = _look_up(tokens, x) + positions[:, None, : x.shape[2]]
        for place in range(0, _BLOCK * depth, _BLOCK):
            h = _block(rest[place : place + _BLOCK], h, heads)
        return h

    def forward(params: Sequence[Tensor], x: Tensor) -> Tensor:
        return _read_out(params[-4:], body(params, x))

    def predict(params: Sequence[Tensor], x: Tensor) -> Tensor:
        return _read_out(params[-4:], body(params, x)[:, :, -1:]).squeeze(2)

    readout = (*norm, *affine(vocabulary, width))
    return Model((*embeddings, *block * depth, *readout), forward, predict)


def _look_up(table: Tensor, tokens: Tensor) -> Tensor:
    """Return each replica's own rows of `table [R, vocabulary, width]`."""
    count, vocabulary, _ = table.shape
    first = torch.arange(count, device=tokens.device) * vocabulary
    return F.embedding(tokens + first.view(-1, 1, 1), table.flatten(0, 1))


def _block(params: Sequence[Tensor], x: Tensor, heads: int) -> Tensor:
    x = x + _attend(params[:4], _norm(x, *params[8:10]), heads)
    h = linear(_norm(x, *params[10:12]), *params[4:6])
    return x + linear(F.relu(h), *params[6:8])


def _attend(params: Sequence[Tensor], x: Tensor, heads: int) -> Tensor:
    """Attend causally; replicas and batch are one axis here, since no weight takes part."""
    mixed = linear(x, *params[:2]).flatten(0, 1).unflatten(-1, (3, heads, -1))
    q, k, v = mixed.permute(2, 0, 3, 1, 4)
    found = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return linear(found.transpose(1, 2).flatten(2).unflatten(0, x.shape[:2]), *params[2:4])


def _read_out(params: Sequence[Tensor], x: Tensor) -> Tensor:
    return linear(_norm(x, *params[:2]), *params[2:])


def _norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    h = F.layer_norm(x, x.shape[-1:])
    return torch.addcmul(bias[:, None, None], h, weight[:, None, None])
