"""Free-form modules that are networks of the language: of the library, or common blocks.

Each is written as people write it, with the language's starts.
"""

from __future__ import annotations

from programs.spec import Spec
from tests.evaluators.lifting.parts import (
    AGAIN,
    CELL,
    EXCITED,
    FUSED,
    GMLP,
    LLAMA,
    MHA,
    PATCHES,
    SCALED,
    UNET,
    WAVES,
)
from tests.evaluators.lifting.prelude import IMAGE, SEQUENCE, VECTOR, build, stacked, twice

_LN, _RMS = "nn.LayerNorm(w)", "RMS(w)"
_NORMED = "Rest(nn.LayerNorm(w), {})"

TRANSFORMER = stacked("Sines()", twice("pair(nn.LayerNorm, w, Attention(w), nn.GELU())"), _LN)
RESIDUAL_TCN = "Turned(conv1(w, w, 3, {d}), nn.ReLU(), conv1(w, w, 3, {d}), nn.ReLU())"
TCN = "nn.Sequential({})".format(
    ", ".join(f"Rest({RESIDUAL_TCN.format(d=d)}), nn.ReLU()" for d in (1, 2, 4))
)
FFN = "Rest(nn.LayerNorm(w), feed(w, nn.GELU()))"
BLOCK = "def network(x):\n    return x + {}\n"

