"""How a verdict looks on a screen of 80 columns: a table for each task, the races, the sentence."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from evaluators import contest, timing
from evaluators.decimals import fixed, signed
from evaluators.pareto import dominators
from evaluators.sentence import p_text
from evaluators.standing import BETTER, UNDECIDED, WORSE, Gain, Standing, TaskVerdict, Verdict

SHOWN = 10
"""Rows of a task's table; what is left out is counted below it."""

RACERS = 8

TAUS = (1.0, 1.5, 2.0, 4.0)

STYLES = {BETTER: "green", WORSE: "red", UNDECIDED: "dim"}


def quick_screen(verdict: Verdict) -> RenderableType:
    """Compose what a search ends with: one table, how it was made, and the sentence."""
    table = verdict.tasks[0]
    parts = [task_table(verdict, table), _how(table), *_front(verdict, table)]
    return Group(*parts, *_said(verdict))


def screen(verdict: Verdict) -> RenderableType:
    """Compose a full verdict."""
    parts: list[RenderableType] = []
    for table in verdict.tasks:
        parts += [task_table(verdict, table), Text(_left_out(verdict, table), style="dim")]
        parts += _front(verdict, table)
    parts += [_how(verdict.tasks[0]), Text("")]
    if any(table.race is not None for table in verdict.tasks):
        parts += [race_table(verdict), profile_table(verdict), _raced(verdict), Text("")]
    return Group(*parts, *_said(verdict))


def _said(verdict: Verdict) -> list[RenderableType]:
    chance = [Text(verdict.above_chance)] if verdict.above_chance else []
    return [Text(verdict.sentence, style="bold"), *chance]


def task_table(verdict: Verdict, table: TaskVerdict) -> Table:
    """Lay out one task's comparison, best first, the judged program in bold."""
    judged = verdict.judged
    metric = next(iter(table.standings[0].metrics), "") if table.standings else ""
    title = f"{table.task} ({_role(verdict, table)}): held-out {table.score_name}"
    title += f",\nand the lead of {judged}"
    laid = Table(box=None, padding=(0, 1), pad_edge=False, title=title, title_justify="left")
    laid.caption_justify = "left"
    for heading in (table.kind, "score", metric, "tuned lr", "lead ± 95 %", "p", "it is"):
        laid.add_column(heading, justify="left" if heading == table.kind else "right", no_wrap=True)
    for standing in _shown(judged, table):
        laid.add_row(*_cells(standing, metric), style="bold" if standing.name == judged else "")
    for name, reason in _failures(judged, table).items():
        laid.add_row(name, Text("failed", style="red"))
        laid.caption = f"{laid.caption or ''}{name}: {escape(reason)}. "
    return laid


def _role(verdict: Verdict, table: TaskVerdict) -> str:
    if table is verdict.tasks[0]:
        return "the task it was found on"
    return "selected on it by a funnel" if table.task in verdict.seen else "never searched"


def _cells(standing: Standing, metric: str) -> list[str | Text]:
    rate = f"{standing.learning_rate:.3g}" + ("*" if standing.at_edge else "")
    cells: list[str | Text] = [standing.name, fixed(standing.score)]
    cells += [_metric(metric, standing.metrics.get(metric, math.nan)), rate]
    return cells + ([] if standing.gain is None else _lead(standing.gain))


def _lead(gain: Gain) -> list[str | Text]:
    half = (gain.high - gain.low) / 2
    word = "–" if gain.outcome == UNDECIDED else gain.outcome
    p = p_text(gain.corrected).removeprefix("p ").removeprefix("= ")
    return [f"{signed(gain.mean)} ± {half:.4f}", p, Text(word, style=STYLES[gain.outcome])]


def _metric(name: str, value: float) -> str:
    return f"{value:.2%}" if name == "accuracy" else f"{value:.3g}"


def _shown(judged: str, table: TaskVerdict) -> list[Standing]:
    """Return the judged program, its reference and the strongest of the others, best first."""
    always = {judged, table.reference}
    others = [s.name for s in table.standings if s.name not in always]
    names = always | set(others[: SHOWN - len(always)])
    return [s for s in table.standings if s.name in names]


def _failures(judged: str, table: TaskVerdict) -> dict[str, str]:
    """Return the failures that every reader must see; others are counted."""
    few = len(table.standings) + len(table.failures) <= SHOWN
    always = {judged, table.reference}
    return {n: why for n, why in table.failures.items() if few or n in always}


def _left_out(verdict: Verdict, table: TaskVerdict) -> str:
    shown = {s.name for s in _shown(verdict.judged, table)}
    outcomes = Counter(
        s.gain.outcome for s in table.standings if s.name not in shown and s.gain is not None
    )
    than = {BETTER: "better than", UNDECIDED: "not shown to differ from", WORSE: "worse than"}
    said = [f"{verdict.judged} is"] + [f"{than[o]} {outcomes[o]}," for o in than if outcomes[o]]
    failed = len(table.failures) - len(_failures(verdict.judged, table))
    rest = sum(outcomes.values()) + failed
    compared = " ".join(said).rstrip(",") if outcomes else ""
    apart = f"{failed} could not be judged" if failed else ""
    told = "; ".join(each for each in (compared, apart) if each)
    return f"and {rest} more baselines: {told}\n" if rest else ""


