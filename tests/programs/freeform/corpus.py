"""Known programs written as people write them in PyTorch: the library's name, and the text."""

from __future__ import annotations

from textwrap import indent


def tensor(params: str, body: str, above: str = "import torch") -> str:
    return f"{above}\n\n\ndef update({params}):\n{indent(body.strip(), '    ')}\n"


def model(states: str, body: str) -> str:
    """Write the whole-model form: lists of states, and one parameter's update."""
    zeros = f"[torch.zeros_like(p) for p in params] for _ in '{states}'"
    return (
        "import torch\n\n\ndef init(params):\n"
        f"    return [{zeros}]\n\n\n"
        "def update(params, grads, state, lr, step, total):\n    deltas = []\n"
        f"    for w, g, {', '.join(states)} in zip(params, grads, *state):\n"
        f"{indent(body.strip(), ' ' * 8)}\n    return deltas, state\n"
    )


def schedule(body: str, above: str = "import math") -> str:
    return f"{above}\n\n\ndef schedule(step, total):\n{indent(body.strip(), '    ')}\n"


ADAM = """
m.lerp_(g, 1 - b1)
v.mul_(b2).addcmul_(g, g, value=1 - b2)
m_hat = m / (1 - b1**step)
v_hat = v / (1 - b2**step)
"""

