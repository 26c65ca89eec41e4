"""Classes that single modules of the corpus are made of, as people write them."""

from __future__ import annotations

LLAMA = """
class SwiGLU(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.gate, self.up, self.down = (dense(*s, False) for s in ((w, 3*w), (w, 3*w), (3*w, w)))
    def forward(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))
"""

GMLP = """
class Gated(nn.Module):
    def __init__(self, w, length):
        super().__init__()
        self.norm, self.up = nn.LayerNorm(w), dense(w, 2 * w)
        self.inner, self.down = nn.LayerNorm(w), dense(w, w)
        self.tokens = dense(length, length)
    def forward(self, x):
        a, b = F.gelu(self.up(self.norm(x))).chunk(2, -1)
        b = self.tokens(self.inner(b).transpose(1, 2)).transpose(1, 2)
        return x + self.down(a * (b + 1))
"""

SCALED = """
class Affine(nn.Module):
    def __init__(self, w, start=1.0, shift=True):
        super().__init__()
        self.a = nn.Parameter(torch.full((w,), start))
        self.b = nn.Parameter(torch.zeros(w)) if shift else 0.0
    def forward(self, x):
        y = x * self.a
        return y + self.b if torch.is_tensor(self.b) else y
"""

EXCITED = """
class Excited(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.body = nn.Sequential(
            conv2(w, w), nn.BatchNorm2d(w), nn.ReLU(), conv2(w, w), nn.BatchNorm2d(w))
        self.gate = nn.Sequential(dense(w, w // 4), nn.ReLU(), dense(w // 4, w), nn.Sigmoid())
    def forward(self, x):
        h = self.body(x)
        return F.relu(x + h * self.gate(h.mean((2, 3)))[:, :, None, None])
"""

WAVES = """
class Waves(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.a = nn.ModuleList(conv1(w, w, 2, d) for d in (1, 2, 4))
        self.b = nn.ModuleList(conv1(w, w, 2, d) for d in (1, 2, 4))
        self.rest = nn.ModuleList(dense(w, w) for _ in range(2))
        self.out = nn.ModuleList(dense(w, w) for _ in range(3))
    def forward(self, x):
        total = None
        for n in range(3):
            y = x.transpose(1, 2)
            h = (torch.tanh(self.a[n](y)) * torch.sigmoid(self.b[n](y))).transpose(1, 2)
            total = self.out[n](h) if total is None else total + self.out[n](h)
            if n < 2:
                x = x + self.rest[n](h)
        return F.relu(total)
"""

CELL = """
class Cell(nn.Module):
    def __init__(self, w, gates):
        super().__init__()
        self.inner, self.state = dense(w, gates * w), dense(w, gates * w, False)
    def start(self, x):
        return x.new_zeros(x.shape[0], x.shape[2])
class GRU(Cell):
    def forward(self, x):
        h, out = self.start(x), []
        for t in range(x.shape[1]):
            r, z, n = self.inner(x[:, t]).chunk(3, -1)
            hr, hz, hn = self.state(h).chunk(3, -1)
            z = torch.sigmoid(z + hz)
            n = torch.tanh(n + torch.sigmoid(r + hr) * hn)
            h = (1 - z) * n + z * h
            out.append(h)
        return torch.stack(out, 1)
class MinGRU(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.gate, self.inner = dense(w, w), dense(w, w, False)
    def forward(self, x):
        z, y = torch.sigmoid(self.gate(x)), self.inner(x)
        h, out = torch.zeros_like(x[:, 0]), []
        for t in range(x.shape[1]):
            h = h + z[:, t] * (y[:, t] - h)
            out.append(h)
        return torch.stack(out, 1)
"""

UNET = """
class UNet(nn.Module):
    def __init__(self, w):
        super().__init__()
        def pair():
            return nn.Sequential(conv2(w, w), nn.ReLU(), conv2(w, w), nn.ReLU())
        self.fine, self.last, self.join = pair(), pair(), conv2(2 * w, w, 1)
        self.down = nn.Sequential(nn.MaxPool2d(2), conv2(w, 2 * w), nn.ReLU())
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), conv2(2 * w, w))
    def forward(self, x):
        x = self.fine(x)
        return self.last(self.join(torch.cat([x, self.up(self.down(x))], 1)))
"""

PATCHES = """
class Patches(nn.Module):
    def __init__(self, w, count):
        super().__init__()
        self.cut = begun(nn.Conv2d(w, w, 2, 2))
        self.places = nn.Parameter(0.02 * torch.randn(1, count, w))
    def forward(self, x):
        return self.cut(x).flatten(2).transpose(1, 2) + self.places
"""

MHA = """
class Multi(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.inner = nn.MultiheadAttention(w, 4, bias=False, batch_first=True)
        for p in self.inner.parameters():
            nn.init.normal_(p, 0.0, w ** -0.5)
    def forward(self, x):
        return self.inner(x, x, x, need_weights=False)[0]
"""

FUSED = """
class Fused(nn.Module):
    def __init__(self, w, heads=4):
        super().__init__()
        self.qkv, self.out, self.heads = dense(w, 3 * w, False), dense(w, w, False), heads
    def forward(self, x):
        b, l, w = x.shape
        q, k, v = self.qkv(x).reshape(b, l, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        scores = torch.einsum("bhid,bhjd->bhij", q * q.shape[-1] ** -0.5, k)
        return self.out(torch.einsum("bhij,bhjd->bihd", scores.softmax(-1), v).reshape(b, l, w))
"""

AGAIN = """
class Again(nn.Module):
    def __init__(self, inner, count):
        super().__init__()
        self.inner, self.count = inner, count
    def forward(self, x):
        given = x
        for _ in range(self.count):
            x = self.inner(x)
        return x
"""