def _front(verdict: Verdict, table: TaskVerdict) -> list[RenderableType]:
    """Lay out whom no other beats in all objectives of a task, and the judged program."""
    if not table.front:
        return []
    judged, points = verdict.judged, table.points()
    title = f"\nPareto front on {table.task}: {len(table.front)} of {len(points)}"
    laid = Table(box=None, padding=(0, 1), pad_edge=False, title=title, title_justify="left")
    laid.add_column(table.kind, no_wrap=True)
    for objective in table.objectives:
        laid.add_column(_TITLES.get(objective, objective), justify="right", no_wrap=True)
    shown = {*table.front[:SHOWN], judged}
    for name, point in ((n, p) for n, p in points.items() if n in shown):
        cells = [_value(objective, point[objective]) for objective in table.objectives]
        style = "bold" if name == judged else ""
        laid.add_row(name if name in table.front else f"({name})", *cells, style=style)
    return [laid, Text(_place(judged, table), style="dim")]


_TITLES = {"flops": "FLOPs", "memory_mib": "memory, MiB", "latency_ms": "latency, ms"}


def _value(objective: str, value: float) -> str:
    if objective == "score":
        return fixed(value)
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _place(judged: str, table: TaskVerdict) -> str:
    left = len([name for name in table.front[SHOWN:] if name != judged])
    more = f"and {left} more on the front. " if left else ""
    if judged in table.front:
        return f"{more}{judged} is on the front: no other is as good in all and better in one.\n"
    points = table.points()
    if judged not in points:
        return f"{more}\n"
    names = list(points)
    found = dominators(points[judged], list(points.values()), table.objectives)
    over = ", ".join(names[place] for place in found[:3])
    return f"{more}{judged} is not on the front: as good in all and better in one: {over}.\n"


def _how(table: TaskVerdict) -> Text:
    trials = table.standings[0].trials if table.standings else 0
    return Text(
        f"{table.seeds} fresh seeds; intervals resample seeds and held-out examples; p is Holm's, "
        f"over all comparisons. Every learning rate was tuned by the same sweep, with as many "
        f"trials for each ({trials} rates, {table.tuning_seeds} seeds on {table.task}); "
        f"* marks a best rate at the sweep's edge.",
        style="dim",
    )


def _raced(verdict: Verdict) -> Text:
    rates = {min(contest.TRIALS, t.standings[0].trials) for t in verdict.tasks if t.standings}
    trials = " or ".join(str(each) for each in sorted(rates))
    return Text(
        f"Steps as in AlgoPerf: the median over {contest.STUDIES} studies of the fastest of "
        f"{trials} trials. The integral averages ρ(τ), the share of tasks on which a program takes "
        "at most τ times the fastest one's steps, over τ from 1 to 4. Seconds are those of the "
        "clock outside the training.",
        style="dim",
    )


def race_table(verdict: Verdict) -> Table:
    """Lay out the races: the target of each task, and who reached it when."""
    laid = Table(box=None, padding=(0, 1), pad_edge=False, title="Steps to the target")
    laid.title_justify = "left"
    for heading in ("task", "target", "set by", "its steps", verdict.judged, "fastest"):
        laid.add_column(heading, justify="left" if heading == "task" else "right", no_wrap=True)
    for table in verdict.tasks:
        race = table.race
        if race is None:
            laid.add_row(table.task, "none")
            continue
        first = min(race.steps, key=race.steps.__getitem__)
        laid.add_row(
            table.task,
            fixed(race.target),
            race.setter,
            _time(race.steps.get(race.setter, math.inf)),
            _time(race.steps.get(verdict.judged, math.inf)),
            f"{_time(race.steps[first])} ({first})",
        )
    return laid


def _time(steps: float) -> str:
    return "never" if math.isinf(steps) else f"{steps:.0f}"


def profile_table(verdict: Verdict) -> Table:
    """Lay out the score integrals and profiles of the fastest and of the judged program."""
    races = {t.task: t.race for t in verdict.tasks if t.race is not None}
    times = {n: {t: r.steps.get(n, math.inf) for t, r in races.items()} for n in verdict.scores}
    found = timing.ratios(times)
    order = sorted(verdict.scores, key=lambda n: -verdict.scores[n]["steps"])
    names = [n for n in order if n in order[:RACERS] or n == verdict.judged]
    laid = Table(box=None, padding=(0, 1), pad_edge=False, title="\nPerformance profile")
    laid.title_justify = "left"
    rho = [f"ρ({tau:g})" for tau in TAUS]
    for heading in ("place", "program", "integral, steps", "seconds", *rho):
        laid.add_column(heading, justify="left" if heading == "program" else "right", no_wrap=True)
    for name in names:
        shares = timing.profile(found[name], np.array(TAUS))
        score = verdict.scores[name]
        laid.add_row(
            f"{order.index(name) + 1}",
            name,
            f"{score['steps']:.3f}",
            f"{score['seconds']:.3f}",
            *(f"{share:.2f}" for share in shares),
            style="bold" if name == verdict.judged else "",
        )
    return laid
