"""What programs do on the probes, whichever way they are written.

Programs of the language are run here. The first one in free-form Python starts a sandbox, which
takes a few seconds; the others share it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from evaluators import freeform
from programs.errors import InputError
from programs.fingerprint import Behaviour, behaviour
from programs.kind import Kind
from programs.program import Program
from sandbox.process import ProcessSandbox


class Behaviours:
    """Probe programs; `unsafe` runs free-form ones even where nothing holds them."""

    def __init__(self, unsafe: bool = False) -> None:
        self.sandbox = ProcessSandbox(1, freeform.PROBING, unsafe=unsafe)

    def of(self, program: Program, kind: Kind, name: str) -> Behaviour:
        """Return what a program does; `InputError` calls it `name` where it fails."""
        if program.genome is not None:
            return behaviour(program.genome, kind)
        try:
            return freeform.behaviour(program, self.sandbox)
        except freeform.Unprobable as fault:
            raise InputError(f"{name} {fault}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.sandbox.close()
