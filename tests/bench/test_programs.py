"""The stub's programs: good ones differ, hostile ones are Python, and each has its number."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.peers import programs
from programs.load import kind_named, read_program
from programs.program import Program

WAYS = programs.Ways(Path("/home/nobody's"), 4711)


def run(source: str) -> float:
    names: dict[str, object] = {}
    exec(compile(source, "program", "exec"), names)
    return names["schedule"](10, 20)  # type: ignore[operator]


def test_a_program_is_told_by_its_number() -> None:
    for make in (programs.good, programs.plain):
        assert [programs.number_of(make(n)) for n in (0, 7, programs.START)] == [
            0,
            7,
            programs.START,
        ]
    assert programs.number_of("def schedule(step, total):\n    return 1\n") is None


def test_good_programs_answer_with_their_own_constant() -> None:
    assert run(programs.good(3)) == run(programs.plain(3)) == programs.factor(3)
    assert len({programs.factor(n) for n in range(1000)}) == 1000
    assert all(0 < programs.factor(n) < 1 for n in range(1000))
    assert programs.factor(programs.START) < programs.factor(0)


@pytest.mark.parametrize("sort", programs.HOSTILE)
def test_a_hostile_program_is_python_and_takes_the_third_place(sort: str) -> None:
    source = programs.hostile(sort, WAYS)
    compile(source, sort, "exec")
    assert programs.number_of(source) == programs.HOSTILE_PLACE


def test_cambrian_reads_them_as_what_they_are_meant_to_be() -> None:
    kind = kind_named("schedule")
    hostile = [programs.hostile(sort, WAYS) for sort in programs.HOSTILE]
    read = [read_program(source, kind) for source in (programs.good(1), *hostile)]
    assert all(isinstance(p, Program) and p.genome is None for p in read)
    plain = read_program(programs.plain(1), kind)
    assert isinstance(plain, Program)
    assert plain.genome is not None
