"""The exported file computes what the interpreter computes."""

from __future__ import annotations

import pytest
import torch

from programs.load import in_language, library
from programs.program import Program
from tests.programs.export.samples import (
    STEPS,
    difference,
    interpreted,
    mutants,
    optimizer,
    program,
    trained,
    weights,
)

MUTANTS = 80
CHAOTIC = 1e-3
"""Where rounding alone moves the weights this far, there is no one answer to agree with."""

PATHS = tuple({"foreach": f, "capturable": c} for f in (True, False) for c in (True, False))


def agrees(made: Program, dtype: torch.dtype) -> bool | None:
    """Compare all paths with the interpreter; `None` where rounding decides the result."""
    double = interpreted(made, weights(torch.float64))
    single = interpreted(made, weights(torch.float32))
    rounding = difference(single, [x.float() for x in double])
    overflows = any((x.isfinite() & ~x.float().isfinite()).any() for x in double)
    if rounding > CHAOTIC or overflows:
        return None
    wanted = double if dtype is torch.float64 else single
    # In single precision an equal formula written otherwise may be wrong by a few roundings.
    tolerance = 1e-6 if dtype is torch.float64 else max(1e-5, 32 * rounding)
    for options in PATHS:
        params = weights(dtype)
        found = trained(optimizer(made, params, **options), params, range(1, STEPS + 1))
        if difference(found, wanted) > tolerance:
            return False
    return True


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", in_language("optimizer"))
def test_library_agrees_with_the_interpreter(name: str, dtype: torch.dtype) -> None:
    assert agrees(library("optimizer")[name], dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_mutants_agree_with_the_interpreter(dtype: torch.dtype) -> None:
    verdicts = {made.source: agrees(made, dtype) for made in mutants(MUTANTS, seed=22)}
    assert [source for source, verdict in verdicts.items() if verdict is False] == []
    assert sum(verdict is True for verdict in verdicts.values()) >= 60


HARD = {
    "states that change places": "return lr * (g + m * v), v, m",
    "a state that becomes the gradient": "return lr * m, g, lerp(v, m, 0.1)",
    "a state that becomes the weight": "return lr * (g + m), w, lerp(v, m, 0.1)",
    "old and new values in one sum": "return lr * m, lerp(m, g, 0.5), lerp(v, m, 0.2)",
    "a guard that vanishes must not lend memory": """v = lerp(v, square(g), 0.1)
    return lr * g / (sqrt(abs(v)) + abs(v) + m + 2), m, v""",
    "a name that is bound to other sizes": """lr = lr * 0.5
    m = lerp(m, g, lr)
    lr = lr * w
    return lr + m, m, v + m""",
    "scalars that need more than arithmetic": """c = cos(step) / (step - 3)
    v = v + c * g
    return where(step > 2, lr, 2 * lr) * maximum(c, v) + m, clip(m + g, c), v""",
    "two norms of the whole model": """g = clip_by_global_norm(g, 0.5)
    m = lerp(m, g, 0.1)
    return lr * m / maximum(global_norm(m), total / 100), m, v + global_norm(w)""",
    "the sign of what is not a number": """m = lerp(m, g, 0.1)
    c = sign((step - 5) ** 0.5)
    return lr * (sign(m ** 0.3) + c * g), m, v""",
    "noise over the model, of shapes that differ": """g = clip_by_global_norm(g, 0.5)
    v = noise(row_mean(g), step) + noise(g, 2 * total) * norm(noise(w, norm(g)))
    return lr * v * global_norm(m), m + g, v""",
    "what follows from shapes alone": """m = lerp(m, g, 1 / numel(w))
    v = where(row_count(g) - 4, m, numel(w)) + sqrt(row_count(w) - 3) * cube(column_count(w))
    return lr * minimum(v, square(numel(w))) / maximum(2, 3 - column_count(w)) * step, m, -m""",
    "what is read through a transpose": """t = transpose(m)
    m = lerp(m, g, 0.1)
    u = transpose(t) * norm(t @ m)
    v = v + u
    return lr * (u - transpose(abs(transpose(square(m))))), m, v""",
    "rows of a state whose old value is gone": """r = row_norm(m)
    m = lerp(m, g, 0.1)
    c = column_mean(m) * r
    v = lerp(v, r * column_norm(v), 0.5)
    return lr * (c + row_mean(v) * m + norm(w) * w), m, v""",
    "a limit of each tensor's own": """g = clip_by_global_norm(g, norm(w))
    m = lerp(m, clip_by_global_norm(orthogonalize(g), 0.3), 0.1)
    v = v + global_norm(row_mean(m)) * noise(m, 2)
    return lr * v / numel(w) * (row_count(w) - 1), m, v""",
    "a state that is averaged with itself": """m = lerp(m, 0.5 * m, 0.1)
    v = lerp(v, g + v, 0.1)
    return lr * (v + m + g), m, v""",
    "a weight's name for a number": """m = lerp(m, g + w, 0.1)
    w = column_count(w)
    return lr * where(w - 1, m, v), m, v + g""",
    "constants that make no number": """k = (-0.8)**1.5
    m = m + (k > 0) + (0**(-1) > 1)
    return lr * (g + m) * (1 + ((-2)**0.5 > 0)), m, v""",
    "constants beyond all numbers": """k = (1e30**9)**(1 + 0.5)
    c = square(1e30**6) + cube(1e30**4)
    return lr * g * minimum(k, 2) * minimum(c, 1), m, v""",
    "shared values beyond all numbers": """c = square(1e30 * step)
    c = square(square(c)) * c
    return lr * g * minimum(square(c) + cube(c), 2), m, v""",
    "names that the fixed parts use": """group = sqrt(sin(step))
    shared = group * cos(step)
    m = lerp(m, g, group)
    state = shared + m
    row = norm(state)
    return lr * (m + state * shared / row), m, v""",
    "names that are letters": """g = clip_by_global_norm(g, 1)
    m = lerp(m, row_mean(g), 0.1)
    a = clip_by_global_norm(m, 0.5)
    b = a * a
    return lr * a + b, m, v + b""",
    "rows, columns and products": """v = lerp(v, row_mean(square(g)) * column_mean(square(g)), 0.1)
    m = g @ transpose(g) @ m / (1 + norm(g)**2) + g
    return lr * transpose(transpose(m)) / (sqrt(v) + cosine_sim(g, w)), m, v""",
}


@pytest.mark.parametrize("name", HARD)
def test_what_is_hard_to_do_in_place_agrees_too(name: str) -> None:
    made = program(f"def update(w, g, m, v, lr, step, total):\n    {HARD[name]}\n")
    assert agrees(made, torch.float64)
