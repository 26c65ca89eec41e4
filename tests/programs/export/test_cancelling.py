"""What cancels in a program cancels in the exported file, on every path, and nothing else does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from programs.export import export
from programs.load import library
from programs.program import Program
from tests.programs.export.samples import (
    Gradients,
    difference,
    gradients,
    interpreted,
    optimizer,
    program,
    trained,
    weights,
)

STEPS = 12

CANCELLING = {
    "one minus one minus": """v = lerp(v, square(g), 0.1)
    keep = 1 - v
    return lr * g / (sqrt(1 - keep) + 1e-8), m, v""",
    "a power that fades beside one": "return lr * sign(1 - (1 - g**step)), m, v",
    "a quotient of what is left": "return lr * m / (1 - (1 - square(g))), g, v",
    "one added and taken away": "return lr * sign((1 + g) - 1), m, v",
    "through a scale": "return lr * sign(3 * (g - m)), g, v",
    "through a divisor": "return lr * sign((g - m) / 3), g, v",
    "a scale over one minus": "return lr * sign(0.3 - 0.3 * (1 - g)), m, v",
    "a product and its own value": "return lr * sign(v - square(g)), m, square(g)",
    "a scaled gradient and its own value": "return lr * sign(m - 0.3 * g), 0.3 * g, v",
    "a state beside itself": """m = m - (m - g)
    return lr * sign(m), m, v""",
    "an average with its negative": """m = lerp(m, g - 9 * m, 0.1)
    return lr * g / (abs(m) + 1), m, v""",
    "beyond the ends of an average": """m = lerp(g, v, 1e6)
    return lr * sign(g - m), m, g""",
    "beyond the ends, by a shared value": """m = lerp(g, v, 1e6 * step)
    return lr * sign(g - m), m, g""",
    "the weight and its negative": "return w - (w - lr * g), m, v",
    "most of the weight": "return lr * 99 * w + lr * g, m, v",
    "two large terms": "return lr * (1e6 * m - 1e6 * g), g, v",
    "a large and a small term": "return lr * ((m + 1e6) - 1e6), g, v",
    "three terms": """m = (m + 1e4) - (1e4 - g)
    return lr * m, m, v""",
    "two averages": """m = lerp(m, g, 0.1)
    v = lerp(v, lerp(m, g, 0.1), 0.2)
    return lr * sign(v - (v - m)), m, v""",
    "shared values": """c = 1 - 0.9**step
    return lr * sign((c - (c - g)) * step), m, v""",
    "a norm of the model": """n = global_norm(g)
    return lr * (n - (n - g)) / (n + 1e-8), m, v""",
}


def cancelling(name: str) -> Program:
    return program(f"def update(w, g, m, v, lr, step, total):\n    {CANCELLING[name]}\n")


def constant(params: Sequence[Tensor], step: int) -> list[Tensor]:
    """Give the same gradients at every step."""
    return gradients(params, 1)


def scaled(given: Gradients, scale: float) -> Gradients:
    return lambda params, step: [scale * g for g in given(params, step)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", CANCELLING)
def test_sums_keep_their_order(name: str, dtype: torch.dtype) -> None:
    made = cancelling(name)
    for scale in (1.0, 1e-4, 1e-9):
        for given in (scaled(gradients, scale), scaled(constant, scale)):
            wanted = interpreted(made, weights(dtype), STEPS, given)
            for foreach in (True, False):
                params = weights(dtype)
                opt = optimizer(made, params, foreach=foreach)
                found = trained(opt, params, range(1, STEPS + 1), given)
                assert difference(found, wanted) < 1e-5


def test_the_step_of_adamw_stays_fused() -> None:
    text = export(library("optimizer")["adamw"])
    lists = text[text.index("def update_foreach_") :].split("\n\n\n")[0]
    operations = lists.splitlines()[2:]
    assert len(operations) == 8
