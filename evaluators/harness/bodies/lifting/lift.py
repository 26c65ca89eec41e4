"""A graph of operations as a program of the language, or why it is none that we can find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from evaluators.harness.bodies.graph import GraphBody, mixed
from evaluators.harness.bodies.lifting.numbers import TOLERANCE
from evaluators.harness.bodies.lifting.rolling import Line, rolled
from evaluators.harness.bodies.lifting.search import Known, Search, statistics
from evaluators.harness.bodies.lifting.starts import objection
from programs.check import without_dead_code
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement
from programs.kinds.architecture import at
from programs.kinds.networks.build import run
from programs.kinds.networks.features import Feature
from programs.kinds.networks.layer import Weight
from programs.kinds.networks.plan import recipe
from programs.render import render
from programs.spec import Spec
from programs.tidy import tidy

_BATCH, _OTHER_BATCH = 3, 4
_SCALES = (0.3, 1.0, 10.0, 100.0)
_MOMENTUM = 0.1
_SIMPLE = frozenset(map(float, range(1, 17)))
"""Factors that widths are written with."""


class NotLifted(Exception):
    """Raise where a graph is no program that we can find; the text says why."""


def lifted(graph: Mapping[str, Any], arrays: Mapping[str, np.ndarray], spec: Spec) -> str:
    """Return the text of the program that a graph is, or raise `NotLifted`.

    `arrays` are the first numbers of its weights, `[seeds, …]`.
    """
    if fault := _beyond(graph, arrays):
        raise NotLifted(fault)
    rng = torch.Generator().manual_seed(20230424)
    held = [torch.from_numpy(np.array(arrays[f"w{n}"][0])) for n in range(len(graph["weights"]))]
    body = GraphBody(graph, held).double().eval()
    kept = statistics(graph)
    weights = [
        _filled(w, made["trained"], number in kept, rng)
        for number, (w, made) in enumerate(zip(held, graph["weights"], strict=True))
    ]
    found, genome, begun = _found(body, weights, spec, arrays, rng)
    if fault := objection(begun):
        raise NotLifted(f"it is the network below, but {fault}\n{found}")
    kind = at(spec)
    return render(tidy(without_dead_code(genome, kind), kind), kind)


def _beyond(graph: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> str:
    """Find what is only seen in training, or under another seed."""
    norms = [n for n in graph["nodes"] if n["op"] == "batch_norm"]
    if any(n["args"][5] != _MOMENTUM for n in norms):
        return "a batch norm has another momentum"
    for node in graph["nodes"]:
        dropped = [*node["args"][1:2]] if node["op"] == "dropout" else []
        if "scaled_dot_product" in node["op"]:
            dropped = [*node["args"][4:5], node["kwargs"].get("dropout_p", 0.0)]
        if any(dropped):
            return "it drops values at random, which the language does not"
    for number, weight in enumerate(graph["weights"]):
        seeds = arrays[f"w{number}"]
        if not weight["trained"] and any(not np.array_equal(s, seeds[0]) for s in seeds[1:]):
            return "what it holds fixed hangs on the seed"
    return ""


def _filled(held: Tensor, trained: bool, statistic: bool, rng: torch.Generator) -> Tensor:
    """Put random numbers in the place of what is trained, so that nothing is equal by its start."""
    if not held.is_floating_point():
        return held
    held = held.double()
    if statistic:
        return 0.5 + torch.rand(held.shape, generator=rng, dtype=torch.float64)
    if not trained:
        return held
    spread = max(float(held.std()) if held.numel() > 1 else 0.0, 0.2)
    return held.mean() + spread * torch.randn(held.shape, generator=rng, dtype=torch.float64)


def _found(
    body: GraphBody,
    weights: Sequence[Tensor],
    spec: Spec,
    arrays: Mapping[str, np.ndarray],
    rng: torch.Generator,
) -> tuple[str, Genome, list[tuple[Weight, np.ndarray]]]:
    fault = "its result is no value of the language that we can find"
    given = Feature(spec.input, tuple(spec.shape), spec.causal)
    x = 0.7 * torch.randn((_BATCH, *spec.shape), generator=rng, dtype=torch.float64)
    for apart in (True, False):
        with torch.no_grad():
            search = Search(body, weights, x, given, apart)
            result = search.result()
        if result is None:
            continue
        live = _live(search.known, result)
        functions, lines = rolled([_line(value, arrays) for value in live], result.name)
        if fault := _shared(lines, live, body):
            continue
        main = Function("network", ("x",), tuple(e.statement for e in lines), (result.name,))
        genome = Genome((*functions, main))
        if fault := _apart(genome, live, body, weights, spec, rng):
            continue
        return render(tidy(genome, at(spec)), at(spec)), genome, _begun(genome, live, arrays, spec)
    raise NotLifted(fault)


def _live(known: Mapping[str, Known], result: Known) -> list[Known]:
    needed = {result.name}
    live: list[Known] = []
    for value in reversed(list(known.values())):
        if value.name in needed and value.statement:
            live.append(value)
            needed.update(value.statement.names())
    return live[::-1]


def _line(value: Known, arrays: Mapping[str, np.ndarray]) -> Line:
    return Line(_statement(value, arrays), tuple(value.pieces.items()))


def _shared(lines: Sequence[Line], live: Sequence[Known], body: GraphBody) -> str:
    """Demand that every trained weight belongs to one layer, whole, or to the copies of one."""
    parts = [(p.number, p.part) for line in lines for _, p in line.weights]
    if len(set(parts)) < len(parts):
        return "two layers share a weight"
    used = {p.number for value in live for p in value.pieces.values()}
    trained = {n for n, w in enumerate(body.graph["weights"]) if w["trained"]}
    return "a weight is in no layer of the language" if trained - used else ""


def _statement(value: Known, arrays: Mapping[str, np.ndarray]) -> Statement:
    """Write a value down: widths in terms of what goes in where that is simple."""
    assert value.statement
    if value.layered is None:
        return value.statement
    args: list[Argument] = list(value.statement.args)
    places = {p.name: place for place, p in enumerate(value.layered.layer.params)}
    if "start" in places:
        first = arrays[f"w{value.pieces['weight'].number}"].ravel()[0]
        args[places["start"]] = float(f"{float(first):.6g}")
    if "times" in places and args[places["width"]] and value.inside:
        times = value.layered.gives.width / value.inside
        if times in _SIMPLE or 1 / times in _SIMPLE:
            args[places["width"]], args[places["times"]] = 0.0, times
    return value.statement.reading(tuple(args))


def _apart(
    genome: Genome,
    live: Sequence[Known],
    body: GraphBody,
    weights: Sequence[Tensor],
    spec: Spec,
    rng: torch.Generator,
) -> str:
    """Compare outputs and all gradients of the program with the graph's, on other inputs."""
    made = recipe(genome, at(spec))
    if isinstance(made, Fault):
        return f"what was found is no program: {made}"
    leaves = [
        w.clone().requires_grad_(t["trained"])
        for w, t in zip(weights, body.graph["weights"], strict=True)
    ]
    own = {
        call.target: {n: p.of(leaves[p.number]) for n, p in v.pieces.items()}
        for call, v in zip(made.calls, live, strict=True)
    }
    for scale in _SCALES:
        shape = (_OTHER_BATCH, *spec.shape)
        x = (scale * torch.randn(shape, generator=rng, dtype=torch.float64)).requires_grad_()
        ours = run(made.calls, x, lambda call, _: own[call.target], training=False)[made.result]
        theirs = body.run(x, lambda number, _: leaves[number])
        if ours.shape != theirs.shape:
            return "its result has another shape than a program's"
        wanted = [x, *(leaf for leaf in leaves if leaf.requires_grad)]
        pairs = zip(
            (ours, *_gradients(ours, wanted)), (theirs, *_gradients(theirs, wanted)), strict=True
        )
        if not all(_near(a, b) for a, b in pairs):
            return "what was found gives other numbers on other inputs"
    return ""


