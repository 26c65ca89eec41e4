"""The numeric yardstick learns what it can, and says how sure it is."""

from __future__ import annotations

import numpy as np
import pytest

from agent.features import features
from agent.proposers.evolution import Evolution
from agent.surrogate import Prediction, Surrogate, fitted_to, quality, rank_correlation
from agent.traits import DIRECTIONS, traits
from programs.canonical import structural_key
from programs.genome import Genome
from programs.load import kind_named, library
from programs.parse import parse
from tests.agent.test_evolution import view
from tests.agent.test_prompts import lab

KIND = kind_named("optimizer")


def programs(count: int) -> list[Genome]:
    """Return different programs a few mutations from the library."""
    rng, found = np.random.default_rng(0), {}
    seen = view([1.0])
    while len(found) < count:
        for proposal in Evolution().propose(seen, 20, rng):
            assert isinstance(proposal.offer, Genome)
            found[structural_key(proposal.offer, KIND)] = proposal.offer
    return list(found.values())[:count]


def test_features_see_the_program_and_not_its_names() -> None:
    genomes = [p.genome for p in library("optimizer").values() if p.genome is not None]
    assert len({features(g) for g in genomes}) == len(genomes)
    assert len({len(features(g)) for g in genomes}) == 1


def test_it_ranks_programs_it_has_not_seen_by_what_it_has_learnt() -> None:
    genomes = programs(120)
    rng = np.random.default_rng(1)
    worth = np.array([_worth(g) for g in genomes])
    scores = worth + 0.1 * worth.std() * rng.normal(size=len(worth))
    surrogate = Surrogate(KIND, genomes[:80], list(scores[:80]))
    found = quality(surrogate.predict(genomes[80:]), list(scores[80:]))
    assert found.rank > 0.5
    assert 0.4 < found.covered < 0.95
    left = quality(surrogate.left_out(), list(scores[:80]))
    assert left.rank > 0.5


def _worth(genome: Genome) -> float:
    """Make up a score that depends on what the program consists of."""
    ops = [s.op for s in genome.main.body]
    return -0.1 * len(ops) + 0.5 * ("sqrt" in ops) + 0.3 * ops.count("lerp")


def test_one_diverged_program_does_not_drown_the_others() -> None:
    genomes = programs(40)
    scores = [_worth(g) for g in genomes]
    wild = Surrogate(KIND, genomes[:30], [*scores[:29], -1e9])
    found = quality(wild.predict(genomes[30:]), scores[30:])
    assert found.rank > 0.3


def test_too_few_programs_teach_nothing() -> None:
    assert fitted_to(KIND, lab().history) is None


def test_correlation_and_coverage() -> None:
    a = np.array([1.0, 2.0, 3.0])
    assert rank_correlation(a, a**3) == pytest.approx(1.0)
    assert rank_correlation(a, -a) == pytest.approx(-1.0)
    assert rank_correlation(a, np.ones(3)) == 0.0
    assert rank_correlation(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(
        0.866, abs=1e-3
    )
    found = quality([Prediction(0.0, 1.0), Prediction(0.0, 1.0)], [0.5, 2.0])
    assert (found.count, found.covered) == (2, 0.5)


def test_it_learns_from_what_programs_do_where_their_texts_tell_nothing() -> None:
    rng = np.random.default_rng(2)
    rates, hidden = rng.uniform(0.1, 0.9, 90), rng.uniform(1.0, 5.0, 90)
    texts = [
        "def update(w, g, m):\n    d = g - m\n"
        f"    m = m + {h + r:.4f} * d - {h:.4f} * d\n    return m, m"
        for r, h in zip(rates, hidden, strict=True)
    ]
    genomes = [genome for text in texts if isinstance(genome := parse(text, KIND), Genome)]
    scores = list(rates + 0.05 * rng.normal(size=90))
    surrogate = Surrogate(KIND, genomes[:60], scores[:60])
    assert surrogate.share < 1.0
    assert quality(surrogate.predict(genomes[60:]), scores[60:]).rank > 0.9


def test_traits_hang_on_behaviour_alone() -> None:
    same = [
        "def update(w, g, m):\n    m = 0.9 * m + 0.1 * g\n    return m + 0.01 * w, m",
        "def update(w, g, v):\n    v = lerp(v, g, 0.1)\n    return w * 0.01 + v, v",
    ]
    other = "def update(w, g, m):\n    m = lerp(m, g, 0.2)\n    return m + 0.01 * w, m"
    first, second, third = (_traits(text) for text in (*same, other))
    assert np.allclose(first, second, rtol=1e-5, atol=1e-5)
    assert not np.allclose(first, third, rtol=1e-3)


def _traits(text: str) -> tuple[float, ...]:
    genome = parse(text, KIND)
    assert isinstance(genome, Genome)
    return traits(genome, KIND)


def test_a_network_is_known_by_its_parameters_and_flops_too() -> None:
    kind = kind_named("architecture")
    small, large = (parse(f"def network(x):\n    return linear(x, {n})", kind) for n in (8, 64))
    assert isinstance(small, Genome)
    assert isinstance(large, Genome)
    assert len(traits(small, kind)) == DIRECTIONS + 2
    assert traits(large, kind)[-2:] > traits(small, kind)[-2:]
