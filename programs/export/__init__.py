"""A program as a file for other people: Python that needs only PyTorch, LaTeX, or plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from programs.errors import InputError, closest
from programs.program import Program

if TYPE_CHECKING:
    from programs.export.evidence import Evidence
    from programs.spec import Spec

FORMS = ("py", "latex", "json")


def export(
    program: Program,
    form: str = "py",
    evidence: Evidence | Mapping[str, str] | None = None,
    spec: Spec | None = None,
) -> str:
    """Return the text of the exported file; `InputError` says what cannot be.

    An architecture gets the sizes of a task's `spec`, or of the first usual input that it fits.
    """
    # Each writer is imported when it is asked for: together they take longer than any of them.
    if form == "json":
        from programs.export.data import export_json

        return export_json(program)
    if form == "latex" and program.form:
        raise InputError("free-form Python has no equations to write; export it `--as py`")
    if form == "latex" and program.kind in ("optimizer", "schedule"):
        from programs.export.latex import export_latex

        return export_latex(program)
    if form == "py" and (program.form or program.kind in ("optimizer", "schedule", "architecture")):
        return _as_python(program, evidence, spec)
    if form == "latex" and program.kind != "architecture":
        raise InputError(f"the kind `{program.kind}` has no LaTeX; export it `--as json`")
    if form in FORMS:
        raise InputError(f"a program of kind `{program.kind}` cannot be exported as {form} yet")
    hint = closest(form, FORMS)
    ask = f"; did you mean `{hint}`?" if hint else ""
    raise InputError(f"there is no form `{form}`{ask} The forms are: {', '.join(FORMS)}.")


def _as_python(
    program: Program, evidence: Evidence | Mapping[str, str] | None, spec: Spec | None
) -> str:
    if program.form:
        from programs.export.freeform import export_freeform

        return export_freeform(program, evidence, spec=spec)
    if program.kind == "optimizer":
        from programs.export.optimizer import export_optimizer

        return export_optimizer(program, evidence)
    if program.kind == "schedule":
        from programs.export.schedule import export_schedule

        return export_schedule(program, evidence)
    from programs.export.architecture import export_architecture

    return export_architecture(program, evidence, spec)
