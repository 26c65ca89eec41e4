"""Claims about programs that can be measured: a feature, and how those with it rank beside others.

uses sign               programs that call a vocabulary function, or an operator: `uses **`
reads w                 programs that read an input: those that read `w` decay it, mostly
size < 8                programs with fewer statements (or more: `>`)
states > 1              programs with more parameters that are no inputs
lerp constant < 0.05    programs that give a function such a number
edit insert             programs that came about in this way
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluators.candidate import Candidate, Status
from evaluators.decimals import fixed
from programs.kind import Kind

LEAST = 4
"""Programs there must be on each side of a comparison."""

STRENGTH = 2.0
"""The |t| from which a difference counts as evidence."""

FORMS = "`uses NAME`, `NAME constant < 0.05`, `reads INPUT`, `size < 8`, `states > 1` or `edit WAY`"

MEANINGS = (
    "NAME is a function or operator of the vocabulary, and a constant any number that stands among "
    "its arguments; INPUT is a parameter that is no state, such as `w` or `step`; size counts "
    "statements; WAY is how a program was made: {ways}; numbers are free, `<` and `>` both "
    "will do. A feature divides programs in those with it and those without"
)
"""What the forms mean, for whoever is to write one."""

_FORM = re.compile(
    r"(?P<uses>uses)\s+(?P<used>\S+)|(?P<reads>reads)\s+(?P<input>\w+)"
    r"|(?P<edit>edit)\s+(?P<way>[\w -]+)"
    r"|(?:(?P<count>size|states)|(?P<op>\S+)\s+constant)\s*(?P<side>[<>])\s*(?P<bound>-?[\d.]+(?:e-?\d+)?)"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A feature that a program has or not: uses, reads, edit, size, states or constant."""

    sort: str
    name: str = ""
    below: bool = False
    bound: float = 0.0

    def __str__(self) -> str:
        if self.sort in ("uses", "reads", "edit"):
            return f"{self.sort} {self.name}"
        what = f"{self.name} constant" if self.sort == "constant" else self.sort
        return f"{what} {'<' if self.below else '>'} {self.bound:g}"

    def holds(self, candidate: Candidate) -> bool:
        """Tell whether a candidate of the language has the feature."""
        genome = candidate.program.genome
        assert genome is not None
        body = [s for f in genome.functions for s in f.body]
        match self.sort:
            case "uses":
                return any(s.op == self.name for s in body)
            case "reads":
                main = genome.main
                return any(self.name in s.args for s in main.body) or self.name in main.returns
            case "edit":
                return candidate.origin.operator == self.name
            case "size":
                return self._beyond(genome.size)
            case "states":
                return self._beyond(len(genome.main.returns) - 1)
            case _:
                given = (a for s in body if s.op == self.name for a in s.args)
                return any(isinstance(a, float) and self._beyond(a) for a in given)

    def _beyond(self, value: float) -> bool:
        return value < self.bound if self.below else value > self.bound


def read_claim(text: str, kind: Kind) -> Claim | str:
    """Read a claim, or say why it cannot be measured."""
    found = _FORM.fullmatch(text.strip().replace("`", ""))
    if found is None:
        return f"`{text[:60]}` is not of the form {FORMS}"
    said = found["used"] or found["op"] or ""
    named = _op_of(said, kind)
    if said and named is None:
        return f"there is no function `{said}`"
    if found["reads"] and found["input"] not in kind.entry.inputs:
        return f"there is no input `{found['input']}`"
    if found["uses"]:
        return Claim("uses", named or "")
    if found["reads"]:
        return Claim("reads", found["input"])
    if found["edit"]:
        return Claim("edit", found["way"].strip())
    try:
        bound = float(found["bound"])
    except ValueError:
        return f"`{found['bound']}` is no number"
    return Claim(found["count"] or "constant", named or "", found["side"] == "<", bound)


def spelling(op: str, kind: Kind) -> str:
    """Return how programs write an op: its sign where it has one."""
    return kind.ops[op].infix or op


def spelled(claim: Claim, kind: Kind) -> str:
    """Write a claim with its op as programs write it."""
    return str(replace(claim, name=spelling(claim.name, kind)) if claim.name in kind.ops else claim)


def _op_of(said: str, kind: Kind) -> str | None:
    """Return the op that a word or sign means, if any."""
    by_sign = {op.infix: op.name for op in kind.ops.values() if op.infix}
    return by_sign.get(said) or (said if said in kind.ops else None)


@dataclass(frozen=True, slots=True)
class Contrast:
    """How the programs with a feature rank: the difference of mean ranks in 0…1, and its |t|."""

    effect: float
    strength: float


def judged(history: Sequence[Candidate]) -> list[Candidate]:
    """Return the programs of the language that were judged, the failed ones included."""
    unknown = (Status.INVALID, Status.DUPLICATE)
    return [
        c for c in history if c.program.genome is not None and c.evaluation.status not in unknown
    ]


def ranks(candidates: Sequence[Candidate]) -> np.ndarray:
    """Return ranks from 0 (the worst) to 1; what has no score is worst."""
    found = np.empty(len(candidates))
    scores = [-np.inf if c.score is None else c.score for c in candidates]
    found[np.argsort(scores, kind="stable")] = np.linspace(0.0, 1.0, len(candidates))
    return found


def contrast(has: np.ndarray, ranked: np.ndarray) -> Contrast | None:
    """Compare ranks with and without a feature; `None` where there are too few of either."""
    if min(has.sum(), (~has).sum()) < LEAST:
        return None
    effect = float(ranked[has].mean() - ranked[~has].mean())
    spread = np.sqrt(ranked[has].var() / has.sum() + ranked[~has].var() / (~has).sum())
    return Contrast(effect, float(effect / max(spread, 1e-9)))


def cited(candidate: Candidate) -> str:
    """Name a program with its score, for it may not be shown beside what cites it."""
    score = candidate.score
    return f"program {candidate.index} ({'no score' if score is None else fixed(score)})"
