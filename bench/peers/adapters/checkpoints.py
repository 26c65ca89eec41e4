"""Checkpoint folders of one JSON file per program, as OpenEvolve and SkyDiscover write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.peers import programs
from bench.peers.peer import Known


def read(output: Path) -> Known:
    """Return all programs in all checkpoints, and the best, from its own file if it is there."""
    scores: dict[int, float] = {}
    for path in sorted(output.glob("**/programs/*.json")):
        said = _json(path)
        number = programs.number_of(str(said.get("code") or said.get("solution") or ""))
        score = _score(said)
        if number is not None and score is not None:
            scores[number] = score
    told = [_score(_json(path)) for path in output.glob("**/best_program_info.json")]
    best = max((score for score in told if score is not None), default=None)
    return Known(scores, best)


def _json(path: Path) -> dict[str, Any]:
    """Read a file, or nothing of one that was cut short."""
    try:
        said = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _score(said: dict[str, Any]) -> float | None:
    metrics = said.get("metrics")
    score = metrics.get("combined_score") if isinstance(metrics, dict) else None
    return float(score) if isinstance(score, int | float) else None
