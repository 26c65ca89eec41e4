"""What programs do on the probes, whichever way they are written.

Programs of the language are run here. The first one in free-form Python of a kind starts a sandbox,
which takes a few seconds; the others of its kind share it.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from evaluators import freeform
from evaluators.apart import parted
from programs.check import without_dead_code
from programs.errors import InputError
from programs.fingerprint import Behaviour, behaviour
from programs.kind import Kind
from programs.program import Program
from sandbox.closing import Closing
from sandbox.process import ProcessSandbox


class Behaviours(Closing):
    """Probe programs; `unsafe` runs free-form ones even where nothing holds them."""

    def __init__(self, unsafe: bool = False) -> None:
        self.unsafe = unsafe
        self.sandboxes: dict[str, ProcessSandbox] = {}

    def of(self, program: Program, kind: Kind, name: str) -> Behaviour:
        """Return what a program does; `InputError` calls it `name` where it fails."""
        if program.genome is not None:
            return behaviour(program.genome, kind)
        try:
            return freeform.behaviour(program, self._sandbox(kind), kind)
        except freeform.Unprobable as fault:
            raise InputError(f"{name} {fault}") from None

    def parted(self, one: Program, other: Program, kind: Kind) -> bool:
        """Tell whether random inputs part two programs of one fingerprint."""
        return parted(one, other, kind, partial(self._sandbox, kind))

    def outputs(self, program: Program, kind: Kind, name: str) -> np.ndarray:
        """Return all that a program gives on the probes; raises `Unprobed` as well as `of` does."""
        if program.genome is not None:
            return kind.probe(without_dead_code(program.genome, kind), kind)
        try:
            return freeform.outputs(program, self._sandbox(kind), kind)
        except freeform.Unprobable as fault:
            raise InputError(f"{name} {fault}") from None

    def _sandbox(self, kind: Kind) -> ProcessSandbox:
        if kind.name not in self.sandboxes:
            preload = freeform.probing(kind.name)
            self.sandboxes[kind.name] = ProcessSandbox(1, preload, unsafe=self.unsafe)
        return self.sandboxes[kind.name]

    def close(self) -> None:
        """Stop the sandboxes that were started."""
        for sandbox in self.sandboxes.values():
            sandbox.close()
