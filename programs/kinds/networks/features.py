"""The types of an architecture: sequences, images and vectors of known shape, and numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from programs.kind import Type, TypeMismatch, WrongSort

MAX_WIDTH = 8192
MAX_ELEMENTS = 1 << 22


@dataclass(frozen=True, slots=True)
class Feature:
    """What flows through a network, without the batch.

    `shape` is `(length, width)` of a sequence, `(channels, height, width)` of an image, `(width,)`
    of a vector. `causal` says that positions may not see later ones.
    """

    sort: str
    shape: tuple[int, ...]
    causal: bool = False

    def __str__(self) -> str:
        words = "a causal" if self.causal else "an" if self.sort == "image" else "a"
        return f"{words} {self.sort} of {'×'.join(map(str, self.shape))}"

    @property
    def width(self) -> int:
        """Return the number of features at a position (an image's channels)."""
        return self.shape[0] if self.sort == "image" else self.shape[-1]

    @property
    def positions(self) -> int:
        """Count the places that have `width` features each."""
        return math.prod(self.shape) // self.width

    @property
    def length(self) -> int:
        """Return a sequence's length."""
        return self.shape[0]

    def wide(self, width: int) -> Feature:
        """Return the type with another width."""
        if not 1 <= width <= MAX_WIDTH:
            raise TypeMismatch(f"a width of {width:,} is out of range: 1 to {MAX_WIDTH:,}")
        shape = (width, *self.shape[1:]) if self.sort == "image" else (*self.shape[:-1], width)
        return self.shaped(shape)

    def shaped(self, shape: tuple[int, ...]) -> Feature:
        """Return the type with another shape of the same sort."""
        if (count := math.prod(shape)) > MAX_ELEMENTS:
            raise TypeMismatch(f"{count:,} values are too many; at most {MAX_ELEMENTS:,}")
        return replace(self, shape=shape)

    def strided(self, stride: int) -> Feature:
        """Return the type after every dimension but the width shrank by `stride`, rounded up."""
        sizes = self.shape[1:] if self.sort == "image" else self.shape[:-1]
        smaller = tuple(math.ceil(n / stride) for n in sizes)
        if self.sort == "image":
            return self.shaped((self.width, *smaller))
        return self.shaped((*smaller, self.width))


@dataclass(frozen=True, slots=True)
class Number:
    """A literal among features."""

    def __str__(self) -> str:
        return "a number"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a network must give: any feature, or under `causal` a sequence of that length."""

    length: int | None = None

    def __str__(self) -> str:
        if self.length is None:
            return "a sequence, an image or a vector"
        return f"a causal sequence of length {self.length}"


NUMBER = Number()


def fits(found: Type, wanted: Type) -> bool:
    """Tell whether a network may give back what was found."""
    assert isinstance(wanted, Wanted)
    if not isinstance(found, Feature):
        return False
    return wanted.length is None or (found.causal and found.length == wanted.length)


def feature(x: Type, *sorts: str) -> Feature:
    """Demand a feature, of one of the sorts if any are named."""
    wanted = " or ".join(sorts) or "sequence, image or vector"
    wanted = f"{'an' if wanted[0] in 'aeiou' else 'a'} {wanted}"
    if not isinstance(x, Feature):
        raise TypeMismatch(f"expected {wanted}, found {x}")
    if sorts and x.sort not in sorts:
        hint = "; write `to_sequence(x)` first" if x.sort == "image" else ""
        raise WrongSort(f"expected {wanted}, found {x}{hint}")
    return x


def sequence(x: Type) -> Feature:
    """Demand a sequence."""
    return feature(x, "sequence")


def acausal(x: Feature, why: str) -> Feature:
    """Refuse a causal sequence where positions would see later ones."""
    if x.causal:
        raise TypeMismatch(f"not allowed on a causal sequence: {why}")
    return x


def combined(*types: Type) -> Type:
    """Return the type of element-wise arithmetic.

    Shapes are equal, but for numbers, for features of width 1, and for a vector that meets a
    sequence or an image of its width (the same at all positions).
    """
    features = [t for t in types if isinstance(t, Feature)]
    if not features:
        raise TypeMismatch("expected a sequence, image or vector; write the number itself")
    whole = [f for f in features if f.sort != "vector"] or features
    sorts = {(f.sort, f.positions if f.sort != "image" else f.shape[1:], f.causal) for f in whole}
    widths = {f.width for f in features} - {1}
    leak = len(whole) < len(features) and whole[0].causal
    if len(sorts) > 1 or len(widths) > 1 or leak:
        raise TypeMismatch(f"cannot combine {' with '.join(map(str, types))}")
    return whole[0].wide(widths.pop() if widths else 1)
