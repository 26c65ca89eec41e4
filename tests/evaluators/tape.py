"""A recorder for the CPU that is as strict as a CUDA graph.

It notes every operation on tensors, at the places where they lie, and undoes what they changed: to
record is not to do. A replay runs no Python of the work. What was read from the host meanwhile (a
step's number, the outcome of a branch) is frozen, and reading a value from the device is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.utils import _pytree as trees
from torch.utils._python_dispatch import TorchDispatchMode

from evaluators.harness.capture import RecordingError, Work

_REFUSED = {
    "aten::_local_scalar_dense": "a value was read from the device",
    "aten::lift_fresh": "a number was copied to the device",
    "aten::nonzero": "a size was read from the device",
}


class Tape:
    """The stand-in for `capture.Graphs`; `made` has all of them, for tests to look at."""

    made: ClassVar[list[Tape]] = []

    def __init__(self) -> None:
        self.warmed = self.recorded = self.replayed = 0
        Tape.made.append(self)

    def aside(self, work: Work) -> None:
        self.warmed += 1
        work()

    def record(self, work: Work) -> Work:
        notes = _Notes()
        try:
            with notes:
                work()
        except RuntimeError as error:
            raise RecordingError(str(error)) from error
        finally:
            notes.undo()
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            notes.replay()

        return replay


class _Notes(TorchDispatchMode):
    """Operations in their order: what was called with what, and what came out."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Callable[..., Any], Any, Any, Any]] = []
        self.before: list[tuple[Tensor, Tensor]] = []
        self.made: list[Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name
        if name in _REFUSED:
            raise RuntimeError(
                f"operation not permitted when stream is capturing: {_REFUSED[name]}"
            )
        given = kwargs or {}
        for place, argument in enumerate(func._schema.arguments):
            if argument.alias_info is not None and argument.alias_info.is_write:
                changed = given.get(argument.name, args[place] if place < len(args) else None)
                self.before += [(t, t.clone()) for t in _tensors(changed)]
        out = func(*args, **given)
        self.calls.append((func, args, given, out))
        known = {_place(t) for t in _tensors((args, given))}
        self.made += [t for t in _tensors(out) if _place(t) not in known]
        return out

    @torch.no_grad()
    def undo(self) -> None:
        """Put back what was changed, and spoil what was made: nothing has been computed yet."""
        for tensor, before in reversed(self.before):
            tensor.copy_(before)
        for tensor in self.made:
            tensor.fill_(float("nan") if tensor.is_floating_point() else 0)

    @torch.no_grad()
    def replay(self) -> None:
        for func, args, given, out in self.calls:
            for place, value in zip(_tensors(out), _tensors(func(*args, **given)), strict=True):
                if _place(place) != _place(value):
                    place.copy_(value)


def _tensors(tree: Any) -> Iterator[Tensor]:
    return (leaf for leaf in trees.tree_leaves(tree) if isinstance(leaf, Tensor))


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
