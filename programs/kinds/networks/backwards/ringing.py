"""Rules for what is computed by Fourier transforms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from programs.kinds.networks.backwards.arrays import Array, Back, Rule


def _fourier(x: Array) -> tuple[Array, Back]:
    # Its matrix is symmetric, so the way back is the way there.
    return _real_part(x), lambda d: (_real_part(d),)


def _real_part(x: Array) -> Array:
    return np.fft.fft2(x, norm="ortho").real


def _long_conv(x: Array, *, weight: Array, causal: bool) -> tuple[Array, Back]:
    """Convolve each feature with a filter as long as the sequence, in a ring or causally."""
    length = x.shape[1]
    size = 2 * length if causal else length
    filters = np.fft.rfft(weight.T, size, 0)

    def through(a: Array, spectrum: Array) -> Array:
        return np.fft.irfft(np.fft.rfft(a, size, 1) * spectrum, size, 1)[:, :length]

    return through(x, filters), lambda d: (through(d, filters.conj()),)


RINGING: Mapping[str, Rule] = {
    "fourier(x)": _fourier,
    "long_conv(x, weight, causal)": _long_conv,
}
