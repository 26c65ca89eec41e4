"""`cambrian diff`: what is different between two programs, in words and in deeds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runs.commands.common import (
    db_option,
    inputs_option,
    json_option,
    kind_option,
    out,
    print_json,
    unsafe_option,
)
from runs.commands.either import given_program

if TYPE_CHECKING:
    from rich.text import Text

    from runs.contrast import Contrast


@click.command(name="diff")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@kind_option
@inputs_option
@unsafe_option
@db_option
@json_option
def command(
    a: str, b: str, kind: str | None, task_name: str | None, unsafe: bool, db: Path, as_json: bool
) -> None:
    """Compare two programs by their statements and by what they compute.

    A and B are ids, files or names of the library, in our language or in free-form Python.
    Statements are known by their values, so that renamed and moved ones are recognised. Behaviour
    is compared on the fixed probes of the fingerprint: where the two part first, and by how much
    at most. Scores stand beside each other where both are candidates of one task.

    Example: cambrian diff 3fa9c1 adamw
    """
    from runs.contrast import as_dict, contrast

    one, other = (given_program(name, db, task_name, kind) for name in (a, b))
    found = contrast(one, other, unsafe)
    if as_json:
        print_json(as_dict(found))
        return
    console = out()
    for line in _statements(found):
        console.print(line, soft_wrap=True)
    if not found.lines:
        console.print("The statements are the same.")
    console.print(_verdict(found), soft_wrap=True)
    for line in _scores(found):
        console.print(line, soft_wrap=True)


def _statements(found: Contrast) -> list[Text]:
    """Write the statements beside each other, or the lines that differ where there are none."""
    from rich.text import Text

    from runs.alignment import How
    from runs.inert import inert

    if found.pairs is None:
        styles = {"+": "green", "-": "red", "@": "dim"}
        return [Text(inert(line), style=styles.get(line[:1], "")) for line in found.lines]
    lines: list[Text] = []
    for pair in found.pairs if found.lines else ():
        if pair.how is How.SAME or pair.how is How.READS:
            note = "" if pair.how is How.SAME else f"   ({pair.how})"
            lines.append(Text.assemble(f"  {pair.b}", (note, "dim")))
        elif pair.how in (How.RENAMED, How.MOVED):
            was = "" if pair.a == pair.b else f" from {pair.a}"
            lines.append(Text.assemble((f"~ {pair.b}", "yellow"), (f"   ({pair.how}{was})", "dim")))
        else:
            lines += [Text(f"- {pair.a}", style="red")] if pair.a else []
            lines += [Text(f"+ {pair.b}", style="green")] if pair.b else []
    return lines


def _verdict(found: Contrast) -> str:
    one, other = found.sides
    if one.kind.name != other.kind.name:
        kinds = f"{one.kind.name} and {other.kind.name}"
        return f"They are of different kinds, {kinds}: there is no behaviour to compare."
    if found.same_behaviour:
        return f"They behave the same: both have fingerprint {found.fingerprints[0]}."
    if found.collision:
        return (
            f"They have one fingerprint, {found.fingerprints[0]}, but behave differently: random "
            "inputs part them where the fixed probes do not reach."
        )
    if found.unprobed:
        return f"They cannot be compared by behaviour: {found.unprobed}"
    parting = found.parting
    if parting is None:
        return "They behave differently: they take or give other shapes."
    first, largest = parting.first, parting.largest
    return (
        f"They behave differently: {parting.different} of {parting.count} probe outputs are not "
        f"equal.\n  first    {first.where}: {first.a:.9g} against {first.b:.9g}\n"
        f"  furthest {largest.where}: {largest.a:.9g} against {largest.b:.9g}, "
        f"{parting.gap:.3g} of the larger"
    )


def _scores(found: Contrast) -> list[str]:
    from runs.contrast import interval

    one, other = (side.candidate for side in found.sides)
    if one is None or other is None or not found.comparable:
        return []
    lines = [
        f"  {name}        {interval(candidate)}" for name, candidate in (("A", one), ("B", other))
    ]
    gained = "" if found.gain is None else f"\n  B over A {found.gain}"
    return ["Scores, with 95 % intervals over seeds:", "\n".join(lines) + gained]
