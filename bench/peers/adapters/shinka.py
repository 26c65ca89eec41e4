"""ShinkaEvolve: its command `shinka_run` with the evaluator that its manual shows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.peers import peer, programs
from bench.peers.peer import Known, Setup
from bench.peers.server import MODEL

EVALUATOR = '''
"""Judge a candidate with Shinka's own `run_shinka_eval`, and log it."""
import argparse, sys
sys.path.insert(0, FOLDER)
import scorer
from shinka.core import run_shinka_eval

def main(program_path, results_dir):
    source = open(program_path).read()
    def aggregate(factors):
        score = scorer.bounded(scorer.judged(lambda step, total: factors[step]))
        scorer.note("end", source, score)
        return {"combined_score": score}
    scorer.note("begin", source)
    run_shinka_eval(
        program_path=program_path,
        results_dir=results_dir,
        experiment_fn_name="schedule",
        num_runs=scorer.STEPS,
        get_experiment_kwargs=lambda run: {"step": run, "total": scorer.STEPS},
        aggregate_metrics_fn=aggregate,
    )
'''

BY_HAND = '''
"""Judge a candidate without importing Shinka, and log it."""
import argparse, json, os, sys
sys.path.insert(0, FOLDER)
import scorer

def main(program_path, results_dir):
    metrics, correct, error = {"combined_score": 0.0}, True, None
    try:
        metrics = scorer.evaluate(program_path)
    except Exception as fault:
        correct, error = False, str(fault)
    for name, said in (("metrics", metrics), ("correct", {"correct": correct, "error": error})):
        with open(os.path.join(results_dir, name + ".json"), "w") as file:
            json.dump(said, file)
'''

MAIN = """
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path")
    parser.add_argument("--results_dir")
    main(**vars(parser.parse_args()))
"""


@dataclass(frozen=True)
class Shinka:
    """Whole programs instead of diffs, no embeddings; all else as it comes."""

    name: str = "Shinka"
    package: str = "shinka-evolve"
    evaluator: str = EVALUATOR
    workers: tuple[int, ...] = (1, 2)
    program: Callable[[int], str] = programs.good
    note: str = "evaluator by `run_shinka_eval`, as its manual shows; whole programs, no embeddings"

    def command(self, setup: Setup, python: Path) -> list[str]:
        """Write the task folder."""
        peer.scorer_files(setup)
        # Shinka copies the evaluator elsewhere, so it must say where the scorer is.
        text = self.evaluator.replace("FOLDER", repr(str(setup.folder)))
        (setup.folder / "evaluate.py").write_text(text + MAIN)
        minutes, seconds = divmod(setup.seconds, 60)
        settings = {
            "evo.llm_models": json.dumps([f"local/{MODEL}@{setup.base}"]),
            "evo.embedding_model": "none",
            "evo.patch_types": '["full"]',
            "evo.patch_type_probs": "[1.0]",
            "job.time": f"00:{minutes:02}:{seconds:02}",
        }
        told = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        amount = ["--num_generations", str(setup.proposals + 1)]  # the initial program is one
        jobs = ["--max-evaluation-jobs", str(setup.workers)]
        places = ["--task-dir", ".", "--results_dir", "out"]
        return [str(python.with_name("shinka_run")), *places, *amount, *jobs, *told]

    def number(self, logged: str, answers: Sequence[str]) -> int | None:
        """Read it in the program's text."""
        return peer.by_first_line(logged)

    def known(self, setup: Setup, answers: Sequence[str], printed: str) -> Known:
        """Read its database."""
        found: dict[int, float] = {}
        best: list[float] = []
        for path in (setup.folder / "out").glob("*.sqlite"):
            with sqlite3.connect(path) as database:
                query = "select code, combined_score from programs where correct"
                for code, score in database.execute(query):
                    best.append(float(score))
                    if (number := programs.number_of(code)) is not None:
                        found[number] = float(score)
        return Known(found, max(best, default=None))


PEER = Shinka()
