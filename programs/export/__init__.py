"""A program as a file for other people: Python that needs only PyTorch, LaTeX, or plain data."""

from __future__ import annotations

from collections.abc import Mapping

from programs.errors import InputError, closest
from programs.export.architecture import export_architecture
from programs.export.data import export_json
from programs.export.evidence import Evidence
from programs.export.freeform import export_freeform
from programs.export.latex import export_latex
from programs.export.optimizer import export_optimizer
from programs.export.schedule import export_schedule
from programs.program import Program
from programs.spec import Spec

FORMS = ("py", "latex", "json")

__all__ = [
    "FORMS",
    "Evidence",
    "export",
    "export_architecture",
    "export_freeform",
    "export_json",
    "export_latex",
    "export_optimizer",
    "export_schedule",
]


def export(
    program: Program,
    form: str = "py",
    evidence: Evidence | Mapping[str, str] | None = None,
    spec: Spec | None = None,
) -> str:
    """Return the text of the exported file; `InputError` says what cannot be.

    An architecture gets the sizes of a task's `spec`, or of the first usual input that it fits.
    """
    if form == "json":
        return export_json(program)
    if form == "py" and program.form:
        return export_freeform(program, evidence, spec=spec)
    if form == "latex" and program.form:
        raise InputError("free-form Python has no equations to write; export it `--as py`")
    if form == "latex" and program.kind != "architecture":
        return export_latex(program)
    if form == "py" and program.kind == "optimizer":
        return export_optimizer(program, evidence)
    if form == "py" and program.kind == "schedule":
        return export_schedule(program, evidence)
    if form == "py" and program.kind == "architecture":
        return export_architecture(program, evidence, spec)
    if form in FORMS:
        raise InputError(f"a program of kind `{program.kind}` cannot be exported as {form} yet")
    hint = closest(form, FORMS)
    ask = f"; did you mean `{hint}`?" if hint else ""
    raise InputError(f"there is no form `{form}`{ask} The forms are: {', '.join(FORMS)}.")
