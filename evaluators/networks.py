"""The networks a task may name, as plain settings; the training child builds them.

    mlp           vectors `[width]`
    conv          signals `[channels, length]` or images `[channels, height, width]`
    gru           sequences `[length, features]`
    transformer   tokens `[context]`, causal, judged on the token after the last

Nothing here needs torch: the process that reads a task never imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any

Network = Mapping[str, Any]
"""A family's name under `family`, and that family's settings, as JSON holds them."""


def mlp(*widths: int, activation: str = "relu", residual: bool = False) -> Network:
    """Describe a perceptron by its widths, the input's and the output's included.

    `activation` is "relu", "tanh" or "square"; with `residual`, a layer as wide as its input adds
    that input.
    """
    settings = {"activation": activation, "residual": residual}
    return {"family": "mlp", "widths": list(widths), **settings}


def conv(
    shape: Sequence[int],
    channels: Sequence[int],
    outputs: int,
    kernels: Sequence[int] | int = 3,
    strides: Sequence[int] | int = 2,
) -> Network:
    """Describe ReLU convolutions (padding 1) and a linear read-out of all last features.

    `shape` is one input's: `(channels, length)` or `(channels, height, width)`.
    """
    layers = len(channels)
    return {
        "family": "conv",
        "shape": list(shape),
        "channels": list(channels),
        "kernels": [kernels] * layers if isinstance(kernels, int) else list(kernels),
        "strides": [strides] * layers if isinstance(strides, int) else list(strides),
        "outputs": outputs,
    }


def gru(length: int, inputs: int, hidden: int, outputs: int) -> Network:
    """Describe a bidirectional GRU with a linear read-out of its states at every position."""
    sizes = {"length": length, "inputs": inputs, "hidden": hidden, "outputs": outputs}
    return {"family": "gru", **sizes}


def transformer(vocabulary: int, context: int, width: int, depth: int, heads: int) -> Network:
    """Describe a causal pre-norm transformer that predicts the next token."""
    sizes = {"vocabulary": vocabulary, "context": context, "width": width}
    return {"family": "transformer", **sizes, "depth": depth, "heads": heads}


def described(network: Network) -> str:
    """Return a network in words, as people and models are told of it."""
    return _WORDS[network["family"]](network)


def _mlp_words(network: Network) -> str:
    widths = "-".join(map(str, network["widths"]))
    bypass = " with residual connections" if network.get("residual") else ""
    return f"a perceptron {widths}, {network.get('activation', 'relu')}{bypass}"


def _conv_words(network: Network) -> str:
    layers = zip(network["channels"], network["kernels"], network["strides"], strict=True)
    each = ", ".join(f"{made} channels (kernel {k}, stride {s})" for made, k, s in layers)
    return f"ReLU convolutions of {each}, then a linear read-out to {network['outputs']}"


def _gru_words(network: Network) -> str:
    hidden, outputs = network["hidden"], network["outputs"]
    return f"a bidirectional GRU with {hidden} states and a linear read-out to {outputs}"


def _transformer_words(network: Network) -> str:
    width, depth, heads = (network[name] for name in ("width", "depth", "heads"))
    return f"a causal pre-norm transformer, width {width}, {depth} blocks of {heads} heads"


_WORDS = {
    "mlp": _mlp_words,
    "conv": _conv_words,
    "gru": _gru_words,
    "transformer": _transformer_words,
}


def takes(network: Network) -> tuple[int, ...]:
    """Return the shape of one example that a network takes."""
    return _SHAPES[network["family"]](network)


def gives(network: Network) -> int:
    """Return how many numbers a network gives for an example."""
    return network.get("outputs") or network.get("vocabulary") or network["widths"][-1]


_SHAPES: Mapping[str, Callable[[Network], tuple[int, ...]]] = {
    "mlp": lambda network: (network["widths"][0],),
    "conv": lambda network: tuple(network["shape"]),
    "gru": lambda network: (network["length"], network["inputs"]),
    "transformer": lambda network: (network["context"],),
}


def multiply_adds(network: Network) -> int:
    """Return the multiply-adds of matrix products and convolutions for one example, forwards."""
    return _COUNTS[network["family"]](network)


def _mlp(network: Network) -> int:
    return sum(a * b for a, b in pairwise(network["widths"]))


def _conv(network: Network) -> int:
    channels, *size = network["shape"]
    total = 0
    layers = zip(network["channels"], network["kernels"], network["strides"], strict=True)
    for made, kernel, stride in layers:
        size = [(n + 2 - kernel) // stride + 1 for n in size]
        total += prod(size) * made * channels * kernel ** len(size)
        channels = made
    return total + channels * prod(size) * network["outputs"]


def _gru(network: Network) -> int:
    """Count both directions: three gates of inputs and of states at every position."""
    length, hidden = network["length"], network["hidden"]
    cell = 3 * hidden * (network["inputs"] + hidden)
    return 2 * length * (cell + hidden * network["outputs"])


def _transformer(network: Network) -> int:
    """Count projections, scores, a perceptron four times as wide, and the read-out everywhere."""
    context, width = network["context"], network["width"]
    block = 12 * width * width + 2 * context * width
    return context * (network["depth"] * block + width * network["vocabulary"])


_COUNTS = {"mlp": _mlp, "conv": _conv, "gru": _gru, "transformer": _transformer}
