"""Claims about programs that can be measured: a feature, and how those with it rank beside others.

uses sign               programs that call a vocabulary function
size < 8                programs with fewer statements (or more: `>`)
states > 1              programs with more parameters that are no inputs
lerp constant < 0.05    programs that give a function such a number
edit insert             programs that came about in this way
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluators.candidate import Candidate, Status
from programs.kind import Kind

LEAST = 4
"""Programs there must be on each side of a comparison."""

STRENGTH = 2.0
"""The |t| from which a difference counts as evidence."""

FORMS = "`uses NAME`, `size < 8`, `states > 1`, `NAME constant < 0.05` or `edit NAME`"

_FORM = re.compile(
    r"(?P<uses>uses)\s+(?P<used>\w+)|(?P<edit>edit)\s+(?P<way>[\w -]+)"
    r"|(?:(?P<count>size|states)|(?P<op>\w+)\s+constant)\s*(?P<side>[<>])\s*(?P<bound>-?[\d.]+(?:e-?\d+)?)"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A feature that a program has or not; `sort` is uses, edit, size, states or constant."""

    sort: str
    name: str = ""
    below: bool = False
    bound: float = 0.0

    def __str__(self) -> str:
        if self.sort in ("uses", "edit"):
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
    named = found["used"] or found["op"] or ""
    if named and named not in kind.ops:
        return f"there is no function `{named}`"
    if found["uses"]:
        return Claim("uses", named)
    if found["edit"]:
        return Claim("edit", found["way"].strip())
    try:
        bound = float(found["bound"])
    except ValueError:
        return f"`{found['bound']}` is no number"
    return Claim(found["count"] or "constant", named, found["side"] == "<", bound)


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