def _gradients(y: Tensor, wanted: Sequence[Tensor]) -> Sequence[Tensor]:
    return torch.autograd.grad(
        mixed(y), wanted, retain_graph=True, allow_unused=True, materialize_grads=True
    )


def _near(a: Tensor, b: Tensor) -> bool:
    size = b.detach().abs().nan_to_num(0.0, 0.0, 0.0).max() + 1e-12
    return torch.allclose(a, b, rtol=0.0, atol=float(TOLERANCE * size), equal_nan=True)


def _begun(
    genome: Genome, live: Sequence[Known], arrays: Mapping[str, np.ndarray], spec: Spec
) -> list[tuple[Weight, np.ndarray]]:
    """Return every weight of the program beside what the graph begins with there."""
    made = recipe(genome, at(spec))
    assert not isinstance(made, Fault)
    # What is applied again has its weights once.
    first = {c.path: v.pieces for c, v in zip(made.calls[::-1], live[::-1], strict=True)}
    found: list[tuple[Weight, np.ndarray]] = []
    for path, weights in made.weights.items():
        for name, weight in weights.items():
            piece = first[path][name]
            seeds = torch.from_numpy(np.array(arrays[f"w{piece.number}"]))
            found.append((weight, torch.stack([piece.of(seed) for seed in seeds]).numpy()))
    return found
