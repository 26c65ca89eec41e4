"""A fork server whose supervisor is killed in the middle of stopping it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import kernel

SCRIPT = """
import os, signal, sys, threading
from sandbox.forkserver import ForkServer
made = []
thread = threading.Thread(target=lambda: made.append(ForkServer((), sys.argv[1])))
thread.start()
thread.join()
made[0].await_ready(60.0)
os.kill(made[0].pid, signal.SIGSTOP)
print(made[0].pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not kernel.LINUX, reason="only Linux tells a process that its parent died")
@pytest.mark.parametrize("tier", ["process", "auto"])
def test_a_stopped_server_ends_with_its_supervisor(tier: str) -> None:
    from sandbox.tiers import choose

    root = str(Path(__file__).parents[2])
    script = subprocess.run(
        [sys.executable, "-c", SCRIPT, choose(tier)],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={**os.environ, "PYTHONPATH": root},
        timeout=120,
    )
    server = Path("/proc") / script.stdout.strip()
    assert script.stdout.strip(), script.stderr
    deadline = time.monotonic() + 60
    while _alive(server):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)


def _alive(process: Path) -> bool:
    try:
        return process.joinpath("stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
