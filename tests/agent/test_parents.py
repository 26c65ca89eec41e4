"""Parents to be combined are unlike each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from agent.parents import parents, unlike_parents
from evaluators.candidate import Candidate, Evaluation, Status
from tests.agent.test_prompts import lab


def test_near_copies_are_combined_less_often() -> None:
    view = lab()
    muon = view.history[3]
    copies = [
        replace(muon, id=f"m{i}", index=20 + i, evaluation=Evaluation(Status.SCORED, -0.09))
        for i in range(4)
    ]
    crowded = replace(view, history=[*view.history, *copies])

    def alike(draw: Callable[..., list[Candidate]]) -> int:
        pairs = (draw(crowded, 2, np.random.default_rng(seed)) for seed in range(60))
        return sum(len({c.program.key for c in pair}) == 1 for pair in pairs)

    assert alike(unlike_parents) < alike(parents) / 3


def test_there_are_as_many_as_asked_for_best_first() -> None:
    chosen = unlike_parents(lab(), 3, np.random.default_rng(1))
    assert len({c.id for c in chosen}) == 3
    assert [c.score for c in chosen] == sorted((c.score or 0.0 for c in chosen), reverse=True)
    assert len(unlike_parents(lab(), 9, np.random.default_rng(1))) == 5
