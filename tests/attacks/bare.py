"""A child with nothing around it, as a careless host would fork it: where greed and lies must win.

`python -m tests.attacks.bare` reads names of attacks; for each it forks a child that inherits a
descriptor of a secret and has 3 for its answer, and tells its number and where that answer arrives.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import torch

from sandbox.base import Payload

ROOT = Path(__file__).parents[2]
SECRET = b"sk-inherited"


@dataclass(frozen=True)
class Bare:
    """The host: `strike` starts an attack."""

    ask: IO[str]
    hear: IO[str]

    def strike(self, module: str, name: str) -> tuple[int, Path]:
        """Start `name`; return the child's number and the file that its answer goes to."""
        print(module, name, file=self.ask, flush=True)
        pid, answer = self.hear.readline().split(maxsplit=1)
        return int(pid), Path(answer.strip())

    def status(self, pid: int) -> int:
        """Wait for the end of a child; return its exit code, negative for the signal."""
        print("wait", pid, file=self.ask, flush=True)
        return int(self.hear.readline())


@contextmanager
def bare(folder: Path) -> Iterator[Bare]:
    command = [sys.executable, "-m", "tests.attacks.bare", str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as host:
        assert host.stdin is not None
        assert host.stdout is not None
        yield Bare(host.stdin, host.stdout)
        host.stdin.close()


def _serve(folder: Path) -> None:
    torch.set_num_threads(1)
    secret = folder / "secret"
    secret.write_bytes(SECRET)
    os.dup2(os.open(secret, os.O_RDONLY), 60)
    for number, line in enumerate(sys.stdin):
        first, second = line.split()
        if first == "wait":
            print(os.waitstatus_to_exitcode(os.waitpid(int(second), 0)[1]), flush=True)
            continue
        answer = folder / f"answer {number}"
        if not (pid := os.fork()):
            _attack(first, second, answer)
        print(pid, answer, flush=True)


def _attack(module: str, name: str, answer: Path) -> None:
    os.chdir(answer.parent)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.dup2(os.open(answer, os.O_CREAT | os.O_WRONLY), 3)
    code = 1
    try:
        getattr(importlib.import_module(module), name)(Payload())
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
