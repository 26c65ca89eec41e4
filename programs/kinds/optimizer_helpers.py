"""Functions over `xp` (numpy or torch) that the optimiser vocabulary's expressions call.

They are kept as text, because an exported file carries those it uses. Noise must be the same
number for number in the probes, in training and in an exported file, on any device and whether
tensors are laid out one by one or in a single row. So it is no generator with a state but a table:
32-bit integer hashing of (key, place among all parameters) in int64, which neither overflows nor
rounds, then Box–Muller in float64.
"""

from __future__ import annotations

from programs.kinds import arithmetic

HELPERS = {
    **arithmetic.HELPERS,
    "global_norm": (
        "def global_norm(tensors):\n"
        '    """Return the norm of all tensors as one vector."""\n'
        "    return xp.sqrt(sum(xp.sum(x * x, axis=(-2, -1), keepdims=True) for x in tensors))\n"
    ),
    "newton_schulz": (
        "def newton_schulz(x, steps=5):\n"
        '    """Push the singular values of a matrix towards 1 (Jordan et al. 2024, Muon)."""\n'
        "    tall = x.shape[-2] > x.shape[-1]\n"
        "    x = xp.swapaxes(x, -1, -2) if tall else x\n"
        "    x = x / (xp.sqrt(xp.sum(x * x, axis=(-2, -1), keepdims=True)) + 1e-7)\n"
        "    for _ in range(steps):\n"
        "        gram = xp.matmul(x, xp.swapaxes(x, -1, -2))\n"
        "        mix = -4.7750 * gram + 2.0315 * xp.matmul(gram, gram)\n"
        "        x = 3.4445 * x + xp.matmul(mix, x)\n"
        "    return xp.swapaxes(x, -1, -2) if tall else x\n"
    ),
    "scrambled": (
        "def scrambled(x):\n"
        '    """Hash integers to 32 bits; all products stay below 2**63."""\n'
        "    x = x & 0xFFFFFFFF\n"
        "    x = ((x >> 16) ^ x) * 0x45D9F3B & 0xFFFFFFFF\n"
        "    x = ((x >> 16) ^ x) * 0x45D9F3B & 0xFFFFFFFF\n"
        "    return (x >> 16) ^ x\n"
    ),
    "share": (
        "def share(bits):\n"
        '    """Map 32 bits into the open interval from 0 to 1."""\n'
        "    return (xp.asarray(bits, dtype=xp.float64) + 0.5) / 4294967296.0\n"
    ),
    "places": (
        "def places(x, start):\n"
        '    """Number the elements of a matrix row by row, from `start`."""\n'
        "    ones = xp.ones_like(x, dtype=xp.int64)\n"
        "    rows, columns = xp.cumsum(ones, -2) - 1, xp.cumsum(ones, -1) - 1\n"
        "    return start + rows * x.shape[-1] + columns\n"
    ),
    "drawn": (
        "def drawn(row, x, start):\n"
        '    """Return a row of the table at the places of a matrix, counted from `start`."""\n'
        "    bits = scrambled(scrambled(places(x, start) + 1) + scrambled(row + 0x9E3779B9))\n"
        "    radius = xp.sqrt(-2.0 * xp.log(share(bits)))\n"
        "    angle = 6.283185307179586 * share(scrambled(bits + 0x7F4A7C15))\n"
        "    return radius * xp.cos(angle)\n"
    ),
    "normal_numbers": (
        "def normal_numbers(tensors, keys):\n"
        '    """Return standard normal numbers, a function of key and place alone."""\n'
        "    found, start = [], 0\n"
        "    for x, key in zip(tensors, keys):\n"
        "        whole = xp.floor(xp.clip(xp.nan_to_num(key), -1e9, 1e9))\n"
        "        row = xp.asarray(whole, dtype=xp.int64)\n"
        "        found.append(xp.asarray(drawn(row, x, start), dtype=x.dtype))\n"
        "        start += x.shape[-2] * x.shape[-1]\n"
        "    return found\n"
    ),
}
"""Source by name. A helper may call those written before it."""
