"""`cambrian bench`: our own benchmarks, each ending in a short table."""

from __future__ import annotations

import click

from runs.commands.common import json_option, out, print_json

REPLICAS = (8, 16, 32, 64)


@click.group(name="bench")
def command() -> None:
    """Measure this machine: each benchmark ends in a short table.

    Example: cambrian bench evaluate
    """


@command.command()
@click.option("--rounds", type=int, default=10, show_default=True, help="Take the best of so many.")
@json_option
def evaluate(rounds: int, as_json: bool) -> None:
    """Time stacked training on one thread: against one by one, and against a loop by hand.

    Example: cambrian bench evaluate --rounds 20
    """
    from programs.errors import CambrianError
    from sandbox.base import Job, Limits, Payload
    from sandbox.process import ProcessSandbox

    harness = "evaluators.harness.benchmark:evaluate"
    payload = Payload({"replicas": list(REPLICAS), "steps": 50, "rounds": rounds})
    with ProcessSandbox(1, preload=("torch", "evaluators.harness.benchmark")) as sandbox:
        outcome = sandbox.run(Job(harness, payload, Limits(seconds=600.0)))
    if outcome.result is None:
        raise CambrianError(f"The benchmark failed: {outcome.message}")
    times = {name: float(t) for name, t in outcome.result.data.items()}
    rows = [_row(name, t, times) for name, t in times.items()]
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for heading in ("replicas", "µs/step", "x one by one", "x by hand"):
        table.add_column(heading, justify="right")
    for row in rows:
        ours, hand = row["speed_up"], row["against_by_hand"]
        table.add_row(
            str(row["replicas"]), f"{row['microseconds']:.0f}", f"{ours:.2f}", f"{hand:.2f}"
        )
    out().print(table)


def _row(name: str, time: float, times: dict[str, float]) -> dict[str, str | float]:
    """Say how many times faster a stack is than as many single ones."""
    count = int(name) if name.isdigit() else 1
    return {
        "replicas": name,
        "microseconds": time,
        "speed_up": count * times["1"] / time,
        "against_by_hand": count * times["by hand"] / time,
    }
