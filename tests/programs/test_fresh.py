"""Fresh probes: random, seeded, and a second opinion on what the fixed ones merge."""

from __future__ import annotations

import numpy as np
import pytest

from programs.equivalence import Equivalence, close, differ
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.kind import Kind, Unprobed
from programs.kinds import architecture, optimizer_fresh
from programs.load import builtin_kinds, kind_named, library
from programs.parse import parse
from programs.render import render
from programs.simplify import simplify
from programs.spec import Spec

ARCHITECTURE = kind_named("architecture")
VECTORS = architecture.at(Spec("vector", (12,), 3))


def read(source: str, kind: Kind = ARCHITECTURE) -> Genome:
    genome = parse(source, kind)
    assert not isinstance(genome, Fault), genome
    return genome


def network(body: str) -> Genome:
    return read(f"def network(x):\n    return {body}\n")


def drawn(genome: Genome, kind: Kind, seed: int) -> np.ndarray:
    assert kind.fresh is not None
    return kind.fresh(genome, kind, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("optimizer", "adamw"),
        ("schedule", "cosine_warmup"),
        ("architecture", "mlp"),
        ("architecture", "resnet"),
        ("architecture", "transformer"),
    ],
)
def test_a_seed_settles_them(kind: str, name: str) -> None:
    genome = library(kind)[name].genome
    assert genome is not None
    one, again, other = (drawn(genome, kind_named(kind), seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again, equal_nan=True)
    assert not close(one, other)
    assert np.isfinite(one).any()


def test_every_kind_has_them() -> None:
    assert all(kind_named(name).fresh is not None for name in builtin_kinds())


def test_simplification_asks_them() -> None:
    bounded = network("linear(minimum(x, 8))")
    found = simplify(bounded, VECTORS, np.random.default_rng(0)).genome
    assert render(found, VECTORS) == render(bounded, VECTORS)


def test_a_schedule_is_asked_between_the_lengths_of_its_probe() -> None:
    kind = kind_named("schedule")
    plain = read("def schedule(step, total):\n    return step / total\n", kind)
    # Between the lengths of 1,000 and 20,000 steps, no probe is at a length.
    late = read(
        "def schedule(step, total):\n"
        "    return where((total > 1500) * (total < 15000), 0, step / total)\n",
        kind,
    )
    assert fingerprint(plain, kind) == fingerprint(late, kind)
    assert not Equivalence(plain, kind, np.random.default_rng(0)).surely(late)


def test_rare_values_are_met_sooner_or_later() -> None:
    # No probe gives values beyond 40; fresh ones are up to ten times as large.
    plain, bounded = network("linear(x)"), network("linear(minimum(x, 40))")
    assert fingerprint(plain, VECTORS) == fingerprint(bounded, VECTORS)
    assert not Equivalence(plain, VECTORS, np.random.default_rng(0)).surely(bounded)


def test_a_network_too_large_to_run_is_equal_to_its_own_text_only() -> None:
    large = network("linear(linear(x, 8000), 8000)")
    same = Equivalence(large, ARCHITECTURE, np.random.default_rng(0))
    assert same(network("linear(linear(x, 8000), 8000)"))
    assert not same(network("linear(linear(x, 8000), 4000)"))


@pytest.mark.parametrize(
    ("body", "other"),
    [
        ("maximum(1 - step / total, 1e-4)", "1 - step / total"),
        ("minimum(1, step / 1e5)", "step / 1e5"),
        ("0.1 ** floor(step / 100000)", "1"),
        ("where(step >= total - 1, 0, 1)", "1"),
        ("where(step == 5000, 0, 1)", "1"),
    ],
)
def test_schedules_are_asked_for_the_last_steps_and_for_late_ones(body: str, other: str) -> None:
    kind = kind_named("schedule")
    one, two = (read(f"def schedule(step, total):\n    return {b}\n", kind) for b in (body, other))
    for seed in range(3):
        assert not Equivalence(one, kind, np.random.default_rng(seed)).surely(two)


def test_networks_are_asked_for_values_of_up_to_30() -> None:
    plain = network("linear(x)")
    for bounded in (network("linear(minimum(x, 30))"), network("linear(maximum(x, -30))")):
        for seed in range(3):
            assert not Equivalence(plain, VECTORS, np.random.default_rng(seed)).surely(bounded)


OPTIMIZER = kind_named("optimizer")


def test_steps_are_in_order_and_run_from_the_first_to_the_last() -> None:
    sizes = set()
    for seed in range(60):
        problem = optimizer_fresh.problem(seed)
        steps, totals = problem.steps[:, :, 0, 0], problem.total[:, :, 0, 0]
        assert (steps[0] == 1).all()
        assert (np.diff(steps, axis=0) > 0).all()
        assert (steps[-1] == totals[-1]).all()
        assert (steps == np.floor(steps)).all()
        sizes.add(problem.layout.count)
    assert min(sizes) < 50
    assert max(sizes) > 5000


def test_no_square_of_thousands_of_rows_is_computed() -> None:
    """A program that makes one is not compared on large tensors, with none that it is held to."""
    body = "return lr * g + 0 * mean(g @ transpose(g)) * g"
    squares, plain = (
        read(f"def update(w, g, lr):\n    {b}\n", OPTIMIZER) for b in (body, "return lr * g")
    )
    large = next(s for s in range(99) if longest(drawn_from(s)) > optimizer_fresh.SQUARABLE)
    with pytest.raises(Unprobed):
        drawn(squares, OPTIMIZER, large)
    assert Equivalence(squares, OPTIMIZER, np.random.default_rng(0)).surely(plain)
    assert not differ(squares, plain, OPTIMIZER, np.random.default_rng(0))


def longest(seed: int) -> int:
    return max(max(shape) for shape in optimizer_fresh.problem(seed).layout.shapes)


def drawn_from(seed: int) -> int:
    return int(np.random.default_rng(seed).integers(2**62))


def test_a_program_that_makes_squares_is_asked_on_hundreds_of_rows() -> None:
    kind = kind_named("optimizer")
    text = """def update(w, g, m, lr):
    m = lerp(m, g, 0.1)
    p = m @ transpose(m) @ m
    return lr * {}, m
"""
    bounded = read(text.format("where(row_count(w) > 100, sign(m), p)"), kind)
    plain = read(text.format("p"), kind)
    assert fingerprint(plain, kind) == fingerprint(bounded, kind)
    assert not Equivalence(bounded, kind, np.random.default_rng(0)).surely(plain)


@pytest.mark.parametrize(
    ("guarded", "plain"),
    [
        ("lr * where(minimum(row_count(w), column_count(w)) < 16, m, orthogonalize(m))", "lr * m"),
        ("lr * m * sqrt(maximum(1, minimum(row_count(w), column_count(w)) / 8))", "lr * m"),
        ("lr * m * where(row_count(w) * column_count(w) > 10000, 0.1, 1)", "lr * m"),
        ("lr * m * where(column_count(w) > 5000, 0.1, 1)", "lr * m"),
        ("lr * m * where(row_count(w) > 10000, 0.1, 1)", "lr * m"),
        ("maximum(lr, 1e-5) * m", "lr * m"),
        ("lr * m * where(step > 500000, 0.1, 1)", "lr * m"),
        ("lr * (m + where(total > 400000, 0.01, 0.1) * w)", "lr * (m + 0.1 * w)"),
        ("lr * m * (norm(g) < 1e7)", "lr * m"),
        ("lr * clip(m, 300000)", "lr * m"),
        ("lr * m * where(row_count(w) * column_count(w) > 100000, 0.1, 1)", "lr * m"),
        ("lr * m * where(minimum(row_count(w), column_count(w)) >= 128, 0.1, 1)", "lr * m"),
        ("lr * where((row_count(w) == column_count(w)) * (row_count(w) > 1), 2, 1) * m", "lr * m"),
        (
            "lr * m * where(column_count(w) > 1, row_norm(g) > 0, norm(g) > 0)",
            "lr * m * (norm(g) > 0)",
        ),
        ("lr * m * (norm(g) > 0)", "lr * m"),
        ("lr * m * where(mean(abs(g) > 0) < 0.05, 2, 1)", "lr * m"),
        ("lr * clip_by_global_norm(m, 1e6)", "lr * m"),
    ],
)
def test_guards_of_usual_sizes_are_met(guarded: str, plain: str) -> None:
    text = "def update(w, g, m, lr, step, total):\n    m = lerp(m, g, 0.1)\n    return {}, m\n"
    one, two = (read(text.format(result), OPTIMIZER) for result in (guarded, plain))
    for seed in range(3):
        assert not Equivalence(one, OPTIMIZER, np.random.default_rng(seed)).surely(two)


@pytest.mark.parametrize(
    ("far", "near"),
    [
        ("x * shift(x, steps=28)", "x * shift(x, steps=30)"),
        ("x + conv(x, kernel=5, dilation=6)", "x"),
    ],
)
def test_networks_are_asked_on_long_inputs(far: str, near: str) -> None:
    one, two = (network(f"linear({body})") for body in (far, near))
    for seed in range(3):
        assert not Equivalence(one, ARCHITECTURE, np.random.default_rng(seed)).surely(two)
