"""The parameter tensors of the networks a task may name, as optimisers see them.

    matrices     rows × columns of every tensor, in the model's order; a vector of r is r × 1
    in_words     the same for people and models, with how first values are drawn

Weights lie as in torch, outputs × inputs; a convolution's inputs are channels × places.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import prod

from evaluators.networks import Network

Matrix = tuple[int, int]


def matrices(network: Network) -> list[Matrix]:
    """Return rows and columns of every parameter tensor."""
    return _MATRICES[network["family"]](network)


def in_words(network: Network) -> str:
    """Describe the parameter tensors, equal ones together, in the order they come."""
    counts = Counter(matrices(network))
    wide = [_times(f"{r}×{c}", n) for (r, c), n in counts.items() if c > 1]
    vectors = [_times(str(r), n) for (r, c), n in counts.items() if c == 1]
    return (
        f"weights (outputs × inputs) {', '.join(wide)}; vectors, seen as r × 1, of "
        f"{', '.join(vectors)}; {_FIRST_VALUES[network['family']]}"
    )


def _times(shape: str, count: int) -> str:
    return shape if count == 1 else f"{shape} ({count} of them)"


def _affine(outputs: int, inputs: int) -> list[Matrix]:
    return [(outputs, inputs), (outputs, 1)]


def _mlp(network: Network) -> list[Matrix]:
    return [m for inputs, made in pairwise(network["widths"]) for m in _affine(made, inputs)]


def _conv(network: Network) -> list[Matrix]:
    channels, *size = network["shape"]
    found: list[Matrix] = []
    layers = zip(network["channels"], network["kernels"], network["strides"], strict=True)
    for made, kernel, stride in layers:
        found += _affine(made, channels * kernel ** len(size))
        size = [(n + 2 - kernel) // stride + 1 for n in size]
        channels = made
    return found + _affine(network["outputs"], channels * prod(size))


def _gru(network: Network) -> list[Matrix]:
    hidden = network["hidden"]
    gates = 3 * hidden
    direction = [(gates, network["inputs"]), (gates, hidden), (gates, 1), (gates, 1)]
    return [*direction, *direction, *_affine(network["outputs"], 2 * network["length"] * hidden)]


def _transformer(network: Network) -> list[Matrix]:
    vocabulary, width = network["vocabulary"], network["width"]
    maps = ((3 * width, width), (width, width), (4 * width, width), (width, 4 * width))
    norm = [(width, 1)] * 2
    block = [*(m for outputs, inputs in maps for m in _affine(outputs, inputs)), *norm, *norm]
    embeddings = [(vocabulary, width), (network["context"], width)]
    return [*embeddings, *block * network["depth"], *norm, *_affine(vocabulary, width)]


_MATRICES = {"mlp": _mlp, "conv": _conv, "gru": _gru, "transformer": _transformer}

_UNIFORM = "first values are uniform within ±1/√inputs, a bias's within its layer's bound"
_FIRST_VALUES = {
    "mlp": _UNIFORM,
    "conv": _UNIFORM,
    "gru": "first values are uniform within ±1/√states, the read-out's within ±1/√inputs",
    "transformer": "first values are torch's for embeddings, attention, norms and linear maps",
}
"""As `evaluators.harness.models` draws them."""
