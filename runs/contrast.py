"""Two programs held against each other: their statements, what they do, what they scored."""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any

from evaluators.candidate import Candidate
from evaluators.levels import name_of
from programs.check import check
from programs.errors import Fault
from programs.kind import Kind, Unprobed
from programs.named import kind_named
from programs.program import Program
from programs.render import render
from runs.alignment import Pair, aligned
from runs.behaviours import Behaviours
from runs.gain import Gain, between
from runs.parting import Parting, parting
from runs.screen import interval_text

CONTEXT = 2


@dataclass(frozen=True, slots=True)
class Side:
    """A program under the name the user gave, and the candidate it is, if any.

    `task` and `protocol` say on what and how the candidate was judged: only scores that agree in
    both compare.
    """

    name: str
    program: Program
    kind: Kind
    candidate: Candidate | None = None
    task: str = ""
    protocol: str = ""

    def judged_as(self, other: Side) -> bool:
        """Tell whether both were judged in the same way on the same task."""
        return (self.task, self.protocol) == (other.task, other.protocol)


@dataclass(frozen=True, slots=True)
class Contrast:
    """What is different: `lines` of text, `pairs` of statements where both have any, behaviour.

    `collision` says that they do the same on the probes of the fingerprint but not on random ones,
    `unprobed` is a sentence where one of them could not be run. `gain` is what B scored above A.
    """

    sides: tuple[Side, Side]
    lines: list[str]
    pairs: list[Pair] | None
    fingerprints: tuple[str, str]
    same_behaviour: bool
    collision: bool
    parting: Parting | None
    unprobed: str
    comparable: bool
    gain: Gain | None


def contrast(one: Side, other: Side, unsafe: bool = False) -> Contrast:
    """Compare two programs; free-form ones run in the sandbox."""
    one, other = _in_one_kind(one, other)
    with Behaviours(unsafe) as behaviours:
        prints = tuple(behaviours.of(s.program, s.kind, s.name).fingerprint for s in (one, other))
        a, b = one.program.genome, other.program.genome
        alike = one.kind.name == other.kind.name
        same = alike and prints[0] == prints[1]
        collision = same and behaviours.parted(one.program, other.program, one.kind)
        apart, unprobed = None, ""
        if alike and not same:
            apart, unprobed = _parted(one, other, behaviours)
    pairs = None if a is None or b is None or not alike else aligned(a, b, one.kind)
    comparable, gained = _scored(one, other)
    return Contrast(
        (one, other),
        _lines(one, other),
        pairs,
        (prints[0], prints[1]),
        same and not collision,
        collision,
        apart,
        unprobed,
        comparable,
        gained,
    )


def _in_one_kind(one: Side, other: Side) -> tuple[Side, Side]:
    """Have both be of a kind that both fit: for the task of one, else the general, else of one."""
    if one.kind.name != other.kind.name or one.kind is other.kind:
        return one, other
    sides = one, other
    of_tasks = [side.kind for side in sides if side.task]
    first = of_tasks if len({side.task for side in sides if side.task}) == 1 else []
    for kind in [*first, kind_named(one.kind.name), one.kind, other.kind]:
        if all(_fits(side, kind) for side in sides):
            return replace(one, kind=kind), replace(other, kind=kind)
    return sides


def _fits(side: Side, kind: Kind) -> bool:
    genome = side.program.genome
    return genome is None or not isinstance(check(genome, kind), Fault)


def as_dict(found: Contrast) -> dict[str, Any]:
    """Return the comparison for scripts."""
    one, other = found.sides
    told = [
        {
            "name": side.name,
            "kind": side.kind.name,
            "key": side.program.key,
            "fingerprint": print_,
            "score": None if side.candidate is None else _score(side.candidate),
        }
        for side, print_ in zip(found.sides, found.fingerprints, strict=True)
    ]
    apart = found.parting
    return {
        "a": told[0],
        "b": told[1],
        "same_statements": one.kind.name == other.kind.name
        and one.program.key == other.program.key,
        "same_behaviour": found.same_behaviour,
        "collision": found.collision,
        "lines": found.lines,
        "statements": None if found.pairs is None else [asdict(pair) for pair in found.pairs],
        "parting": None
        if apart is None
        else {
            "of": list(apart.shape),
            "different": apart.different,
            "first": apart.first.as_json(),
            "furthest": apart.largest.as_json(),
            "largest_relative_difference": apart.gap if isfinite(apart.gap) else "inf",
        },
        "unprobed": found.unprobed,
        "gain": None if found.gain is None else {"mean": found.gain.mean, "half": found.gain.half},
    }


def interval(candidate: Candidate) -> str:
    """Write a candidate's score on its dearest rung, with half its 95 % interval."""
    standing = candidate.standing
    text = interval_text(standing)
    return f"{text} on {name_of(standing.rung)}" if standing.score is not None else "no score"


def _score(candidate: Candidate) -> dict[str, Any]:
    standing = candidate.standing
    return {
        "rung": name_of(standing.rung),
        "score": standing.score,
        "stderr": standing.stderr,
        "by_seed": list(standing.by_seed),
    }


def _parted(one: Side, other: Side, behaviours: Behaviours) -> tuple[Parting | None, str]:
    """Return where two programs part on the probes, or why that cannot be told."""
    graphs = sum(side.program.form == "module" for side in (one, other))
    if graphs == 1:
        return (
            None,
            "a network in free-form Python gets other weights on the probes than one of ours.",
        )
    try:
        a, b = (behaviours.outputs(side.program, side.kind, side.name) for side in (one, other))
    except Unprobed as reason:
        return None, str(reason)
    return parting(a, b, one.kind.name) if a.shape == b.shape else None, ""


def _scored(one: Side, other: Side) -> tuple[bool, Gain | None]:
    """Tell whether scores may stand beside each other, and what B's is above A's."""
    if one.candidate is None or other.candidate is None or not one.judged_as(other):
        return False, None
    return True, between(other.candidate, one.candidate)


def _lines(one: Side, other: Side) -> list[str]:
    """Return a unified diff of the texts; a program of the language is rendered anew."""
    old, new = (_text(side).splitlines() for side in (one, other))
    return list(difflib.unified_diff(old, new, one.name, other.name, n=CONTEXT, lineterm=""))


def _text(side: Side) -> str:
    genome = side.program.genome
    if genome is None:
        return side.program.source
    return render(replace(genome, doc=""), side.kind)
