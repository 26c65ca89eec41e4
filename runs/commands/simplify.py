"""`cambrian simplify`: the shortest program found that does the same, or nearly as well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from programs.errors import InputError
from runs.commands.common import (
    Finite,
    db_option,
    device_option,
    json_option,
    kind_option,
    out,
    print_json,
    talk,
)
from runs.commands.either import Named, program_named

if TYPE_CHECKING:
    from programs.simplify import Simplified


@click.command(name="simplify")
@click.argument("name", metavar="ID|FILE|NAME")
@click.option(
    "--tolerance",
    type=Finite(min=0.0),
    help="Let the score fall by so much, to become shorter still.",
)
@click.option(
    "--task",
    "task_name",
    help="The task to score on.  [default: that of the ID's run; for an optimiser's file none]",
)
@kind_option
@device_option
@db_option
@json_option
def command(
    name: str,
    tolerance: float | None,
    task_name: str | None,
    kind: str | None,
    device: str,
    db: Path,
    as_json: bool,
) -> None:
    """Find the shortest program that behaves the same.

    With --tolerance, the shortest that scores the same on a task but for so much: statements are
    left out as long as the loss against the original, counted with its standard error over seeds,
    stays below. The outcome is then judged once more on fresh seeds, and the last cuts are undone
    until it stays below there too.

    An optimiser needs no task: without one, its score is how near it brings two small models to
    where the original does, 1 for no difference, and nothing is trained beyond these: so
    `simplify lion_raw --tolerance 0.1` finds Lion in what evolution had left.

    Example: cambrian simplify mine.py --tolerance 0.002 --task digits
    """
    given = program_named(name, db, task_name, kind)
    if tolerance is None:
        if task_name:
            raise InputError("--task is for scoring: say how much may be lost with --tolerance.")
        answer = _answer(given, _simplified(given))
    else:
        task = task_name or given.task
        answer = _scored(given, tolerance, task, device) if task else _agreeing(given, tolerance)
    if as_json:
        print_json(answer)
    else:
        _print(answer)


def _simplified(given: Named) -> Simplified:
    import numpy as np

    from programs.simplify import simplify

    return simplify(given.genome, given.kind, np.random.default_rng(0))


def _agreeing(given: Named, tolerance: float) -> dict[str, Any]:
    """Simplify by how much a program does in use what the one given does; needs no task."""
    import numpy as np

    from programs.simplify import simplify

    if given.kind.agreement is None:
        raise InputError("--tolerance needs a task to score on: add --task NAME.")
    score = given.kind.agreement(given.genome, given.kind, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    found = simplify(given.genome, given.kind, rng, score=score, tolerance=tolerance)
    kept = score(found.genome)
    measured = (
        f"On two small models its weights come within {1 - kept:.1%} of the way to the original's."
    )
    answer = {**_answer(given, found), "agreement": kept, "tolerance": tolerance}
    return {**answer, "cut_by": "agreement", "measured": measured}


def _scored(given: Named, tolerance: float, task_name: str, device: str) -> dict[str, Any]:
    """Simplify by score, each program judged in the sandbox as `cambrian eval` does."""
    import numpy as np

    from evaluators.evaluator import Evaluator
    from evaluators.task import find_task, language
    from programs.simplify import simplify
    from runs.config import read_config
    from runs.scoring import Scoring
    from runs.start import sandbox_for

    task = find_task(task_name, given.kind.name)
    kind = language(task)
    read_config(task=task_name, device=device)
    with sandbox_for(task, 1, device) as sandbox:
        judge = Evaluator(task, sandbox, device)
        scoring = Scoring(judge, given.genome, tolerance, talk().print)
        rng = np.random.default_rng(0)
        how = {"score": scoring, "tolerance": tolerance, "holds": scoring.holds}
        found = simplify(given.genome, kind, rng, **how)
        measured = scoring.summary(found.genome, found.undone)
    answer = {**_answer(given, found), "task": task.name, "tolerance": tolerance}
    return {**answer, "cut_by": "score less its standard error", **measured}


def _answer(given: Named, found: Simplified) -> dict[str, Any]:
    from programs.canonical import structural_key
    from programs.fingerprint import fingerprint
    from programs.render import render

    return {
        "name": given.name,
        "kind": given.kind.name,
        "key": structural_key(found.genome, given.kind),
        "fingerprint": fingerprint(found.genome, given.kind),
        "same_behaviour": found.same_behaviour,
        "size_before": given.genome.size,
        "size": found.genome.size,
        "removed": found.removed,
        "steps": [{"what": s.what, "size": s.size, "score": s.score} for s in found.steps],
        "checks": found.checks,
        "source": render(found.genome, given.kind),
    }


def _print(answer: dict[str, Any]) -> None:
    console = out()
    console.print(answer["source"], markup=False, soft_wrap=True, end="\n")
    for step in answer["steps"]:
        score = "" if step["score"] is None else f"  ({answer['cut_by']} {step['score']:.5g})"
        line = f"# {step['size']:>3} statements: {step['what']}{score}"
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"# {_verdict(answer)}", markup=False, soft_wrap=True)


def _verdict(answer: dict[str, Any]) -> str:
    sizes = f"{answer['size_before']} statements became {answer['size']}"
    if answer["size_before"] == answer["size"]:
        sizes = f"Nothing shorter was found than these {answer['size']} statements"
    elif answer["same_behaviour"]:
        sizes += ", which behave the same"
    if "measured" not in answer:
        return f"{sizes} ({answer['checks']} programs compared)."
    return f"{sizes}. {answer['measured']}"