MEET: dict[str, tuple[str, Spec, str]] = {
    "mlp": ("mlp", VECTOR, stacked("dense(w, 2*w)", "nn.ReLU()", "dense(2*w, 2*w)", "nn.ReLU()")),
    "transformer": ("transformer", SEQUENCE, TRANSFORMER),
    "transformer, softmax written out": (
        "transformer",
        SEQUENCE,
        stacked(
            "Sines()", twice("pair(nn.LayerNorm, w, Attention(w, 4, softmax), nn.GELU())"), _LN
        ),
    ),
    "transformer of MultiheadAttention": (
        "transformer",
        SEQUENCE,
        build(
            f"nn.Sequential(Sines(), {twice('pair(nn.LayerNorm, w, Multi(w), nn.GELU())')}, {_LN})",
            MHA,
        ),
    ),
    "transformer, one matrix for all three, einsum": (
        "transformer",
        SEQUENCE,
        build(
            f"nn.Sequential(Sines(), {twice('pair(nn.LayerNorm, w, Fused(w), nn.GELU())')}, {_LN})",
            FUSED,
        ),
    ),
    "llama": (
        "llama",
        SEQUENCE,
        build(
            "nn.Sequential("
            + twice(
                "nn.Sequential(Rest(RMS(w), Attention(w, rotary=True)), Rest(RMS(w), SwiGLU(w)))"
            )
            + f", {_RMS})",
            LLAMA,
        ),
    ),
    "grouped_query": (
        "grouped_query",
        SEQUENCE,
        build(
            "nn.Sequential("
            + twice("pair(RMS, w, Attention(w, keys=1, rotary=True), Squared())")
            + f", {_RMS})",
            "class Squared(nn.Module):\n    def forward(self, x):\n        return F.relu(x) ** 2",
        ),
    ),
    "universal": (
        "universal",
        SEQUENCE,
        build(
            "nn.Sequential(Sines(), "
            f"Again(pair(nn.LayerNorm, w, Attention(w), nn.ReLU()), 4), {_LN})",
            AGAIN,
        ),
    ),
    "one layer again and again": (
        "def block(x):\n    return tanh(linear(x))\n\n"
        "def network(x):\n    return linear(recur(block, 3, linear(x)))\n",
        VECTOR,
        build(
            "nn.Sequential(dense(w, w), Again(nn.Sequential(dense(w, w), nn.Tanh()), 3),"
            " dense(w, w))",
            AGAIN,
        ),
    ),
    "two loops, one of them read again": (
        "def first(x):\n    return linear(relu(x))\n\n"
        "def second(x):\n    return x + linear(tanh(x))\n\n"
        "def network(x):\n"
        "    x = linear(x)\n    y = recur(first, 2, x)\n    return recur(second, 2, y) + x + y\n",
        VECTOR,
        build(
            "Two(w)",
            f"{AGAIN}\nclass Two(nn.Module):\n    def __init__(self, w):\n"
            "        super().__init__()\n        self.into = dense(w, w)\n"
            "        self.one = Again(nn.Sequential(nn.ReLU(), dense(w, w)), 2)\n"
            "        self.other = Again(Rest(nn.Tanh(), dense(w, w)), 2)\n"
            "    def forward(self, x):\n        x = self.into(x)\n        y = self.one(x)\n"
            "        return self.other(y) + x + y",
        ),
    ),
    "post_norm": (
        "post_norm",
        SEQUENCE,
        stacked(
            "Sines()",
            twice(f"nn.Sequential(Rest(Attention(w)), {_LN}, Rest(feed(w, nn.ReLU())), {_LN})"),
        ),
    ),
    "peri_norm": (
        "peri_norm",
        SEQUENCE,
        stacked(
            twice(
                f"nn.Sequential(Rest({_RMS}, Attention(w, rotary=True), {_RMS}),"
                f" Rest({_RMS}, feed(w, nn.GELU()), {_RMS}))"
            ),
            _RMS,
        ),
    ),
    "sigmoid attention": (
        BLOCK.format("sigmoid_attention(layer_norm(x))"),
        SEQUENCE,
        build(
            "Rest(nn.LayerNorm(w), Attention(w, 4, shares))",
            "def shares(scores):\n    return torch.sigmoid(scores - math.log(scores.shape[-1]))",
        ),
    ),
    "mlp_mixer": (
        "mlp_mixer",
        SEQUENCE,
        stacked(
            twice(
                f"nn.Sequential(Rest({_LN}, Turned(feed(spec.shape[0], nn.GELU(), 2))),"
                f" Rest({_LN}, feed(w, nn.GELU(), 2)))"
            ),
            _LN,
        ),
    ),
    "gmlp": (
        "gmlp",
        SEQUENCE,
        build(f"nn.Sequential({twice('Gated(w, spec.shape[0])')}, {_LN})", GMLP),
    ),
    "res_mlp": (
        "res_mlp",
        SEQUENCE,
        build(
            "nn.Sequential("
            + twice(
                "nn.Sequential("
                "Rest(Affine(w), Turned(dense(spec.shape[0], spec.shape[0])),"
                " Affine(w, 0.1, False)),"
                "Rest(Affine(w), feed(w, nn.GELU()), Affine(w, 0.1, False)))"
            )
            + ", Affine(w))",
            SCALED,
        ),
    ),
    "fnet": (
        "fnet",
        SEQUENCE,
        build(
            "nn.Sequential("
            + twice(f"nn.Sequential(Rest(Mix()), {_LN}, Rest(feed(w, nn.GELU())), {_LN})")
            + ")",
            "class Mix(nn.Module):\n    def forward(self, x):\n"
            "        x = torch.fft.fft(x, dim=-1, norm='ortho')\n"
            "        return torch.fft.fft(x, dim=1, norm='ortho').real",
        ),
    ),
    "poolformer": (
        "poolformer",
        SEQUENCE,
        build(
            f"nn.Sequential({twice(f'nn.Sequential(Pooled(w), {FFN})')}, {_LN})",
            """
class Pooled(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.norm, self.pool = nn.LayerNorm(w), nn.AvgPool1d(3, 1, 1)
    def forward(self, x):
        h = self.norm(x)
        return x + self.pool(h.transpose(1, 2)).transpose(1, 2) - h
""",
        ),
    ),
    "tcn": ("tcn", SEQUENCE, build(TCN)),
    "wavenet": ("wavenet", SEQUENCE, build("Waves(w)", WAVES)),
    "low_rank": (
        "low_rank",
        SEQUENCE,
        stacked(
            twice(
                f"Rest({_LN}, dense(w, 8, False), dense(8, 4*w), nn.ReLU(),"
                " dense(4*w, 8, False), dense(8, w))"
            ),
            _LN,
        ),
    ),
    "gru": ("gru", SEQUENCE, build("GRU(w, 3)", CELL)),
    "min_gru": ("def network(x):\n    return min_gru(x)\n", SEQUENCE, build("MinGRU(w)", CELL)),
    "lenet": (
        "lenet",
        IMAGE,
        stacked(
            "conv2(w, 6, 5)",
            "nn.Tanh()",
            "nn.AvgPool2d(2)",
            "conv2(6, 16, 5)",
            "nn.Tanh()",
            "nn.AvgPool2d(2)",
            "nn.Flatten()",
            "dense(64, 120)",
            "nn.Tanh()",
            "dense(120, 84)",
            "nn.Tanh()",
        ),
    ),
    "vgg": (
        "vgg",
        IMAGE,
        stacked(
            *(
                f"conv2({a}*w, {2 * a}*w), nn.BatchNorm2d({2 * a}*w), nn.ReLU(), "
                f"conv2({2 * a}*w, {2 * a}*w), nn.BatchNorm2d({2 * a}*w), nn.ReLU(), "
                "nn.MaxPool2d(2)"
                for a in (1, 2)
            ),
            "Mean()",
        ),
    ),
    "preact_resnet": (
        "preact_resnet",
        IMAGE,
        stacked(
            "*[Rest(nn.BatchNorm2d(w), nn.ReLU(), conv2(w, w), nn.BatchNorm2d(w), nn.ReLU(),"
            " conv2(w, w)) for _ in range(3)]",
            "nn.BatchNorm2d(w)",
            "nn.ReLU()",
            "nn.AdaptiveAvgPool2d(1)",
            "nn.Flatten()",
        ),
    ),
    "squeeze_excite": (
        "squeeze_excite",
        IMAGE,
        build(f"nn.Sequential({twice('Excited(w)')}, Mean())", EXCITED),
    ),
    "mobilenet": (
        "mobilenet",
        IMAGE,
        stacked(
            twice(
                "Rest(conv2(w, 4*w, 1), nn.BatchNorm2d(4*w), nn.ReLU(), conv2(4*w, 4*w, 3, 1, 4*w),"
                " nn.BatchNorm2d(4*w), nn.ReLU(), conv2(4*w, w, 1), nn.BatchNorm2d(w))"
            ),
            "Mean()",
        ),
    ),
    "convnext": (
        "convnext",
        IMAGE,
        build(
            "nn.Sequential("
            + twice(
                f"Rest(conv2(w, w, 7, 1, w), First(), {_LN}, feed(w, nn.GELU()),"
                " Affine(w, 0.1, False), Channels())"
            )
            + f", Mean(), {_LN})",
            SCALED,
        ),
    ),
    "unet": ("unet", IMAGE, build("UNet(w)", UNET)),
    "vit": (
        "vit",
        IMAGE,
        build(
            "nn.Sequential(Patches(w, 16), "
            + twice("pair(nn.LayerNorm, w, Attention(w), nn.GELU())")
            + f", {_LN}, Mean())",
            PATCHES,
        ),
    ),
    "a block of SiLU and GLU": (
        BLOCK.format("glu(linear(silu(linear(x)), times=2))"),
        VECTOR,
        stacked("Rest(dense(w, w), nn.SiLU(), dense(w, 2*w), nn.GLU())"),
    ),
    "half of the shifted": (
        "def network(x):\n    return linear(0.5 * (x + shift(x)))\n",
        SEQUENCE,
        build(
            "nn.Sequential(Half(), dense(w, w))",
            "class Half(nn.Module):\n    def forward(self, x):\n"
            "        return (x + F.pad(x, (0, 0, 1, 0))[:, :-1]) / 2",
        ),
    ),
}
"""Name → the library's name or a text of the language, where, the module."""
