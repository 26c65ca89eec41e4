"""A network's calls on arrays in double precision, there and back.

Where a layer has a rule, numpy does it; torch and its derivatives do the others, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from programs.kinds.networks.backwards import RULES
from programs.kinds.networks.backwards.arrays import Array, Back, Repeated, tensor
from programs.kinds.networks.backwards.stepping import REPEATING
from programs.kinds.networks.build import compiled
from programs.kinds.networks.plan import Call

Own = Mapping[str, Array | Repeated]
"""A call's weights by name."""

Weights = Callable[[Call, Sequence[Any]], Own]


def there_and_back(
    calls: Iterable[Call], x: Array, weights: Weights, result: str
) -> tuple[Array, Callable[[Array], Array]]:
    """Apply calls to a batch; return the result, and what takes its gradient to that of `x`.

    `weights` gives a call its own, having seen what it is applied to.
    """
    values: dict[str, Any] = {"x": x}
    tape: list[tuple[Call, Back]] = []
    for call in calls:
        args = [values[v] if isinstance(v, str) else v for v in call.values]
        values[call.target], back = applied(call, args, weights(call, args) if call.path else {})
        tape.append((call, back))

    def backwards(gradient: Array) -> Array:
        found: dict[Any, Array] = {result: gradient}
        for call, back in reversed(tape):
            if (at := found.pop(call.target, None)) is None:
                continue
            for name, share in zip(call.values, back(at), strict=True):
                if share is not None:
                    found[name] = found[name] + share if name in found else share
        return found.get("x", np.zeros_like(x))

    return values[result], backwards


def applied(call: Call, args: Sequence[Any], own: Own) -> tuple[Array, Back]:
    """Apply one layer as it is when judged, and return the way back through it."""
    facts: Mapping[str, Any] = call.facts
    if "training" in call.layer.context:
        facts = {**facts, "training": False}
    rule = RULES.get(call.layer.expression)
    whole = own if call.layer.expression in REPEATING else _whole(own)
    found = rule(*args, **whole, **facts) if rule else None
    return found or by_torch(call, args, own, facts)


def _whole(own: Own) -> Mapping[str, Array]:
    return {name: w.whole() if isinstance(w, Repeated) else w for name, w in own.items()}


def by_torch(
    call: Call, args: Sequence[Any], own: Own, facts: Mapping[str, Any]
) -> tuple[Array, Back]:
    """Do the same by torch and its derivatives, with all that the layer is told in `facts`."""
    given = [tensor(a).requires_grad_() if isinstance(a, np.ndarray) else a for a in args]
    y = compiled(call.layer)(*given, **{n: tensor(w) for n, w in _whole(own).items()}, **facts)
    places = [place for place, a in enumerate(given) if isinstance(a, torch.Tensor)]

    def back(gradient: Array) -> tuple[Array | None, ...]:
        felt = [given[place] for place in places]
        shares = torch.autograd.grad(y, felt, tensor(gradient), materialize_grads=True)
        found: list[Array | None] = [None] * len(given)
        for place, share in zip(places, shares, strict=True):
            found[place] = share.numpy()
        return tuple(found)

    return y.detach().numpy(), back
