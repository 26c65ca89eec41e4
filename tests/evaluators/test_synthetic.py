"""The generated tasks have the form that their papers describe."""

from __future__ import annotations

import numpy as np
import pytest

from evaluators.data import listops
from evaluators.data.mqar import mqar
from evaluators.data.selective_copy import NOISE, selective_copy
from evaluators.data.splits import Data
from evaluators.harness.labels import UNASKED
from programs.errors import InputError

COUNTS = (200, 50, 50)


def test_every_query_of_recall_is_a_key_seen_before_and_its_answer_the_value_there() -> None:
    x, y = mqar(24, 16, 3, COUNTS).train
    for tokens, answers in zip(x, y, strict=True):
        pairs = dict(zip(tokens[0:6:2], tokens[1:6:2], strict=True))
        asked = np.flatnonzero(answers != UNASKED)
        assert sorted(tokens[asked]) == sorted(pairs)
        assert all(pairs[tokens[place]] == answers[place] for place in asked)
        assert asked.min() >= 6
        assert all(1 <= key < 12 <= value < 24 for key, value in pairs.items())


def test_keys_return_soon_more_often_than_late() -> None:
    _, y = mqar(64, 32, 3, (2000, 10, 10)).train
    by_place = (y != UNASKED).sum(0)
    assert by_place[6] > 2 * by_place[30] > 0


def test_the_copied_tokens_are_the_data_in_their_order() -> None:
    x, y = selective_copy(10, 16, 4, COUNTS).train
    for tokens, answers in zip(x, y, strict=True):
        kept = [t for t in tokens[:16] if t != NOISE]
        assert list(answers[16:]) == kept
        assert set(answers[:16]) == {UNASKED}
        assert set(tokens[16:]) == {9}


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        (("MAX", [2, 9, ("MIN", [4, 7]), 0]), 9),
        (("SM", [9, 9, 5]), 3),
        (("MED", [1, 2, 8, 9]), 5),
        (("MED", [1, 2]), 1),
        (("MIN", [("SM", [5, 5]), 4]), 0),
    ],
)
def test_an_expression_has_the_value_that_the_arena_gives_it(tree, value: int) -> None:
    assert listops.value(tree) == value


def test_expressions_are_padded_in_front_and_closed() -> None:
    x, y = listops.listops(6, 24, 3, 4, COUNTS).train
    assert x.shape == (200, 24)
    assert (x[:, -1] == listops.END).all()
    opened = np.isin(x, list(listops.OPERATORS.values())).sum(1)
    assert np.array_equal(opened, (x == listops.END).sum(1))
    assert set(np.unique(y)) == set(range(10))


@pytest.mark.parametrize("draw", [lambda s: mqar(24, 16, 3, COUNTS, s)])
def test_splits_are_distinct_and_fixed_by_the_seed(draw) -> None:
    first, again, other = draw(0), draw(0), draw(1)
    assert first.checksum == again.checksum != other.checksum
    rows = [row.tobytes() for x, _ in (first.train, first.validation, first.test) for row in x]
    assert len(set(rows)) == sum(COUNTS)


def test_too_few_different_examples_are_an_input_error() -> None:
    with pytest.raises(InputError, match="There are not 300 different examples"):
        selective_copy(4, 4, 2, COUNTS)


def test_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        mqar(24, 8, 3, COUNTS)
    with pytest.raises(ValueError, match="do not fit"):
        selective_copy(10, 3, 4, COUNTS)
    assert isinstance(mqar(24, 12, 3, COUNTS), Data)
