"""`cambrian eval`: a program of yours, judged exactly as a run would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evaluators.decimals import fixed
from runs.commands.common import (
    device_option,
    json_option,
    out,
    print_json,
    read_source,
    talk,
    unsafe_option,
)

if TYPE_CHECKING:
    from evaluators.candidate import Evaluation


@click.command(name="eval")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--task", "task_name", required=True, help="The task to judge it on.")
@device_option
@unsafe_option
@json_option
def command(file: Path, task_name: str, device: str, unsafe: bool, as_json: bool) -> None:
    """Judge a program file exactly as a run would.

    It goes through the same sweep, seeds and steps; its kind shows in the function it defines. A
    program that fails is an answer, with its status and message. Free-form Python runs in a
    process of its own, apart from the training.

    Example: cambrian eval mine.py --task digits
    """
    from evaluators.admit import Rejected, admit_to
    from evaluators.candidate import Evaluation, Status
    from evaluators.evaluator import Evaluator
    from evaluators.task import find_task
    from programs.load import kind_of
    from runs.config import read_config
    from runs.start import sandbox_for

    source = read_source(file)
    kind = kind_of(source)
    task = find_task(task_name, kind.name if kind else None)
    read_config(task=task_name, device=device)
    with sandbox_for(task, 1, device, unsafe) as sandbox:
        found = admit_to(task, source, sandbox)
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
