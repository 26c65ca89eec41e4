"""Lines typed into a shell: what they say, how they end, and Ctrl-C where that takes too long."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

SEE = 0.25
"""Seconds between two looks at what a line does."""


@dataclass(frozen=True)
class Typed:
    """How a line ended, all it said, and whether it was stopped."""

    line: str
    code: int
    told: str
    stopped: bool
    seconds: float


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def typed(
    line: str,
    folder: Path,
    env: Mapping[str, str],
    patience: float,
    begun: Callable[[str], bool],
    longest: float = 1200.0,
) -> Typed:
    """Type a line and wait; from `patience` seconds on, Ctrl-C as soon as it has `begun`."""
    started = time.monotonic()
    with TemporaryFile() as output:
        process = subprocess.Popen(
            ["bash", "-c", line],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # What runs in the background of a script is deaf to Ctrl-C, and so are its children.
            preexec_fn=_heed_interrupts,
        )

        def told() -> str:
            return os.pread(output.fileno(), 10_000_000, 0).decode(errors="replace")

        stopped = False
        try:
            while process.poll() is None:
                elapsed = time.monotonic() - started
                assert elapsed < longest, f"{line} neither ends nor can be stopped:\n{told()}"
                if not stopped and elapsed > patience and begun(told()):
                    # As a terminal does: the whole group in the foreground is told.
                    os.killpg(process.pid, signal.SIGINT)
                    stopped = True
                time.sleep(SEE)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        # A shell says 130 of what ended by Ctrl-C itself, whether it still could say so or not.
        code = process.returncode if process.returncode >= 0 else 128 - process.returncode
        return Typed(line, code, told(), stopped, time.monotonic() - started)
