"""Which new features are copies of which old ones, layer by layer.

A widened map gives every feature several times; what reads them shares its weight among the
copies. Copies stand side by side (0 0 1 1 2 2), so that halves and groups of features stay what
they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from programs.errors import Fault
from programs.kinds.networks.features import Feature
from programs.kinds.networks.layer import Weight
from programs.kinds.networks.plan import Call

Copies = tuple[int, ...]
"""For each new feature, the old one that it equals."""


def named(names: str) -> frozenset[str]:
    """Return the names in a text."""
    return frozenset(names.split())


MAPS = named("linear low_rank_linear bilinear kan moe conv patchify")

CELL = {"inner": "gates in", "state": "gates back", "bias": "gates"}

ROLES: Mapping[str, Mapping[str, str]] = {
    "linear": {"weight": "out in", "bias": "out"},
    "low_rank_linear": {"down": "inner in", "up": "out inner/", "bias": "out"},
    "bilinear": {"left": "out in", "right": "out in2"},
    "kan": {"base": "out in", "bumps": "out in"},
    "moe": {"router": "- in", "up": "- in inner", "down": "- inner/ out"},
    "conv": {"weight": "out in", "bias": "out"},
    "patchify": {"weight": "out in", "bias": "out"},
    "learned_positions": {"weight": "- out"},
    "token_linear": {"weight": "- -", "bias": "-"},
    "min_gru": {"gate": "out in", "inner": "out in", "bias": "out"},
    "gru": CELL,
    "lstm": CELL,
    "minimal_gated": CELL,
    "selective_ssm": {"step": "out in", "write": "- in", "read": "- in"},
}
"""What the axes of a weight count: features that come `in` or go `out` (of a cell: for each gate,
and `back` from its state), or `inner` ones. Where nothing is said, the first axis is `out`; `in`,
`back` and `inner/` are summed over."""

EACH = named(
    "add sub mul neg maximum minimum scale bias relu squared_relu leaky_relu elu gelu silu tanh "
    "sigmoid softplus abs square sin exp polynomial spline batch_norm depthwise_conv long_conv "
    "linear_recurrence scan ssm selective_ssm min_gru gru lstm minimal_gated reverse token_linear "
    "pooling shift learned_positions max_pool avg_pool upsample mean_pool max_over last "
    "to_sequence to_image"
)
"""Layers that give as many features as they get, and copies for copies."""

NORMS = named("layer_norm rms_norm group_norm")
HALVES = named("glu first_half second_half")


@dataclass(frozen=True, slots=True)
class Take:
    """How one axis of a new weight comes from the old: entries by index, some shared out."""

    axis: int
    index: Copies
    shares: Copies | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A call that goes on with an old one's work.

    `inputs` says what its arguments' features are copies of (`None`: a number), `types` are the old
    arguments' types; `before` and `after` are what the old call gave and the new one gives.
    """

    call: Call
    inputs: Sequence[Copies | None]
    types: Sequence[Feature | None]
    before: Feature
    after: Feature


def even(before: int, after: int) -> Copies:
    """Spread `before` features over `after`."""
    return tuple(place * before // after for place in range(after))


def unchanged(copies: Copies | None) -> bool:
    """Tell whether every feature is there once and in its place."""
    return copies is None or copies == tuple(range(len(copies)))


def followed(layout: Layout) -> Copies | Fault:
    """Return what the features that a layer gives are copies of."""
    name, before, after = layout.call.layer.name, layout.before.width, layout.after.width
    given = [c for c in layout.inputs if c is not None]
    found: Copies | None = None
    same = all(unchanged(c) for c in given) and layout.before == layout.after
    if same or (name in MAPS and layout.call.facts.get("groups", 1) == 1):
        found = even(before, after)
    elif name in EACH:
        found = _common(given, after)
    elif name in NORMS and after % before == 0 and given[0] == even(before, after):
        found = given[0]
    elif name in HALVES and given[0] == even(2 * before, 2 * after):
        found = even(before, after)
    elif name == "concat":
        found = (*given[0], *(_type(layout).width + c for c in given[1]))
    elif name == "flatten":
        found = _flattened(given[0], _type(layout))
    return _refusal(layout) if found is None else found


def taken(
    layout: Layout, out: Copies, old: Mapping[str, Weight], new: Mapping[str, Weight]
) -> dict[str, tuple[Take, ...]] | Fault:
    """Return how each weight of a call comes from the old call's."""
    if old.keys() != new.keys():
        return _refusal(layout)
    found = {}
    roles = ROLES.get(layout.call.layer.name, {})
    for name, weight in old.items():
        shape = new[name].shape
        sizes = zip(weight.shape, shape, strict=True)
        # Roles stop short of a kernel's axes, which never change.
        takes = tuple(
            take
            for axis, (role, size) in enumerate(
                zip(roles.get(name, "out").split(), sizes, strict=False)
            )
            if (take := _take(axis, role, size, layout.inputs, out)) is not None
        )
        lengths = {take.axis: len(take.index) for take in takes}
        if shape != tuple(lengths.get(i, n) for i, n in enumerate(weight.shape)):
            return _refusal(layout)
        found[name] = takes
    return found


def _take(
    axis: int,
    role: str,
    sizes: tuple[int, int],
    inputs: Sequence[Copies | None],
    out: Copies,
) -> Take | None:
    before, after = sizes
    if role in ("out", "gates", "back"):
        if unchanged(out):
            return None
        gates = after // len(out)
        index = tuple(gate * before // gates + c for gate in range(gates) for c in out)
        return Take(axis, index, _shares(index) if role == "back" else None)
    if role in ("in", "in2"):
        copies = inputs[role == "in2"]
        if copies is None or unchanged(copies):
            return None
        # A feature may own several entries in a row, as the knots of a `kan`.
        several = after // len(copies)
        index = tuple(c * several + k for c in copies for k in range(several))
        return Take(axis, index, _shares(index))
    if role == "-" or before == after:
        return None
    index = even(before, after)
    return Take(axis, index, _shares(index) if role == "inner/" else None)


def _shares(index: Copies) -> Copies:
    counts = Counter(index)
    return tuple(counts[place] for place in index)


def _common(given: Sequence[Copies], width: int) -> Copies | None:
    """Return what all arguments are copies of; a single feature meets any number of them."""
    wide = {c for c in given if len(c) == width}
    narrow = [c for c in given if len(c) != width]
    return wide.pop() if len(wide) == 1 and all(len(c) == 1 for c in narrow) else None


def _type(layout: Layout) -> Feature:
    first = layout.types[0]
    assert first is not None
    return first


def _flattened(copies: Copies, x: Feature) -> Copies:
    if x.sort == "image":
        return tuple(c * x.positions + place for c in copies for place in range(x.positions))
    return tuple(place * x.width + c for place in range(x.positions) for c in copies)


def _refusal(layout: Layout) -> Fault:
    return Fault(f"`{layout.call.layer.name}` cannot work with copies of its features")
