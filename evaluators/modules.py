"""Free-form architectures as this process sees them: a graph that came back, and how it behaves.

    in a cage           `build(spec)` runs, and what it returns is written down as a graph
    here                every field of the graph is looked at (`evaluators.graph`)
    in our own process  the graph is compared once with what PyTorch made of the module, counted,
                        and probed; then trained like any other architecture

What cannot be written as a graph trains itself, in a cage: an `Opaque` module, whose budget nobody
can verify, and which is ranked apart.

A graph that is shown to be a network of the language, weights' starts included, is that program
from then on (`evaluators.harness.bodies.lifting`). The fingerprint of any other is of the graph on
fixed inputs, its weights decided by what each is applied to; it does not meet those of the
language. What a module starts from counts too: weights of another sort at the start make another
program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import cast

import numpy as np

from evaluators.bodies import Bodies, Sizes
from evaluators.graph import BadGraph, Graph, checked
from evaluators.task import Trial
from programs.errors import Fault
from programs.fingerprint import Behaviour, behaviour_of, remembered
from programs.freeform import documentation
from programs.genome import Genome
from programs.kind import Kind
from programs.kinds.networks.features import Feature
from programs.load import make_program
from programs.parse import parse
from programs.program import Program
from programs.spec import Input, Spec
from sandbox.base import MIB, Job, Limits, Payload, Sandbox
from sandbox.text import one_line

PRELOAD = (
    "torch",
    "evaluators.harness.freeform.module",
    "evaluators.harness.freeform.opaque",
    "evaluators.harness.bodies.graph_probe",
)
"""What a sandbox should have imported before it forks, to build modules and probe their graphs."""

_BUILDING = Limits(seconds=30.0, memory=1024 * MIB, result=64 * MIB)
_LIFTING = Limits(seconds=180.0, memory=1024 * MIB, result=1 * MIB)
"""Far more than is ever needed: what the search may try is counted, whatever the machine does."""

_EXAMPLES = 3
_DRAWS = (0, 1, 2)
"""Seeds under which a module is built to see how its weights begin."""

_OUTPUTS = 10
_USUAL: tuple[tuple[Input, tuple[int, ...]], ...] = (
    ("sequence", (16, 16)),
    ("image", (16, 8, 8)),
    ("vector", (16,)),
)


class Unprobable(Exception):
    """Raise where a program does not get through the probes; the text is "short name: sentence"."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A module as a graph: its size, the shape it gives for one example, what it did on probes.

    `lifted` is the text of the program that it is, where one was looked for and found.
    """

    graph: Graph
    sizes: Sizes
    gives: tuple[int, ...]
    outputs: np.ndarray
    lifted: str = ""

    @property
    def width(self) -> int:
        """Return the number of features at each position."""
        return self.gives[0] if len(self.gives) == 3 else self.gives[-1]

    @property
    def positions(self) -> int:
        """Count the positions of what comes out."""
        return int(np.prod(self.gives)) // max(self.width, 1)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A module that is no graph, as its child tells of it; `why` is the sentence."""

    parameters: int
    outputs: np.ndarray
    why: str


def behaviour(program: Program, sandbox: Sandbox, kind: Kind) -> Behaviour:
    """Judge what `outputs` returns, and raise as it does.

    A module that can be lifted into the language behaves as the program that it is.
    """
    return understood(program, sandbox, kind)[0]


def understood(program: Program, sandbox: Sandbox, kind: Kind) -> tuple[Behaviour, Program | None]:
    """Return the same, and the program of the language that a module is, if one was found."""
    found = _built_everywhere(program, sandbox, kind)
    known = _lifted(found, program, kind)
    if known is not None and known.genome is not None:
        return remembered(known.genome, kind, known.key), known
    return _as_graphs(found), None


def _lifted(found: Sequence[Drawn | Opaque], program: Program, kind: Kind) -> Program | None:
    """Return the one program that a module is wherever it can be built."""
    texts = {each.lifted if isinstance(each, Drawn) else "" for each in found}
    genome = parse(texts.pop(), kind) if len(texts) == 1 else None
    if not isinstance(genome, Genome):
        return None
    made = make_program(replace(genome, doc=documentation(program.source)), kind)
    return None if isinstance(made, Fault) else made


def _as_graphs(found: Sequence[Drawn | Opaque]) -> Behaviour:
    outputs = np.concatenate([each.outputs.ravel() for each in found])
    if not any(isinstance(each, Opaque) for each in found):
        return behaviour_of(outputs, "architecture as a graph")
    judged = behaviour_of(outputs, "architecture that is no graph")
    return replace(judged, fingerprint=f"unverified-{judged.fingerprint}")


def outputs(program: Program, sandbox: Sandbox, kind: Kind) -> np.ndarray:
    """Run a free-form architecture on fixed inputs of its kind, in the sandbox.

    Of a kind for a task, on the task's shape; otherwise on every sort of input that it takes.
    Raises `Unprobable` for the program's fault, `SandboxUnavailable` where it may not run.
    """
    found = _built_everywhere(program, sandbox, kind)
    return np.concatenate([each.outputs.ravel() for each in found])


def _built_everywhere(program: Program, sandbox: Sandbox, kind: Kind) -> list[Drawn | Opaque]:
    found: list[Drawn | Opaque] = []
    faults: list[Unprobable] = []
    for spec in _places(kind):
        try:
            found.append(built(program, spec, _DRAWS, sandbox, lift=True))
        except Unprobable as fault:
            faults.append(fault)
    if not found:
        raise faults[0]
    return found


