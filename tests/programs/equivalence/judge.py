"""Set the fingerprint's word against the label of every pair."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.kind import Kind
from programs.load import kind_named
from programs.parse import parse
from tests.programs.equivalence.labels import Pair


@dataclass(slots=True)
class Verdict:
    """How the pairs of one kind were judged."""

    equivalent: int = 0
    near: int = 0
    false_splits: list[Pair] = field(default_factory=list)
    false_merges: list[Pair] = field(default_factory=list)

    @property
    def misjudged(self) -> list[Pair]:
        return self.false_splits + self.false_merges


def judged(pairs: Iterable[Pair]) -> Verdict:
    """Fingerprint both programs of every pair."""
    verdict = Verdict()
    seen: dict[tuple[str, str], str] = {}
    for pair in pairs:
        kind = kind_named(pair.kind)
        prints = []
        for source in (pair.one, pair.other):
            if (pair.kind, source) not in seen:
                seen[pair.kind, source] = fingerprint(read(source, kind, pair.place), kind)
            prints.append(seen[pair.kind, source])
        alike = prints[0] == prints[1]
        if pair.equivalent:
            verdict.equivalent += 1
            verdict.false_splits += [] if alike else [pair]
        else:
            verdict.near += 1
            verdict.false_merges += [pair] if alike else []
    return verdict


def read(source: str, kind: Kind, place: str) -> Genome:
    """Parse a labelled program; one that is not a program is our own mistake."""
    genome = parse(source, kind)
    if isinstance(genome, Fault):
        raise ValueError(f"{place}: {genome}\n{source}")
    return genome
