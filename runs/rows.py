"""How what is stored is written down as rows, and read back from them.

Nothing in this file knows SQLite.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.program import Program
from runs.owner import Owner
from runs.record import RunRecord, now, numbers, to_json


def candidate_row(run_id: str, candidate: Candidate) -> dict[str, Any]:
    """Return a candidate as a row; its parents and scores by seed have tables of their own."""
    origin, evaluation = candidate.origin, candidate.evaluation
    return {
        "id": candidate.id,
        "run": run_id,
        "idx": candidate.index,
        "program": candidate.program.key,
        "size": candidate.program.size,
        "proposer": origin.proposer,
        "operator": origin.operator,
        "rationale": origin.rationale,
        "model": origin.model,
        "usage": to_json(dict(origin.usage)),
        "entropy": to_json([int(word) for word in origin.seed]),
        "stderr": None if evaluation.stderr is None else float(evaluation.stderr),
        **_judgement_row(evaluation),
        "duplicate_of": candidate.duplicate_of,
        "recalled": int(candidate.recalled),
        "created": now(),
    }


def climb_row(run_id: str, candidate_id: str, climb: Evaluation, recalled: bool) -> dict[str, Any]:
    """Return a judgement on a dearer rung as a row."""
    about = {"candidate": candidate_id, "run": run_id, "recalled": int(recalled), "created": now()}
    return about | _judgement_row(climb)


def _judgement_row(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "rung": evaluation.rung,
        "fingerprint": evaluation.fingerprint,
        "status": str(evaluation.status),
        "score": None if evaluation.score is None else float(evaluation.score),
        "metrics": to_json(dict(evaluation.metrics)),
        "message": evaluation.message,
        "seconds": float(evaluation.seconds),
        "device": evaluation.device,
        "tier": evaluation.tier,
        "checksum": evaluation.checksum,
    }


def evaluation_of(row: Mapping[str, Any], by_seed: tuple[float, ...]) -> Evaluation:
    """Return the judgement a row was made from."""
    return Evaluation(
        status=Status(row["status"]),
        score=row["score"],
        metrics=numbers(row["metrics"]),
        by_seed=by_seed,
        rung=row["rung"],
        fingerprint=row["fingerprint"],
        message=row["message"],
        seconds=row["seconds"],
        device=row["device"],
        tier=row["tier"],
        checksum=row["checksum"],
    )


def candidate_of(
    row: Mapping[str, Any],
    parents: tuple[str, ...],
    by_seed: tuple[float, ...],
    climbs: tuple[Evaluation, ...] = (),
) -> Candidate:
    """Return the candidate a row was made from, without its genome."""
    program = Program(row["kind"], row["text"], row["program"])
    origin = Origin(
        proposer=row["proposer"],
        operator=row["operator"],
        parents=parents,
        rationale=row["rationale"],
        model=row["model"],
        usage=numbers(row["usage"]),
        seed=tuple(json.loads(row["entropy"])),
    )
    return Candidate(
        row["id"],
        row["idx"],
        program,
        origin,
        evaluation_of(row, by_seed),
        duplicate_of=row["duplicate_of"],
        recalled=bool(row["recalled"]),
        climbs=climbs,
    )


def funnel_row(
    program: str, protocol: str, task: str, steps: int, found: Evaluation
) -> dict[str, Any]:
    """Return what a funnel found of a program as a row."""
    return {
        "program": program,
        "protocol": protocol,
        "task": task,
        "steps": steps,
        "status": str(found.status),
        "score": found.score,
        "by_seed": to_json(list(found.by_seed)),
        "metrics": to_json(dict(found.metrics)),
        "message": found.message,
        "seconds": float(found.seconds),
        "checksum": found.checksum,
        "created": now(),
    }


def funnel_of(row: Mapping[str, Any]) -> Evaluation:
    """Return what a row of a funnel says."""
    return Evaluation(
        status=Status(row["status"]),
        score=row["score"],
        metrics=numbers(row["metrics"]),
        by_seed=tuple(json.loads(row["by_seed"])),
        message=row["message"],
        seconds=row["seconds"],
        checksum=row["checksum"],
    )


def run_of(row: Mapping[str, Any]) -> RunRecord:
    """Return the run a row was made from."""
    read = dict(row)
    read["seed"] = int(read["seed"])
    read["owner"] = Owner(**json.loads(read["owner"])) if read["owner"] else None
    read["config"] = json.loads(read["config"])
    read["versions"] = json.loads(read["versions"])
    return RunRecord(**read)
