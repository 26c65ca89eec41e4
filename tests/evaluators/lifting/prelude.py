"""What free-form modules of the corpus share: the language's starts and the usual parts."""

from __future__ import annotations

from programs.spec import Spec

SEQUENCE = Spec("sequence", (16, 16), 10)
IMAGE = Spec("image", (16, 8, 8), 10)
VECTOR = Spec("vector", (16,), 10)

PRELUDE = """
import math
import torch
import torch.nn.functional as F
from torch import nn

def begun(layer):
    nn.init.normal_(layer.weight, 0.0, math.prod(layer.weight.shape[1:]) ** -0.5)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer

def dense(inside, outside, bias=True):
    return begun(nn.Linear(inside, outside, bias=bias))

def conv1(inside, outside, kernel=3, dilation=1, groups=1):
    reach = dilation * (kernel - 1)
    layer = nn.Conv1d(inside, outside, kernel, dilation=dilation, groups=groups)
    return nn.Sequential(nn.ConstantPad1d((reach // 2, reach - reach // 2), 0.0), begun(layer))

def conv2(inside, outside, kernel=3, stride=1, groups=1):
    return begun(nn.Conv2d(inside, outside, kernel, stride, kernel // 2, groups=groups))

class RMS(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))

class Rest(nn.Module):
    def __init__(self, *inner):
        super().__init__()
        self.inner = nn.Sequential(*inner)
    def forward(self, x):
        return x + self.inner(x)

class Turned(Rest):
    def forward(self, x):
        return self.inner(x.transpose(1, 2)).transpose(1, 2)

class Mean(nn.Module):
    def forward(self, x):
        return x.flatten(2).mean(-1) if x.dim() == 4 else x.mean(1)

class First(nn.Module):
    def forward(self, x):
        return x.movedim(1, -1)

class Channels(nn.Module):
    def forward(self, x):
        return x.movedim(-1, 1)

class Attention(nn.Module):
    def __init__(self, width, heads=4, how=None, keys=None, rotary=False):
        super().__init__()
        self.heads, self.how, self.rotary = heads, how, rotary
        self.size = width // heads
        keys = (keys or heads) * self.size
        self.q, self.k = dense(width, width, False), dense(width, keys, False)
        self.v, self.o = dense(width, keys, False), dense(width, width, False)
    def split(self, y):
        return y.view(y.shape[0], y.shape[1], -1, self.size).transpose(1, 2)
    def turned(self, y):
        half = self.size // 2
        place = torch.arange(y.shape[2], dtype=y.dtype)[:, None]
        angle = place * 10000.0 ** (-torch.arange(half, dtype=y.dtype) / half)
        a, b = y.chunk(2, -1)
        c, s = angle.cos(), angle.sin()
        return torch.cat([a * c - b * s, a * s + b * c], -1)
    def forward(self, x):
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if self.rotary:
            q, k = self.turned(q), self.turned(k)
        if k.shape[1] < self.heads:
            k, v = (y.repeat_interleave(self.heads // y.shape[1], 1) for y in (k, v))
        if self.how is None:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            scores = q @ k.transpose(-1, -2) / math.sqrt(self.size)
            y = self.how(scores) @ v
        return self.o(y.transpose(1, 2).reshape(x.shape[0], x.shape[1], -1))

def softmax(scores):
    return scores.softmax(-1)

class Sines(nn.Module):
    def forward(self, x):
        length, width = x.shape[1:]
        place = torch.arange(length, dtype=x.dtype)[:, None]
        index = torch.arange(width)
        angle = place / 10000.0 ** (2 * (index // 2).to(x.dtype) / width)
        return x + torch.where(index % 2 == 0, angle.sin(), angle.cos())

def feed(width, act, times=4):
    return nn.Sequential(dense(width, times * width), act, dense(times * width, width))

def pair(norm, width, attention, act):
    return nn.Sequential(Rest(norm(width), attention), Rest(norm(width), feed(width, act)))
"""


def build(body: str, more: str = "") -> str:
    """Return a program whose `build` returns an expression over the width `w`."""
    width = "w = spec.shape[0] if spec.input == 'image' else spec.shape[-1]"
    return f"{PRELUDE}\n{more}\n\ndef build(spec):\n    {width}\n    return {body}\n"


def twice(block: str) -> str:
    return f"*[{block} for _ in range(2)]"


def stacked(*parts: str) -> str:
    return build(f"nn.Sequential({', '.join(parts)})")
