"""What a free-form architecture comes back as: a graph of known operations and its first weights.

    {"weights": [{"shape": [8, 3], "trained": true}, …],
     "nodes": [{"op": "aten.linear.default", "args": [{"ref": 0}, {"ref": 1}], "kwargs": {}}, …],
     "result": {"ref": 4}}

References count the input first, then the weights, then the nodes, and go backwards only: there is
no way to write a circle. The child that sends this is not believed: every field is looked at here,
and the graph is run by our own code in another process.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_NODES = 4000
MOST_PARAMETERS = 1 << 23
MOST_WEIGHTS = 2000
_MOST_DIMENSIONS = 8
_LONGEST, _DEEPEST = 64, 3
_TYPES = {True: ("float32",), False: ("float32", "int64", "bool")}
DTYPES = ("float32", "float64", "int64", "int32", "bool")

_NAMES = """
    _log_softmax _softmax _to_copy _unsafe_view _weight_norm abs acos adaptive_avg_pool1d
    adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d add addcdiv addcmul addmm alias
    all amax amin any arange argmax argmin argsort asin atan atan2 avg_pool1d avg_pool2d baddbmm
    bilinear bitwise_and bitwise_not bitwise_or bmm broadcast_to cat cdist ceil celu
    channel_shuffle chunk clamp clamp_max clamp_min clone constant_pad_nd contiguous conv1d
    conv2d conv_transpose1d conv_transpose2d convolution cos cosh cosine_similarity cummax
    cumprod cumsum detach diag diagonal diff div dot dropout einsum elu embedding eq erf erfc
    exp exp2 expand expand_as expm1 eye fft_fft fft_fft2 fft_ifft fft_irfft fft_rfft flatten
    flip floor floor_divide fmod frac full full_like gather ge gelu glu group_norm gt
    hardsigmoid hardswish hardtanh hypot im2col imag index index_select instance_norm isfinite
    isinf isnan layer_norm ldexp le leaky_relu lerp lift_fresh lift_fresh_copy linalg_norm
    linalg_vector_norm linear linspace log log10 log1p log2 log_sigmoid log_softmax logaddexp
    logcumsumexp logical_and logical_not logical_or logical_xor logit logsumexp lt masked_fill
    matmul max max_pool1d max_pool2d max_pool2d_with_indices maximum mean min minimum mish mm
    movedim mul multiply mv narrow native_group_norm native_layer_norm ne neg new_full new_ones
    new_zeros norm one_hot ones ones_like outer pad permute pixel_shuffle pixel_unshuffle polar
    pow prelu prod real reciprocal reflection_pad1d reflection_pad2d relu relu6 remainder repeat
    repeat_interleave replication_pad1d replication_pad2d reshape rms_norm roll rot90 round
    rrelu rsqrt rsub scalar_tensor scaled_dot_product_attention scatter scatter_add select selu
    sigmoid sign silu sin sinc sinh slice softmax softplus softshrink sort split
    split_with_sizes sqrt square squeeze stack std sub subtract sum sym_numel sym_size t tan
    tanh tanhshrink tensor_split threshold to topk transpose tril triu true_divide type_as
    unbind unflatten unfold unsqueeze upsample_bilinear2d upsample_nearest1d upsample_nearest2d
    var var_mean view view_as view_as_complex view_as_real where zeros zeros_like
