"""SkyDiscover: its command `skydiscover-run` with an evaluator in its documented form."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers import peer, programs
from bench.peers.adapters.checkpoints import read
from bench.peers.peer import Known, Setup
from bench.peers.server import MODEL


@dataclass(frozen=True)
class SkyDiscover:
    """Whole programs instead of diffs, no cascade, its default search; all else as it comes."""

    name: str = "SkyDiscover"
    package: str = "skydiscover"
    workers: tuple[int, ...] = (1,)
    program: Callable[[int], str] = programs.good
    note: str = "search `topk`, its default; whole programs (no diffs), one stage of evaluation"

    def command(self, setup: Setup, python: Path) -> list[str]:
        """Write evaluator and configuration; its YAML reader takes JSON."""
        peer.scorer_files(setup)
        model = {"name": MODEL, "api_base": setup.base, "api_key": "none"}
        settings = {
            "max_iterations": setup.proposals,
            "random_seed": setup.seed,
            "diff_based_generation": False,
            "llm": {"api_base": setup.base, "api_key": "none", "models": [model]},
            "search": {"type": "topk", "database": {"random_seed": setup.seed}},
            "evaluator": {"timeout": setup.seconds, "cascade_evaluation": False},
        }
        (setup.folder / "config.yaml").write_text(json.dumps(settings))
        tool = str(python.with_name("skydiscover-run"))
        return [tool, "initial.py", "scorer.py", "--config", "config.yaml", "--output", "out"]

    def number(self, logged: str, answers: Sequence[str]) -> int | None:
        """Read it in the program's text."""
        return peer.by_first_line(logged)

    def known(self, setup: Setup, answers: Sequence[str], printed: str) -> Known:
        """Read its checkpoints."""
        return read(setup.folder / "out")


PEER = SkyDiscover()
