"""`cambrian bench language`: how fast programs go from mutation to fingerprint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from runs.commands.common import json_option, measures, out, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from runs.bench import LanguageFigures


@click.command()
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    help="A kind of program, or the path to its file.  [default: all that come with Cambrian]",
)
@click.option(
    "--programs",
    type=click.IntRange(1),
    default=3000,
    show_default=True,
    help="Children bred of each kind.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Same seed, same programs."
)
@json_option
def language(kinds: tuple[str, ...], programs: int, seed: int, as_json: bool) -> None:
    """Time programs from mutation to fingerprint, and count what need not be trained.

    Example: cambrian bench language --kind optimizer
    """
    import os

    from runs.bench import labels
    from runs.bench import language as measure
    from runs.bench_export import overhead

    figures = measure(kinds, programs, seed)
    judged = labels(kinds)
    exported = overhead() if "optimizer" in [f.cleaned.kind for f in figures] else []
    if as_json:
        rows = [f.as_json() for f in figures]
        found = {
            "programs": programs,
            "seed": seed,
            "kinds": rows,
            "labels": judged,
            "export": exported,
        }
        print_json({**found, "load": os.getloadavg()[0]})
        return
    console = out()
    console.print(_speed(figures))
    console.print(f"load average {os.getloadavg()[0]:.1f}", style="dim")
    console.print(_savings(figures))
    if judged:
        console.print(_labels(judged))
    if exported:
        console.print(_export(exported))


def _speed(figures: Sequence[LanguageFigures]) -> Table:
    table = measures("kind", "programs/s", "cached", "mutate µs", "check", "key", "print")
    for f in figures:
        tally = f.cleaned
        rates = (f"{rate:,.0f}" for rate in (tally.per_second, tally.per_second_remembering))
        stages = (f"{tally.microseconds(s):,.0f}" for s in tally.seconds)
        table.add_row(tally.kind, *rates, *stages)
    return table


def _savings(figures: Sequence[LanguageFigures]) -> Table:
    table = measures("kind", "with dead code", "dead if kept", "key seen", "same print")
    for f in figures:
        tally = f.cleaned
        shares = (tally.share(n) for n in (tally.dead_children, tally.key_hits, tally.print_hits))
        dead, keys, prints = (f"{share:.1%}" for share in shares)
        table.add_row(tally.kind, dead, f"{f.redundancy:.1%}", keys, prints)
    return table


def _export(rows: Sequence[dict[str, Any]]) -> Table:
    table = measures("a step of AdamW", "exported µs", "torch foreach µs", "ratio")
    for row in rows:
        cells = (f"{row['exported']:.0f}", f"{row['torch']:.0f}", f"{row['ratio']:.2f}")
        table.add_row(row["model"], *cells)
    return table


def _labels(judged: Sequence[dict[str, Any]]) -> Table:
    table = measures("kind", "equivalent", "split", "near", "merged")
    for row in judged:
        table.add_row(*(str(value) for value in row.values()))
    return table
