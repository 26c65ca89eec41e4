"""A digest as people read it: one line for each thing that is new."""

from __future__ import annotations

from collections.abc import Iterator

from evaluators.decimals import fixed, signed
from runs import tables
from runs.digest import BEGINNING, Digest
from runs.inert import inert
from runs.screen import money


def bulletin(digest: Digest) -> str:
    """Write a digest in lines."""
    return "\n".join(map(inert, _lines(digest)))


def _lines(digest: Digest) -> Iterator[str]:
    since = "the beginning" if digest.since == BEGINNING else digest.since[:16].replace("T", " ")
    yield f"New since {since}" + (f" ({digest.scope})" if digest.scope else "")
    yield from _bests(digest)
    for row in digest.tried:
        yield (
            f"  tried     {row.task}: {row.proposer} {row.tried} ({row.scored} scored, "
            f"{row.duplicates} known before, {row.failed} without a score)"
        )
    if digest.calls:
        yield f"  money     {money(digest.usd)} for {digest.calls} questions to models"
    if digest.failures:
        reasons = " · ".join(f"{each.reason} {each.times}" for each in digest.failures)
        yield f"  no score  {reasons}"
    for run in digest.runs:
        why = f": {run.message}" if run.message else ""
        work = f"{run.evaluations} evaluations, {tables.clock(run.seconds)}"
        yield f"  run       {run.id} on {run.task} is {run.condition} ({work}){why}"


def _bests(digest: Digest) -> Iterator[str]:
    for best in digest.bests:
        versus = "the first" if best.before is None else signed(best.score - best.before)
        line = tables.one_line(best.source)
        yield f"  new best  {best.task}: {fixed(best.score)} ({versus})  {best.id[:6]}  {line}"
    if not digest.bests:
        yield "  new best  none"
