"""A rule on many replicas of a model at once, each with a state and a learning rate of its own.

One call under `torch.vmap` serves all replicas, where the rule allows it: it may not branch on
values, draw random numbers, or make plain numbers of tensors. One that does is called replica by
replica from then on, with a plain number for the learning rate, which is what it was written for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as trees

from evaluators.harness.freeform.text import Rule

_PLAIN = (int, float, bool, str, type(None))


class _NotStackable(Exception):
    """Raise where a state holds what cannot be stacked."""


class Batch:
    """`R` replicas under one rule; tensors carry the axis of replicas in front."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.together = True
        self.begun = False
        self.stacked: Any = None
        self.apart: list[Any] = []

    def step(
        self, params: list[Tensor], grads: list[Tensor], rates: Tensor, step: int, total: int
    ) -> list[Tensor]:
        """Return what is subtracted from the parameters; they are the rule's own to change."""
        if self.together:
            found = self._all_at_once(params, grads, rates, step, total)
            if found is not None:
                return found
            self._part(len(rates))
        return self._one_by_one(params, grads, rates, step, total)

    def keep(self, places: Tensor) -> None:
        """Go on with the replicas at these places only."""
        self.stacked = _mapped(lambda x: x[places], self.stacked)
        if self.apart:
            self.apart = [self.apart[int(place)] for place in places]

    def _all_at_once(
        self, params: list[Tensor], grads: list[Tensor], rates: Tensor, step: int, total: int
    ) -> list[Tensor] | None:
        """Serve all replicas in one call; `None` where the rule does not allow it."""
        update = self.rule.update
        try:
            before = self.stacked if self.begun else _stacked_call(self.rule.init, _own(params))

            def advance(w: Any, g: Any, state: Any, lr: Any) -> Any:
                return update(w, g, state, lr, step, total)

            # Copies: a call that fails half-way must not leave half a change behind.
            deltas, after = _stacked_call(advance, _own(params), _own(grads), _own(before), rates)
        except Exception:
            return None
        self.stacked, self.begun = after, True
        return deltas

    def _part(self, count: int) -> None:
        """Give each replica its own state, or none yet."""
        self.together = False
        if self.begun:
            self.apart = [_mapped(lambda x, i=i: x[i].clone(), self.stacked) for i in range(count)]
        self.stacked = None

    def _one_by_one(
        self, params: list[Tensor], grads: list[Tensor], rates: Tensor, step: int, total: int
    ) -> list[Tensor]:
        rows = []
        for i, lr in enumerate(rates.tolist()):
            w, g = ([x[i].clone() for x in xs] for xs in (params, grads))
            if not self.begun:
                self.apart.append(self.rule.init([x.clone() for x in w]))
            deltas, self.apart[i] = self.rule.update(w, g, self.apart[i], lr, step, total)
            rows.append(deltas)
        self.begun = True
        return [torch.stack(column) for column in zip(*rows, strict=True)]


def _stacked_call(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function once for all replicas; what it returns may hold plain values too."""
    leaves, shape = trees.tree_flatten(args)
    found: list[tuple[list[Any], Any]] = []

    def inner(*tensors: Tensor) -> tuple[Tensor, ...]:
        given = iter(tensors)
        whole = [next(given) if isinstance(x, Tensor) else x for x in leaves]
        out, shape_out = trees.tree_flatten(function(*trees.tree_unflatten(whole, shape)))
        if any(not isinstance(x, Tensor | _PLAIN) for x in out):
            raise _NotStackable
        plain = [None if isinstance(x, Tensor) else x for x in out]
        found.append(([isinstance(x, Tensor) for x in out], (plain, shape_out)))
        # vmap wants at least one result.
        return (tensors[0].new_zeros(()), *(x for x in out if isinstance(x, Tensor)))

    tensors = [x for x in leaves if isinstance(x, Tensor)]
    results = iter(torch.vmap(inner)(*tensors)[1:])
    is_tensor, (plain, shape_out) = found[-1]
    out = [next(results) if t else x for t, x in zip(is_tensor, plain, strict=True)]
    return trees.tree_unflatten(out, shape_out)


def _own(tree: Any) -> Any:
    return _mapped(torch.clone, tree)


def _mapped(function: Callable[[Tensor], Tensor], tree: Any) -> Any:
    return trees.tree_map(lambda x: function(x) if isinstance(x, Tensor) else x, tree)