"""
OPERATIONS = frozenset(_NAMES.split())
"""Operations of `aten` that compute new values from old: none draws, writes, or reads memory."""

OURS = frozenset(("batch_norm", "dropout"))
"""Operations that do one thing in training and another in judgement."""

WHOLE = frozenset(("add", "sub", "mul", "floordiv", "mod", "neg", "getitem", "truediv"))
"""Operations on sizes, and the picking of one of several results."""

_ATEN = re.compile(r"aten\.(\w+)\.(\w+)\Z")


class BadGraph(Exception):
    """Raise where what came back is no graph that may run; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph that may run: as plain data, and its weights `[seeds, …]` by number."""

    data: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]

    @property
    def parameters(self) -> int:
        """Count the trained numbers."""
        return sum(math.prod(w["shape"]) for w in self.data["weights"] if w["trained"])


def checked(data: Any, arrays: Mapping[str, np.ndarray], seeds: int) -> Graph:
    """Look at all that a child sent; `BadGraph` says what is wrong with it."""
    given = _fields(data, {"weights": list, "nodes": list, "result": dict}, "a graph")
    weights, nodes = given["weights"], given["nodes"]
    if len(nodes) > MOST_NODES or len(weights) > MOST_WEIGHTS:
        found = f"{len(nodes)} operations and {len(weights)} weights"
        raise BadGraph(f"too large: {found}, at most {MOST_NODES} and {MOST_WEIGHTS} are allowed")
    kept: dict[str, np.ndarray] = {}
    total = 0
    for number, weight in enumerate(weights):
        shape, trained = _weight(weight)
        total += math.prod(shape)
        if total > MOST_PARAMETERS:
            raise BadGraph(f"too large: over {MOST_PARAMETERS:,} numbers in its weights")
        kept[f"w{number}"] = _values(arrays.get(f"w{number}"), (seeds, *shape), trained, number)
    for number, node in enumerate(nodes):
        _node(node, 1 + len(weights) + number)
    _value(given["result"], 1 + len(weights) + len(nodes), 0)
    if "ref" not in given["result"]:
        raise BadGraph("its result is no value of the graph")
    return Graph({k: given[k] for k in ("weights", "nodes", "result")}, kept)


def _fields(value: Any, types: Mapping[str, type], what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or any(type(value.get(k)) is not t for k, t in types.items()):
        raise BadGraph(f"expected {what} with {', '.join(types)}")
    return value


def _weight(weight: Any) -> tuple[tuple[int, ...], bool]:
    given = _fields(weight, {"shape": list, "trained": bool}, "a weight")
    shape = given["shape"]
    if len(shape) > _MOST_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise BadGraph("a weight's shape is not a short list of sizes")
    return tuple(shape), given["trained"]


def _values(
    found: np.ndarray | None, shape: tuple[int, ...], trained: bool, number: int
) -> np.ndarray:
    if found is None or found.shape != shape or found.dtype.name not in _TYPES[trained]:
        seen = "nothing" if found is None else f"{found.dtype.name} {list(found.shape)}"
        owed = " or ".join(_TYPES[trained])
        raise BadGraph(f"expected weight {number} as {owed} {list(shape)}, found {seen}")
    if np.isnan(found).any() or (trained and not np.isfinite(found).all()):
        raise BadGraph(f"weight {number} is not finite at the start")
    return found


def _node(node: Any, place: int) -> None:
    given = _fields(node, {"op": str, "args": list, "kwargs": dict}, "an operation")
    if (name := given["op"]) not in OURS and not _whole(name):
        found = _ATEN.match(name)
        if not found or found[1] not in OPERATIONS or "out" in found[2]:
            raise BadGraph(f"the operation `{name[:80]}` is not one that may run")
    for value in (given["args"], *given["kwargs"].values()):
        _value(value, place, 0)
    if any(not k.isidentifier() or k == "out" for k in given["kwargs"]):
        raise BadGraph(f"`{name[:80]}` is given what it does not take")


def _whole(name: str) -> bool:
    return name.startswith("python.") and name.removeprefix("python.") in WHOLE


def _value(value: Any, place: int, depth: int) -> None:
    if isinstance(value, list):
        if depth > _DEEPEST or len(value) > _LONGEST:
            raise BadGraph("an argument is a list that is too long or too deep")
        for each in value:
            _value(each, place, depth + 1)
    elif isinstance(value, dict):
        _marked(value, place)
    elif isinstance(value, str):
        if len(value) > _LONGEST:
            raise BadGraph("an argument is a text that is too long")
    elif not isinstance(value, int | float | None) or (
        isinstance(value, int) and abs(value) >= 2**63
    ):
        raise BadGraph("an argument is a number that is too large")


def _marked(value: dict[str, Any], place: int) -> None:
    match value:
        case {"ref": int(number)} if len(value) == 1 and type(number) is int:
            if not 0 <= number < place:
                raise BadGraph("an operation takes what is not computed before it")
        case {"dtype": str(name)} if len(value) == 1 and name in DTYPES:
            pass
        case {"float": "inf" | "-inf" | "nan"} if len(value) == 1:
            pass
        case _:
            raise BadGraph(f"no argument can be {str(value)[:80]}")
