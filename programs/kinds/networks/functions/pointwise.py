"""Arithmetic, learned activations and normalisations."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def features(x: Tensor) -> int:
    """Return the dimension of the features: an image's second, otherwise the last."""
    return 1 if x.dim() == 4 else -1


def per_feature(weight: Tensor, x: Tensor) -> Tensor:
    """Shape one number per feature so that it meets `x`."""
    return weight.view(-1, 1, 1) if x.dim() == 4 else weight


def align(a: Tensor | float, b: Tensor | float) -> Tensor | float:
    """Give a vector `[batch, width]` the dimensions of the sequence or image it meets."""
    if not isinstance(a, Tensor) or not isinstance(b, Tensor) or a.dim() != 2 or b.dim() == 2:
        return a
    return a[:, None, :] if b.dim() == 3 else a[:, :, None, None]


def both(a: Tensor | float, b: Tensor | float) -> list[Tensor]:
    """Make tensors that broadcast of two values, one of which may be a number."""
    known = a if isinstance(a, Tensor) else b
    assert isinstance(known, Tensor)
    like = {"dtype": known.dtype, "device": known.device}
    return [torch.as_tensor(v, **like) for v in (align(a, b), align(b, a))]


def polynomial(x: Tensor, weight: Tensor) -> Tensor:
    """Evaluate a polynomial of tanh(x) for each feature; `weight [width, degree + 1]`."""
    t = torch.tanh(x.movedim(1, -1) if x.dim() == 4 else x)
    y = weight[:, -1]
    for power in range(weight.shape[1] - 2, -1, -1):
        y = y * t + weight[:, power]
    return y.movedim(-1, 1) if x.dim() == 4 else y


def hats(x: Tensor, knots: int) -> Tensor:
    """Return `knots` triangular bumps of x, evenly spaced over [-3, 3], in a new last dimension."""
    centres = torch.linspace(-3.0, 3.0, knots, dtype=x.dtype, device=x.device)
    return F.relu(1 - torch.abs(x.clamp(-3.0, 3.0).unsqueeze(-1) - centres) * ((knots - 1) / 6.0))


def spline(x: Tensor, weight: Tensor) -> Tensor:
    """Return silu(x) plus a piecewise linear function of each feature; `weight [width, knots]`."""
    y = x.movedim(1, -1) if x.dim() == 4 else x
    y = F.silu(y) + (hats(y, weight.shape[1]) * weight).sum(-1)
    return y.movedim(-1, 1) if x.dim() == 4 else y


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Normalise the features of each position."""
    if x.dim() != 4:
        return F.layer_norm(x, weight.shape, weight, bias)
    return F.layer_norm(x.movedim(1, -1), weight.shape, weight, bias).movedim(-1, 1)


def rms_norm(x: Tensor, weight: Tensor) -> Tensor:
    """Divide the features of each position by their root mean square."""
    dim = features(x)
    return x * torch.rsqrt((x * x).mean(dim, keepdim=True) + 1e-6) * per_feature(weight, x)


def batch_norm(
    x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, var: Tensor, training: bool
) -> Tensor:
    """Normalise each feature over the batch and all positions; keep running statistics."""
    if x.dim() == 3:
        y = F.batch_norm(x.transpose(1, 2), mean, var, weight, bias, training)
        return y.transpose(1, 2)
    return F.batch_norm(x, mean, var, weight, bias, training)


def group_norm(x: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    """Normalise groups of features: of an image over all places, else of each position."""
    if x.dim() != 3:
        return F.group_norm(x, groups, weight, bias)
    return F.group_norm(x.flatten(0, 1), groups, weight, bias).view(x.shape)
