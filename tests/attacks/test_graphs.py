"""A free-form architecture comes back as a graph, and what it claims to be is looked at.

The honest child's answer is taken and changed in one place at a time, as a child that is not honest
could: each change is refused with a sentence, before anything of it is run.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from evaluators import modules
from evaluators.candidate import UNVERIFIED
from evaluators.evaluator import Evaluator
from evaluators.graph import BadGraph, checked
from programs.errors import Fault
from programs.kinds.architecture import KIND
from programs.load import read_program
from programs.program import Program
from programs.spec import Spec
from sandbox import Ending, Job, Outcome, Payload, ProcessSandbox
from sandbox.memory import MemorySandbox
from tests.attacks.graphs import HONEST, MODULES, OPAQUE, SMALL

SPEC = Spec("sequence", (8, 8), 4, causal=True)


def program(source: str) -> Program:
    found = read_program(source, KIND)
    assert not isinstance(found, Fault), found
    assert found.form == "module"
    return found


@pytest.fixture(scope="module")
def honest() -> modules.Drawn:
    return modules.drawn(program(HONEST), SPEC, (0,), MemorySandbox())


def node(op: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return {"op": op, "args": list(args), "kwargs": kwargs}


LAST = {"ref": 3}
BAD_NODES = {
    "a circle": (node("aten.add.Tensor", {"ref": 10**3}, LAST), "not computed before it"),
    "itself": (node("aten.relu.default", {"ref": -1}), "not computed before it"),
    "a truth for a number": (node("aten.relu.default", {"ref": True}), "no argument can be"),
    "a file": (node("aten.from_file.default", "/etc/passwd"), "not one that may run"),
    "memory as it is": (node("aten.empty.memory_format", [9]), "not one that may run"),
    "memory beyond": (node("aten.as_strided.default", LAST, [9], [9]), "not one that may run"),
    "a name of Python": (node("os.system", "true"), "not one that may run"),
    "a method": (node("python.__class__", LAST), "not one that may run"),
    "chance": (node("aten.rand.default", [9]), "not one that may run"),
    "writing": (node("aten.add_.Tensor", LAST, LAST), "not one that may run"),
    "writing elsewhere": (node("aten.add.out", LAST, LAST), "not one that may run"),
    "an output": (node("aten.add.Tensor", LAST, LAST, out=LAST), "does not take"),
    "a bomb of lists": (node("aten.cat.default", [[[[[[LAST]]]]]]), "too long or too deep"),
    "a bomb of a list": (node("aten.cat.default", [LAST] * 10**4), "too long or too deep"),
    "a bomb of a text": (node("aten.relu.default", "x" * 10**6), "too long"),
    "a number": (node("aten.mul.Scalar", LAST, 2**80), "too large"),
    "a type": (node("aten.zeros.default", [2], dtype={"dtype": "object"}), "no argument can be"),
    "no operation": ({"op": 7, "args": [], "kwargs": {}}, "expected an operation"),
}


@pytest.mark.parametrize("name", BAD_NODES)
def test_no_bad_operation_gets_through(honest: modules.Drawn, name: str):
    data = copy.deepcopy(dict(honest.graph.data))
    bad, told = BAD_NODES[name]
    data["nodes"].append(bad)
    with pytest.raises(BadGraph, match=told):
        checked(data, honest.graph.arrays, 1)


NORM = """
from torch import nn
def build(spec):
    return nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 8))
"""


def norm_of(graph: dict[str, Any]) -> dict[str, Any]:
    (norm,) = [node for node in graph["nodes"] if node["op"] == "batch_norm"]
    return norm


def test_a_batch_norm_writes_only_where_its_means_are():
    """Aimed at the input or at what another reads, it would keep a state of its own."""
    spec = Spec("vector", (8,), 4)
    drawn = modules.drawn(program(NORM), spec, (0,), MemorySandbox())
    sent = drawn.graph.data
    mean = norm_of(dict(sent))["args"][3]["ref"]
    for aim in (0, norm_of(dict(sent))["args"][1]["ref"], norm_of(dict(sent))["args"][0]["ref"]):
        forged = copy.deepcopy(dict(sent))
        norm_of(forged)["args"][3] = {"ref": aim}
        with pytest.raises(BadGraph, match="keeps its means where other numbers are"):
            checked(forged, drawn.graph.arrays, 1)
    reading = copy.deepcopy(dict(sent))
    reading["nodes"].append(node("aten.relu.default", {"ref": mean}))
    with pytest.raises(BadGraph, match="keeps its means where other numbers are"):
        checked(reading, drawn.graph.arrays, 1)
    short = copy.deepcopy(dict(sent))
    norm_of(short)["args"].pop()
    with pytest.raises(BadGraph, match="takes 7 arguments"):
        checked(short, drawn.graph.arrays, 1)


def bad_weight(change: str, weight: np.ndarray) -> np.ndarray | None:
    match change:
        case "not a number":
            return np.full_like(weight, np.nan)
        case "infinite":
            return np.full_like(weight, np.inf)
        case "of another type":
            return weight.astype(np.float64)
        case "of another shape":
            return weight[:, :-1]
    return None


@pytest.mark.parametrize(
    "change", ["not a number", "infinite", "of another type", "of another shape", "missing"]
)
def test_no_bad_weight_gets_through(honest: modules.Drawn, change: str):
    arrays = dict(honest.graph.arrays)
    found = bad_weight(change, arrays.pop("w0"))
    if found is not None:
        arrays["w0"] = found
    with pytest.raises(BadGraph, match="weight 0"):
        checked(honest.graph.data, arrays, 1)


@pytest.mark.parametrize("data", [None, [], {}, {"weights": [], "nodes": [], "result": 3}])
def test_what_is_no_graph_is_told_so(data: Any):
    with pytest.raises(BadGraph, match="expected a graph"):
        checked(data, {}, 1)


def test_too_many_operations_are_refused(honest: modules.Drawn):
    data = copy.deepcopy(dict(honest.graph.data))
    data["nodes"] *= 4001
    with pytest.raises(BadGraph, match="too large"):
        checked(data, honest.graph.arrays, 1)


def test_an_honest_module_is_scored_the_same_twice():
    evaluator = Evaluator(SMALL, MemorySandbox())
    scores = [evaluator.evaluate(program(HONEST)) for _ in range(2)]
    assert scores[0].score is not None, scores[0].message
    assert scores[0].by_seed == scores[1].by_seed


@pytest.mark.parametrize("name", MODULES)
def test_a_module_wins_nothing(name: str):
    source, told = MODULES[name]
    found = Evaluator(SMALL, MemorySandbox()).evaluate(program(source))
    assert found.score is None
    assert told in found.message


class Watched(MemorySandbox):
    """Keeps the jobs in which a program's own text runs."""

    def __init__(self) -> None:
        super().__init__()
        self.exposed: list[Job] = []

    def run(self, job: Job) -> Outcome:
        self.exposed += [] if job.trusted else [job]
        return super().run(job)


