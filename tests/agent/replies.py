"""What models say, good and bad: the scripted set that tests and figures are made from."""

from __future__ import annotations

from tests.agent.server import Reply


def fenced(body: str, params: str = "w, g, m, lr", before: str = "", after: str = "") -> str:
    lines = "\n".join(f"    {line}" for line in body.strip().split("\n"))
    return f"{before}```python\ndef update({params}):\n{lines}\n```{after}"


GOOD = (
    fenced("m = lerp(m, g, 0.05)\nreturn lr * m / (rms(m) + 1e-8), m", before="Scale by RMS.\n\n"),
    fenced("m = lerp(m, g, 0.1)\nreturn lr * tanh(m / (row_norm(m) + 1e-6)), m"),
    "Momentum, then a soft sign.\n\ndef update(w, g, m, lr):\n    m = 0.95 * m + g\n"
    "    return lr * m / (abs(m) + rms(m) + 1e-8), m\n\nThis keeps small entries small.",
    '{"rationale": "cube root", "program": "def update(w, g, m, lr):\\n    m = lerp(m, g, 0.2)\\n'
    '    return lr * cbrt(m), m\\n"}',
    "1. First\n"
    + fenced("m = lerp(m, g, 0.02)\nreturn lr * sign(m) * rms(g), m")
    + "\n\n2. Second\n"
    + fenced("m = maximum(0.9 * m, square(g))\nreturn lr * g / sqrt(m + 1e-8), m"),
    "```python\nimport torch\n\n"
    "def update(w, g, v, lr):\n    v = 0.99 * v + 0.01 * torch.square(g)\n"
    "    return lr * g / (torch.sqrt(v) + 1e-8), v\n```",
)

REPAIRABLE = (
    fenced("m = lerp(m, g, 0.1)\nreturn lr * softsign(m), m"),
    fenced("if step > 10:\n    m = g\nreturn lr * m, m", params="w, g, m, lr, step"),
    fenced("return lr * grads", params="params, grads, lr"),
    "```python\nimport torch\n\n"
    "class Mine(torch.optim.Optimizer):\n    def step(self):\n"
    "        for p in self.params:\n            p.data.add_(p.grad, alpha=-0.1)\n```",
    Reply(
        ("```python\ndef update(w, g, m, lr):\n    m = lerp(m, g, 0.1)\n    u = m /",),
        finish="length",
    ),
    '{"program": "def update(w, g, m, lr):\n  return lr * g',
    "```javascript\nfunction update(w, g, lr) { return lr * g; }\n```",
    "I would scale the momentum by the root mean square of its rows, which is cheap and robust.",
    "",
    fenced("return 0.5 * lr * m, m"),
)

HOPELESS = ("I'm sorry, but I can't help with designing optimisers.",)

TROUBLED = (
    Reply(status=429, headers={"retry-after": "0"}),
    Reply(status=500),
    Reply(raw="<html>bad gateway", status=502),
)
