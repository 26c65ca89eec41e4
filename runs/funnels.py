"""How a funnel's result looks: who passed each stage, and the curve of meta-overfitting."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evaluators.candidate import Evaluation
from evaluators.decimals import fixed, signed
from runs.funnel import FunnelResult, StageResult
from runs.plot import curves


def screen(result: FunnelResult) -> RenderableType:
    """Compose the stages, those who went through them, the curve, and what it says."""
    parts: list[RenderableType] = [stage_table(result), Text("")]
    if len(result.stages) > 1:
        parts += [program_table(result), Text("")]
    if result.points:
        parts += [Text(line, no_wrap=True) for line in meta_plot(result)]
    return Group(*parts, Text(sentence(result), style="bold"))


def stage_table(result: FunnelResult) -> Table:
    """Lay out the stages."""
    laid = Table(box=None, padding=(0, 1), pad_edge=False)
    for heading in ("stage", "cost", "steps", "judged", "better", "passed", "best gain"):
        laid.add_column(heading, justify="left" if heading == "stage" else "right", no_wrap=True)
    for stage in result.stages:
        gains = [stage.gain(name) for name in stage.found]
        better = sum(gain > 0 for gain in gains)
        best = max((gain for gain in gains if math.isfinite(gain)), default=math.nan)
        laid.add_row(
            stage.stage.task,
            f"{stage.stage.multiple:g}×",
            str(stage.steps),
            str(len(stage.found)),
            str(better),
            str(len(stage.passed)),
            "–" if math.isnan(best) else signed(best),
        )
    return laid


def program_table(result: FunnelResult) -> Table:
    """Lay out the programs that the first stage was for, the farthest first."""
    first, *stages = result.stages
    laid = Table(box=None, padding=(0, 1), pad_edge=False)
    laid.title, laid.title_justify = f"Gain over tuned {result.reference}", "left"
    laid.add_column("program", no_wrap=True)
    for stage in result.stages:
        laid.add_column(stage.stage.task, justify="right", no_wrap=True)
    for name in _ordered(result):
        cells = [_gain(stage, name) for stage in stages]
        laid.add_row(name[:6], signed(first.gain(name)), *cells)
    return laid


def _ordered(result: FunnelResult) -> list[str]:
    """Return who entered the first stage: by how far they came, then by gain there."""
    stages = result.stages[1:]

    def rank(name: str) -> tuple[float, float]:
        reached = [s for s in stages if name in s.found]
        gain = reached[-1].gain(name)
        return (len(reached), gain if math.isfinite(gain) else -math.inf)

    return sorted(stages[0].found, key=rank, reverse=True)


def _gain(stage: StageResult, name: str) -> Text:
    if name not in stage.found:
        return Text("·", style="dim")
    gain = stage.gain(name)
    if math.isnan(gain):
        return Text(str(stage.found[name].status), style="red")
    return Text(signed(gain), style="green" if gain > 0 else "red")


def meta_plot(result: FunnelResult) -> list[str]:
    """Draw the best of the search so far (o), and what it gained on the first stage (x).

    Where both are in one place there is a `*`. Each is drawn relative to its own greatest size,
    since the tasks' scores have other units.
    """
    x = [point.index / max(1, result.length - 1) for point in result.points]
    search = _relative([point.search_gain for point in result.points])
    meta = _relative([point.gain for point in result.points])
    searched, stage = (s.stage.task for s in result.stages[:2])
    legend = f"o best on {searched} so far   x the same program on {stage}   * both"
    curve = curves(x, [("o", search), ("x", meta)], "candidates of the search")
    return [legend, "gains, each curve's relative to its own greatest", *curve, ""]


def _relative(values: list[float]) -> list[float]:
    size = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    return [v / size for v in values] if size else values


def sentence(result: FunnelResult) -> str:
    """Say how many passed, and when the search began to overfit its task."""
    first, *stages = result.stages
    better = sum(first.gain(name) > 0 for name in first.found)
    said = [
        f"{_programs(better)} better than tuned {result.reference} on {first.stage.task}: the best "
        f"{len(first.passed)} of them enter, and those that were its best when they came."
    ]
    for stage in stages:
        if stage.baseline.score is None:
            why = stage.baseline.message
            said.append(f"{stage.stage.task} says nothing: {result.reference} failed: {why}.")
        else:
            still = sum(stage.gain(name) > 0 for name in stage.found)
            said.append(f"On {stage.stage.task} {_programs(still)} better still.")
    if result.peak is not None and stages:
        peak, task = result.peak, stages[0].stage.task
        said.append(
            f"The search's best was best on {task} at {peak.share:.0%} of the search "
            f"({signed(peak.gain)}); "
            + (
                f"what it found later lost {fixed(peak.lost)} there: it overfits its task."
                if peak.lost > 0
                else "it shows no overfitting of its task."
            )
        )
    return " ".join(said)


def _programs(count: int) -> str:
    return "1 program is" if count == 1 else f"{count} programs are"


def as_dict(result: FunnelResult) -> dict[str, Any]:
    """Return all that the funnel found, for scripts."""
    return {
        "run": result.run.id,
        "reference": result.reference,
        "candidates": result.length,
        "stages": [_stage_dict(stage) for stage in result.stages],
        "meta": [
            {"index": p.index, "id": p.id, "search_gain": p.search_gain, "gain": _number(p.gain)}
            for p in result.points
        ],
        "peak": None
        if result.peak is None
        else {"share": result.peak.share, "gain": result.peak.gain, "lost": result.peak.lost},
        "sentence": sentence(result),
    }


def _stage_dict(stage: StageResult) -> dict[str, Any]:
    results = [
        {"id": name, **_evaluation(e), "gain": _number(stage.gain(name))}
        for name, e in stage.found.items()
    ]
    return {
        "task": stage.stage.task,
        "multiple": stage.stage.multiple,
        "steps": stage.steps,
        "baseline": _evaluation(stage.baseline),
        "passed": list(stage.passed),
        "results": results,
    }


def _evaluation(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "status": str(evaluation.status),
        "score": evaluation.score,
        "by_seed": list(evaluation.by_seed),
        "message": evaluation.message,
        "seconds": evaluation.seconds,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
