"""Recurrences along a sequence: gated cells, scans, state-space layers. All are causal."""

from __future__ import annotations

import math

from programs.kind import Param, Type, TypeMismatch
from programs.kinds.networks.features import MAX_ELEMENTS, Feature, acausal, sequence
from programs.kinds.networks.layer import Layer, Weight, Weights, layer, matrix, whole

_X = Param("x")
_STATES = whole("states", 8, 64, 4, 8, 16)


def _sequence(x: Type, *_: object) -> Feature:
    return sequence(x)


def _gates(count: int):
    """Return the weights of a cell with `count` gates: from the input, from the state, a bias."""

    def weights(x: Feature) -> Weights:
        rows = count * x.width
        return {
            "inner": matrix(x.width, rows),
            "state": matrix(x.width, rows),
            "bias": Weight((rows,)),
        }

    return weights


def _cell(name: str, gates: int, doc: str) -> Layer:
    return layer(
        name,
        "x",
        _sequence,
        f"{name}(x, inner, state, bias)",
        doc,
        weights=_gates(gates),
        names="inner state bias",
        flops=lambda x: 4 * x.length * gates * x.width**2,
    )


def _two_scanned(decay: Type, x: Type) -> Feature:
    if sequence(decay) != sequence(x):
        raise TypeMismatch(f"cannot scan {x} with decays of {decay}")
    return sequence(x)


def _with_states(x: Type, states: int) -> Feature:
    found = sequence(x)
    if found.length * found.width * states > MAX_ELEMENTS:
        raise TypeMismatch(f"{states} states for each feature of {found} are too many")
    return found


def _ssm(x: Feature, states: int) -> Weights:
    return {
        "rate": Weight((x.width, states), ramp=(math.log(0.5), math.log(0.5 * states + 0.5))),
        "step": Weight((x.width,), std=0.5, mean=-2.0),
        "read": Weight((x.width, states), 1 / math.sqrt(states)),
        "skip": Weight((x.width,), mean=1.0),
    }


def _selective(x: Feature, states: int) -> Weights:
    return {
        "rate": Weight((x.width, states), ramp=(0.0, math.log(states + 0.0))),
        "step": matrix(x.width, x.width),
        "step_bias": Weight((x.width,), mean=-2.0),
        "write": matrix(x.width, states),
        "read": matrix(x.width, states),
        "skip": Weight((x.width,), mean=1.0),
    }


RECURRENT = (
    _cell("gru", 3, "gated recurrent unit (Cho et al. 2014)"),
    _cell("lstm", 4, "long short-term memory (Hochreiter & Schmidhuber 1997)"),
    _cell("minimal_gated", 2, "minimal gated unit (Zhou et al. 2016)"),
    layer(
        "min_gru",
        "x",
        _sequence,
        "min_gru(x, gate, inner, bias)",
        "GRU whose gate does not see the state (Feng et al. 2024)",
        weights=lambda x: {
            "gate": matrix(x.width, x.width),
            "inner": matrix(x.width, x.width),
            "bias": Weight((x.width,)),
        },
        names="gate inner bias",
        flops=lambda x: 4 * x.length * x.width**2,
    ),
    layer(
        "linear_recurrence",
        "x",
        _sequence,
        "linear_recurrence(x, decay)",
        "h = a·h + (1 - a)·x with a learned decay a for each feature (Orvieto et al. 2023)",
        weights=lambda x: {"decay": Weight((x.width,), ramp=(-1.0, 4.0))},
        names="decay",
    ),
    layer(
        "scan",
        "decay x",
        _two_scanned,
        "scan(decay, x)",
        "h = decay·h + x, element-wise along the sequence; decays between 0 and 1",
    ),
    layer(
        "ssm",
        (_X, _STATES),
        _with_states,
        "ssm(x, rate, step, read, skip)",
        "diagonal state-space layer with real states (Gu et al. 2022, S4D-Real)",
        weights=_ssm,
        names="rate step read skip",
        flops=lambda x, states: 2 * x.length * x.width * states,
    ),
    layer(
        "selective_ssm",
        (_X, _STATES),
        _with_states,
        "selective_ssm(x, rate, step, step_bias, write, read, skip)",
        "state-space layer whose step, input and output depend on x (Gu & Dao 2023, Mamba)",
        weights=_selective,
        names="rate step step_bias write read skip",
        flops=lambda x, states: 2 * x.length * x.width * (x.width + 3 * states),
    ),
    layer(
        "reverse",
        "x",
        lambda x: acausal(sequence(x), "later positions come first"),
        "x.flip(1)",
        "the sequence back to front",
    ),
)
