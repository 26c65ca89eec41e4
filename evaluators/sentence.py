"""A verdict in words: better, worse or not shown to differ, by how much, how sure, on what.

It claims nothing of tasks that were not judged, and says apart what holds where the program was
found and what holds where search never was.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluators.decimals import signed
from evaluators.standing import BETTER, UNDECIDED, WORSE, Gain, TaskVerdict, Verdict

NAMED = 3
"""Baselines of one outcome that are named; more are counted."""


def sentence(verdict: Verdict) -> str:
    """Return the verdict in one sentence, or in several where there is more to compare with."""
    judged = verdict.judged
    family = sum(len(v.gains()) for v in verdict.tasks)
    first, *others = [_against_reference(v, judged, family) for v in verdict.tasks]
    if verdict.judged in verdict.tasks[0].failures and not others:
        return first
    if not others and len(verdict.tasks[0].gains()) < 2:
        return first
    parts = [first, _rivals(verdict.tasks[0]), *_elsewhere(verdict), _all_baselines(verdict)]
    return " ".join(part for part in parts if part)


def _against_reference(verdict: TaskVerdict, judged: str, family: int) -> str:
    reference, task = verdict.reference, verdict.task
    if judged in verdict.failures:
        why = verdict.failures[judged]
        return f"{judged} could not be judged on held-out data of {task}: {why}."
    if judged == reference:
        return f"{judged} is the baseline itself: search found nothing better than it started from."
    if reference in verdict.failures:
        why = verdict.failures[reference]
        return f"No verdict on {task}: the baseline {reference} could not be judged: {why}."
    standing = verdict.standing(reference)
    assert standing is not None
    assert standing.gain is not None
    gain = standing.gain
    return f"{judged} is {_outcome(gain, reference)} on {task}: {_figures(gain, verdict, family)}."


def _outcome(gain: Gain, reference: str) -> str:
    link = {BETTER: "better than", WORSE: "worse than", UNDECIDED: "not shown to differ from"}
    return f"{link[gain.outcome]} tuned {reference}"


def _rivals(verdict: TaskVerdict) -> str:
    """Name the other baselines that the program is not better than where it was found."""
    said = []
    for outcome, link in ((UNDECIDED, "not shown to differ from"), (WORSE, "worse than")):
        names = [
            standing.name
            for standing in verdict.standings
            if standing.name != verdict.reference
            and standing.gain is not None
            and standing.gain.outcome == outcome
        ]
        if names:
            said.append(f"{link} {_listed(names)}")
    return f"Of the other baselines there it is {', and '.join(said)}." if said else ""


def _listed(names: Sequence[str]) -> str:
    """Write the first few names, and how many more there are."""
    more = len(names) - NAMED
    shown = list(names) if more <= 0 else [*names[:NAMED], f"{more} more"]
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)


def _figures(gain: Gain, verdict: TaskVerdict, family: int) -> str:
    corrected = f" corrected for {family} comparisons" if family > 1 else ""
    return (
        f"{signed(gain.mean)} in held-out {verdict.score_name}, "
        f"95 % interval {signed(gain.low)} to {signed(gain.high)}, "
        f"{p_text(gain.corrected)}{corrected}, {verdict.seeds} fresh seeds"
    )


def p_text(p: float) -> str:
    """Write a p-value as people read it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.0995 else f"p = {p:.2f}"


def _elsewhere(verdict: Verdict) -> list[str]:
    """Say what holds on the other tasks against their references."""
    unseen = [v for v in verdict.tasks[1:] if v.task not in verdict.seen]
    said = [
        _group("On tasks that search never saw", verdict.judged, unseen),
        _group(
            "On tasks by which a funnel selected it",
            verdict.judged,
            [v for v in verdict.tasks[1:] if v.task in verdict.seen],
        ),
    ]
    return [part for part in said if part]


def _group(where: str, judged: str, verdicts: Sequence[TaskVerdict]) -> str:
    if not verdicts:
        return ""
    said: dict[str, list[str]] = {}
    for verdict in verdicts:
        outcome, detail = _short(verdict, judged)
        said.setdefault(outcome, []).append(f"{verdict.task}{detail}")
    listed = "; ".join(f"{outcome} on {', '.join(tasks)}" for outcome, tasks in said.items())
    return f"{where} it is {listed}."


def _short(verdict: TaskVerdict, judged: str) -> tuple[str, str]:
    reference = verdict.reference
    for name in (judged, reference):
        if name in verdict.failures:
            return f"not compared, as {name} could not be judged,", ""
    standing = verdict.standing(reference)
    if standing is None or standing.gain is None:
        return "the baseline itself", ""
    gain = standing.gain
    interval = f"{signed(gain.low)} to {signed(gain.high)}"
    detail = f" ({signed(gain.mean)}, {interval}, {p_text(gain.corrected)})"
    return _outcome(gain, reference), detail


def _all_baselines(verdict: Verdict) -> str:
    """Count what holds against all baselines, and say where it beats every one of them."""
    gains = [gain for v in verdict.tasks for gain in v.gains()]
    if not gains:
        return ""
    count = {o: sum(g.outcome == o for g in gains) for o in (BETTER, WORSE, UNDECIDED)}
    ahead = [v.task for v in verdict.tasks if _beats_all(v)]
    where = f"better than every one of them on {', '.join(ahead)}" if ahead else ""
    tasks = "" if len(verdict.tasks) == 1 else f" on {len(verdict.tasks)} tasks"
    return (
        f"In {len(gains)} comparisons with tuned baselines{tasks} it is better in {count[BETTER]}, "
        f"worse in {count[WORSE]} and not shown to differ in {count[UNDECIDED]} "
        f"(Holm-corrected, 5 % for all together)" + (f"; {where}." if where else ".")
    )


def _beats_all(verdict: TaskVerdict) -> bool:
    gains = verdict.gains()
    return bool(gains) and not verdict.failures and all(g.outcome == BETTER for g in gains)
