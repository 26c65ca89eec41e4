"""A genome as a `torch.nn.Module`; with `probe.py` the only door from here to torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from programs.errors import Fault
from programs.genome import Genome
from programs.kinds.architecture import at
from programs.kinds.networks.functions import attention, maps, mixing, pointwise, recurrent
from programs.kinds.networks.layer import Layer, Weight
from programs.kinds.networks.plan import Call, Recipe, recipe
from programs.spec import Spec


def build(genome: Genome, spec: Spec, generator: torch.Generator | None = None) -> Network | Fault:
    """Build a network for a task, initialised from a generator, or else torch's default one.

    It maps `[batch, *spec.shape]` to a batch of sequences, images or vectors. Parameters are named
    by canonical path and made in that order, so equal programs begin equal under equal seeds.
    """
    found = recipe(genome, at(spec))
    return found if isinstance(found, Fault) else Network(found, generator)


class Network(nn.Module):
    """The calls of a recipe, one after the other, with parameters of its own."""

    def __init__(self, recipe: Recipe, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.recipe = recipe
        self.weights = nn.ModuleDict(
            {path: _Weights(recipe.weights[path], generator) for path in sorted(recipe.weights)}
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply the network to a batch."""
        weights = {p: {**w._parameters, **w._buffers} for p, w in self.weights.items()}
        return run(self.recipe.calls, x, lambda call, _: weights[call.path], self.training)[
            self.recipe.result
        ]


def run(
    calls: Iterable[Call], x: Tensor, weights: Callable[[Call, Sequence[Any]], Any], training: bool
) -> dict[str, Tensor]:
    """Apply calls to a batch and return every value by name; `weights` gives a call its own."""
    values: dict[str, Any] = {"x": x}
    for call in calls:
        args = [values[v] if isinstance(v, str) else v for v in call.values]
        facts: Mapping[str, Any] = call.facts
        if "training" in call.layer.context:
            facts = {**facts, "training": training}
        own = weights(call, args) if call.path else {}
        values[call.target] = compiled(call.layer)(*args, **own, **facts)
    return values


class _Weights(nn.Module):
    """The weights at one path."""

    def __init__(self, weights: Mapping[str, Weight], generator: torch.Generator | None) -> None:
        super().__init__()
        for name, weight in weights.items():
            start = _initial(weight, generator)
            if weight.trained:
                self.register_parameter(name, nn.Parameter(start))
            else:
                self.register_buffer(name, start)


def _initial(weight: Weight, generator: torch.Generator | None) -> Tensor:
    """Draw a weight's first value."""
    value = torch.full(weight.shape, weight.mean)
    if weight.ramp is not None:
        value = value + torch.linspace(*weight.ramp, weight.shape[-1])
    if not weight.std:
        return value
    return value + weight.std * torch.randn(weight.shape, generator=generator)


@cache
def _scope() -> dict[str, Any]:
    scope: dict[str, Any] = {"torch": torch, "F": F}
    for module in (attention, maps, mixing, pointwise, recurrent):
        scope.update((n, f) for n, f in vars(module).items() if callable(f))
    return scope


@cache
def compiled(layer: Layer) -> Callable[..., Tensor]:
    """Return a layer's expression as a function; a weight that was not made is `None`."""
    # The texts run here are the vocabulary's own expressions, never a program's.
    values = [p.name for p in layer.params if p.attribute is None]
    facts = [p.name for p in layer.params if p.attribute and p.name not in layer.names]
    facts += [*layer.context, *(f"{n}=None" for n in layer.names)]
    params = ", ".join([*values, *(["*", *facts] if facts else [])])
    return eval(f"lambda {params}: {layer.expression}", _scope())