LOWERED: dict[str, tuple[str, str]] = {
    "sgd, torch.mul": ("sgd", tensor("w, g, lr", "return torch.mul(g, lr)")),
    "sgd, method": ("sgd", tensor("w, g, lr", "return g.clone() * lr")),
    "sgd, from torch": ("sgd", tensor("w, g, lr", "return mul(lr, g)", "from torch import mul")),
    "sgd, in place": ("sgd", tensor("w, g, lr", "g.mul_(lr)\nreturn g")),
    "sgd, augmented": ("sgd", tensor("w, g, lr", "g *= lr\nreturn g")),
    "sign sgd": ("sign_sgd", tensor("w, g, lr", "return lr * torch.sign(g)")),
    "sign sgd, method": ("sign_sgd", tensor("w, g, lr", "return g.sign().mul(lr)")),
    "signum": (
        "signum",
        tensor("w, g, m, lr", "m = torch.lerp(m, g, 0.1)\nreturn lr * m.sign(), m"),
    ),
    "signum, constants": (
        "signum",
        tensor(
            "w, g, m, lr",
            "m = m.mul(BETA).add(g, alpha=REST)\nreturn lr * torch.sgn(m), m",
            "import torch\n\nBETA = 0.9\nREST = 1 - BETA",
        ),
    ),
    "momentum": ("momentum", tensor("w, g, m, lr", "m.mul_(0.9).add_(g)\nreturn lr * m, m")),
    "momentum, helper by name": (
        "momentum",
        tensor(
            "w, g, m, lr",
            "m = decayed(norm=g.clone(), old=m)\nreturn lr * m, m",
            "import torch\n\n\ndef decayed(old, norm):\n    return 0.9 * old + norm",
        ),
    ),
    "momentum, helper that fills": (
        "momentum",
        tensor(
            "w, g, m, lr",
            "m = m * like(g) + g\nreturn lr * m, m",
            "import torch\n\n\ndef like(x):\n    return torch.full_like(x, 0.9)",
        ),
    ),
    "momentum, default": (
        "momentum",
        tensor("w, g, m, lr, mu=0.9", "m = m * mu + g\nreturn torch.multiply(m, lr), m"),
    ),
    "nesterov": (
        "nesterov",
        tensor("w, g, m, lr", "m = m.mul(0.9).add(g)\nreturn lr * g.add(m, alpha=0.9), m"),
    ),
    "adam": (
        "adam",
        tensor(
            "w, g, m, v, lr, step, b1=0.9, b2=0.999, eps=1e-8",
            ADAM + "return lr * m_hat / (v_hat.sqrt() + eps), m, v",
        ),
    ),
    "adam, rsqrt of nothing": (
        "adam",
        tensor(
            "w, g, m, v, lr, step",
            "m = 0.9 * m + 0.1 * g\nv = 0.999 * v + 0.001 * g**2\n"
            "c1 = 1 - 0.9**step\nc2 = 1 - 0.999**step\n"
            "return lr * torch.div(m / c1, torch.sqrt(v / c2).add(1e-8)), m, v",
        ),
    ),
    "adamw": (
        "adamw",
        tensor(
            "w, g, m, v, lr, step, b1=0.9, b2=0.999, eps=1e-8, wd=0.01",
            ADAM + "return lr * (m_hat / (v_hat.sqrt() + eps) + wd * w), m, v",
        ),
    ),
    "adamw, math": (
        "adamw",
        tensor(
            "w, g, m, v, lr, step",
            "m = torch.lerp(m, g, 1 - B1)\nv = torch.lerp(v, g.square(), 1 - B2)\n"
            "root = v.sqrt().div(math.sqrt(1 - B2**step)).add(1e-8)\n"
            "return lr * (m / (1 - B1**step) / root).add(w, alpha=0.01), m, v",
            "import math\n\nimport torch\n\nB1 = 0.9\nB2: float = 0.999",
        ),
    ),
    "lion": (
        "lion",
        tensor(
            "w, g, m, lr",
            "u = torch.sign(m * 0.9 + g * (1 - 0.9))\nm = m * 0.99 + g * (1 - 0.99)\n"
            "return lr * (u + 0.1 * w), m",
        ),
    ),
    "lion, in place": (
        "lion",
        tensor(
            "w, g, m, lr",
            "u = m.mul(0.9).add(g, alpha=0.1).sign()\nm.mul_(0.99).add_(g, alpha=0.01)\n"
            "return u.add(w, alpha=0.1).mul(lr), m",
        ),
    ),
    "lion, lerp": (
        "lion",
        tensor(
            "w, g, m, lr",
            "u = torch.lerp(m, g, weight=0.1).sign()\nm.lerp_(g, 0.01)\nu.add_(w, alpha=0.1)\n"
            "return u * lr, m",
        ),
    ),
    "rmsprop": (
        "rmsprop",
        tensor(
            "w, g, v, lr",
            "v.mul_(0.99).addcmul_(g, g, value=0.01)\nreturn lr * g / v.sqrt().add(1e-8), v",
        ),
    ),
    "rmsprop, addcdiv": (
        "rmsprop",
        tensor(
            "w, g, v, lr",
            "v = v.mul(0.99).add(g * g, alpha=0.01)\n"
            "return torch.addcdiv(torch.zeros_like(w), lr * g, v.sqrt() + 1e-8), v",
        ),
    ),
    "adagrad": (
        "adagrad",
        tensor("w, g, s, lr", "s.addcmul_(g, g)\nreturn lr * g / (s.sqrt() + 1e-10), s"),
    ),
    "adamax": (
        "adamax",
        tensor(
            "w, g, m, u, lr, step",
            "m.lerp_(g, 0.1)\nu = torch.maximum(u * 0.999, g.abs() + 1e-8)\n"
            "return lr * m / ((1 - 0.9**step) * u), m, u",
        ),
    ),
    "amsgrad": (
        "amsgrad",
        tensor(
            "w, g, m, v, top, lr, step, b1=0.9, b2=0.999, eps=1e-8",
            "m.lerp_(g, 1 - b1)\nv.mul_(b2).addcmul_(g, g, value=1 - b2)\n"
            "top = torch.maximum(top, v)\n"
            "return lr * (m / (1 - b1**step)) / ((top / (1 - b2**step)).sqrt() + eps), m, v, top",
        ),
    ),
    "adabelief": (
        "adabelief",
        tensor(
            "w, g, m, s, lr, step",
            "m.mul_(0.9).add_(g, alpha=0.1)\nd = g - m\n"
            "s = s.mul(0.999).add(d * d, alpha=0.001) + 1e-8\n"
            "return lr * (m / (1 - 0.9**step)) / ((s / (1 - 0.999**step)).sqrt() + 1e-8), m, s",
        ),
    ),
    "grams": (
        "grams",
        tensor(
            "w, g, m, v, lr, step",
            "m.lerp_(g, 0.1)\nv.lerp_(g * g, 0.001)\n"
            "u = (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-6)\n"
            "return lr * (g.sign() * u.abs() + 0.01 * w), m, v",
        ),
    ),
    "add sign": (
        "add_sign",
        tensor(
            "w, g, m, lr",
            "m = torch.lerp(m, g, 0.1)\nreturn lr * (1 + g.sign() * m.sign()) * g, m",
        ),
    ),
    "power sign": (
        "power_sign",
        tensor(
            "w, g, m, lr",
            "m = torch.lerp(m, g, 0.1)\nreturn lr * torch.exp(g.sign() * m.sign()) * g, m",
        ),
    ),
    "adadelta": (
        "adadelta",
        tensor(
            "w, g, v, d, lr",
            "v.mul_(0.9).addcmul_(g, g, value=0.1)\n"
            "delta = (d + 1e-6).sqrt().div(torch.sqrt(v + 1e-6)).mul(g)\n"
            "d.mul_(0.9).add_(delta * delta, alpha=0.1)\nreturn lr * delta, v, d",
        ),
    ),
    "cosine": ("cosine", schedule("return 0.5 * (1 + math.cos(math.pi * step / total))")),
    "cosine, from math": (
        "cosine",
        schedule("return (1 + cos(pi * step / total)) / 2", "from math import cos, pi"),
    ),
    "polynomial": (
        "polynomial",
        schedule("return max(1 - step / total, 0.0) ** POWER", "POWER = 0.9"),
    ),
    "linear": (
        "linear",
        schedule(
            "warm = SHARE * total\nreturn min((step + 1) / warm, (total - step) / (total * 0.9))",
            "SHARE = 0.1",
        ),
    ),
    "constant": ("constant", schedule("return 1.0 + 0.0 * math.pi")),
    "exponential": ("exponential", schedule("return RATE ** (step / total)", "RATE = 0.01")),
    "step decay": (
        "step_decay",
        schedule("return 0.1 ** math.floor(3 * step / total)"),
    ),
    "step decay, in place": (
        "step_decay",
        schedule("at = max(step, 0)\nat *= 3\nat /= total\nreturn 0.1 ** math.floor(at)"),
    ),
    "sgd, its own tensor": (
        "sgd",
        tensor("w, g, lr", "g = g.contiguous()\nu = g.clone()\nu *= lr\nreturn u + 0 * g"),
    ),
}
"""Texts that must be read as programs of the language."""

