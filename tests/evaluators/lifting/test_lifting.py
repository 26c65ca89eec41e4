"""Free-form modules meet the programs of the language that they are, and no others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

import numpy as np
import pytest
import torch

from evaluators.admit import Admitted, admit
from evaluators.graph import Graph, checked
from evaluators.harness.bodies.lifting.lift import NotLifted, lifted
from evaluators.harness.freeform.module import written
from evaluators.modules import PRELOAD
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.kinds.architecture import KIND, at
from programs.load import library
from programs.parse import parse
from programs.spec import Spec
from sandbox import ProcessSandbox
from sandbox.base import Payload
from tests.evaluators.lifting.meet import MEET
from tests.evaluators.lifting.near import APART, NEAR

SEEDS = (0, 1, 2)


def some(cases: Iterable[str]) -> list[str]:
    """Return one case in three; `make slow` runs all, which takes minutes."""
    return list(cases)[:: 1 if "CAMBRIAN_SLOW" in os.environ else 3]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def drawn(source: str, spec: Spec, seeds: Sequence[int] = SEEDS) -> Graph:
    """Write a module down as its child would, in this process: the text is our own."""
    x = np.random.default_rng(0).normal(size=(3, *spec.shape)).astype(np.float32)
    data = {"source": source, "spec": {**asdict(spec), "shape": list(spec.shape)}}
    sent = written(Payload({**data, "seeds": list(seeds)}, {"x": x}))
    return checked(sent.data["graph"], sent.arrays, len(seeds))


def read(text: str) -> Genome:
    genome = parse(text, KIND)
    assert not isinstance(genome, Fault), genome
    return genome


def meant(target: str) -> Genome:
    known = library("architecture")
    genome = known[target].genome if target in known else read(target)
    assert genome is not None
    return genome


def lift(source: str, spec: Spec) -> Genome:
    graph = drawn(source, spec)
    return read(lifted(graph.data, graph.arrays, spec))


@pytest.mark.parametrize("case", some(MEET))
def test_a_network_meets_its_twin_in_the_language(case: str) -> None:
    target, spec, source = MEET[case]
    found, wanted = lift(source, spec), meant(target)
    assert fingerprint(found, at(spec)) == fingerprint(wanted, at(spec))
    assert fingerprint(found, KIND) == fingerprint(wanted, KIND)


@pytest.mark.parametrize("case", some(NEAR))
def test_what_differs_in_one_thing_stays_apart(case: str) -> None:
    target, spec, source = NEAR[case]
    assert source != MEET[target][2]
    try:
        found = lift(source, spec)
    except NotLifted:
        return
    assert fingerprint(found, at(spec)) != fingerprint(meant(target), at(spec))


@pytest.mark.parametrize("case", some(APART))
def test_what_the_language_cannot_say_stays_a_graph(case: str) -> None:
    _, spec, source = APART[case]
    with pytest.raises(NotLifted):
        lift(source, spec)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ProcessSandbox]:
    with ProcessSandbox(1, PRELOAD, tier="process", unsafe=True) as sandbox:
        yield sandbox


@pytest.mark.parametrize("case", ["mlp", "lenet"])
def test_the_gate_admits_a_module_as_the_program_it_is(case: str, sandbox: ProcessSandbox) -> None:
    target, spec, source = MEET[case]
    for kind in (at(spec), KIND):
        found = admit(f'"""By hand."""\n{source}', kind, sandbox)
        assert isinstance(found, Admitted), found
        assert found.program.genome is not None
        assert found.program.genome.doc == "By hand."
        assert found.fingerprint == fingerprint(meant(target), kind)
        assert found.program.key == library("architecture")[target].key or kind is not KIND


def test_other_starts_are_another_program(sandbox: ProcessSandbox) -> None:
    target, spec, source = MEET["mlp"]
    source = source.replace("return begun(nn.Linear", "return (nn.Linear")
    found = admit(source, at(spec), sandbox)
    assert isinstance(found, Admitted), found
    assert found.program.form == "module"
    assert found.fingerprint != fingerprint(meant(target), at(spec))
