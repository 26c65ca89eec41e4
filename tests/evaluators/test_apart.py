"""Free-form optimisers and schedules are compared on random draws before they share a score."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from evaluators.admit import Admitted, admit
from evaluators.apart import told_apart
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from evaluators.collisions import COLLISION, compared
from evaluators.examine import examine
from evaluators.freeform import PROBING
from evaluators.harness.freeform.draws import MOST, natural, seeds, thinned
from programs.kind import Kind
from programs.load import kind_named, library, read_program
from programs.program import Program
from sandbox import ProcessSandbox
from sandbox.base import Ending, Job, Outcome, Sandbox
from sandbox.memory import MemorySandbox

OPTIMIZER, SCHEDULE = kind_named("optimizer"), kind_named("schedule")

GATED = """
import torch
def update(w, g, m, lr):
    m = 0.9 * m + g
    if {}:
        return lr * m.sign(), m
    return lr * m, m
"""
GATES = (
    "w.ndim == 4",
    "w.ndim >= 3",
    "w.numel() > 1000",
    "w.ndim == 2 and w.shape[0] == w.shape[1]",
    "w.ndim >= 2 and min(w.shape) >= 16",
    "w.abs().max() == 0",
)
WITH = """
import torch
def update(w, g, m, lr):
    m = 0.9 * m + g
    {}
    return lr * m, m
"""

HONEST = {
    "momentum": WITH.format("assert torch.is_tensor(w)"),
    "adamw": """
