"""A warm process keeps its memory in large pages, and loses nothing by it."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from sandbox import kernel, pages

MAPS = """\
555500000000-555500500000 rw-p 00000000 00:00 0                          [heap]
7f0000100000-7f0000700000 rw-p 00000000 00:00 0
7f0001000000-7f0001400000 rw-s 00000000 00:01 12                         /dev/zero (deleted)
7f0002000000-7f0002400000 r--p 00000000 00:00 0
7f0003000000-7f0003400000 rw-p 00000000 08:01 99                         /usr/lib/a library.so
7f0004000000-7f0004100000 rw-p 00000000 00:00 0
7ffe00000000-7ffe00400000 rw-p 00000000 00:00 0                          [stack]
"""


def test_only_memory_that_is_private_and_no_files_is_gathered():
    assert list(pages._ranges(MAPS)) == [
        (0x555500000000, 0x555500400000),
        (0x7F0000200000, 0x7F0000600000),
    ]


def _large() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("AnonHugePages"))


@pytest.mark.skipif(not kernel.LINUX, reason="large pages are asked of Linux")
def test_what_was_written_is_gathered_and_stays_as_it_was():
    with mmap.mmap(-1, 16 * 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as page:
        for place in range(0, len(page), mmap.PAGESIZE):
            page[place] = place // mmap.PAGESIZE % 251
        before = _large()
        pages.gather()
        if _large() == before:
            pytest.skip("this system has no large pages, or not by name (Linux 6.1)")
        assert _large() >= before + 12 * 1024
        found = [page[place] for place in range(0, len(page), mmap.PAGESIZE)]
        assert found == [number % 251 for number in range(len(found))]
