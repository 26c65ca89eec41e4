"""Free-form modules that are not what they nearly are: one thing is changed in each."""

from __future__ import annotations

from programs.spec import Spec
from tests.evaluators.lifting.meet import MEET, TRANSFORMER
from tests.evaluators.lifting.prelude import IMAGE, SEQUENCE, VECTOR, build

_LN = "nn.LayerNorm(w)"

NEAR: dict[str, tuple[str, Spec, str]] = (
    {
        f"transformer, {why}": ("transformer", SEQUENCE, TRANSFORMER.replace(old, new))
        for why, old, new in (
            (
                "torch's own starts",
                "return begun(nn.Linear(inside, outside, bias=bias))",
                "return nn.Linear(inside, outside, bias=bias)",
            ),
            ("torch's own starts of the biases", "nn.init.zeros_(layer.bias)", "pass"),
            (
                "uniform starts of the same spread",
                "nn.init.normal_(layer.weight, 0.0, ",
                "bound = lambda w, m, s: nn.init.uniform_(w, -s * 3**0.5, s * 3**0.5)\n"
                "    bound(layer.weight, 0.0, ",
            ),
            (
                "orthogonal starts",
                "    if layer.bias is not None:",
                "    nn.init.orthogonal_(layer.weight)\n    if layer.bias is not None:",
            ),
            (
                "the same start for every matrix",
                "    nn.init.normal_(layer",
                "    torch.manual_seed(3)\n    nn.init.normal_(layer",
            ),
            ("smaller starts", "** -0.5)", "** -0.5 * 0.8)"),
            ("tanh's GELU", "nn.GELU()", "nn.GELU('tanh')"),
            ("ReLU", "nn.GELU()", "nn.ReLU()"),
            ("two heads", "Attention(w)", "Attention(w, 2)"),
            (
                "no scale of the scores",
                "scaled_dot_product_attention(q, k, v)",
                "scaled_dot_product_attention(q, k, v, scale=1.0)",
            ),
            (
                "looking back only",
                "scaled_dot_product_attention(q, k, v)",
                "scaled_dot_product_attention(q, k, v, is_causal=True)",
            ),
            ("no residual", "return x + self.inner(x)", "return self.inner(x)"),
            ("a wider feed-forward", "times=4)", "times=3)"),
            ("RMS norms", "pair(nn.LayerNorm,", "pair(RMS,"),
            ("another epsilon", "nn.LayerNorm(w)", "nn.LayerNorm(w, eps=1e-6)"),
            ("no last norm", f", {_LN})", ")"),
            ("dropout", "nn.GELU()", "nn.Sequential(nn.GELU(), nn.Dropout(0.1))"),
            (
                "dropout in attention",
                "scaled_dot_product_attention(q, k, v)",
                "scaled_dot_product_attention(q, k, v, dropout_p=0.1 if self.training else 0.0)",
            ),
            ("biases in attention", "dense(width, width, False)", "dense(width, width)"),
            (
                "tied blocks",
                "*[pair(nn.LayerNorm, w, Attention(w), nn.GELU()) for _ in range(2)]",
                "*([pair(nn.LayerNorm, w, Attention(w), nn.GELU())] * 2)",
            ),
            ("no positions", "Sines(), ", ""),
        )
    }
    | {
        f"lenet, {why}": ("lenet", IMAGE, MEET["lenet"][2].replace(old, new))
        for why, old, new in (
            ("a smaller kernel", "conv2(6, 16, 5)", "conv2(6, 16, 3)"),
            ("the largest of each window", "nn.AvgPool2d(2)", "nn.MaxPool2d(2)"),
            ("ReLU", "nn.Tanh()", "nn.ReLU()"),
            (
                "no bias",
                "kernel // 2, groups=groups)",
                "kernel // 2, groups=groups, bias=False)",
            ),
            (
                "wrapped edges",
                "kernel // 2, groups=groups)",
                "kernel // 2, groups=groups, padding_mode='circular')",
            ),
        )
    }
    | {
        f"res_mlp, {why}": ("res_mlp", SEQUENCE, MEET["res_mlp"][2].replace(old, new))
        for why, old, new in (
            ("dropped scales", ", Affine(w, 0.1, False)", ""),
            ("other first scales", "0.1, False", "0.2, False"),
        )
    }
    | {
        f"universal, {why}": ("universal", SEQUENCE, MEET["universal"][2].replace(old, new))
        for why, old, new in (
            ("three times", "nn.ReLU()), 4)", "nn.ReLU()), 3)"),
            ("an activation between", "x = self.inner(x)", "x = torch.tanh(self.inner(x))"),
            ("what came in is added each time", "x = self.inner(x)", "x = self.inner(x) + given"),
        )
    }
    | {
        f"vgg, {why}": ("vgg", IMAGE, MEET["vgg"][2].replace(old, new))
        for why, old, new in (
            ("another momentum", "nn.BatchNorm2d(2*w)", "nn.BatchNorm2d(2*w, momentum=0.01)"),
            ("one norm less", "conv2(2*w, 2*w), nn.BatchNorm2d(2*w), ", "conv2(2*w, 2*w), "),
        )
    }
)
"""Name → what it must not be taken for, where, the module."""

APART: dict[str, tuple[str, Spec, str]] = {
    "a clamp in an exponential": (
        "neither",
        VECTOR,
        build(
            "nn.Sequential(dense(w, w), E())",
            "class E(nn.Module):\n    def forward(self, x):\n        return x.exp()",
        ),
    ),
    "batches mixed": (
        "neither",
        VECTOR,
        build(
            "nn.Sequential(dense(w, w), E())",
            "class E(nn.Module):\n    def forward(self, x):\n"
            "        return x - x.mean(0, keepdim=True)",
        ),
    ),
    "a layer that comes again elsewhere": (
        "neither",
        VECTOR,
        build(
            "E(w)",
            "class E(nn.Module):\n    def __init__(self, w):\n        super().__init__()\n"
            "        self.a, self.b = dense(w, w), dense(w, w)\n"
            "    def forward(self, x):\n        return self.a(torch.tanh(self.b(self.a(x))))",
        ),
    ),
    "a step between copies that is read in the end": (
        "neither",
        VECTOR,
        build(
            "E(w)",
            "class E(nn.Module):\n    def __init__(self, w):\n        super().__init__()\n"
            "        self.a = dense(w, w)\n"
            "    def forward(self, x):\n        y = self.a(x)\n        return self.a(y) + y",
        ),
    ),
    "a weight that nothing uses": (
        "neither",
        VECTOR,
        build(
            "E(w)",
            "class E(nn.Module):\n    def __init__(self, w):\n        super().__init__()\n"
            "        self.a, self.b = dense(w, w), dense(w, w)\n"
            "    def forward(self, x):\n        return self.a(x)",
        ),
    ),
}
"""Modules that are nothing of the language."""