import torch
def update(w, g, m, v, lr, step):
    if w.ndim > 5:
        raise ValueError
    m.lerp_(g, 0.1)
    v.mul_(0.999).addcmul_(g, g, value=0.001)
    u = (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
    return lr * (u + 0.01 * w), m, v
""",
    "lion": """
import torch
def update(w, g, m, lr):
    d = torch.lerp(m, g, 0.1).sign_()
    return lr * (d + 0.1 * w), torch.lerp(m, g, 0.01)
""",
    "cosine": """
import math
def schedule(step, total):
    if step < 0:
        raise ValueError
    return 0.5 * (1 + math.cos(math.pi * step / total))
""",
}
WHOLE = """
import torch
def init(params):
    return [torch.zeros_like(p) for p in params]
def update(params, grads, state, lr, step, total):
    state = [0.9 * m + g for m, g in zip(state, grads)]
    return [lr * m for m in state], state
"""


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessSandbox]:
    """Our own programs, which do no harm, need no cage."""
    with ProcessSandbox(1, PROBING, tier="process", unsafe=True) as shared:
        shared.start()
        yield shared


def program(source: str, kind: Kind = OPTIMIZER) -> Program:
    found = read_program(source, kind)
    assert isinstance(found, Program)
    assert found.genome is None
    return found


def named(
    one: Program, other: Program, kind: Kind = OPTIMIZER, sandbox: Sandbox | None = None
) -> str:
    """Return the name a program goes by where the other's score would answer for it."""
    evaluation = Evaluation(Status.SCORED, 1.0, {"loss": 2.0}, fingerprint="f")
    candidate = Candidate("c", 0, one, Origin("evolution"), evaluation)
    rng = np.random.default_rng(0)
    found = compared(candidate, other, kind, rng, sandbox or MemorySandbox()).evaluation
    assert (COLLISION in found.metrics) == (found.fingerprint != "f")
    return found.fingerprint


@pytest.mark.parametrize("gate", GATES)
def test_what_a_program_does_to_some_shapes_or_weights_only_is_told(gate: str) -> None:
    gated, momentum = program(GATED.format(gate)), library("optimizer")["momentum"]
    prints = [admit(p.source, OPTIMIZER, MemorySandbox()) for p in (gated, momentum)]
    assert len({found.fingerprint for found in prints}) == 1, "the fixed probes tell: no collision"
    assert named(gated, momentum).startswith("apart-")
    assert named(momentum, gated).startswith("apart-")
    assert named(gated, program(WHOLE)) == named(gated, momentum)
    again = program(GATED.format(gate).replace("lr * m.sign()", "m.sign() * lr"))
    assert named(again, momentum) == named(gated, momentum)


def test_all_of_them_are_named_apart() -> None:
    momentum = library("optimizer")["momentum"]
    assert len({named(program(GATED.format(gate)), momentum) for gate in GATES}) == len(GATES)


@pytest.mark.parametrize("name", HONEST)
def test_what_spells_a_program_of_the_language_is_that_program(name: str) -> None:
    kind = SCHEDULE if name == "cosine" else OPTIMIZER
    free, known = program(HONEST[name], kind), library(kind.name)[name]
    assert named(free, known, kind) == named(known, free, kind) == "f"
    if name == "momentum":
        assert named(program(WHOLE), known) == named(program(WHOLE), free) == "f"


def test_a_schedule_that_ends_elsewhere_in_a_long_run_is_told() -> None:
    late = HONEST["cosine"].replace("return", "return 0.1 if step > 320_000 else")
    known = library("schedule")["cosine"]
    assert named(program(late, SCHEDULE), known, SCHEDULE).startswith("apart-")


def test_one_that_fails_on_a_kernel_is_another() -> None:
    product = program(WITH.format("w.ndim > 1 and m @ m.mT @ torch.eye(len(m))"))
    inner = program(WITH.format("w.ndim > 1 and torch.einsum('ij,kj->ik', m, m)"))
    momentum = library("optimizer")["momentum"]
    assert isinstance(admit(inner.source, OPTIMIZER, MemorySandbox()), Admitted)
    assert named(product, momentum).startswith("apart-")
    assert named(inner, momentum).startswith("apart-")


def test_one_that_is_stopped_goes_by_its_text() -> None:
    def stopped(job: Job) -> Outcome:
        ending = Ending.TIMED_OUT if "sign" in str(job.payload.data["source"]) else None
        return Outcome(ending, message="late") if ending else MemorySandbox().run(job)

    sandbox, momentum = MemorySandbox(stopped), library("optimizer")["momentum"]
    gated = [program(GATED.format(gate)) for gate in GATES[:2]]
    found = [named(one, momentum, sandbox=sandbox) for one in gated]
    assert found == [f"apart-{one.key}" for one in gated]
    assert named(gated[0], gated[1], sandbox=sandbox) == "f"


def test_what_cannot_be_run_is_not_compared() -> None:
    gated, momentum = program(GATED.format(GATES[0])), library("optimizer")["momentum"]
    closed = MemorySandbox()
    closed.close()
    assert told_apart(gated, momentum, OPTIMIZER, closed) is None
    with ProcessSandbox(1, PROBING, tier="process") as uncaged:
        assert told_apart(gated, momentum, OPTIMIZER, uncaged) is None


def test_in_a_process_it_is_the_same_and_what_nothing_held_stays_marked(
    processes: ProcessSandbox,
) -> None:
    momentum = library("optimizer")["momentum"]
    gated = program(GATED.format(GATES[0]))
    assert named(gated, momentum, sandbox=processes) == f"unsafe-{named(gated, momentum)}"
    assert named(program(HONEST["adamw"]), library("optimizer")["adamw"], sandbox=processes) == "f"
    before = processes.processor()
    for free in (p for p in library("optimizer").values() if p.genome is None):
        found = told_apart(free, momentum, OPTIMIZER, processes)
        assert found is not None
        assert found != free.key
    assert processes.processor() - before < 8.0


def test_kernels_hold_the_rows_and_the_rest_of_a_matrix() -> None:
    found = [natural(((4, 18), (5, 1), (6, 7)), seed) for seed in seeds("optimizer")]
    assert all(vector == (5,) for _, vector, _ in found)
    shapes = {(4, 18), (4, 2, 3, 3), (4, 6, 3), (6, 7), (6, 7, 1), (6, 7, 1, 1)}
    assert {shape for kernel, _, other in found for shape in (kernel, other)} == shapes


def test_of_a_large_draw_no_more_is_sent_than_both_sides_look_at() -> None:
    outputs = np.arange(4 * 50_000.0).reshape(4, 1, -1)
    found = thinned(outputs)
    assert found.shape == (4, 1, MOST // 4)
    assert (found[0, 0, 0], found[-1, 0, -1]) == (0.0, 4 * 50_000.0 - 1)
    assert np.array_equal(thinned(outputs[..., :7]), outputs[..., :7])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (GATED.format("w.ndim >= 3"), "momentum on the fixed probes, but not on random ones"),
        (HONEST["momentum"], "the same as the library's momentum"),
    ],
)
def test_an_examined_file_is_called_the_same_only_if_random_draws_agree(
    source: str, said: str
) -> None:
    found = {check.name: check for check in examine(source, OPTIMIZER, MemorySandbox())}
    assert found["what it does"].note.endswith(said)