FREE: dict[str, tuple[str, str]] = {
    "sgd, branch": ("sgd", tensor("w, g, lr", "if g.ndim == 0:\n    return g\nreturn lr * g")),
    "momentum, model": ("momentum", model("m", "m.mul_(0.9).add_(g)\ndeltas.append(lr * m)")),
    "lion, model": (
        "lion",
        model(
            "m",
            "u = torch.lerp(m, g, 0.1).sign()\nm.lerp_(g, 0.01)\ndeltas.append(lr * (u + 0.1 * w))",
        ),
    ),
    "adamw, model": (
        "adamw",
        model(
            "mv",
            "m.lerp_(g, 0.1)\nv.lerp_(g * g, 0.001)\nroot = (v / (1 - 0.999**step)).sqrt() + 1e-8\n"
            "deltas.append(lr * (m / (1 - 0.9**step) / root + 0.01 * w))",
        ),
    ),
    "adam, helper": (
        "adam",
        tensor(
            "w, g, m, v, lr, step",
            "m, v = ema(m, g, 0.9), ema(v, g * g, 0.999)\n"
            "m_hat, v_hat = m / (1 - 0.9**step), v / (1 - 0.999**step)\n"
            "return lr * m_hat / (v_hat.sqrt() + 1e-8), m, v",
            "import torch\n\n\ndef ema(old, new, beta):\n    return old * beta + new * (1 - beta)",
        ),
    ),
    "yogi, first step": (
        "yogi",
        tensor(
            "w, g, m, v, lr, step",
            "g2 = g * g\nm = torch.lerp(m, g, 0.1)\n"
            "if step <= 1:\n    v = torch.full_like(v, 1e-6)\n"
            "v = v - 0.001 * torch.sign(v - g2) * g2\n"
            "return lr * m / (v.abs().sqrt() + 0.001), m, v",
        ),
    ),
    "lookahead": (
        "lookahead",
        tensor(
            "w, g, m, slow, lr, step",
            "m = 0.9 * m + g\nfast = w - lr * m\nif step == 1:\n    slow = w.clone()\n"
            "if step % 5:\n    return w - fast, m, slow\nslow = torch.lerp(slow, fast, 0.5)\n"
            "return w - slow, m, slow",
        ),
    ),
    "cautious lion": (
        "cautious_lion",
        tensor(
            "w, g, m, lr",
            "u = torch.lerp(m, g, 0.1).sign()\nm.lerp_(g, 0.01)\nmask = u * g > 0\n"
            "return lr * (u * mask * (w.numel() / (mask.sum() + 1)) + 0.1 * w), m",
        ),
    ),
    "triangular": (
        "triangular",
        schedule("place = math.fmod(8 * step / total, 2)\nreturn 0.1 + 0.9 * (1 - abs(place - 1))"),
    ),
    "cosine warm-up": (
        "cosine_warmup",
        schedule(
            "warm = 0.05 * total\nprogress = max(step - warm, 0) / (total - warm)\n"
            "return min((step + 1) / warm, 0.1 + 0.45 * (1 + math.cos(math.pi * progress)))"
        ),
    ),
    "inverse square root": (
        "inverse_sqrt",
        schedule("warm = 0.1 * total\nreturn min((step + 1) / warm, math.sqrt(warm / (step + 1)))"),
    ),
}
"""Texts that may stay outside the language, where no cautious reading takes them in."""

