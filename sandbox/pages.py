"""Few large pages in place of many small ones, since a fork copies the entry of each.

A warm process with torch holds some 50,000 small pages of its own. Copying their entries takes far
longer than all else a fork does, and so does letting go of them. A large page stands for 512: a
child that writes into one gets the small page it wrote to, as ever, and pays for no more.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

from sandbox import kernel, syscalls

_COLLAPSE = 25  # MADV_COLLAPSE, Linux 6.1: asked for by name, whatever the system does by itself
_LARGE = 2 * 2**20
_OWN = ("", "[heap]")


def gather() -> None:
    """Gather what this process has written into large pages; where that cannot be, it is slower."""
    if not kernel.LINUX:
        return
    for start, end in _ranges(Path("/proc/self/maps").read_text()):
        # It fails for the one piece that does not fit, and has done the rest.
        syscalls.libc().madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _COLLAPSE)


def _ranges(maps: str) -> Iterator[tuple[int, int]]:
    """Yield, rounded to large pages, where memory is private, may be written and is no file's."""
    for line in maps.splitlines():
        place, permissions, _, _, _, *name = line.split(maxsplit=5)
        if permissions != "rw-p" or "".join(name) not in _OWN:
            continue
        start, end = (int(address, 16) for address in place.split("-"))
        first, last = -(-start // _LARGE) * _LARGE, end // _LARGE * _LARGE
        if first < last:
            yield first, last
