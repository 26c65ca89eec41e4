"""How small a change of one constant shows in a program of which nothing but signs comes out.

There the probes are weakest: an output changes only where the change turns a sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from programs.fingerprint import fingerprint
from programs.load import kind_named
from tests.programs.equivalence.judge import read

EACH = 45
"""Programs drawn of each form."""

FORMS = (
    "m: n = lerp(m, g, RATE); lr * sign(lerp(m, g, RATE)), n",
    "m: n = lerp(m, g, RATE); lr * sign(n), n",
    "m: n = KEPT * m + g; lr * sign(g + KEPT * n), n",
    "m: n = lerp(m, g, RATE); lr * g * (n * g > 0), n",
    "a, b: c = lerp(a, g, RATE); d = lerp(b, g, RATE); lr * sign(c - d), c, d",
    "m, v: n = lerp(m, g, RATE); u = lerp(v, g * g, RATE); "
    "lr * sign(n) * (abs(n) > SIZE * sqrt(u)), n, u",
    "m: n = lerp(m, g, RATE); lr * (abs(g) > SIZE * abs(n)), n",
    "m: n = lerp(m, g, RATE); lr * sign(g) * where(g > SIZE * n, 1.2, 0.5), n",
    "m: n = lerp(m, g, RATE); lr * sign(n + SIZE * w), n",
    "m: n = lerp(m, g, RATE); u = sign(lerp(m, g, RATE)); lr * u * (u * g > 0), n",
    "v: n = lerp(v, g * g, RATE); lr * sign(g * g - SIZE * n), n",
    "m: n = lerp(m, g, RATE); lr * (sign(g + SIZE * w) + sign(n)), n",
)
"""States, statements and returns; words in capitals are constants to be drawn."""

TOLD = {0.01: 0.6, 0.03: 0.78, 0.10: 0.87}
"""The share of pairs that must be told apart, by how much the constant is changed."""


@pytest.mark.parametrize("change", TOLD)
def test_signs_show_a_changed_constant(change: float) -> None:
    kind = kind_named("optimizer")
    apart = [
        fingerprint(read(one, kind, ""), kind) != fingerprint(read(other, kind, ""), kind)
        for one, other in pairs(change, np.random.default_rng(7))
    ]
    told = sum(apart) / len(apart)
    print(f"{change:.0%} off: {told:.1%} of {len(apart)} pairs told apart")
    assert told >= TOLD[change]


def pairs(change: float, rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Yield programs twice, the second time with one of their constants changed."""
    for form in FORMS:
        names = re.findall("|".join(_DRAWN), form)
        for _ in range(EACH):
            shares = [_DRAWN[name](rng) for name in names]
            moved = list(shares)
            moved[rng.integers(len(names))] *= 1 + change
            yield _written(form, names, shares), _written(form, names, moved)


_DRAWN = {
    "RATE": lambda rng: 10.0 ** rng.uniform(-2.3, -0.4),
    "KEPT": lambda rng: 10.0 ** rng.uniform(-2.0, -0.4),
    "SIZE": lambda rng: 10.0 ** rng.uniform(-1.0, 0.7),
}
"""How constants are drawn; what is kept is written as one minus the share that is drawn."""


def _written(form: str, names: list[str], shares: list[float]) -> str:
    states, _, text = form.partition(": ")
    for name, share in zip(names, shares, strict=True):
        text = text.replace(name, repr(1 - share if name == "KEPT" else share), 1)
    *lines, result = text.split("; ")
    return "\n    ".join([f"def update(w, g, {states}, lr):", *lines, f"return {result}\n"])
