"""The raw program that evolution found simplifies, automatically, to Lion."""

from __future__ import annotations

from functools import cache

import numpy as np

from programs.canonical import structural_key
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.kinds.optimizer_agreement import agreement
from programs.load import kind_named, library
from programs.parse import parse
from programs.simplify import Simplified, simplify

KIND = kind_named("optimizer")

SCALE, DECAY = 0.0002171761734643951, 0.4601978361606598
DIRECTION, MEMORY = 1 - 0.8999999761581421, 1 - 0.8999999761581421 * 1.109133005142212


def library_genome(name: str) -> Genome:
    genome = library("optimizer")[name].genome
    assert genome is not None
    return genome


def read(source: str) -> Genome:
    genome = parse(source, KIND)
    assert isinstance(genome, Genome), genome
    return genome


def lion_with_the_constants_found() -> Genome:
    """Put the raw program's constants into the library's Lion, and its scale before the rate."""
    text = library("optimizer")["lion"].source
    text = text.replace("lerp(m, g, 0.1)", f"lerp(m, g, {DIRECTION:.12g})")
    text = text.replace("lerp(m, g, 0.01)", f"lerp(m, g, {MEMORY:.12g})")
    text = text.replace("0.1 * w", f"{DECAY:.12g} * w").replace("lr * (", f"lr * {SCALE:.12g} * (")
    return read(text)


@cache
def simplified(seed: int) -> Simplified:
    raw = library_genome("lion_raw")
    score = agreement(raw, KIND, np.random.default_rng(seed))
    return simplify(raw, KIND, np.random.default_rng(seed), score=score, tolerance=0.1)


def test_program_8_becomes_lion() -> None:
    found = simplified(0).genome
    assert structural_key(found, KIND) == structural_key(lion_with_the_constants_found(), KIND)
    assert fingerprint(found, KIND) == fingerprint(lion_with_the_constants_found(), KIND)


def test_it_does_so_from_other_random_probes() -> None:
    assert simplified(1).genome.main == simplified(0).genome.main


def test_one_state_is_left_and_its_average_is_0_998220() -> None:
    main = simplified(0).genome.main
    assert len(KIND.entry.states(main)) == 1
    averages = [s for s in main.body if s.op == "lerp"]
    assert [round(1 - float(s.args[2]), 6) for s in averages] == [0.9, 0.99822]


def test_clipping_and_arcsin_are_harmless_but_not_without_effect() -> None:
    steps = simplified(0).steps
    assert [s.what for s in steps if s.score is not None] == [
        "`clip_by_global_norm(g, lr)` → `g`",
        "`arcsin(g)` → `g`",
    ]
    assert all(s.score is not None and 0.9 < s.score < 0.9999 for s in steps[-3:-1])
    assert steps[-1].what == "constants to the digits that matter"


def test_equivalence_alone_keeps_both() -> None:
    *before, digits = [s for s in simplified(0).steps if s.score is None]
    assert before[-1].size == 9
    assert digits.size == 7
    assert simplified(0).genome.size == 7
