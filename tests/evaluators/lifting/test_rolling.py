"""Statements in a row that share their weights become a loop, and nothing else does."""

from __future__ import annotations

from evaluators.harness.bodies.lifting.proposals import Piece
from evaluators.harness.bodies.lifting.rolling import Line, rolled
from programs.genome import Statement


def line(target: str, op: str, *args: str, weight: int | None = None) -> Line:
    weights = () if weight is None else (("weight", Piece(weight)),)
    return Line(Statement(target, op, args), weights)


def test_what_comes_before_the_weights_belongs_to_the_block() -> None:
    lines = [
        line("a", "relu", "x"),
        line("b", "linear", "a", weight=0),
        line("c", "add", "x", "b"),
        line("d", "relu", "c"),
        line("e", "linear", "d", weight=0),
        line("f", "add", "c", "e"),
        line("g", "tanh", "f"),
    ]
    (block,), left = rolled(lines, "g")
    assert [s.op for s in block.body] == ["relu", "linear", "add"]
    assert block.body[0].args == ("x",)
    assert block.body[2].args == ("x", "b")
    assert block.returns == ("c",)
    assert left[0].statement == Statement("f", "recur", (2.0, "x"), "block")
    assert left[0].weights == lines[1].weights
    assert left[1] == lines[6]


def test_copies_with_other_weights_are_no_loop() -> None:
    lines = [line("a", "linear", "x", weight=0), line("b", "linear", "a", weight=1)]
    assert rolled(lines, "b") == ((), lines)


def test_what_is_read_on_the_way_is_no_loop() -> None:
    first, second = line("a", "linear", "x", weight=0), line("b", "linear", "a", weight=0)
    assert rolled([first, second], "b")[0]
    sums = [first, second, line("c", "add", "a", "b")]
    assert rolled(sums, "c") == ((), sums)
    assert rolled([first, second], "a") == ((), [first, second])


def test_a_copy_that_reads_what_came_in_is_no_loop() -> None:
    lines = [
        line("a", "linear", "x", weight=0),
        line("b", "add", "a", "x"),
        line("c", "linear", "b", weight=0),
        line("d", "add", "c", "x"),
    ]
    assert rolled(lines, "d") == ((), lines)


def test_whoever_shares_a_weight_with_a_loop_is_still_seen() -> None:
    lines = [
        line("a", "linear", "x", weight=0),
        line("b", "linear", "a", weight=0),
        line("c", "relu", "b"),
        line("d", "linear", "c", weight=0),
    ]
    (block,), left = rolled(lines, "d")
    assert len(block.body) == 1
    assert [x.weights for x in left] == [lines[0].weights, (), lines[3].weights]