def test_where_a_module_is_built_there_is_nothing_to_train_on():
    """A training loop in `build` finds no data: what it gets are sizes and noise."""
    sandbox = Watched()
    loop = HONEST.replace("# here", "for _ in range(9): self.one(torch.randn(2, width)).sum()")
    assert Evaluator(SMALL, sandbox).evaluate(program(loop)).score is not None
    (job,) = sandbox.exposed
    assert job.payload.data.keys() == {"source", "spec", "seeds"}
    assert job.payload.arrays.keys() == {"x"}
    x, _ = SMALL.splits.train
    assert not np.isin(job.payload.arrays["x"], x).any()


def test_what_is_no_graph_trains_itself_and_is_ranked_apart():
    """It computes what its twin does: the same score, but nobody can say at what price."""
    sandbox = Watched()
    evaluator = Evaluator(SMALL, sandbox)
    twin, found = (evaluator.evaluate(program(source)) for source in (HONEST, OPAQUE))
    assert twin.ranked
    assert (found.tier, found.ranked) == (UNVERIFIED, False)
    assert found.score == pytest.approx(twin.score, abs=1e-4)
    training = sandbox.exposed[-1]
    assert "eval_x" in training.payload.arrays
    labels = SMALL.splits.held_out("validation")[1]
    arrays = [a for n, a in training.payload.arrays.items() if n != "train_y"]
    assert not any(np.array_equal(a, labels) for a in arrays)
    keys = [
        modules.behaviour(program(s), MemorySandbox(), SMALL.language).fingerprint
        for s in (HONEST, OPAQUE)
    ]
    assert keys[1].startswith("unverified-")
    assert keys[0] != keys[1]


def test_a_child_that_lies_about_having_no_graph_wins_nothing():
    honest = modules.built(program(OPAQUE), SPEC, (0,), MemorySandbox())
    assert isinstance(honest, modules.Opaque)

    def lying(change: dict[str, Any], arrays: dict[str, Any]) -> MemorySandbox:
        told = {"opaque": "no", "parameters": 1, **change}
        x = {"outputs": honest.outputs, **arrays}
        return MemorySandbox(lambda job: Outcome(Ending.FINISHED, Payload(told, x)))

    for change, arrays in (
        ({"parameters": -1}, {}),
        ({"parameters": "many"}, {}),
        ({"opaque": 3}, {}),
        ({}, {"outputs": honest.outputs[:1]}),
        ({}, {"outputs": honest.outputs.astype(np.float64)}),
    ):
        with pytest.raises(modules.Unprobable, match="cannot be built: expected"):
            modules.built(program(OPAQUE), SPEC, (0,), lying(change, arrays))
    with pytest.raises(modules.Unprobable, match="no graph"):
        modules.drawn(program(OPAQUE), SPEC, (0,), lying({"opaque": "no graph"}, {}))


def test_the_names_and_order_of_layers_do_not_count():
    twin = HONEST.replace("self.one", "self.zeta").replace("# here", "self.alpha = nn.Identity()")
    other = HONEST.replace("tanh", "sigmoid")
    keys = [
        modules.behaviour(program(s), MemorySandbox(), SMALL.language).fingerprint
        for s in (HONEST, twin, other)
    ]
    assert keys[0] == keys[1] != keys[2]


def test_what_is_no_graph_trains_in_a_cage(caged: ProcessSandbox):
    found = Evaluator(SMALL, caged).evaluate(program(OPAQUE))
    assert found.score is not None, found.message
    assert (found.tier, found.ranked) == (UNVERIFIED, False)


def test_a_cage_builds_and_nothing_it_does_ends_more(caged: ProcessSandbox):
    """A header that promises too much, and an end in the midst, are sentences as ever."""
    assert modules.drawn(program(HONEST), SPEC, (0,), caged).sizes.parameters > 0
    for body, told in (("import os; os._exit(0)", "cannot be built"), ("[0] * 10**12", "used")):
        source = f"import torch\ndef build(spec):\n    {body}\n    return torch.nn.Identity()\n"
        with pytest.raises(modules.Unprobable, match=told):
            modules.drawn(program(source), SPEC, (0,), caged)
