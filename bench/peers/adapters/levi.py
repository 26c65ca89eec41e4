"""LEVI: a script that calls `levi.evolve_code`, as its manual shows; it has no command."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers import peer, programs
from bench.peers.peer import Known, Setup
from bench.peers.server import MODEL

SCRIPT = '''
"""Evolve a schedule with LEVI; its score function gets the candidate's function."""
import json
import sys
import levi
import scorer

def score(schedule):
    source = schedule.__globals__["__source_code__"]
    scorer.note("begin", source)
    found = scorer.bounded(scorer.judged(schedule))
    scorer.note("end", source, found)
    return {"score": found}

if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    levi.evolve_code(
        "Find a learning-rate schedule.",
        function_signature="def schedule(step, total):",
        seed_program=open("initial.py").read(),
        score_fn=score,
        model=levi.LM(
            told["model"],
            api_base=told["base"],
            api_key="none",
            input_cost_per_token=1e-9,
            output_cost_per_token=1e-9,
        ),
        budget_evals=told["proposals"] + 1,
        output_dir="out",
        init=levi.InitConfig(enabled=False),
        pipeline=levi.PipelineConfig(
            n_llm_workers=told["workers"],
            n_eval_processes=told["workers"],
            eval_timeout=told["seconds"],
        ),
    )
'''


@dataclass(frozen=True)
class Levi:
    """One at a time where others are; a time-out that its imports fit into."""

    name: str = "LEVI"
    package: str = "levi-evolve"
    workers: tuple[int, ...] = (1, 2)
    program: Callable[[int], str] = programs.good
    note: str = "no round of variants; three times the limit, since it imports itself every time"

    def command(self, setup: Setup, python: Path) -> list[str]:
        """Write the script."""
        peer.scorer_files(setup)
        (setup.folder / "run_levi.py").write_text(SCRIPT)
        told = {
            "model": f"openai/{MODEL}",
            "base": setup.base,
            "proposals": setup.proposals,
            "workers": setup.workers,
            "seconds": 3 * setup.seconds,  # every evaluation begins by importing LEVI
        }
        return [str(python), "run_levi.py", json.dumps(told)]

    def number(self, logged: str, answers: Sequence[str]) -> int | None:
        """Read it in the program's text."""
        return peer.by_first_line(logged)

    def known(self, setup: Setup, answers: Sequence[str], printed: str) -> Known:
        """Read its snapshot, which holds the elites."""
        found: dict[int, float] = {}
        best: list[float] = []
        for elite in _elites(setup.folder / "out" / "snapshot.json"):
            score = (elite.get("scores") or {}).get("score")
            if isinstance(score, int | float):
                best.append(float(score))
                number = programs.number_of(str(elite.get("code") or elite.get("content") or ""))
                if number is not None:
                    found[number] = float(score)
        return Known(found, max(best, default=None))


def _elites(snapshot: Path) -> list[dict[str, Any]]:
    try:
        return list(json.loads(snapshot.read_text())["elites"])
    except (OSError, ValueError, KeyError):
        return []


PEER = Levi()
