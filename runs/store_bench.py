"""How the store bears a million candidates: insertion, the questions, and whole commands."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agent.population import population
from agent.proposer import View
from programs.load import kind_named
from runs.commands.lineage import NEAR
from runs.config import read_config
from runs.filling import fill
from runs.leaders import asked, leaders, trade_offs
from runs.lineage import lineage, near
from runs.order import Order
from runs.progress import Progress, Silent
from runs.record import RunRecord
from runs.store import Store

REPEATS = 5
TOGETHER = 500
SINGLE = 5000
"""Candidates that are recorded one by one at the end, to time that."""

_COMMAND = "import sys; from runs.begin import program; sys.argv[0] = 'cambrian'; program()"

_FLOOR = (
    ("-c pass", "pass"),
    ("and click", "import click"),
    ("and rich", "import click, rich.table"),
)
"""What a command costs before it has done anything."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement: the best of several, on the clock and in processor time."""

    what: str
    milliseconds: float
    processor: float


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """What was measured; rates are candidates a second, by the clock and by processor time."""

    candidates: int
    megabytes: float
    ancestors: int
    load: float
    rates: dict[str, tuple[float, float]]
    figures: tuple[Figure, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as one record."""
        return {
            "candidates": self.candidates,
            "megabytes": round(self.megabytes, 1),
            "ancestors": self.ancestors,
            "load": round(self.load, 2),
            "per_second": {name: [round(r) for r in rate] for name, rate in self.rates.items()},
            "milliseconds": {
                f.what: [round(f.milliseconds, 2), round(f.processor, 2)] for f in self.figures
            },
        }


def measure(path: Path, candidates: int, runs: int, seed: int) -> StoreFigures:
    """Fill the file at `path` up to `candidates` and measure; what is there already is kept."""
    rng = np.random.default_rng(seed)
    with Store.open(path) as store:
        there = store.rows("SELECT count(*) AS n FROM candidate")[0]["n"]
        single = min(SINGLE, candidates // 2)
        rates = {}
        if (missing := candidates - there - single) > 0:
            rates[f"{TOGETHER} in a transaction"] = _rate(store, missing, runs, rng, TOGETHER)
        rates["one in a transaction"] = _rate(store, single, 1, rng, 1)
        figures, ancestors = _questions(store)
        best = store.top(limit=1)[0].id
    figures += _commands(path, best)
    size = path.stat().st_size / 1e6
    return StoreFigures(
        max(candidates, there + single), size, ancestors, os.getloadavg()[0], rates, tuple(figures)
    )


def _rate(
    store: Store, count: int, runs: int, rng: np.random.Generator, together: int
) -> tuple[float, float]:
    began, worked = time.perf_counter(), time.process_time()
    fill(store, count, min(runs, count), rng, together)
    return count / (time.perf_counter() - began), count / (time.process_time() - worked)


def _questions(store: Store) -> tuple[list[Figure], int]:
    """Time what commands ask, about the best candidate and one with an ordinary line."""
    best = store.top(limit=1)[0].id
    sql = "SELECT id FROM candidate WHERE run = ? AND idx = ?"
    run = store.runs()[-1].id
    early = store.rows(sql, run, min(1000, store.run(run).evaluations))[0]["id"]
    questions: dict[str, Callable[[], Any]] = {
        "runs": store.runs,
        "top": store.top,
        "top --where 'size <= 7'": lambda: leaders(store, asked(store, where="size <= 7")),
        "top --pareto": lambda: trade_offs(store, asked(store, sort="score,-size")),
        "show": lambda: (store.candidate(best), store.run_of(best), store.aliases(best)),
        "lineage of number 1000": lambda: lineage(store, early),
        "lineage of the best": lambda: lineage(store, best),
        "lineage, its near end": lambda: near(store, best, NEAR),
        "children": lambda: store.children(early),
        "start of a run": lambda: _begun(store, _made(store)),
    }
    figures = [_timed(f"{name} (inside)", ask) for name, ask in questions.items()]
    longest = max(store.runs(), key=lambda run: run.tried)
    resumed = _timed(f"resuming {longest.tried:,} (inside)", lambda: _begun(store, longest), 1)
    return [*figures, resumed], len(store.ancestry(best))


def _made(store: Store) -> RunRecord:
    run = store.create_run("digits", "optimizer", 0, {}, "plain", "cpu", "p1", {})
    store.finish(run.id, "done", "begun to time that")
    return run


def _begun(store: Store, run: RunRecord) -> None:
    """Do all that a run does with its past before it asks for a proposal."""
    config = read_config(task="digits", evals=1)
    progress = Progress(run.id, config, "", "")
    order = Order(store, run, config, kind_named("optimizer"), Silent(), progress)
    order.replay()
    population(View("", "", kind_named("optimizer"), {}, order.history.first(len(order))), 32)


def _commands(path: Path, best: str) -> list[Figure]:
    """Time whole commands, from the start of Python to its end."""
    nothing = [_timed(f"python {what}", lambda code=code: _python(code)) for what, code in _FLOOR]
    lines = {
        "--help": ["--help"],
        "top": ["top", "--db", str(path)],
        "show": ["show", best, "--db", str(path)],
        "lineage": ["lineage", best, "--db", str(path)],
        "runs": ["runs", "--db", str(path)],
    }
    return nothing + [
        _timed(f"cambrian {name}", lambda line=line: _python(_COMMAND, *line))
        for name, line in lines.items()
    ]


def _python(*line: str) -> None:
    # Compiled once, as whoever installs it has it: where nothing may be kept, that is most of it.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", *line], check=True, capture_output=True, env=env)


def _timed(what: str, ask: Callable[[], Any], repeats: int = REPEATS) -> Figure:
    clock, worked = [], []
    for _ in range(repeats):
        began, before = time.perf_counter(), _processor()
        ask()
        clock.append(time.perf_counter() - began)
        worked.append(_processor() - before)
    return Figure(what, 1e3 * min(clock), 1e3 * min(worked))


def _processor() -> float:
    """Return the processor seconds of this process and of those it has waited for."""
    waited = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + waited.ru_utime + waited.ru_stime
