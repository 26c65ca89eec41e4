"""Two programs beside each other: statements by their values, outputs by their places."""

from __future__ import annotations

import numpy as np
import pytest

from programs.genome import Genome
from programs.kinds import optimizer_probe, schedule
from programs.load import kind_named, library, read_program
from programs.program import Program
from runs.alignment import How, aligned
from runs.commands.either import given_program
from runs.contrast import contrast, interval
from runs.parting import parting
from runs.store import Store
from tests.runs.samples import candidate, new_run

OPTIMIZER = kind_named("optimizer")
LION = library("optimizer")["lion"]


def genome(source: str, kind: str = "optimizer") -> Genome:
    program = read_program(source, kind_named(kind))
    assert isinstance(program, Program)
    assert program.genome is not None
    return program.genome


def ways(one: str, other: str) -> list[tuple[How, str, str]]:
    return [(p.how, p.a, p.b) for p in aligned(genome(one), genome(other), OPTIMIZER)]


FIRST = "def update(w, g, m, lr):\n    a = 2 * g\n    b = m + a\n    return lr * b, a\n"


def test_a_program_beside_itself_is_the_same() -> None:
    assert {how for how, _, _ in ways(FIRST, FIRST)} == {How.SAME}


def test_names_and_places_are_no_change_of_value() -> None:
    body = "    z = v + w\n    y = g * 2\n    x = y + v\n    return lr * x * sign(z), y\n"
    found = ways(FIRST, f"def update(w, g, v, lr):\n{body}")
    assert found == [
        (How.NEW, "", "z = v + w"),
        (How.RENAMED, "a = 2 * g", "y = g * 2"),
        (How.RENAMED, "b = m + a", "x = y + v"),
        (How.CHANGED, "return: lr * b", "return: lr * x * sign(z)"),
        (How.RENAMED, "return m: a", "return v: y"),
    ]


def test_what_changed_is_told_from_what_reads_it() -> None:
    found = ways(FIRST, FIRST.replace("2 * g", "3 * g"))
    assert [how for how, _, _ in found] == [How.CHANGED, How.READS, How.READS, How.READS]


def test_a_statement_at_another_place_is_moved() -> None:
    body = "    a = sign(g)\n    b = abs(w)\n", "    b = abs(w)\n    a = sign(g)\n"
    one, other = (f"def update(w, g, lr):\n{b}    return lr * (a + b)\n" for b in body)
    found = [how for how, _, _ in ways(one, other)]
    assert sorted(found) == [How.MOVED, How.SAME, How.SAME]


def test_equal_layers_have_weights_of_their_own() -> None:
    kind = kind_named("architecture")
    shared = "def block(x):\n    h = linear(x)\n    return h + h\n"
    apart = "def block(x):\n    h = linear(x)\n    k = linear(x)\n    return h + k\n"
    name = kind.entry.name
    main = f"\n\ndef {name}(x):\n    return call_it(x)\n".replace("call_it", "block")
    one, other = (genome(text + main, "architecture") for text in (shared, apart))
    assert any(p.how is not How.SAME for p in aligned(one, other, kind))


def test_a_deep_program_takes_no_time_that_grows_with_its_paths() -> None:
    lines = "".join(f"    a{i + 1} = a{i} + a{i}\n" for i in range(60))
    source = f"def update(w, g, lr):\n    a0 = g\n{lines}    return lr * a60\n"
    assert {how for how, _, _ in ways(source, source)} == {How.SAME}


def test_where_optimisers_part() -> None:
    a = np.ones((5, 6, 30 + 12 * 6 + 2 * 18 + 1))
    b = a.copy()
    b[3, 1, 30 + 5] = 1.25
    b[4, 0, -1] = -1.0
    found = parting(a, b, "optimizer")
    assert found is not None
    assert (found.different, found.count) == (2, a.size)
    rate = optimizer_probe.given().rates[3, 1]
    assert found.first.where == f"step 16, learning rate {rate:.3g}, element 5 of the 12 × 6 tensor"
    assert (found.first.a, found.first.b) == (1.0, 1.25)
    assert found.largest.where.endswith("element 0 of the 1 × 1 tensor")
    assert found.gap == 2.0
    b[0, 0, 0] = np.nan
    found = parting(a, b, "optimizer")
    assert found is not None
    assert found.gap == np.inf
    assert found.first.as_json()["b"] == "nan"
    assert parting(a, a * (1 + 1e-12), "optimizer") is None


def test_where_schedules_part() -> None:
    a = np.ones(sum(len(steps) for _, steps in schedule.COURSES))
    b = a.copy()
    b[1 + 7 + 42] = 2.0
    found = parting(a, b, "schedule")
    assert found is not None
    assert found.first.where == "step 42 of 100"


def test_scores_stand_beside_each_other_where_they_were_made_alike(store: Store) -> None:
    run, far = new_run(store), new_run(store, protocol="p2")
    for place, score in ((run, 0.5), (far, 0.75)):
        store.record(place.id, candidate(place.id, 0, score, source=LION.source))
    better = candidate(run.id, 1, 0.75, source=LION.source.replace("0.01", "0.02"))
    store.record(run.id, better)
    ids = [c.id for c in (*store.history(run.id), *store.history(far.id))]
    one, other, elsewhere = (given_program(id, store.path) for id in ids)
    found = contrast(one, other)
    assert found.comparable
    assert found.gain is not None
    assert found.gain.mean == pytest.approx(0.25)
    assert one.candidate is not None
    assert interval(one.candidate) == "0.5000 ± 0.0000 on search"
    assert not contrast(one, elsewhere).comparable
