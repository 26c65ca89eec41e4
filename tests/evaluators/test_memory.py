"""Memory that a step frees serves the next: counted in page faults, which no load changes."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNT = """
import resource, sys
import numpy as np
from evaluators.harness.memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def step():
    blocks = [np.ones(2**18, np.float32) for _ in range(16)]
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="an option of glibc")
def test_freed_memory_is_kept() -> None:
    def faults(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", COUNT, how], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert faults("kept") < 100 < faults("as it is")
