"""`cambrian bench`: our own benchmarks, each ending in a short table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from runs.commands.bench_ladder import ladder
from runs.commands.common import json_option, out, print_json

REPLICAS = (8, 16, 32, 64)

if TYPE_CHECKING:
    from rich.table import Table

    from runs.bench import LanguageFigures


@click.group(name="bench")
def command() -> None:
    """Measure Cambrian on this machine.

    Example: cambrian bench language
    """


command.add_command(ladder)


@command.command()
@click.option("--kind", "kinds", multiple=True, help="A kind of program.  [default: all]")
@click.option("--programs", default=3000, show_default=True, help="Children bred of each kind.")
@click.option("--seed", default=0, show_default=True, help="Same seed, same programs.")
@json_option
def language(kinds: tuple[str, ...], programs: int, seed: int, as_json: bool) -> None:
    """Time programs from mutation to fingerprint, and count what need not be trained.

    Example: cambrian bench language --kind optimizer
    """
    from runs.bench import labels
    from runs.bench import language as measure

    figures = measure(kinds, programs, seed)
    judged = labels(kinds)
    if as_json:
        rows = [f.as_json() for f in figures]
        print_json({"programs": programs, "seed": seed, "kinds": rows, "labels": judged})
        return
    console = out()
    console.print(_speed(figures))
    console.print(_savings(figures))
    if judged:
        console.print(_labels(judged))


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
        outcome = sandbox.run(Job(harness, payload, Limits(seconds=600.0), trusted=True))
    if outcome.result is None:
        raise CambrianError(f"The benchmark failed: {outcome.message}")
    times = {name: float(t) for name, t in outcome.result.data.items()}
    rows = [_row(name, t, times) for name, t in times.items()]
    if as_json:
        print_json(rows)
        return
    table = _table("replicas", "µs/step", "x one by one", "x by hand")
    for row in rows:
        ours, hand = row["speed_up"], row["against_by_hand"]
        table.add_row(
            str(row["replicas"]), f"{row['microseconds']:.0f}", f"{ours:.2f}", f"{hand:.2f}"
        )
    out().print(table)


@command.command()
@click.option("--rounds", type=int, default=100, show_default=True, help="Jobs per figure.")
@json_option
def sandbox(rounds: int, as_json: bool) -> None:
    """Time each isolation tier: an empty job, a 20-step training, a limit, two workers.

    Example: cambrian bench sandbox --rounds 300
    """
    from runs.drill import measure

    found = measure(rounds)
    if as_json:
        print_json(found)
        return
    table = _table("tier", "empty ms", "/min", "train ms", "/min", "long s", "gone ms", "2 workers")
    left_out = ("start_s", "result")
    for figures in found:
        table.add_row(*(str(value) for name, value in figures.items() if name not in left_out))
    out().print(table)
    same = len({figures["result"] for figures in found}) == 1
    out().print("results are the same bytes at every tier" if same else "RESULTS DIFFER BY TIER")


def _speed(figures: Sequence[LanguageFigures]) -> Table:
    table = _table("kind", "programs/s/core", "mutate µs", "check", "key", "fingerprint")
    for f in figures:
        stages = (f"{f.cleaned.microseconds(s):,.0f}" for s in f.cleaned.seconds)
        table.add_row(f.cleaned.kind, f"{f.cleaned.per_second:,.0f}", *stages)
    return table


def _savings(figures: Sequence[LanguageFigures]) -> Table:
    table = _table("kind", "with dead code", "dead if kept", "key seen", "same print")
    for f in figures:
        tally = f.cleaned
        shares = (tally.share(n) for n in (tally.dead_children, tally.key_hits, tally.print_hits))
        dead, keys, prints = (f"{share:.1%}" for share in shares)
        table.add_row(tally.kind, dead, f"{f.redundancy:.1%}", keys, prints)
    return table


def _labels(judged: Sequence[dict[str, Any]]) -> Table:
    table = _table("kind", "equivalent", "split", "near", "merged")
    for row in judged:
        table.add_row(*(str(value) for value in row.values()))
    return table


def _table(*headings: str) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2))
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    return table


def _row(name: str, time: float, times: dict[str, float]) -> dict[str, str | float]:
    """Say how many times faster a stack is than as many single ones."""
    count = int(name) if name.isdigit() else 1
    return {
        "replicas": name,
        "microseconds": time,
        "speed_up": count * times["1"] / time,
        "against_by_hand": count * times["by hand"] / time,
    }
