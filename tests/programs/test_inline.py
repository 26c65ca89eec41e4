"""Programs of several functions as one."""

from __future__ import annotations

from programs.canonical import structural_key
from programs.genome import Genome
from programs.inline import Flat, inline
from programs.kinds.architecture import KIND
from programs.parse import parse

HANDING_ON = """
def block(x):
    return x


def motif(x):
    v = block(x)
    return v + silu(reverse(x))


def network(x):
    return layer_norm(motif(motif(x)))
"""

WRITTEN_OUT = """
def network(x):
    y = x + silu(reverse(x))
    return layer_norm(y + silu(reverse(y)))
"""


def read(source: str) -> Genome:
    genome = parse(source, KIND)
    assert isinstance(genome, Genome), genome
    return genome


def test_a_helper_that_hands_its_argument_on_renames_nothing() -> None:
    flat = inline(read(HANDING_ON))
    assert isinstance(flat, Flat)
    bound = set(flat.function.params)
    for statement in flat.function.body:
        assert {a for a in statement.args if isinstance(a, str)} <= bound
        bound.add(statement.target)
    assert structural_key(read(HANDING_ON), KIND) == structural_key(read(WRITTEN_OUT), KIND)
