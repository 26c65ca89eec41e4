"""A free-form program is judged as one of the language is, and apart from others where unsafe."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from evaluators.admit import Admitted, Rejected, admit
from evaluators.candidate import Evaluation, Status
from evaluators.evaluator import Evaluator
from evaluators.freeform import PRELOAD
from evaluators.networks import mlp
from evaluators.supervised import Supervised
from evaluators.tasks.digits import load
from programs.load import kind_named, library
from sandbox import ProcessSandbox, tiers

SMALL = Supervised(
    name="small",
    goal="Train a small classifier of handwritten digits in 40 steps.",
    data=load,
    model=mlp(64, 8, 10),
    steps=40,
    learning_rates=(0.003, 0.03, 3e4),
    seeds=2,
)

ADAMW = """
import torch


def update(w, g, m, v, lr, step):
    m.lerp_(g, 0.1)
    v.mul_(0.999).addcmul_(g, g, value=0.001)
    u = (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
    {}
    return lr * (u + 0.01 * w), m, v
"""

MODEL = """
import torch


def init(params):
    return {"m": [torch.zeros_like(p) for p in params], "v": [p * 0 for p in params], "steps": 0}


def update(params, grads, state, lr, step, total):
    deltas = []
    for w, g, m, v in zip(params, grads, state["m"], state["v"]):
        m.lerp_(g, 0.1)
        v.lerp_(g * g, 0.001)
        u = (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
        deltas.append(lr * (u + 0.01 * w))
    return deltas, {**state, "steps": state["steps"] + 1}
"""

WRITTEN = {
    "all replicas in one call": ADAMW.format("if w.ndim > 5:\n        raise ValueError"),
    "replica by replica": ADAMW.format("if float(lr) < 0:\n        raise ValueError"),
    "together, then one by one": ADAMW.format("if step == 7 and lr < 0:\n        raise ValueError"),
    "the whole model": MODEL,
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ProcessSandbox]:
    """Our own programs, which do no harm, are judged without a cage: no tier is needed for it."""
    with ProcessSandbox(1, PRELOAD, tier="process", unsafe=True) as shared:
        shared.start()  # what PyTorch's import takes is nobody's cost
        yield shared


ENDLESS = {
    "optimizer": "def update(w, g, lr):\n    while True:\n        g = g + 0.0\n    return lr * g\n",
    "schedule": "def schedule(step, total):\n    while total:\n        step += 1\n    return 1.0\n",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_one_without_an_end_costs_some_seconds_of_processor(kind: str, sandbox: ProcessSandbox):
    before = sandbox.processor()
    found = admit(ENDLESS[kind], kind_named(kind), sandbox)
    assert isinstance(found, Rejected)
    assert "used up its 5 s of processor" in found.reason
    assert 4.0 < sandbox.processor() - before < 7.5


def test_the_librarys_stay_far_from_that(sandbox: ProcessSandbox):
    kind = kind_named("optimizer")
    outside = [p for p in library("optimizer").values() if p.genome is None]
    assert outside
    for program in outside:
        before = sandbox.processor()
        assert isinstance(admit(program.source, kind, sandbox), Admitted)
        assert sandbox.processor() - before < 0.5


def judged(source: str, sandbox: ProcessSandbox, kind: str = "optimizer") -> Evaluation:
    found = admit(source, kind_named(kind), sandbox)
    assert isinstance(found, Admitted), found
    return Evaluator(SMALL.judging(kind), sandbox).evaluate(found.program, found.fingerprint)


@pytest.mark.parametrize("case", WRITTEN)
def test_both_ways_of_writing_it_train_alike(case: str, sandbox: ProcessSandbox):
    """One learning rate is far too large, so that replicas are dropped on the way."""
    ours = judged(library("optimizer")["adamw"].source, sandbox)
    theirs = judged(WRITTEN[case], sandbox)
    assert theirs.status is Status.SCORED, theirs
    np.testing.assert_allclose(theirs.by_seed, ours.by_seed, rtol=1e-5)
    assert theirs.metrics["learning_rate"] == ours.metrics["learning_rate"]


def test_a_schedule_is_sampled_apart_and_trains_alike(sandbox: ProcessSandbox):
    source = (
        "import math\n\ndef schedule(step, total):\n    if step < 0:\n        return 0.0\n"
        "    return 0.5 * (1 + math.cos(math.pi * step / total))\n"
    )
    ours = judged(library("schedule")["cosine"].source, sandbox, "schedule")
    theirs = judged(source, sandbox, "schedule")
    assert (theirs.tier, ours.tier) == ("unsafe", "process")
    np.testing.assert_allclose(theirs.by_seed, ours.by_seed, rtol=1e-5)


def test_what_nothing_held_is_marked_and_shares_no_score(sandbox: ProcessSandbox):
    kind = kind_named("optimizer")
    ours, theirs = (admit(s, kind, sandbox) for s in (library("optimizer")["adamw"].source, MODEL))
    assert theirs.fingerprint == f"unsafe-{ours.fingerprint}"
    evaluation = judged(MODEL, sandbox)
    assert evaluation.tier == "unsafe"
    assert not evaluation.ranked
    assert judged(library("optimizer")["sgd"].source, sandbox).tier == "process"


def test_without_a_cage_it_is_refused():
    with ProcessSandbox(1, PRELOAD, tier="process") as sandbox:
        found = admit(MODEL, kind_named("optimizer"), sandbox)
    assert isinstance(found, Rejected)
    assert found.reason.startswith("refused: Code that nobody has read is refused")
    assert isinstance(admit(MODEL, kind_named("optimizer")), Rejected)


@pytest.mark.skipif(not tiers.probe("namespaces").works, reason="no namespaces here")
def test_it_is_the_same_program_as_the_librarys():
    with ProcessSandbox(1, PRELOAD) as sandbox:
        found = [admit(s, kind_named("optimizer"), sandbox) for s in WRITTEN.values()]
    ours = admit(library("optimizer")["adamw"].source, kind_named("optimizer"))
    assert {f.fingerprint for f in found} == {ours.fingerprint}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return lr * g[..., :1]", "expected an update of shape"),
        ("return 'much'", "expected an update as a tensor, found str"),
        ("return lr * g / g.sum() * float('nan')", "not finite"),
        ("return g * (1 / (step - 5))", "ZeroDivisionError"),
        ("return torch.nope(g)", "no attribute 'nope'"),
    ],
)
def test_a_fault_is_told_in_a_sentence(body: str, told: str, sandbox: ProcessSandbox):
    source = f"import torch\n\ndef update(w, g, lr, step):\n    {body}\n"
    found = admit(source, kind_named("optimizer"), sandbox)
    assert isinstance(found, Rejected)
    assert told in found.reason


def test_a_fault_that_shows_only_in_training_names_the_step(sandbox: ProcessSandbox):
    # No probe is at step 11.
    source = "def update(w, g, lr, step):\n    return lr * g / [1.0][0 if step != 11 else 1]\n"
    found = judged(source, sandbox)
    assert found.status is Status.FAILED
    assert found.message == "IndexError: list index out of range, at step 11"
