"""What each statement of a program is worth: the score without it, measured anew.

As in the simplification that led to Lion, one statement at a time is taken out: whoever read it
reads what the name held before, or else the first of its arguments that fits, or else 1 or 0. A
program without a statement that behaves as another one does is not trained again, and one that
behaves as the whole program does shows that the statement makes no difference, without any noise.

The program was chosen for its score on the search's seeds, which flatters it beside what it is
compared with here; so all are judged on seeds of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.admit import Admitted, Rejected, admit_to
from evaluators.candidate import Evaluation
from evaluators.collisions import Separate
from evaluators.decimals import fixed
from evaluators.task import Task, language
from programs.check import check
from programs.edits import redirected
from programs.errors import Fault, InputError
from programs.genome import Argument, Function, Genome, base_of, is_anonymous
from programs.kind import Kind
from programs.program import Program
from programs.render import expressions, number
from runs.gain import Gain, paired

Job = tuple[Program, str, int]
"""A program to judge, its fingerprint, and the repeat whose seeds to judge it on."""

RunAll = Callable[[Sequence[Job]], Iterable[Evaluation]]
"""Judges many, in order; may do so several at a time."""

Recall = Callable[[str, int], Evaluation | None]
"""Returns what was judged before with a fingerprint on the seeds of a repeat, if anything."""

Known = dict[tuple[str, int], Evaluation]
"""Judgements by fingerprint and repeat."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A program without one statement; `genome` is `None` where nothing fits in its place."""

    what: str
    becomes: str
    genome: Genome | None


@dataclass(frozen=True, slots=True)
class Worth:
    """What a statement is worth: the score of the whole less that without it.

    `gain` is `None` where there is no score without it; `same` says that the whole behaves alike.
    """

    cut: Cut
    gain: Gain | None
    same: bool
    message: str

    @property
    def verdict(self) -> str:
        """Say in words what the figure means."""
        if self.same:
            return "makes no difference: the program behaves the same without it"
        if self.gain is None:
            return f"no score without it: {self.message.partition(':')[0]}"
        if not self.gain.clear:
            return "no difference to be seen"
        return "is worth it" if self.gain.mean > 0 else "does harm"


@dataclass(frozen=True, slots=True)
class Explained:
    """The worth of every statement, and how the whole program scored on the same seeds."""

    rows: tuple[Worth, ...]
    score: float
    seeds: int
    judged: int
    known: Known


def cuts(genome: Genome, kind: Kind) -> Iterator[Cut]:
    """Yield the program without each of its statements in turn, as they are written."""
    for function in genome.functions:
        texts = expressions(function, kind)
        for place, statement in enumerate(function.body):
            text = texts[statement.target]
            named = not is_anonymous(statement.target)
            what = f"{base_of(statement.target)} = {text}" if named else text
            yield _without(genome, kind, function, place, what, texts)


def explain(
    genome: Genome, task: Task, repeats: Sequence[int], run_all: RunAll, recall: Recall
) -> Explained:
    """Judge a program, and what is left of it without each statement, on the seeds of repeats."""
    separate = Separate(language(task))
    whole = _admitted(genome, task, separate)
    if isinstance(whole, Rejected):
        raise InputError(f"The program cannot be judged: {whole.reason}")
    left = cuts(genome, language(task))
    made = [(cut, cut.genome and _admitted(cut.genome, task, separate)) for cut in left]
    admitted = [whole, *(found for _, found in made if isinstance(found, Admitted))]
    known, judged = _judged(admitted, repeats, run_all, recall)
    base = _scores(whole.fingerprint, repeats, known)
    if isinstance(base, str):
        raise InputError(f"The program itself gets no score here: {base}")
    rows = tuple(_worth(cut, found, whole, base, repeats, known) for cut, found in made)
    return Explained(rows, sum(base) / len(base), len(base), judged, known)


def _admitted(genome: Genome, task: Task, separate: Separate) -> Admitted | Rejected:
    found = admit_to(task, genome)
    return found if isinstance(found, Rejected) else separate.named(found)


