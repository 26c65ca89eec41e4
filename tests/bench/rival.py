"""The adapter of the fake peer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers import peer, programs
from bench.peers.peer import Known, Setup


@dataclass(frozen=True)
class Fake:
    name: str = "Fake"
    package: str = ""
    workers: tuple[int, ...] = (1,)
    program: Callable[[int], str] = programs.good
    note: str = "it does everything wrong"

    def command(self, setup: Setup, python: Path) -> list[str]:
        peer.scorer_files(setup)
        script = Path(__file__).with_name("fake_peer.py").read_bytes()
        (setup.folder / "fake_peer.py").write_bytes(script)
        return [str(python), "fake_peer.py", setup.base, str(setup.proposals)]

    def number(self, logged: str, answers: Sequence[str]) -> int | None:
        return peer.by_first_line(logged)

    def known(self, setup: Setup, answers: Sequence[str], printed: str) -> Known:
        path = setup.folder / "found.json"
        if not path.exists():
            return Known()
        found = json.loads(path.read_text())
        numbered = {programs.number_of(text): score for text, score in found.items()}
        scores = {number: score for number, score in numbered.items() if number is not None}
        return Known(scores, max(found.values()))
