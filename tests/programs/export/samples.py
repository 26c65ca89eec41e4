"""Programs to export, and the slow obvious way to run them that exports are held against."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from programs.errors import Fault
from programs.export.optimizer import export_optimizer
from programs.fingerprint import behaviour
from programs.interpret import plan
from programs.load import kind_named, library, make_program, read_program
from programs.operators.delete import OPERATOR as DELETE
from programs.operators.insert import OPERATOR as INSERT
from programs.operators.modify import OPERATOR as MODIFY
from programs.program import Program

SHAPES = ((5,), (4, 3), (), (2, 3, 4))
STEPS = 20
TOTAL = 40
LR = 0.01
KIND = kind_named("optimizer")


def program(source: str) -> Program:
    found = read_program(source, KIND)
    assert isinstance(found, Program), found
    return found


@cache
def mutants(count: int, seed: int) -> tuple[Program, ...]:
    """Return random descendants of the library that do something."""
    return tuple(_alive(count, np.random.default_rng(seed)))


def _alive(count: int, rng: np.random.Generator) -> Iterator[Program]:
    parents = [p.genome for p in library("optimizer").values() if p.genome is not None]
    seen: set[str] = set()
    while len(seen) < count:
        genome = parents[int(rng.integers(len(parents)))]
        for _ in range(int(rng.integers(2, 9))):
            operator = (INSERT, INSERT, MODIFY, DELETE)[int(rng.integers(4))]
            child = operator((genome,), KIND, rng)
            genome = genome if isinstance(child, Fault) else child
        made = make_program(genome, KIND)
        if isinstance(made, Program) and made.key not in seen and _trains(made):
            seen.add(made.key)
            yield made


def _trains(made: Program) -> bool:
    assert made.genome is not None
    return behaviour(made.genome, KIND).fault is None


@cache
def exported(made: Program) -> type[torch.optim.Optimizer]:
    """Return the class that the exported file defines, in a module that can be found again."""
    module = ModuleType(f"exported_{made.key}")
    sys.modules[module.__name__] = module
    exec(compile(export_optimizer(made, name="Exported"), module.__name__, "exec"), vars(module))
    return vars(module)["Exported"]


def optimizer(made: Program, params: Any, **options: Any) -> torch.optim.Optimizer:
    """Return the exported optimiser over parameters."""
    made_class = exported(made)
    known = inspect.signature(made_class).parameters
    if "total_steps" in known:
        options.setdefault("total_steps", TOTAL)
    options = {name: value for name, value in options.items() if name in known}
    return made_class(params, **{"lr": LR, **options})


def weights(dtype: torch.dtype, shapes: Sequence[tuple[int, ...]] = SHAPES) -> list[Tensor]:
    source = torch.Generator().manual_seed(3)
    return [
        torch.randn(s, generator=source, dtype=torch.float64).to(dtype).requires_grad_()
        for s in shapes
    ]


Gradients = Callable[[Sequence[Tensor], int], list[Tensor]]


def gradients(params: Sequence[Tensor], step: int) -> list[Tensor]:
    """Return gradients that do not depend on the weights, so that errors do not grow."""
    source = torch.Generator().manual_seed(100 + step)
    draws = (torch.randn(p.shape, generator=source, dtype=torch.float64) for p in params)
    return [d.to(p.dtype) for d, p in zip(draws, params, strict=True)]


def trained(
    opt: torch.optim.Optimizer,
    params: Sequence[Tensor],
    steps: range,
    given: Gradients = gradients,
) -> list[Tensor]:
    """Take steps and return copies of the weights."""
    for step in steps:
        for p, g in zip(params, given(params, step), strict=True):
            p.grad = g
        opt.step()
    return [p.detach().clone() for p in params]


def interpreted(
    made: Program, params: Sequence[Tensor], steps: int = STEPS, given: Gradients = gradients
) -> list[Tensor]:
    """Take the same steps with the interpreter, on matrix views."""
    # A comparison is 1.0 or 0.0 of torch's default type, which would narrow what it meets.
    before = torch.get_default_dtype()
    torch.set_default_dtype(params[0].dtype)
    try:
        return _interpreted(made, params, steps, given)
    finally:
        torch.set_default_dtype(before)


def _interpreted(
    made: Program, params: Sequence[Tensor], steps: int, given: Gradients
) -> list[Tensor]:
    assert made.genome is not None
    function = made.genome.main
    run = plan(function, KIND, torch)
    states = KIND.entry.states(function)
    w = [_matrix(p.detach().clone()) for p in params]
    dtype = torch.float64
    inputs: dict[str, Any] = {
        "lr": torch.tensor(LR, dtype=dtype),
        "total": torch.tensor(float(TOTAL), dtype=dtype),
        **{s: [torch.zeros_like(x) for x in w] for s in states},
    }
    for step in range(1, steps + 1):
        g = [_matrix(x) for x in given(params, step)]
        inputs.update(w=w, g=g, step=torch.tensor(float(step), dtype=dtype))
        delta, *new = run(inputs, len(w))
        inputs.update(zip(states, new, strict=True))
        w = [x - d for x, d in zip(w, delta, strict=True)]
    return [x.reshape(p.shape) for x, p in zip(w, params, strict=True)]


def _matrix(x: Tensor) -> Tensor:
    return x.reshape(len(x), math.prod(x.shape[1:])) if x.ndim else x.reshape(1, 1)


def difference(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> float:
    """Return the largest relative difference (absolute below 0.1); equal NaN are none."""
    worst = 0.0
    for a, b in zip(found, wanted, strict=True):
        apart = ~((a == b) | (a.isnan() & b.isnan()))
        if not apart.any():
            continue
        gap = (a.double() - b.double()).abs()[apart] / (b.double().abs()[apart] + 0.1)
        worst = max(worst, math.inf if gap.isnan().any() else float(gap.max()))
    return worst
