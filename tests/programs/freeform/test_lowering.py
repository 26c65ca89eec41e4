"""What is written in another way is the same program, and what is not the same is left alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evaluators import freeform
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.freeform import Freeform, recognise
from programs.kind import Kind
from programs.load import kind_named, kind_of, library, read_program
from programs.program import Program
from sandbox import ProcessSandbox
from tests.programs.freeform.corpus import DIFFERENT, FREE, LOWERED


@pytest.fixture(scope="module")
def probing() -> Iterator[ProcessSandbox]:
    """Our own texts, which do no harm, need no cage."""
    with ProcessSandbox(1, freeform.PROBING, tier="process", unsafe=True) as sandbox:
        yield sandbox


def kind(source: str) -> Kind:
    found = kind_of(source)
    assert found is not None
    return found


def as_written(source: str) -> Program:
    """Return the text as free-form Python, whether or not it can be lowered."""
    free = recognise(source, kind(source))
    assert isinstance(free, Freeform), free
    return Program(kind(source).name, source, "", form=free.form)


def known(name: str, source: str) -> str:
    genome = library(kind(source).name)[name].genome
    assert genome is not None
    return fingerprint(genome, kind(source))


@pytest.mark.parametrize("case", [*LOWERED, *FREE])
def test_torch_computes_what_the_librarys_program_computes(case: str, probing: ProcessSandbox):
    name, source = (LOWERED | FREE)[case]
    assert freeform.behaviour(as_written(source), probing, kind(source)).fingerprint == known(
        name, source
    )


@pytest.mark.parametrize("case", LOWERED)
def test_it_is_lowered_to_the_same_function(case: str):
    name, source = LOWERED[case]
    program = read_program(source, kind(source))
    assert isinstance(program, Program), program
    assert program.source == source
    assert program.genome is not None
    assert fingerprint(program.genome, kind(source)) == known(name, source)


@pytest.mark.parametrize("case", FREE)
def test_what_may_stay_outside_is_never_lowered_to_something_else(case: str):
    name, source = FREE[case]
    program = read_program(source, kind(source))
    assert isinstance(program, Program), program
    assert program.genome is None or fingerprint(program.genome, kind(source)) == known(
        name, source
    )


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_the_language_would_compute_otherwise_is_left_alone(case: str):
    program = read_program(DIFFERENT[case], kind_named("optimizer"))
    assert isinstance(program, Program), program
    assert program.genome is None
    assert program.form == "tensor"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def update(w, g, lr):\n    return lr * softsign(g)\n", "there is no function `softsign`"),
        ("def update(w, g, lr):\n    return lr * torch.sign(g)\n", "expected a function of the"),
        ("import torch\ndef step(w, g):\n    return g\n", "expected `def update"),
        (
            "import torch\ndef update(w, lr):\n    return lr * w\n",
            "helper functions before it only",
        ),
        ("import torch\ndef update(w, g, m):\n    return g * 2\n", "must return 2 values"),
        ("import torch\ndef update(*a):\n    return a\n", "helper functions before it only"),
        ("import torch\n\ndef update(w, g):\n  return (\n", "not valid Python"),
        ("x = 1\n" * 20_000 + "def update(w, g):\n    return g\n", "characters; at most"),
    ],
)
def test_what_is_neither_gets_a_located_error(source: str, told: str):
    fault = read_program(source, kind_named("optimizer"))
    assert isinstance(fault, Fault)
    assert told in str(fault)
    assert fault.line is not None


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (
            "optimizer",
            "function `update`, found the class `Mine` (did you mean `def update(w, g)`?)",
        ),
        ("architecture", "or `build` that returns a module, found the class `Mine` (did you mean"),
    ],
)
def test_a_class_in_place_of_the_entry_is_told_what_to_define(kind: str, told: str):
    text = "import torch\n\nclass Mine(torch.nn.Module):\n    def f(self, x):\n        return x\n"
    fault = read_program(text, kind_named(kind))
    assert isinstance(fault, Fault)
    assert told in str(fault)
    assert fault.line == 3


def test_comments_layout_and_docstrings_do_not_make_another_program():
    plain = "import torch\ndef update(w, g, lr):\n    if lr:\n        return g\n    return w\n"
    dressed = '"""Mine."""\n' + plain.replace("    if", '    """Do."""\n    # now\n    if')
    keys = [read_program(text, kind_named("optimizer")) for text in (plain, dressed)]
    assert all(isinstance(p, Program) for p in keys)
    assert len({p.key for p in keys if isinstance(p, Program)}) == 1
