"""Find the old network in the new one, from the results back to the inputs.

A new value equals an old one if both are made by the same op from equal values, or if the new one
merely hands another value through: an op that can start as an identity, a sum whose other half can
start as zero (a residual branch), a `relu` of what is never negative. The same op may be wider, but
never narrower: fewer features cannot hold all that the old ones did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from programs.errors import Fault
from programs.genome import Argument
from programs.kinds.networks.plan import Call, Recipe
from programs.net2net.follow import named

INPUT = "x"
MAX_CALLS = 200
"""Calls of a network up to which it is compared with another."""

FREE = frozenset({"width", "times", "rank"})
"""Attributes in which calls may differ that do the same work."""

IDENTITIES = named("linear conv depthwise_conv scale bias token_linear learned_positions")

ZEROED: Mapping[str, tuple[str, ...]] = {
    "linear": ("weight", "bias"),
    "low_rank_linear": ("up", "bias"),
    "bilinear": ("left",),
    "kan": ("base", "bumps"),
    "moe": ("down",),
    "conv": ("weight", "bias"),
    "depthwise_conv": ("weight", "bias"),
    "attention": ("out",),
    "sigmoid_attention": ("out",),
    "relu_attention": ("out",),
    "linear_attention": ("out",),
    "token_linear": ("weight", "bias"),
    "long_conv": ("weight",),
    "scale": ("weight",),
    "layer_norm": ("weight", "bias"),
    "rms_norm": ("weight",),
    "batch_norm": ("weight", "bias"),
    "group_norm": ("weight", "bias"),
}
"""The weights without which a layer gives zero; the others keep their start, so that it learns."""

KEEP_ZERO = named(
    "relu squared_relu leaky_relu elu gelu silu tanh abs square sin neg glu first_half second_half "
    "pooling shift reverse transpose mean_pool max_over last flatten upsample max_pool avg_pool "
    "to_image to_sequence fourier"
)
NEVER_NEGATIVE = named("relu squared_relu sigmoid softplus softmax abs square exp")


@dataclass(slots=True)
class Alignment:
    """What the calls of a new network do for it to compute what an old one computes.

    `same` maps values of the new to those of the old that they equal, `continued` calls of the new
    to those whose weights they take; `identities` and `zeros` are calls that do nothing yet.
    """

    same: dict[str, str] = field(default_factory=dict)
    continued: dict[str, str] = field(default_factory=dict)
    identities: set[str] = field(default_factory=set)
    zeros: set[str] = field(default_factory=set)


def align(new: Recipe, old: Recipe) -> Alignment | Fault:
    """Find the old network in the new one, or say that it is not there."""
    if max(len(new.calls), len(old.calls)) > MAX_CALLS:
        return Fault(f"only networks of at most {MAX_CALLS} calls are compared")
    search = _Search(new, old)
    if search.step(new.result, old.result) is None:
        return search.narrower or Fault("the old network is no part of the new one")
    return search.collected()


@dataclass(frozen=True, slots=True)
class _Step:
    """Why a new value equals an old one: the pairs it rests on, and what the call does."""

    pairs: tuple[tuple[Argument, Argument], ...] = ()
    continues: bool = False
    identity: bool = False
    zeros: frozenset[str] = frozenset()


class _Search:
    """The pairs of values looked at so far."""

    def __init__(self, new: Recipe, old: Recipe) -> None:
        self.new = {c.target: c for c in new.calls}
        self.old = {c.target: c for c in old.calls}
        self.results = new.result, old.result
        self.weights = new.weights, old.weights
        self.known: dict[tuple[Argument, Argument], _Step | None] = {}
        self.narrower: Fault | None = None

    def step(self, value: Argument, wanted: Argument) -> _Step | None:
        """Say why a new value equals an old one, or `None` if it does not."""
        if not isinstance(value, str) or not isinstance(wanted, str):
            return _Step() if value == wanted else None
        pair = value, wanted
        if pair not in self.known:
            self.known[pair] = self.found(value, wanted)
        return self.known[pair]

    def found(self, value: str, wanted: str) -> _Step | None:
        if value == wanted == INPUT:
            return _Step()
        call, before = self.new.get(value), self.old.get(wanted)
        if call is None:
            return None
        if before is not None and _alike(call, before):
            pairs = tuple(zip(call.values, before.values, strict=True))
            if all(self.step(*pair) is not None for pair in pairs) and self.has_room(call, before):
                return _Step(pairs, continues=True)
        for step in self.handing_through(call, wanted, before):
            if self.step(*step.pairs[0]) is not None:
                return step
        return None

    def has_room(self, call: Call, before: Call) -> bool:
        """Tell whether no weight of a call is smaller than before; note the first call with one.

        All widths come from weights: what has as many as before gives as many features, too.
        """
        now, once = self.weights[0].get(call.path, {}), self.weights[1].get(before.path, {})
        shapes = [(once[name].shape, now[name].shape) for name in once if name in now]
        shrunk = [s for s in shapes if any(a < b for b, a in zip(*s, strict=True))]
        if shrunk and self.narrower is None:
            self.narrower = _narrower(call, *shrunk[0])
        return not shrunk

    def handing_through(self, call: Call, wanted: str, before: Call | None) -> Iterator[_Step]:
        """Yield the ways in which a call can give back one of its arguments."""
        name = call.layer.name
        if name in IDENTITIES:
            yield _Step(((call.values[0], wanted),), identity=True)
        elif name == "relu" and before is not None and before.layer.name in NEVER_NEGATIVE:
            yield _Step(((call.values[0], wanted),))
        elif name == "add":
            for kept, gone in (call.values, call.values[::-1]):
                zeros = self.zeros(gone)
                if zeros is not None:
                    yield _Step(((kept, wanted),), zeros=zeros)

    def zeros(self, value: Argument) -> frozenset[str] | None:
        """Return the calls that have to give zero for a value to be zero, if there are any."""
        call = self.new.get(value) if isinstance(value, str) else None
        if call is None:
            return None
        name = call.layer.name
        if name in ZEROED:
            return frozenset({call.target})
        if name == "mul":
            left, right = map(self.zeros, call.values)
            return right if left is None else left
        if name in KEEP_ZERO:
            return self.zeros(call.values[0])
        return None

    def collected(self) -> Alignment | Fault:
        """Follow the steps from the results; a call cannot do two things."""
        done = Alignment()
        waiting: list[tuple[Argument, Argument]] = [self.results]
        seen = set()
        while waiting:
            value, wanted = pair = waiting.pop()
            # Residual networks reach a value by twice as many ways with every block.
            if pair in seen:
                continue
            seen.add(pair)
            step = self.known.get(pair)
            if step is None or not isinstance(value, str) or not isinstance(wanted, str):
                continue
            if done.same.setdefault(value, wanted) != wanted:
                return Fault("a value of the new network would have to be two of the old")
            if step.continues:
                done.continued[value] = wanted
            elif step.identity:
                done.identities.add(value)
            done.zeros |= step.zeros
            waiting.extend(step.pairs)
        if done.zeros & (done.identities | done.continued.keys()):
            return Fault("a layer would have to give zero in one place and not in another")
        return done


def _alike(call: Call, before: Call) -> bool:
    """Tell whether two calls do the same work, but for their widths."""
    if call.layer.name != before.layer.name or bool(call.path) != bool(before.path):
        return False
    facts = ({k: v for k, v in c.facts.items() if k not in FREE} for c in (call, before))
    return next(facts) == next(facts)


def _narrower(call: Call, once: tuple[int, ...], now: tuple[int, ...]) -> Fault:
    was, found = ("×".join(map(str, shape)) for shape in (once, now))
    return Fault(
        f"the old network is no part of the new one: weights of `{call.layer.name}` would shrink "
        f"from {was} to {found}, and only a layer as wide as before or wider can go on"
    )
