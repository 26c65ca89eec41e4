"""Mixing of positions and changes of shape."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def positions(x: Tensor) -> tuple[int, ...]:
    """Return the dimensions of the positions."""
    return (2, 3) if x.dim() == 4 else (1,)


def token_linear(x: Tensor, weight: Tensor, bias: Tensor, causal: bool) -> Tensor:
    """Map the positions of each feature; `weight [length, length]`."""
    mixing = weight.tril() if causal else weight
    return torch.matmul(mixing, x) + bias[:, None]


def long_conv(x: Tensor, weight: Tensor, causal: bool) -> Tensor:
    """Convolve each feature with a filter as long as the sequence, in a ring or causally."""
    length, kernel = x.shape[1], weight.t()
    if not x.numel():
        return x * kernel
    size = 2 * length if causal else length
    spectrum = torch.fft.rfft(precise(x), size, 1) * torch.fft.rfft(precise(kernel), size, 0)
    return torch.fft.irfft(spectrum, size, 1)[:, :length].to(x.dtype)


def fourier(x: Tensor) -> Tensor:
    """Return the real part of the Fourier transform over positions and features."""
    return torch.fft.fft2(precise(x), norm="ortho").real.to(x.dtype) if x.numel() else x


def precise(x: Tensor) -> Tensor:
    """Return a tensor in a type that Fourier transforms are there for."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def pooling(x: Tensor, kernel: int, causal: bool) -> Tensor:
    """Take the mean over a window of `kernel` positions, with zeros beyond the ends."""
    before = kernel - 1 if causal else (kernel - 1) // 2
    after = kernel - 1 - before
    if x.dim() == 4:
        return F.avg_pool2d(F.pad(x, (before, after, before, after)), kernel, 1)
    return F.avg_pool1d(F.pad(x.transpose(1, 2), (before, after)), kernel, 1).transpose(1, 2)


def shift(x: Tensor, steps: int) -> Tensor:
    """Move the features `steps` positions later, zeros first."""
    return F.pad(x, (0, 0, steps, 0))[:, : x.shape[1]]


def max_pool(x: Tensor, size: int) -> Tensor:
    """Take the largest of each window of `size`."""
    if x.dim() == 4:
        return F.max_pool2d(x, size)
    return F.max_pool1d(x.transpose(1, 2), size).transpose(1, 2)


def avg_pool(x: Tensor, size: int) -> Tensor:
    """Take the mean of each window of `size`."""
    if x.dim() == 4:
        return F.avg_pool2d(x, size)
    return F.avg_pool1d(x.transpose(1, 2), size).transpose(1, 2)


def upsample(x: Tensor, size: int) -> Tensor:
    """Repeat each position `size` times in every direction."""
    for dim in positions(x):
        x = x.repeat_interleave(size, dim)
    return x


def to_image(x: Tensor) -> Tensor:
    """Fold a sequence of square length into an image."""
    side = math.isqrt(x.shape[1])
    return x.transpose(1, 2).unflatten(2, (side, side))