SAME = "import torch\n\n\ndef same(x):\n    return x"
FIRST = "import torch\n\n\ndef first(a, b):\n    return a"
PICK = "import torch\n\n\ndef pick(c, a, b):\n    return a if c > 0 else b"
HALF = """import torch


def pos(x):
    return x > 0


def half(x):
    return torch.full_like(x, 0.5)
"""
MAX = "import torch\n\n\ndef max(x, y):\n    return x"

DIFFERENT: dict[str, str] = {
    "divides by what may be zero": tensor("w, g, lr", "return lr * g / g.abs()"),
    "root of what may be negative": tensor("w, g, lr", "return lr * torch.sqrt(g)"),
    "two names for one tensor": tensor(
        "w, g, m, lr", "old = m\nm.mul_(0.9).add_(g)\nreturn lr * old, m"
    ),
    "a state under two names": tensor(
        "w, g, m, v, lr", "m.mul_(0.9).add_(g)\nv.mul_(0.5)\nreturn lr * v, m, m"
    ),
    **{
        f"the same tensor, {name}": tensor(
            "w, g, m, lr, step",
            f"old = {value}\nm.lerp_(g, 0.1)\nreturn lr * (g + m - old), m",
            SAME,
        )
        for name, value in {
            "detached": "m.detach()",
            "detached by torch": "torch.detach(m)",
            "contiguous": "m.contiguous()",
            "with a plus": "+m",
            "on a condition": "m if step > 0 else g",
            "from a helper": "same(m)",
            "from a helper, by name": "same(x=m)",
        }.items()
    },
    "a state under two names, detached": tensor(
        "w, g, m, v, lr", "m.mul_(0.9).add_(g)\nv.mul_(0.5)\nreturn lr * v, m, +m.detach()"
    ),
    "a state under two names, from a helper by name": tensor(
        "w, g, m, v, lr", "m.mul_(0.9).add_(g)\nreturn lr * m, m, same(x=m)", SAME
    ),
    "one of several that a helper takes by name": tensor(
        "w, g, m, lr",
        "u = first(b=g * 2, a=m.detach())\nu.mul_(0.5)\nreturn lr * u, m",
        FIRST,
    ),
    "one that a helper picks by name": tensor(
        "w, g, m, lr, step",
        "u = pick(c=step - 10, a=m, b=g)\nu.mul_(0.5)\nreturn lr * u, m",
        PICK,
    ),
    "a gradient under two names": tensor("w, g, lr", "u = g.detach()\nu *= lr\nreturn u + g"),
    "reads what it has just changed": tensor(
        "w, g, m, lr", "m.mul_(0.9).add_(g).addcmul_(m, m, value=0.1)\nreturn lr * m, m"
    ),
    "a helper called max": tensor("w, g, lr", "return lr * max(g, g * g)", MAX),
    "adds truths": tensor("w, g, m, lr", "return lr * g * ((g > 0) + (m > 0)), g"),
    "adds truths in place": tensor(
        "w, g, m, lr", "up = (g > 0) * (w > 0)\nup += m > 0\nreturn lr * g * up, g"
    ),
    "fills truths": tensor(
        "w, g, m, lr", "up = g > 0\nreturn lr * g * torch.full_like(up, 0.5), g"
    ),
    **{
        f"truths that go through a helper, {name}": tensor(
            "w, g, m, lr", f"c = pos(g)\nh = {value}\nreturn lr * g * h, g", HALF
        )
        for name, value in {
            "filled": "torch.full_like(pos(g), 0.5)",
            "filled by name": "torch.full_like(c, 0.5)",
            "filled in a helper": "half(c)",
            "filled in a helper that is given a comparison": "half(x=m > 0)",
            "added": "torch.ones_like(c) + torch.ones_like(c)",
            "added as they are": "pos(g) + pos(x=m)",
        }.items()
    },
    "looks at single rows": tensor(
        "w, g, lr", "return lr * g / (g.norm(dim=-1, keepdim=True) + 1)"
    ),
    "depends on the shape": tensor("w, g, lr", "return lr * (g @ g.T @ g if g.ndim == 2 else g)"),
    "draws numbers": tensor("w, g, lr", "return lr * (g + torch.randn_like(g))"),
    "steep": tensor("w, g, lr", "return lr * torch.exp(g)"),
}
"""Texts that must not be read as programs of the language."""
