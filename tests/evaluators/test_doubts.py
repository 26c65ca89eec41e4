"""An optimiser that is written the other way round is doubted, and no program of the library is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evaluators import freeform
from evaluators.examine import examine
from programs.load import kind_named, library
from sandbox import ProcessSandbox
from tests.programs.freeform.corpus import FREE, LOWERED

OPTIMIZER = kind_named("optimizer")
ADAM = "m = lerp(m, g, 0.1)\nv = lerp(v, g * g, 0.001)\nu = m / (sqrt(v) + 1e-8)\n"
TORCH = "import torch\n"


@pytest.fixture(scope="module")
def probing() -> Iterator[ProcessSandbox]:
    """Our own texts, which do no harm, need no cage."""
    with ProcessSandbox(1, freeform.PROBING, tier="process", unsafe=True) as sandbox:
        yield sandbox


def doubts(source: str, sandbox: ProcessSandbox) -> list[str]:
    checks = list(examine(source, OPTIMIZER, sandbox))
    assert not any(check.fault for check in checks), checks
    return [check.doubt for check in checks if check.doubt]


def update(params: str, body: str, above: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"{above}def update({params}):\n{lines}"


@pytest.mark.parametrize("name", library("optimizer"))
def test_no_program_of_the_library_is_doubted(name: str, probing: ProcessSandbox) -> None:
    assert doubts(library("optimizer")[name].source, probing) == []


@pytest.mark.parametrize("case", [c for c in LOWERED | FREE if "update" in (LOWERED | FREE)[c][1]])
def test_nor_is_one_in_pytorch(case: str, probing: ProcessSandbox) -> None:
    assert doubts((LOWERED | FREE)[case][1], probing) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (update("w, g, lr", "return w - lr * g"), "the new weight"),
        (update("w, g", "return w - 0.01 * sign(g)"), "the new weight"),
        (update("w, g, m, lr", "m = 0.9 * m + g\nw = w - lr * m\nreturn w, m"), "the new weight"),
        (update("w, g, m, v, lr", ADAM + "return w * (1 - lr) - lr * u, m, v"), "the new weight"),
        (update("w, g, lr", "return torch.sub(w, lr * g)", TORCH), "the new weight"),
        (update("w, g, lr", "return w - lr * g.flip(0)", TORCH), "the new weight"),
        (update("w, g, lr", "return -lr * g"), "up the gradient"),
        (update("w, g, lr", "return -lr * (sign(g) + 0.1 * w)"), "up the gradient"),
        (update("w, g, m, lr", "m = 0.9 * m - lr * g\nreturn m, m"), "up the gradient"),
        (update("w, g, m, v, lr", ADAM + "return -lr * u, m, v"), "up the gradient"),
        (update("w, g, lr", "return lr * orthogonalize(-g)"), "up the gradient"),
        (update("w, g, lr", "return -g.flip(0).flip(0) * lr", TORCH), "up the gradient"),
        (update("w, g, lr", "w = w - lr * 0.1 * w\nreturn lr * g"), "`w` is changed"),
        (update("w, g, lr", "w *= 1 - lr\nreturn lr * g"), "`w` is changed"),
        (update("w, g, lr", "w.mul_(1 - lr).add_(g)\nreturn lr * g", TORCH), "`w` is changed"),
    ],
)
def test_what_is_the_other_way_round_is_doubted(
    source: str, told: str, probing: ProcessSandbox
) -> None:
    (doubt,) = doubts(source, probing)
    assert told in doubt


def test_a_weight_that_is_changed_and_read_is_not(probing: ProcessSandbox) -> None:
    assert doubts(update("w, g, lr", "w = w * 0.1\nreturn lr * (g + w)"), probing) == []
