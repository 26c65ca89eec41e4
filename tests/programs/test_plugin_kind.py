"""A fourth kind is one file: here a loss, found by its path and used by all of the core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from programs.canonical import structural_key
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.kind import Kind
from programs.load import kind_named
from programs.operator import OPERATORS
from programs.parse import parse
from programs.render import render

LOSS = '''"""Losses: how wrong a prediction is."""

import numpy as np

from programs.interpret import plan
from programs.kind import Entry, Kind, vocabulary
from programs.kinds import arithmetic
from programs.kinds.shapes import SCALAR

MARGINS = np.linspace(-3.0, 3.0, 32)


def probe(genome, kind):
    inputs = {"y": np.sign(MARGINS), "p": MARGINS[::-1]}
    with np.errstate(all="ignore"):
        ((result,),) = plan(genome.main, kind, np)(inputs, 1)
    return np.broadcast_to(result, MARGINS.shape)


KIND = Kind(
    name="loss",
    entry=Entry("loss", {"p": SCALAR, "y": SCALAR}, required=("p", "y"), output=SCALAR),
    ops=vocabulary(arithmetic.ARITHMETIC, arithmetic.ELEMENTWISE),
    number=SCALAR,
    probe=probe,
    helpers=arithmetic.HELPERS,
)
'''


NOT_HERE = {"deepen", "extract-motif", "inline-motif", "swap", "unroll", "widen"}
"""Operators for kinds with helper functions or weights, and for programs of several lines."""


@pytest.fixture
def loss(tmp_path: Path) -> Kind:
    path = tmp_path / "loss.py"
    path.write_text(LOSS)
    return kind_named(str(path))


def test_a_loss_is_parsed_rendered_mutated_and_hashed(loss: Kind) -> None:
    source = "def loss(p, y):\n    gap = 2 * p - y\n    return log1p(exp(gap))\n"
    genome = parse(source, loss)
    assert isinstance(genome, Genome)
    assert render(genome, loss) == source
    assert structural_key(genome, loss)
    rng = np.random.default_rng(0)
    seen = {fingerprint(genome, loss)}
    for name in OPERATORS.names():
        operator = OPERATORS.find(name)
        child = operator([genome] * operator.arity, loss, rng)
        if isinstance(child, Fault):
            assert name in NOT_HERE, child
            continue
        assert parse(render(child, loss), loss) == child
        seen.add(fingerprint(child, loss))
    assert len(seen) > 1


def test_its_faults_have_places_too(loss: Kind) -> None:
    fault = parse("def loss(p, y):\n    return p @ y\n", loss)
    assert isinstance(fault, Fault)
    assert (fault.line, fault.column) == (2, 12)


def test_equal_losses_have_equal_fingerprints(loss: Kind) -> None:
    texts = ("square(p - y)", "(y - p) ** 2", "p * p - 2 * p * y + y * y")
    genomes = [parse(f"def loss(p, y):\n    return {t}\n", loss) for t in texts]
    assert len({fingerprint(g, loss) for g in genomes if isinstance(g, Genome)}) == 1
