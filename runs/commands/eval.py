"""`cambrian eval`: a program of yours, judged exactly as a run would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evaluators.decimals import fixed
from programs.errors import InputError
from runs.commands.common import (
    db_option,
    device_option,
    json_option,
    out,
    print_json,
    talk,
    unsafe_option,
)
from runs.commands.either import given_text

if TYPE_CHECKING:
    from evaluators.candidate import Evaluation


@click.command(name="eval")
@click.argument("name", metavar="ID|FILE|NAME")
@click.option(
    "--task", "task_name", help="The task to judge it on.  [default: that of the ID's run]"
)
@device_option
@unsafe_option
@db_option
@json_option
def command(
    name: str, task_name: str | None, device: str, unsafe: bool, db: Path, as_json: bool
) -> None:
    """Judge a program exactly as a run would.

    It goes through the same sweep, seeds and steps; the kind of a file shows in the function it
    defines. A program that fails is an answer, with its status and message. Free-form Python runs
    in a process of its own, apart from the training.

    Example: cambrian eval mine.py --task digits
    """
    from evaluators.admit import Rejected, admit_to
    from evaluators.candidate import Evaluation, Status
    from evaluators.evaluator import Evaluator
    from evaluators.task import find_task
    from runs.config import read_config
    from runs.start import sandbox_for

    given = given_text(name, db)
    if not (chosen := task_name or given.task):
        raise InputError(f"{name} needs a task to be judged on: add --task NAME.")
    task = find_task(chosen, given.kind)
    read_config(task=chosen, device=device)
    with sandbox_for(task, 1, device, unsafe) as sandbox:
        found = admit_to(task, given.source, sandbox)
        if isinstance(found, Rejected):
            fingerprint = found.fingerprint
            evaluation = Evaluation(Status.INVALID, message=found.reason, fingerprint=fingerprint)
        else:
            evaluator = Evaluator(task, sandbox, device)
            evaluation = evaluator.evaluate(found.program, found.fingerprint)
    if not evaluation.ranked:
        talk().print(_warning(evaluation.tier), style="bold red")
    answer = _as_dict(evaluation)
    if as_json:
        print_json(answer)
    else:
        _print(answer)


def _warning(tier: str) -> str:
    from evaluators.candidate import UNVERIFIED
    from sandbox.tiers import promise

    if tier == UNVERIFIED:
        return (
            "UNVERIFIED BUDGET: no graph can be drawn of this network, so it trained itself and "
            "may have trained longer than others; its score is never ranked beside theirs."
        )
    return promise(tier)


def _as_dict(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "status": str(evaluation.status),
        "score": evaluation.score,
        "stderr": evaluation.stderr,
        "metrics": dict(evaluation.metrics),
        "by_seed": list(evaluation.by_seed),
        "fingerprint": evaluation.fingerprint,
        "message": evaluation.message,
        "seconds": evaluation.seconds,
        "device": evaluation.device,
        "tier": evaluation.tier,
        "checksum": evaluation.checksum,
    }


def _print(answer: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for name, value in answer.items():
        if value in (None, "", [], {}):
            continue
        if isinstance(value, dict):
            value = "  ".join(f"{k} {v:.4g}" for k, v in value.items())
        elif isinstance(value, list):
            value = "  ".join(fixed(v) for v in value)
        elif isinstance(value, float):
            value = fixed(value)
        table.add_row(Text(name, style="dim"), Text(str(value)))
    out().print(table)
