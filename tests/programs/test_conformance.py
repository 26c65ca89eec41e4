"""Operators and kinds that break a rule are caught by the check of that rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from programs.check import check
from programs.conformance import kind_conformance, operator_conformance
from programs.errors import Fault
from programs.genome import Function, Genome, Statement
from programs.kind import Kind
from programs.kinds.schedule import KIND
from programs.named import KINDS
from programs.operator import OPERATORS


class Same:
    """An operator that gives its parent back."""

    name = "same"
    arity = 1

    def __call__(self, parents, kind, rng):
        return parents[0]


class Shouting(Same):
    name = "Same!"


class Barren(Same):
    arity = 0


class Idle(Same):
    def __call__(self, parents, kind, rng):
        return Fault("it is late")


class Mute(Same):
    def __call__(self, parents, kind, rng):
        return Fault("")


class Wordy(Same):
    def __call__(self, parents, kind, rng):
        return "def update(w, g): return g"


class Broken(Same):
    def __call__(self, parents, kind, rng):
        main = parents[0].main
        odd = Statement(".99", "no_such_op", ())
        return Genome((Function(main.name, main.params, (*main.body, odd), main.returns),))


class Untidy(Same):
    def __call__(self, parents, kind, rng):
        main = parents[0].main
        name = Statement("kept.7", "neg", (main.params[0],))
        child = Genome((Function(main.name, main.params, (*main.body, name), main.returns),))
        return Fault("typing") if isinstance(check(child, kind), Fault) else child


class Restless(Same):
    def __call__(self, parents, kind, rng):
        return OPERATORS.find("insert")(parents, kind, np.random.default_rng())


@pytest.mark.parametrize("name", list(OPERATORS.names()))
def test_our_operators_keep_the_rules(name: str) -> None:
    assert not [c for c in operator_conformance(OPERATORS.find(name)) if c.fault]


@pytest.mark.parametrize(
    ("operator", "named", "said"),
    [
        (Shouting, "is described", "lower-case"),
        (Barren, "is described", "arity"),
        (Idle, "children are programs", "no library program"),
        (Mute, "children are programs", "without a message"),
        (Wordy, "children are programs", "got a str"),
        (Broken, "children are programs", "type-check"),
        (Untidy, "children are programs", "tidy"),
        (Restless, "same generator, same child", "rng"),
    ],
)
def test_a_broken_operator_is_named(operator: type[Same], named: str, said: str) -> None:
    *_, last = operator_conformance(operator())
    assert last.name == named
    assert said in last.fault


@pytest.mark.parametrize("name", ["optimizer", "schedule"])
def test_our_kinds_keep_the_rules(name: str) -> None:
    assert not [c for c in kind_conformance(KINDS.find(name)) if c.fault]


def noisy(genome: Genome, kind: Kind) -> np.ndarray:
    return np.random.default_rng().normal(size=3)


def blind(genome: Genome, kind: Kind) -> np.ndarray:
    return np.ones(3)


def coarse(genome: Genome, kind: Kind) -> np.ndarray:
    return np.ones(3, np.float32)


UNDOCUMENTED = {**KIND.ops, "cos": replace(KIND.ops["cos"], doc="")}
TWICE = {**KIND.ops, "cos": replace(KIND.ops["cos"], aliases=("sin",))}


@pytest.mark.parametrize(
    ("kind", "named", "said"),
    [
        (replace(KIND, name="My Kind"), "is described", "lower-case"),
        (replace(KIND, entry=replace(KIND.entry, required=("q",))), "is described", "q"),
        (replace(KIND, ops=UNDOCUMENTED), "vocabulary is sound", "cos"),
        (replace(KIND, ops=TWICE), "vocabulary is sound", "sin"),
        (replace(KIND, entry=replace(KIND.entry, output=None)), "programs read back", "required"),
        (replace(KIND, probe=noisy), "probe repeats", "second time"),
        (replace(KIND, probe=coarse), "probe repeats", "float64"),
        (replace(KIND, probe=blind), "probe tells apart", "no difference"),
    ],
)
def test_a_broken_kind_is_named(kind: Kind, named: str, said: str) -> None:
    *_, last = kind_conformance(kind)
    assert last.name == named
    assert said in last.fault