def _places(kind: Kind) -> Sequence[Spec]:
    if kind.settings is not None:
        return [Spec(sort, shape, _OUTPUTS) for sort, shape in _USUAL]
    (x,) = kind.entry.inputs.values()
    assert isinstance(x, Feature)
    return [Spec(cast("Input", x.sort), x.shape, _OUTPUTS, x.causal)]


def judging_job(
    task: Bodies, program: Program, trial: Trial, limits: Limits, device: str, sandbox: Sandbox
) -> Job:
    """Return the job that trains what a program builds; `Unprobable` for its own faults.

    A module that is no graph trains itself: that job is not trusted.
    """
    found = built(program, task.spec, trial.seeds, sandbox)
    if isinstance(found, Opaque):
        return _self_training(task, program, trial, limits, device, found)
    sizes = task.with_ends(found.sizes, found.positions, found.width)
    if objection := task.excess(sizes):
        raise Unprobable(objection)
    sent = task.payload(replace(program, source=""), trial)
    data = {**sent.data, "graph": found.graph.data, "sizes": asdict(sizes)}
    payload = Payload(data, {**sent.arrays, **found.graph.arrays})
    return Job(task.harness, payload, limits, device, trusted=True)


def _self_training(
    task: Bodies, program: Program, trial: Trial, limits: Limits, device: str, found: Opaque
) -> Job:
    gives = found.outputs.shape[1:]
    width = gives[0] if len(gives) == 3 else gives[-1]
    sizes = task.with_ends(Sizes(found.parameters, 0), int(np.prod(gives)) // max(width, 1), width)
    if objection := task.excess(sizes):
        raise Unprobable(objection)
    payload = task.payload(program, trial)
    return Job("evaluators.harness.freeform.opaque:train", payload, limits, device)


def built(
    program: Program, spec: Spec, seeds: Sequence[int], sandbox: Sandbox, lift: bool = False
) -> Drawn | Opaque:
    """Have a module built in a cage, and its graph compared with it in a process of ours.

    With `lift`, the graph is looked for among the programs of the language as well.
    """
    place = {**asdict(spec), "shape": list(spec.shape)}
    rng = np.random.default_rng(20230424)
    x = rng.normal(size=(_EXAMPLES, *spec.shape)).astype(np.float32)
    data = {"source": program.source, "spec": place, "seeds": list(seeds)}
    job = Job("evaluators.harness.freeform.module:written", Payload(data, {"x": x}), _BUILDING)
    sent = _returned(sandbox, job, "cannot be built")
    if "opaque" in sent.data:
        return _opaque(sent, spec)
    try:
        graph = checked(sent.data.get("graph"), sent.arrays, len(seeds))
    except BadGraph as fault:
        raise Unprobable(f"not a graph that may run: {fault}") from None
    claimed = {name: _numbers(sent, name) for name in ("outputs", "gradients")}
    arrays = {**graph.arrays, "x": x, **claimed}
    payload = Payload({"graph": graph.data, "spec": place}, arrays)
    compared = Job("evaluators.harness.bodies.graph_probe:judged", payload, _BUILDING, trusted=True)
    told = _returned(sandbox, compared, "cannot be run as a graph")
    if fault := told.data["fault"]:
        raise Unprobable(str(fault))
    sizes = Sizes(graph.parameters, int(told.data["flops"]))
    text = _sought(graph, place, sandbox) if lift else ""
    return Drawn(graph, sizes, tuple(told.data["gives"]), told.arrays["outputs"], text)


def _sought(graph: Graph, place: dict[str, object], sandbox: Sandbox) -> str:
    """Look for the program that a graph is; where the search comes to no end, it is none."""
    payload = Payload({"graph": graph.data, "spec": place}, graph.arrays)
    job = Job("evaluators.harness.bodies.graph_probe:sought", payload, _LIFTING, trusted=True)
    outcome = sandbox.run(job)
    return str(outcome.result.data.get("lifted", "")) if outcome.result else ""


def drawn(program: Program, spec: Spec, seeds: Sequence[int], sandbox: Sandbox) -> Drawn:
    """Do the same for a module that must be a graph."""
    found = built(program, spec, seeds, sandbox)
    if isinstance(found, Opaque):
        raise Unprobable(found.why)
    return found


def _opaque(sent: Payload, spec: Spec) -> Opaque:
    """Look at what a child says of a module: all of it is only good for being ranked apart."""
    why, count = sent.data["opaque"], sent.data.get("parameters")
    found = _numbers(sent, "outputs")
    fits = found.ndim in (2, 3, 4) and len(found) == _EXAMPLES and found.size
    if type(why) is not str or type(count) is not int or count < 0 or not fits:
        raise Unprobable("cannot be built: expected outputs for every example, and a count")
    return Opaque(count, found, one_line(why))


def _returned(sandbox: Sandbox, job: Job, what: str) -> Payload:
    outcome = sandbox.run(job)
    if outcome.result is None:
        raise Unprobable(f"{what}: {outcome.message}")
    return outcome.result


def _numbers(sent: Payload, name: str) -> np.ndarray:
    found = sent.arrays.get(name)
    if found is None or found.dtype != np.float32:
        raise Unprobable(f"cannot be built: expected its {name} in single precision")
    return found
