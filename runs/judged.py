"""The kind in which programs of a run are read again: that of the task they were judged on."""

from __future__ import annotations

from programs.errors import InputError
from programs.kind import Kind
from programs.named import kind_named


def kind_judged(task: str, kind: str, source: str = "") -> Kind:
    """Return a kind as a task settles its inputs, or as it is where the task is not found.

    What fits a task need not fit the usual inputs: three heads divide a width of 24, but not of 16.
    Without the task, a `source` is read for inputs that it fits, as a file is.
    """
    general = kind_named(kind)
    if general.settings is None:
        return general
    # Late, for most kinds do without.
    from evaluators.task import find_task, language
    from programs.load import settled

    try:
        return language(find_task(task, kind))
    except InputError:
        return settled(source, general) if source else general
