"""What is remembered between programs never shows in what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from programs import recall
from programs.genome import Genome
from programs.kinds import optimizer, optimizer_probe, schedule
from programs.parse import parse
from programs.recall import Known, Recall
from tests.programs.walks import walk


def added(counted: list[str], op: str, args: Sequence[Known]) -> tuple[np.ndarray, bool]:
    counted.append(op)
    return sum((a.value for a in args), np.zeros(1000)), True


def test_a_call_is_computed_once() -> None:
    counted: list[str] = []
    values = Recall(partial(added, counted))
    one, other = values.given(np.arange(1000.0)), values.given(np.arange(1000.0))
    assert values.applied("add", [one, other]) is values.applied("add", [one, other])
    assert values.applied("add", [one, values.constant(2.0)]).value[3] == 5
    assert counted == ["add", "add"]


def test_equal_bits_are_one_value() -> None:
    values = Recall(partial(added, []))
    given = values.given(np.arange(1000.0))
    same = values.applied("add", [given, values.constant(0.0)])
    assert same is values.applied("add", [given, values.constant(-0.0)])
    assert same is values.applied("add", [given])
    near = np.arange(1000.0)
    near[500] += 1e-9
    assert values.applied("add", [values.given(near)]) is not same


def test_zeros_of_both_signs_stay_apart() -> None:
    values = Recall(partial(added, []))
    assert values.keep("one", np.zeros(1000)) is not values.keep("other", -np.zeros(1000))


def test_what_is_forgotten_is_computed_again() -> None:
    counted: list[str] = []
    values = Recall(partial(added, counted))
    given = values.given(np.arange(1000.0))
    first = values.applied("add", [given])
    for number in range(3 * recall.MOST):
        values.applied("add", [given, values.constant(float(number))])
    counted.clear()
    again = values.applied("add", [given])
    assert counted == ["add"]
    assert again.number != first.number
    np.testing.assert_array_equal(again.value, first.value)


@pytest.mark.parametrize("kind", [optimizer.KIND, schedule.KIND], ids=["optimizer", "schedule"])
def test_no_program_leaves_a_trace(kind, monkeypatch: pytest.MonkeyPatch) -> None:
    genomes = list(walk(kind, 150, seed=9))
    monkeypatch.setattr(recall, "MOST", 20)
    warm = [kind.probe(g, kind).copy() for g in genomes]
    for genome, expected in list(zip(genomes, warm, strict=True))[::-7]:
        optimizer_probe._fixed_course.cache_clear()
        schedule._known.cache_clear()
        assert kind.probe(genome, kind).tobytes() == expected.tobytes()


def test_a_local_name_like_an_input_is_no_input() -> None:
    source = "def update(w, g, m):\n    lr = m * 2\n    m = lerp(m, g, 0.1)\n    return lr + m, m\n"
    same = "def update(w, g, m):\n    n = m * 2\n    m = lerp(m, g, 0.1)\n    return n + m, m\n"
    one, other = (parse(s, optimizer.KIND) for s in (source, same))
    assert isinstance(one, Genome)
    assert isinstance(other, Genome)
    a, b = (optimizer.KIND.probe(g, optimizer.KIND) for g in (one, other))
    assert a.tobytes() == b.tobytes()
