"""The fingerprint against every label; run with `-s` to see the counts and the misjudged pairs."""

from __future__ import annotations

import pytest

from programs.load import builtin_kinds
from tests.programs.equivalence.generated import generated
from tests.programs.equivalence.judge import Verdict, judged
from tests.programs.equivalence.labels import Pair, kinds, labelled

AT_LEAST = {"optimizer": (150, 150), "schedule": (80, 80), "architecture": (30, 60)}
"""How many equivalent and near pairs each kind has at least, written by hand."""


@pytest.fixture(scope="module", params=kinds())
def by_hand(request: pytest.FixtureRequest) -> list[Pair]:
    return labelled(request.param)


CANCELLING = (
    "schedule_free_sgd (Interpolations, squares and differences written as sums and products)"
)
KNOWN = {
    CANCELLING: "optimizer",
    "gated_scan (Sums as differences of negatives.)": "architecture",
    "hyena (Sums as differences of negatives.)": "architecture",
    "wavenet (Sums as differences of negatives.)": "architecture",
}
"""False splits.

Averages that cancel to zero, or to 1e-16 when they are written otherwise; and equal layers of one
input, which are told apart by what reads them, where that is what was rewritten.
"""


def summary(kind: str, how: str, verdict: Verdict) -> str:
    return (
        f"{kind}, {how}: {verdict.equivalent} equivalent, {len(verdict.false_splits)} split; "
        f"{verdict.near} near, {len(verdict.false_merges)} merged"
    )


def test_each_pair_is_judged_as_its_label_says(by_hand: list[Pair]) -> None:
    verdict = judged(by_hand)
    print("\n" + summary(by_hand[0].kind, "by hand", verdict))
    for pair in verdict.misjudged:
        print(f"    {'split ' if pair.equivalent else 'merged'} {pair.place}: {pair.why}")
    wrong = {(p.place, p.why) for p in verdict.misjudged}
    assert wrong == {(p.place, p.why) for p in by_hand if p.misjudged}


def test_there_are_enough_labels(by_hand: list[Pair]) -> None:
    equivalent, near = AT_LEAST.get(by_hand[0].kind, (0, 0))
    assert sum(p.equivalent for p in by_hand) >= equivalent
    assert sum(not p.equivalent for p in by_hand) >= near


def test_no_pair_is_written_twice(by_hand: list[Pair]) -> None:
    texts = [(p.one, p.other) for p in by_hand]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("kind", [k for k in builtin_kinds() if k in kinds()])
def test_rewritten_library_programs_are_judged_rightly(kind: str) -> None:
    verdict = judged(generated(kind))
    print("\n" + summary(kind, "from the library", verdict))
    assert {p.place for p in verdict.misjudged} == {p for p in KNOWN if KNOWN[p] == kind}
