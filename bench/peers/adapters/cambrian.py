"""Cambrian: `cambrian run` on the peers' problem, with the stub as the only proposer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.peers import peer, programs
from bench.peers.peer import Known, Setup
from bench.peers.server import MODEL
from programs.load import kind_named, read_program
from programs.program import Program


@dataclass(frozen=True)
class Cambrian:
    """The model writes whole programs; nothing is recalled, since every trial has a new file."""

    name: str = "Cambrian"
    package: str = ""
    workers: tuple[int, ...] = (1, 2)
    proposer: str = "rewrite"
    program: Callable[[int], str] = programs.good
    note: str = "the proposer `rewrite` alone; every candidate in a fresh caged process"

    def command(self, setup: Setup, python: Path) -> list[str]:
        """Write the task; `python` is not used, since we run in our own."""
        peer.scorer_files(setup)
        task = Path(__file__).parents[1] / "cambrian_task.py"
        (setup.folder / "peers_task.py").write_bytes(task.read_bytes())
        options = {
            "--kind": "schedule",
            "--evals": setup.proposals + 1,  # the program that it starts from is one
            "--workers": setup.workers,
            "--seed": setup.seed,
            "--db": "out.db",
            "--display": "plain",
            "--proposer": self.proposer,
        }
        if self.proposer != "evolution":
            options |= {"--model": f"openai/{MODEL}", "--api-base": setup.base, "--fill": 0}
        told = [str(word) for pair in options.items() for word in pair]
        if setup.workers == 1 and "--model" in options:
            told += ["--in-flight", "1"]  # as many as the peers have with one worker
        return [_tool(), "run", "./peers_task.py", *told]

    def number(self, logged: str, answers: Sequence[str]) -> int | None:
        """Find the program whose key was logged."""
        return next((peer.by_first_line(a) for a in answers if _key(a) == logged), None)

    def known(self, setup: Setup, answers: Sequence[str], printed: str) -> Known:
        """Ask its database, as a user would."""
        query = (
            "select program.key, max(evaluation.score) from candidate "
            "join program on program.key = candidate.program "
            "join evaluation on evaluation.candidate = candidate.id "
            "where evaluation.score is not null group by program.key"
        )
        command = [_tool(), "sql", query, "--json", "--db", str(setup.folder / "out.db")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        rows = json.loads(done.stdout) if done.returncode == 0 else []
        found = {}
        for row in rows:
            key, score = row.values()
            number = self.number(key, answers)
            if number is not None:
                found[number] = score
        return Known(found, max((s for _, s in (r.values() for r in rows)), default=None))


@cache
def _key(answer: str) -> str:
    program = read_program(answer, kind_named("schedule"))
    return program.key if isinstance(program, Program) else ""


def _tool() -> str:
    return str(Path(sys.executable).with_name("cambrian"))


PEER = Cambrian()