def _judged(
    admitted: Sequence[Admitted], repeats: Sequence[int], run_all: RunAll, recall: Recall
) -> tuple[Known, int]:
    """Return a judgement of every behaviour on every repeat, and how many of them are new."""
    jobs = {(a.fingerprint, n): (a.program, a.fingerprint, n) for a in admitted for n in repeats}
    known = {key: earlier for key in jobs if (earlier := recall(*key)) is not None}
    fresh = [key for key in jobs if key not in known]
    found = run_all([jobs[key] for key in fresh])
    return known | dict(zip(fresh, found, strict=True)), len(fresh)


def _worth(
    cut: Cut,
    found: Admitted | Rejected | None,
    whole: Admitted,
    base: Sequence[float],
    repeats: Sequence[int],
    known: Known,
) -> Worth:
    if found is None:
        return Worth(cut, None, False, "nothing fits in its place")
    if isinstance(found, Rejected):
        return Worth(cut, None, False, found.reason)
    if found.fingerprint == whole.fingerprint:
        return Worth(cut, Gain(0.0, 0.0), True, "")
    scores = _scores(found.fingerprint, repeats, known)
    if isinstance(scores, str):
        return Worth(cut, None, False, scores)
    return Worth(cut, paired(base, scores), False, "")


def _without(
    genome: Genome,
    kind: Kind,
    function: Function,
    place: int,
    what: str,
    texts: Mapping[str, str],
) -> Cut:
    for value in _substitutes(function, place):
        left = redirected(function, place + 1, function.body[place].target, value)
        child = genome.with_function(left)
        if not isinstance(check(child, kind), Fault):
            return Cut(what, _shown(value, texts), child)
    return Cut(what, "", None)


def _substitutes(function: Function, place: int) -> Iterator[Argument]:
    """Yield what may be read in a statement's place, the likeliest meaning of its removal first."""
    statement = function.body[place]
    name = base_of(statement.target)
    before = [n for n in function.bound(place) if name and base_of(n) == name]
    yield from before[-1:]
    yield from (arg for arg in statement.args if isinstance(arg, str))
    yield from (1.0, 0.0)


def _shown(value: Argument, texts: Mapping[str, str]) -> str:
    if not isinstance(value, str):
        return number(value)
    return texts[value] if is_anonymous(value) else base_of(value)


def _scores(fingerprint: str, repeats: Sequence[int], known: Known) -> list[float] | str:
    """Return the scores by seed over all repeats, or why there are none."""
    scores: list[float] = []
    for repeat in repeats:
        evaluation = known[fingerprint, repeat]
        if evaluation.score is None:
            return evaluation.message or str(evaluation.status)
        scores += evaluation.by_seed
    return scores


def as_dict(found: Explained, name: str, task: Task, fresh: bool) -> dict[str, Any]:
    """Return the explanation as data: what is printed as JSON, kept, and shown in reports."""
    size = abs(found.score) or 1.0
    return {
        "id": name,
        "task": task.name,
        "score": found.score,
        "seeds": found.seeds,
        "judged": found.judged,
        "measured": f"The whole scores {fixed(found.score)} ({task.score_name} on {task.name}, "
        f"{found.seeds} {'fresh' if fresh else 'of the search’s'} seeds). Worth is that less the "
        f"score without the statement, in % of the score's size, paired by seed, with 95 % "
        f"intervals.",
        "rows": [_row(row, size) for row in found.rows],
    }


def _row(row: Worth, size: float) -> dict[str, Any]:
    mean = None if row.gain is None else row.gain.mean
    half = None if row.gain is None else row.gain.half
    return {
        "what": row.cut.what,
        "becomes": row.cut.becomes,
        "worth": mean,
        "half": half,
        "percent": None if mean is None else 100 * mean / size,
        "half_percent": None if half is None else 100 * half / size,
        "same_behaviour": row.same,
        "verdict": row.verdict,
        "message": row.message,
    }
