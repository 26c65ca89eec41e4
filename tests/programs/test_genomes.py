"""Properties that hold for every genome of every kind, tried on random walks from the library."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from programs.canonical import structural_key
from programs.check import check, without_dead_code
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement, is_anonymous
from programs.kind import Kind
from programs.load import builtin_kinds, in_language, kind_named, make_program
from programs.parse import parse
from programs.render import render
from programs.tidy import tidy
from tests.programs.walks import FULL, walk

SIZES = {"architecture": 150}


@pytest.fixture(scope="module", params=builtin_kinds())
def kind(request: pytest.FixtureRequest) -> Kind:
    return kind_named(request.param)


@pytest.fixture(scope="module")
def genomes(kind: Kind) -> list[Genome]:
    return list(walk(kind, FULL or SIZES.get(kind.name, 400)))


@pytest.mark.timeout(7200 if FULL else 300)
def test_rendering_and_parsing_undo_each_other(kind: Kind, genomes: list[Genome]) -> None:
    for genome in genomes:
        assert parse(render(genome, kind), kind) == genome


def test_every_child_type_checks(kind: Kind, genomes: list[Genome]) -> None:
    for genome in genomes:
        assert not isinstance(check(genome, kind), Fault)


def test_tidy_twice_is_tidy_once(kind: Kind, genomes: list[Genome]) -> None:
    for genome in genomes:
        assert tidy(genome, kind) == genome


def test_the_key_is_blind_to_names(kind: Kind, genomes: list[Genome]) -> None:
    for genome in genomes:
        other = replace(genome, functions=tuple(renamed(f, kind) for f in genome.functions))
        assert structural_key(other, kind) == structural_key(genome, kind)


def test_the_key_is_blind_to_dead_code(kind: Kind, genomes: list[Genome]) -> None:
    for genome in genomes:
        first = genome.main.params[0]
        dead = Statement("unused", "mul", (first, first))
        main = replace(genome.main, body=(dead, *genome.main.body))
        other = genome.with_main(main)
        assert structural_key(other, kind) == structural_key(genome, kind)
        assert without_dead_code(other, kind) == without_dead_code(genome, kind)


def test_the_key_is_blind_to_commutation(kind: Kind, genomes: list[Genome]) -> None:
    rng = np.random.default_rng(1)
    for genome in genomes:
        functions = tuple(commuted(f, kind, rng) for f in genome.functions)
        other = tidy(Genome(functions), kind)
        assert structural_key(other, kind) == structural_key(genome, kind)


def test_programs_of_the_library_come_out_as_they_went_in(kind: Kind) -> None:
    for name, program in in_language(kind.name).items():
        assert program.genome is not None, name
        again = make_program(program.genome, kind)
        assert not isinstance(again, Fault), name
        assert again.key == program.key
        assert parse(again.source, kind) == again.genome


def renamed(function: Function, kind: Kind) -> Function:
    """Give every name that a person chose another one; the inputs keep theirs."""
    fixed = set(kind.entry.inputs) if function.name == kind.entry.name else set()

    def new(arg: Argument) -> Argument:
        if not isinstance(arg, str) or arg in fixed or is_anonymous(arg):
            return arg
        return f"other_{arg}"

    return Function(
        function.name,
        tuple(str(new(p)) for p in function.params),
        tuple(
            Statement(str(new(s.target)), s.op, tuple(new(a) for a in s.args), s.function)
            for s in function.body
        ),
        tuple(new(r) for r in function.returns),
    )


def commuted(function: Function, kind: Kind, rng: np.random.Generator) -> Function:
    """Swap the arguments of half of the commutative ops."""
    body = []
    for s in function.body:
        op = kind.ops.get(s.op)
        swap = op is not None and op.commutative and rng.random() < 0.5
        body.append(s.reading(s.args[::-1]) if swap else s)
    return replace(function, body=tuple(body))
