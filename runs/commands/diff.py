"""`cambrian diff`: what is different between two programs, in words and in deeds."""

from __future__ import annotations

import difflib
from math import isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runs.commands.common import db_option, json_option, out, print_json
from runs.commands.either import Named, program_named

if TYPE_CHECKING:
    import numpy as np

CONTEXT = 2


@click.command(name="diff")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@db_option
@json_option
def command(a: str, b: str, db: Path, as_json: bool) -> None:
    """Compare two programs by their statements and by what they compute.

    A and B are ids or files. Behaviour is compared on the fixed probes of the fingerprint.

    Example: cambrian diff 3fa9c1 mine.py
    """
    one, other = program_named(a, db), program_named(b, db)
    answer = _compared(one, other)
    if as_json:
        print_json(answer)
    else:
        _print(answer)


def _compared(one: Named, other: Named) -> dict[str, Any]:
    from programs.fingerprint import fingerprint

    prints = [fingerprint(p.genome, p.kind) for p in (one, other)]
    comparable = one.kind.name == other.kind.name
    same = comparable and prints[0] == prints[1]
    sides = [
        {"name": p.name, "kind": p.kind.name, "key": p.key, "fingerprint": print_}
        for p, print_ in zip((one, other), prints, strict=True)
    ]
    return {
        "a": sides[0],
        "b": sides[1],
        "same_statements": comparable and one.key == other.key,
        "same_behaviour": same,
        "lines": _lines(one, other),
        "first_difference": _first_difference(one, other) if comparable and not same else None,
    }


def _lines(one: Named, other: Named) -> list[str]:
    """Return a unified diff of the programs as they are rendered, without their docstrings."""
    from dataclasses import replace

    from programs.render import render

    old, new = (render(replace(p.genome, doc=""), p.kind).splitlines() for p in (one, other))
    return list(difflib.unified_diff(old, new, one.name, other.name, n=CONTEXT, lineterm=""))


def _first_difference(one: Named, other: Named) -> dict[str, Any] | None:
    """Return the first probe output that differs; `None` where the probes are not the same."""
    import numpy as np

    from programs.check import without_dead_code
    from programs.fingerprint import MANTISSA_BITS, rounded

    found = [p.kind.probe(without_dead_code(p.genome, p.kind), p.kind) for p in (one, other)]
    if found[0].shape != found[1].shape:
        return {"shapes": [list(f.shape) for f in found]}
    apart = np.argwhere(np.not_equal(*(rounded(f, MANTISSA_BITS) for f in found)))
    if not len(apart):
        return None
    place = tuple(int(i) for i in apart[0])
    return {
        "output": list(place),
        "of": list(found[0].shape),
        "different": len(apart),
        "a": _json_number(found[0][place]),
        "b": _json_number(found[1][place]),
    }


def _json_number(value: np.float64) -> float | str:
    return float(value) if isfinite(value) else str(float(value))


def _print(answer: dict[str, Any]) -> None:
    from rich.text import Text

    styles = {"+": "green", "-": "red", "@": "dim"}
    console = out()
    for line in answer["lines"]:
        console.print(Text(line, style=styles.get(line[:1], "")))
    if not answer["lines"]:
        console.print("The statements are the same.")
    console.print(_verdict(answer), soft_wrap=True)


def _verdict(answer: dict[str, Any]) -> str:
    if answer["a"]["kind"] != answer["b"]["kind"]:
        kinds = f"{answer['a']['kind']} and {answer['b']['kind']}"
        return f"They are of different kinds, {kinds}: there is no behaviour to compare."
    if answer["same_behaviour"]:
        return f"They behave the same: both have fingerprint {answer['a']['fingerprint']}."
    first = answer["first_difference"]
    if first is None or "shapes" in first:
        return "They behave differently: they take or give other shapes."
    numbers = [v if isinstance(v, str) else f"{v:.9g}" for v in (first["a"], first["b"])]
    counts = f"{first['different']} of {prod(first['of'])} probe outputs are not equal"
    return (
        f"They behave differently: {counts}, "
        f"the first of them {first['output']} with {numbers[0]} against {numbers[1]}."
    )
