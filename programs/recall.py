"""Values that programs have in common are computed once.

A child computes what its parent did, but for what lies downstream of one change; and half of all
changes change nothing. So a value on fixed inputs is known by how it came about, the op and the
numbers of its arguments, and one that is bit for bit another is that other. What has long not been
asked for is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import count
from operator import attrgetter
from typing import Any

import numpy as np

MOST = 512
"""What is remembered since the last time that something was forgotten; as much from before that."""

MOST_CONSTANTS = 10_000

_SKETCH = 97
"""Every so-manieth element tells nearly all values apart."""

_number = attrgetter("number")


class Known:
    """A value and the number that stands for it in the calls that read it; no number comes twice.

    `plain` says that no op which looks beyond single elements has had a part in it. `shown` is the
    value as the result of a program, once it has been one.
    """

    __slots__ = ("number", "plain", "shown", "value")

    def __init__(self, number: int, value: Any, plain: bool) -> None:
        self.number, self.value, self.plain = number, value, plain
        self.shown: np.ndarray | None = None


class Recent(dict[Hashable, Known]):
    """What was stored or asked for of late."""

    def __init__(self) -> None:
        super().__init__()
        self.older: dict[Hashable, Known] = {}

    def __missing__(self, key: Hashable) -> Known | None:
        known = self.older.get(key)
        if known is not None:
            self.store(key, known)
        return known

    def store(self, key: Hashable, known: Known) -> None:
        """Remember a value; forget what was asked for neither lately nor shortly before."""
        if len(self) >= MOST:
            self.older = dict(self)
            self.clear()
        self[key] = known


class Recall:
    """Remember values by what computes them; `compute` gives one and whether it is plain."""

    def __init__(self, compute: Callable[[str, Sequence[Known]], tuple[Any, bool]]) -> None:
        self.compute = compute
        self.calls, self.sketches = Recent(), Recent()
        self.constants: dict[float, Known] = {}
        self.numbers = count()

    def applied(self, op: str, args: Sequence[Known]) -> Known:
        """Return what an op gives."""
        call = (op, *map(_number, args))
        return self.calls[call] or self.keep(call, *self.compute(op, args))

    def constant(self, value: float) -> Known:
        """Return a number as a value; -0 is 0."""
        known = self.constants.get(value)
        if known is None:
            if len(self.constants) >= MOST_CONSTANTS:
                self.constants.clear()
            known = self.constants[value] = self.given(np.float64(value + 0.0))
        return known

    def keep(self, call: Hashable, value: Any, plain: bool = True) -> Known:
        """Remember what a call gave; an array that is bit for bit one remembered is that one."""
        if type(value) is np.ndarray:
            sketch = (plain, value.shape, value.ravel()[::_SKETCH].tobytes())
            known = self.sketches[sketch]
            if known is None or not _same_bits(known.value, value):
                known = Known(next(self.numbers), value, plain)
                self.sketches.store(sketch, known)
        else:
            known = self.given(value, plain)
        self.calls.store(call, known)
        return known

    def given(self, value: Any, plain: bool = True) -> Known:
        """Number a value that nothing computes."""
        return Known(next(self.numbers), value, plain)


def _same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a is b or a.tobytes() == b.tobytes()
