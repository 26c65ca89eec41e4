"""Everything the store is told.

Every method here is one transaction: what it says is kept whole or not at all. Like `queries.py`
this file knows SQL and the tables but no SQLite.
"""

from __future__ import annotations

import secrets
import time
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from evaluators.candidate import Candidate, Evaluation
from programs.errors import RunLocked, StoreError
from runs.queries import Queries
from runs.record import Owner, RunRecord, State, candidate_row, climb_row, now, to_json


class Writing(Queries):
    """The store's way of keeping things, on top of its way of giving them back."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

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
    ) -> RunRecord:
        """Begin a run, owned by this process."""
        run_id, began = secrets.token_hex(4), now()
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
        }
        with self.transaction():
            self._insert("run", row)
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
            self.execute(sql, State(state).value, message, now(), run_id)
        self._since.pop(run_id, None)

    def event(self, run_id: str, name: str, detail: Mapping[str, Any] | None = None) -> None:
        """Note that something happened in a run."""
        row = {"run": run_id, "time": now(), "name": name, "detail": to_json(detail or {})}
        with self.transaction():
            self._insert("event", row)

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
    ) -> None:
        """Keep a question put to a model, and add its price to the run's."""
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
            self._insert("llm_call", row)
            self.execute("UPDATE run SET usd = usd + ? WHERE id = ?", usd, run_id)

    # Candidates

    def record(self, run_id: str, candidate: Candidate) -> bool:
        """Keep a candidate, and return whether it is new.

        A run's index is taken once: the same id again changes nothing, another is an error.
        """
        with self.transaction():
            if self._recorded(run_id, candidate):
                return False
            self._insert_program(candidate)
            row = candidate_row(run_id, candidate) | {"source": self._own_text(candidate)}
            high = {f"high_{name}": row[name] for name in ("rung", "score", "stderr")}
            self._insert("candidate", row | high)
            self._insert_parents(candidate)
            self._insert_scores(candidate.id, candidate.evaluation)
            self._beat(run_id)
        return True

    def climb(self, run_id: str, id_: str, climb: Evaluation, recalled: bool = False) -> None:
        """Keep how a recorded candidate was judged on a dearer rung than before."""
        with self.transaction():
            self._insert("climb", climb_row(run_id, id_, climb, recalled))
            self._insert_scores(id_, climb)
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
            self._insert("verdict", row)

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

    def _insert_program(self, candidate: Candidate) -> None:
        program = candidate.program
        self.execute(
            "INSERT INTO program(key, kind, source, size) VALUES (?, ?, ?, ?) "
            "ON CONFLICT(key) DO NOTHING",
            *(program.key, program.kind, program.source, program.size),
        )

    def _own_text(self, candidate: Candidate) -> str | None:
        """Return the candidate's text if an equal program was first written in another way.

        A resumed run then goes on from the very texts it had, and proposes what it would have.
        """
        kept = self.rows("SELECT source FROM program WHERE key = ?", candidate.program.key)
        text = candidate.program.source
        return None if kept[0]["source"] == text else text

    def _insert_parents(self, candidate: Candidate) -> None:
        for place, parent in enumerate(candidate.origin.parents):
            self._insert("parent", {"child": candidate.id, "parent": parent, "place": place})

    def _insert_scores(self, id_: str, judged: Evaluation) -> None:
        for seed, score in enumerate(judged.by_seed):
            row = {"candidate": id_, "rung": judged.rung, "seed": seed, "score": float(score)}
            self._insert("evaluation", row)

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        marks = ", ".join("?" * len(row))
        self.execute(f"INSERT INTO {table}({', '.join(row)}) VALUES ({marks})", *row.values())

    def _beat(self, run_id: str) -> None:
        """Add the time since the last beat, so that a killed run keeps all but its last moments."""
        clock = time.monotonic()
        passed = clock - self._since.get(run_id, clock)
        if run_id in self._since:
            self._since[run_id] = clock
        sql = "UPDATE run SET heartbeat = ?, seconds = seconds + ? WHERE id = ?"
        self.execute(sql, now(), passed, run_id)
