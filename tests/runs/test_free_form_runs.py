"""A free-form program gets no score of a program that does something else."""

from __future__ import annotations

import pytest

from evaluators.candidate import Status
from evaluators.collisions import COLLISION
from programs.load import kind_named, library, read_program
from programs.program import Program
from runs.store import Store
from tests.runs.test_loop import run


def test_a_free_form_program_gets_the_score_of_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does as momentum does on the probes, which have no kernels."""
    source = (
        "import torch\ndef update(w, g, m, lr):\n    m = 0.9 * m + g\n"
        "    return lr * (m.sign() if w.ndim == 4 else m), m\n"
    )
    free = read_program(source, kind_named("optimizer"))
    assert isinstance(free, Program)
    known = {"free": free, "momentum": library("optimizer")["momentum"]}
    for place in ("runs.start.library", "runs.heritage.library"):
        monkeypatch.setattr(place, lambda kind: known)
    for names in (("momentum", "free"), ("free", "momentum")):
        run_id, _ = run(store, evals=2, warm_start=names)
        first, second = (c.evaluation for c in store.history(run_id)[:2])
        assert COLLISION in second.metrics
        assert second.status is not Status.DUPLICATE
        assert second.fingerprint.startswith("apart-")
        assert COLLISION not in first.metrics
