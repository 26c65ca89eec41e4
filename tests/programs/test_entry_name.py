"""A value may have the entry's name, as in the Lion paper's listing: nothing can call the entry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from programs.errors import Fault
from programs.export import export
from programs.export.recall import header_program, is_unchanged
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.load import kind_named, library, read_program
from programs.operator import OPERATORS
from programs.parse import parse
from programs.program import Program
from programs.render import render
from programs.simplify import simplify
from programs.tidy import tidy
from tests.programs.export.test_agreement import agrees

LION = """\
def update(w, g, m, lr):
    update = interp(g, m, 0.9)
    update = sign(update)
    m = interp(g, m, 0.99)
    weight_decay = w * 0.1
    update = update + weight_decay
    update = update * lr
    return update, m
"""
TEXTS = {
    "optimizer": LION,
    "schedule": "def schedule(step, total):\n    schedule = step / total\n"
    "    schedule = 1 - schedule\n    return schedule * schedule\n",
    "architecture": "def block(network):\n    network = network + attention(rms_norm(network))\n"
    "    return network + linear(silu(network))\n\n\n"
    "def network(x):\n    network = 2\n    x = repeat(block, network, x)\n"
    "    network = block(x)\n    return network * network\n",
}


def program(kind: str, text: str) -> Program:
    found = read_program(text, kind_named(kind))
    assert isinstance(found, Program), found
    assert found.genome is not None
    return found


def test_the_papers_listing_of_lion_is_lion() -> None:
    genome = program("optimizer", LION).genome
    lion = library("optimizer")["lion"].genome
    assert genome is not None
    assert lion is not None
    kind = kind_named("optimizer")
    assert fingerprint(genome, kind) == fingerprint(lion, kind)


@pytest.mark.parametrize("kind", TEXTS)
def test_the_name_is_kept_and_read_back(kind: str) -> None:
    language = kind_named(kind)
    genome = program(kind, TEXTS[kind]).genome
    assert genome is not None
    text = render(genome, language)
    assert f"    {language.entry.name} = " in text
    assert parse(text, language) == genome == tidy(genome, language)
    simpler = simplify(genome, language, np.random.default_rng(0)).genome
    assert parse(render(simpler, language), language) == simpler


@pytest.mark.parametrize("kind", TEXTS)
def test_its_children_read_back(kind: str) -> None:
    language = kind_named(kind)
    first = program(kind, TEXTS[kind]).genome
    assert first is not None
    rng = np.random.default_rng(0)
    pool: list[Genome] = [first]
    for name in OPERATORS.names():
        operator = OPERATORS.find(name)
        for _ in range(12):
            parents = [pool[rng.integers(len(pool))] for _ in range(operator.arity)]
            child = operator(parents, language, rng)
            if not isinstance(child, Fault):
                assert parse(render(child, language), language) == child == tidy(child, language)
                pool.append(child)
    assert len(pool) > 60


@pytest.mark.parametrize(
    "text",
    [
        LION,
        "def update(w, g, update, lr):\n"
        "    update = 0.9 * update + g\n    return lr * update, update\n",
    ],
)
def test_an_exported_optimiser_computes_the_same(text: str) -> None:
    made = program("optimizer", text)
    assert agrees(made, torch.float64)
    file = export(made, "py")
    shown = header_program(file)
    assert shown is not None
    assert is_unchanged(file, shown)


def exported(kind: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(compile(export(program(kind, TEXTS[kind]), "py"), kind, "exec"), space)
    return space


def test_an_exported_schedule_and_an_exported_network_run() -> None:
    assert exported("schedule")["factor"](10, 40) == 0.75**2
    assert exported("architecture")["Network"]()(torch.zeros(2, 16, 16)).shape == (2, 16, 16)


def test_the_entry_cannot_be_called() -> None:
    for line in ("return update(w, g)", "update = g\n    return update(w)"):
        fault = parse(f"def update(w, g):\n    {line}\n", kind_named("optimizer"))
        assert isinstance(fault, Fault)
        assert "there is no function `update`" in fault.message
    fault = parse("def update(w, g):\n    return update\n", kind_named("optimizer"))
    assert isinstance(fault, Fault)
    assert "not bound before this line" in fault.message
