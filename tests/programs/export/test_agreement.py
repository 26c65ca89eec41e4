"""The exported file computes what the interpreter computes."""

from __future__ import annotations

import pytest
import torch

from programs.load import library
from programs.program import Program
from tests.programs.export.samples import (
    STEPS,
    difference,
    interpreted,
    mutants,
    optimizer,
    trained,
    weights,
)

MUTANTS = 80
CHAOTIC = 1e-3
"""Where rounding alone moves the weights this far, there is no one answer to agree with."""

PATHS = ({}, {"foreach": False}, {"capturable": True}, {"foreach": False, "capturable": True})


def agrees(made: Program, dtype: torch.dtype) -> bool | None:
    """Compare all paths with the interpreter; `None` where rounding decides the result."""
    double = interpreted(made, weights(torch.float64))
    single = interpreted(made, weights(torch.float32))
    rounding = difference(single, [x.float() for x in double])
    if rounding > CHAOTIC:
        return None
    wanted = double if dtype is torch.float64 else single
    tolerance = 1e-6 if dtype is torch.float64 else max(1e-6, 8 * rounding)
    for options in PATHS:
        params = weights(dtype)
        found = trained(optimizer(made, params, **options), params, range(1, STEPS + 1))
        if difference(found, wanted) > max(
            tolerance, 1e-6, 4 * rounding * (dtype != torch.float64)
        ):
            return False
    return True


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", library("optimizer"))
def test_library_agrees_with_the_interpreter(name: str, dtype: torch.dtype) -> None:
    assert agrees(library("optimizer")[name], dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_mutants_agree_with_the_interpreter(dtype: torch.dtype) -> None:
    verdicts = {made.source: agrees(made, dtype) for made in mutants(MUTANTS, seed=1)}
    assert [source for source, verdict in verdicts.items() if verdict is False] == []
    assert sum(verdict is True for verdict in verdicts.values()) >= 60
