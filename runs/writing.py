"""Everything the store is told.

Every method here is one transaction: what it says is kept whole or not at all. Like `queries.py`
this file knows SQL and the tables but no SQLite.
"""

from __future__ import annotations

import os
import time
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from evaluators.candidate import Candidate, Evaluation
from programs.errors import RunLocked, StoreError
from programs.program import Program
from runs.queries import Queries
from runs.record import Owner, RunRecord, State, now, to_json
from runs.rows import candidate_row, climb_row, funnel_row
from runs.words import SEARCHED

WORDS_EVERY = 500
"""Candidates after which the words of the new ones are indexed."""


class Writing(Queries):
    """The store's way of keeping things, on top of its way of giving them back."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._wordless = 0

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Make all that happens inside one change, undone if an exception leaves."""

    @abstractmethod
    def execute(self, sql: str, *values: Any) -> None:
        """Carry out one statement."""

    # Runs

    def create_run(
        self,
        task: str,
        kind: str,
        seed: int,
        config: Mapping[str, Any],
        tier: str,
        device: str,
        protocol: str,
        versions: Mapping[str, Any],
        score_name: str = "",
    ) -> RunRecord:
        """Begin a run, owned by this process."""
        run_id, began = os.urandom(4).hex(), now()
        row = {
            "id": run_id,
            "task": task,
            "kind": kind,
            "state": State.RUNNING.value,
            "seed": str(int(seed)),
            "config": to_json(config),
            "owner": Owner.here().to_json(),
            "heartbeat": began,
            "started": began,
            "tier": tier,
            "device": device,
            "protocol": protocol,
            "versions": to_json(versions),
            "score_name": score_name,
        }
        with self.transaction():
            self._insert("run", [row])
        self._since[run_id] = time.monotonic()
        return self.run(run_id)

    def claim(self, run_id: str) -> RunRecord:
        """Make this process the run's owner, to resume it; raise `RunLocked` if another is."""
        sql = (
            "UPDATE run SET owner = ?, state = ?, heartbeat = ?, ended = NULL, message = '' "
            "WHERE id = ?"
        )
        with self.transaction():
            run = self.run(run_id)
            if run.owner and run.held:
                raise RunLocked(
                    f"Process {run.owner.pid} on {run.owner.host} is at work on run {run.id}: "
                    f"end it with `cambrian stop {run.id}`, or wait"
                )
            self.execute(sql, Owner.here().to_json(), State.RUNNING.value, now(), run.id)
        self._since.setdefault(run.id, time.monotonic())
        return self.run(run.id)

    def beat(self, run_id: str) -> None:
        """Show that the run's owner is alive; due every minute or so while nothing is recorded."""
        with self.transaction():
            self._beat(run_id)

    def finish(self, run_id: str, state: str, message: str = "") -> None:
        """Let go of the run and say how it ended: done, stopped or failed."""
        sql = "UPDATE run SET state = ?, message = ?, ended = ?, owner = NULL WHERE id = ?"
        with self.transaction():
            self._beat(run_id)
            self._index_words()
            self.execute(sql, State(state).value, message, now(), run_id)
        self._since.pop(run_id, None)

    def event(self, run_id: str, name: str, detail: Mapping[str, Any] | None = None) -> None:
        """Note that something happened in a run."""
        row = {"run": run_id, "time": now(), "name": name, "detail": to_json(detail or {})}
        with self.transaction():
            self._insert("event", [row])

    def llm_call(
        self,
        run_id: str,
        *,
        model: str,
        purpose: str,
        messages: Any,
        reply: str = "",
        prompt_tokens: int = 0,
        completion_tokens: int = 0,
        usd: float = 0.0,
        seconds: float = 0.0,
        error: str = "",
        over: int | None = None,
    ) -> int:
        """Keep a question put to a model, add its price to the run's, and return the row's id.

        `over` is the row of the same call as it was written before, which this one replaces.
        """
        row = {
            "run": run_id,
            "model": model,
            "purpose": purpose,
            "messages": to_json(messages),
            "reply": reply,
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "usd": usd,
            "seconds": seconds,
            "created": now(),
            "error": error,
        }
        with self.transaction():
            before = 0.0
            if over is not None:
                sql = "DELETE FROM llm_call WHERE id = ? RETURNING usd"
                before = sum(each["usd"] for each in self.rows(sql, over))
            self._insert("llm_call", [row])
            self.execute("UPDATE run SET usd = usd + ? WHERE id = ?", usd - before, run_id)
            (new,) = self.rows("SELECT last_insert_rowid() AS id")
        return int(new["id"])

    # Candidates

    def record(self, run_id: str, candidate: Candidate) -> bool:
        """Keep a candidate, and return whether it is new.

        A run's index is taken once: the same id again changes nothing, another is an error.
        """
        return self.record_all(run_id, [candidate]) == 1

    def record_all(self, run_id: str, candidates: Iterable[Candidate]) -> int:
        """Keep several candidates or none of them, and return how many are new."""
        new = 0
        with self.transaction():
            for candidate in candidates:
                if not self._recorded(run_id, candidate):
                    self._insert_candidate(run_id, candidate)
                    new += 1
            self._beat(run_id)
            self._wordless += new
            if self._wordless >= WORDS_EVERY:
                self._index_words()
        return new

    def climb(self, run_id: str, id_: str, climb: Evaluation, recalled: bool = False) -> None:
        """Keep how a recorded candidate was judged on a dearer rung than before."""
        with self.transaction():
            self._insert("climb", [climb_row(run_id, id_, climb, recalled)])
            self._insert("evaluation", list(_scores(id_, climb)))
            if climb.score is not None:
                self.execute(
                    "UPDATE candidate SET high_rung = ?, high_score = ?, high_stderr = ? "
                    "WHERE id = ?",
                    *(climb.rung, climb.score, climb.stderr, id_),
                )
            self._beat(run_id)

    def save_verdict(
        self, candidate_id: str, sentence: str, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Keep what verification said about a candidate."""
        row = {
            "candidate": candidate_id,
            "created": now(),
            "sentence": sentence,
            "detail": to_json(detail or {}),
        }
        with self.transaction():
            self._insert("verdict", [row])

    def search(self, words: str, limit: int = 20) -> list[Candidate]:
        """Return the newest candidates whose source or rationale holds all the words."""
        with self.transaction():
            self._index_words()
        return super().search(words, limit)

    def save_funnel(
        self, program: Program, protocol: str, task: str, steps: int, found: Evaluation
    ) -> None:
        """Keep what a funnel found of a program; what is there already stands."""
        row = funnel_row(program.key, protocol, task, steps, found)
        with self.transaction():
            self._own_text(program)
            if self.funnel(program.key, protocol) is None:
                self._insert("funnel", [row])

    # Inside a transaction

    def _recorded(self, run_id: str, candidate: Candidate) -> bool:
        sql = "SELECT id FROM candidate WHERE run = ? AND idx = ?"
        there = [row["id"] for row in self.rows(sql, run_id, candidate.index)]
        if there and there != [candidate.id]:
            raise StoreError(
                f"Candidate {candidate.index} of run {run_id} is {there[0]} already and cannot be "
                f"{candidate.id} too: is another process writing this run?"
            )
        return bool(there)

    def _insert_candidate(self, run_id: str, candidate: Candidate) -> None:
        row = candidate_row(run_id, candidate) | {"source": self._own_text(candidate.program)}
        high = {f"high_{name}": row[name] for name in ("rung", "score", "stderr")}
        self._insert("candidate", [row | high])
        parents = enumerate(candidate.origin.parents)
        self._insert(
            "parent", [{"child": candidate.id, "parent": p, "place": n} for n, p in parents]
        )
        self._insert("evaluation", list(_scores(candidate.id, candidate.evaluation)))

    def _own_text(self, program: Program) -> str | None:
        """Keep the program; return its text if an equal one was first written in another way.

        A resumed run then goes on from the very texts it had, and proposes what it would have.
        """
        sql = """
            INSERT INTO program(key, kind, source, size) VALUES (?, ?, ?, ?)
            ON CONFLICT(key) DO UPDATE SET key = key RETURNING source
        """
        kept = self.rows(sql, program.key, program.kind, program.source, program.size)
        return None if kept[0]["source"] == program.source else program.source

    def _index_words(self) -> None:
        """Index the words of the rows that came since this was last done, by any process."""
        self._wordless = 0
        for table, column in SEARCHED.items():
            self.execute(
                f"INSERT INTO {table}_fts(rowid, {column}) SELECT rowid, {column} FROM {table} "
                f"WHERE rowid > (SELECT coalesce(max(id), 0) FROM {table}_fts_docsize)"
            )

    def _insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            values = (value for row in rows for value in row.values())
            self.execute(_insertion(table, tuple(rows[0]), len(rows)), *values)

    def _beat(self, run_id: str) -> None:
        """Add the time since the last beat, so that a killed run keeps all but its last moments."""
        clock = time.monotonic()
        passed = clock - self._since.get(run_id, clock)
        if run_id in self._since:
            self._since[run_id] = clock
        sql = "UPDATE run SET heartbeat = ?, seconds = seconds + ? WHERE id = ?"
        self.execute(sql, now(), passed, run_id)


@cache
def _insertion(table: str, columns: tuple[str, ...], rows: int) -> str:
    """Write the statement that inserts so many rows."""
    marks = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table}({', '.join(columns)}) VALUES {', '.join([marks] * rows)}"


def _scores(id_: str, evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    """Yield a row for each seed; of an average, those that were trained now have curves."""
    old = len(evaluation.by_seed) - len(evaluation.curves)
    for seed, score in enumerate(evaluation.by_seed):
        curve = to_json(evaluation.curves[seed - old]) if seed >= old else None
        row = {"candidate": id_, "rung": evaluation.rung, "seed": seed}
        yield row | {"score": float(score), "curve": curve}
