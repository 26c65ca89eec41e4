"""The inputs that a network is read for: a task's, the usual ones, or those its numbers ask for."""

from __future__ import annotations

import pytest

from programs.errors import Fault
from programs.fingerprint import behaviour
from programs.genome import Genome
from programs.kinds.architecture import KIND, at
from programs.load import library, settled
from programs.parse import parse
from programs.spec import Spec


def network(body: str) -> str:
    return f"def network(x):\n    return {body}\n"


def pooled(times: int) -> str:
    return "max_pool(" * times + "x" + ", 2)" * times


UNUSUAL = (
    "attention(x, heads=3)",
    "attention(x, heads=3) + attention(x, heads=5)",
    "attention(x, heads=64, rotary=1)",
    "group_norm(conv(x), 3)",
    "conv(x, groups=6) + attention(x, heads=9)",
    f"flatten({pooled(5)})",
    f"to_sequence({pooled(4)})",
    f"attention(to_sequence({pooled(4)}), heads=3)",
    "mean_pool(patchify(x, 3, 64))",
    "attention(patchify(x, 7, 64))",
    "attention(patchify(x, 16, 64))",
    f"mean_pool(patchify({pooled(2)}, 7, 64))",
)


def genome_of(body: str, kind=KIND) -> Genome:
    found = parse(network(body), kind)
    assert isinstance(found, Genome), found
    return found


@pytest.mark.parametrize("body", UNUSUAL)
def test_a_network_that_fits_no_usual_input_is_read_for_one_that_its_numbers_ask_for(
    body: str,
) -> None:
    assert isinstance(parse(network(body), KIND), Fault)
    kind = settled(network(body), KIND)
    found = behaviour(genome_of(body, kind), kind)
    assert found.fault is None
    assert found.fingerprint


def test_whatever_fits_a_usual_input_is_read_for_all_of_them() -> None:
    for program in library("architecture").values():
        assert settled(program.source, KIND) is KIND


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("mean_pool(patchify(x, 3, 64))", "patches of 3 do not divide an image of 16×8×8"),
        (f"to_sequence({pooled(4)})", "an image of 16×1×1 is smaller than a pool of 2"),
        ("attention(to_sequence(x), heads=3)", "3 heads do not divide a width of 16"),
        ("token_linear(mean_pool(x))", "expected a sequence, found a vector of 16"),
    ],
)
def test_the_fault_is_that_of_the_input_that_comes_nearest(body: str, reason: str) -> None:
    found = parse(network(body), KIND)
    assert isinstance(found, Fault)
    assert found.message.endswith(reason)


def test_where_no_input_fits_the_fault_is_that_of_one_that_its_numbers_ask_for() -> None:
    text = network("attention(patchify(x, 3, 64), heads=3)")
    found = parse(text, settled(text, KIND))
    assert isinstance(found, Fault)
    assert found.message.endswith("3 heads do not divide a width of 64")


def test_helpers_nested_too_deeply_are_left_to_reading() -> None:
    helpers = [f"def f{n}(x):\n    return f{n - 1}(x)\n\n" for n in range(1, 900)]
    first = "def f0(x):\n    return attention(x, heads=3)\n\n"
    text = "".join([first, *helpers, network("f899(x)")])
    found = parse(text, settled(text, KIND))
    assert isinstance(found, Fault)
    assert found.message.startswith("nested too deeply")


def test_the_probe_for_a_large_task_is_of_a_size_that_the_numbers_ask_for() -> None:
    large = at(Spec("sequence", (2048, 768), 10))
    one, other = (
        behaviour(genome_of(f"attention(x, heads={heads})", large), large) for heads in (12, 6)
    )
    assert one.fault is None
    assert one.fingerprint != other.fingerprint
