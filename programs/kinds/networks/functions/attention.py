"""Attention, written out so that every variant shares its parts and all derivatives exist."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def heads_of(x: Tensor, weight: Tensor, size: int) -> Tensor:
    """Project and split `[batch, length, width]` to `[batch, heads, length, size]`."""
    y = F.linear(x, weight)
    return y.unflatten(-1, (-1, size)).transpose(1, 2)


def shared(x: Tensor, heads: int) -> Tensor:
    """Repeat key–value heads until there are `heads`."""
    return x.repeat_interleave(heads // x.shape[1], 1) if x.shape[1] < heads else x


def rotated(x: Tensor) -> Tensor:
    """Turn pairs of features by angles that grow with the position (Su et al. 2021)."""
    length, half = x.shape[-2], x.shape[-1] // 2
    speed = 10000.0 ** -(torch.arange(half, dtype=x.dtype, device=x.device) / half)
    angle = torch.arange(length, dtype=x.dtype, device=x.device)[:, None] * speed
    a, b = x[..., :half], x[..., half:]
    cos, sin = torch.cos(angle), torch.sin(angle)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def distance_penalty(scores: Tensor) -> Tensor:
    """Return ALiBi's penalty, linear in the distance (Press et al. 2022)."""
    heads, length = scores.shape[1], scores.shape[-1]
    place = torch.arange(length, dtype=scores.dtype, device=scores.device)
    steps = torch.arange(1, heads + 1, dtype=scores.dtype, device=scores.device)
    slope = 2.0 ** (-8.0 * steps / heads)
    return -slope[:, None, None] * (place[:, None] - place).abs()


def later(scores: Tensor) -> Tensor:
    """Mark the positions after each position: `[length, length]`, true above the diagonal."""
    ones = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device)
    return ones.triu(1)


def scored(x: Tensor, query: Tensor, key: Tensor, heads: int, rotary: int, alibi: int) -> Tensor:
    """Return attention scores `[batch, heads, length, length]`."""
    size = query.shape[0] // heads
    q, k = heads_of(x, query, size), shared(heads_of(x, key, size), heads)
    if rotary:
        q, k = rotated(q), rotated(k)
    scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(size)
    return scores + distance_penalty(scores) if alibi else scores


def mixed(x: Tensor, shares: Tensor, value: Tensor, out: Tensor) -> Tensor:
    """Average the values by their shares and project back."""
    heads = shares.shape[1]
    v = shared(heads_of(x, value, out.shape[1] // heads), heads)
    return F.linear(torch.matmul(shares, v).transpose(1, 2).flatten(2), out)


def attention(
    x: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    out: Tensor,
    heads: int,
    rotary: int,
    alibi: int,
    causal: bool,
) -> Tensor:
    """Attend with softmax."""
    scores = scored(x, query, key, heads, rotary, alibi)
    if causal:
        scores = scores.masked_fill(later(scores), float("-inf"))
    return mixed(x, F.softmax(scores, -1), value, out)


def sigmoid_attention(
    x: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    out: Tensor,
    heads: int,
    rotary: int,
    alibi: int,
    causal: bool,
) -> Tensor:
    """Attend with σ(score - log n), n the number of positions."""
    scores = scored(x, query, key, heads, rotary, alibi)
    shares = torch.sigmoid(scores - math.log(scores.shape[-1]))
    if causal:
        shares = shares.masked_fill(later(scores), 0.0)
    return mixed(x, shares, value, out)


def relu_attention(
    x: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    out: Tensor,
    heads: int,
    rotary: int,
    alibi: int,
    causal: bool,
) -> Tensor:
    """Attend with relu(score) / n, n the number of positions."""
    scores = scored(x, query, key, heads, rotary, alibi)
    shares = F.relu(scores) / scores.shape[-1]
    if causal:
        shares = shares.masked_fill(later(scores), 0.0)
    return mixed(x, shares, value, out)


def linear_attention(
    x: Tensor, query: Tensor, key: Tensor, value: Tensor, out: Tensor, heads: int, causal: bool
) -> Tensor:
    """Attend with the feature map elu + 1; linear in the length unless causal."""
    size = query.shape[0] // heads
    q = F.elu(heads_of(x, query, size)) + 1
    k = F.elu(shared(heads_of(x, key, size), heads)) + 1
    if causal:
        scores = torch.matmul(q, k.transpose(-1, -2))
        scores = scores.masked_fill(later(scores), 0.0)
        return mixed(x, scores / (scores.sum(-1, keepdim=True) + 1e-6), value, out)
    v = shared(heads_of(x, value, size), heads)
    total = torch.matmul(q, k.sum(-2).unsqueeze(-1))
    answer = torch.matmul(q, torch.matmul(k.transpose(-1, -2), v)) / (total + 1e-6)
    return F.linear(answer.transpose(1, 2).flatten(2), out)


def sinusoids(x: Tensor) -> Tensor:
    """Return sines and cosines of the positions, `[length, width]`."""
    length, width = x.shape[1:]
    place = torch.arange(length, dtype=x.dtype, device=x.device)[:, None]
    index = torch.arange(width, dtype=x.dtype, device=x.device)
    angle = place * 10000.0 ** -(2 * torch.floor(index / 2) / width)
    return torch.where(index % 2 == 0, torch.sin(angle), torch.cos(angle))
