"""Dense, spline and mixture maps, and convolutions."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from programs.kinds.networks.functions.pointwise import hats


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Map the features at each position; `weight [outputs, inputs]`."""
    if x.dim() == 4:
        return F.conv2d(x, weight[:, :, None, None], bias)
    return F.linear(x, weight, bias)


def kan(x: Tensor, base: Tensor, bumps: Tensor) -> Tensor:
    """Sum a silu and `knots` bumps of every feature; `bumps [outputs, inputs · knots]`."""
    knots = bumps.shape[1] // x.shape[-1]
    return F.linear(F.silu(x), base) + F.linear(hats(x, knots).flatten(-2), bumps)


def moe(x: Tensor, router: Tensor, up: Tensor, down: Tensor, top: int) -> Tensor:
    """Weigh all experts' answers, by zero below the top; `up [experts, width, hidden]`."""
    scores = F.linear(x, router)
    best, chosen = scores.topk(top, -1)
    gates = torch.zeros_like(scores).scatter(-1, chosen, F.softmax(best, -1))
    hidden = F.silu(torch.matmul(x.unsqueeze(-3), up) if x.dim() == 3 else torch.matmul(x, up))
    answers = torch.matmul(hidden, down)
    gates = gates.movedim(-1, -2).unsqueeze(-1) if x.dim() == 3 else gates.t().unsqueeze(-1)
    return (answers * gates).sum(-3)


def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: int,
    dilation: int,
    groups: int,
    causal: bool,
) -> Tensor:
    """Convolve with zeros around: on both sides, or only before a causal sequence."""
    reach = dilation * (weight.shape[-1] - 1)
    before = reach if causal else reach // 2
    if x.dim() == 4:
        x = F.pad(x, (before, reach - before, before, reach - before))
        return F.conv2d(x, weight, bias, stride, 0, dilation, groups)
    x = F.pad(x.transpose(1, 2), (before, reach - before))
    return F.conv1d(x, weight, bias, stride, 0, dilation, groups).transpose(1, 2)
