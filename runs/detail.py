"""One candidate in full, as a screen for people or as data for scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evaluators.candidate import Candidate, Evaluation
from evaluators.decimals import fixed
from evaluators.levels import name_of
from programs.errors import CambrianError, Fault, InputError
from programs.export.unicode import export_unicode
from programs.genome import Genome
from programs.parse import parse
from programs.program import Program
from runs import tables
from runs.asked import Asked, Noted, asked_for, noted_in, told
from runs.inert import inert, inert_line
from runs.judged import kind_judged
from runs.plots import logarithmic, plot
from runs.queries import Queries
from runs.record import Measured, RunRecord, Verdict

PLOT_HEIGHT = 8
MOST_ALIASES = 5


@dataclass(frozen=True, slots=True)
class Detail:
    """A candidate and all that is known of it.

    `aliases` behave the same, wherever they were found. `trained` is the candidate whose training
    gave the score and whose curves are shown, where it is another. `asked` are the calls to models
    that it came of, `notes` what models noted of it.
    """

    candidate: Candidate
    run: RunRecord
    verdict: Verdict | None
    aliases: tuple[Candidate, ...]
    measured: tuple[Measured, ...]
    trained: str | None
    asked: tuple[Asked, ...] = ()
    notes: tuple[Noted, ...] = ()

    @property
    def judged(self) -> tuple[Evaluation, ...]:
        """Return how it was judged on each rung, the cheapest first."""
        return (self.candidate.evaluation, *self.candidate.climbs)

    @property
    def seconds(self) -> float:
        """Return what judging it took on all rungs; a copy climbs at the expense of another."""
        own = self.judged[:1] if self.candidate.duplicate_of else self.judged
        return sum(each.seconds for each in own)

    @property
    def curve_rung(self) -> int:
        """Return the dearest rung that has learning curves."""
        return max((m.rung for m in self.measured if m.curve), default=0)

    @property
    def curves(self) -> list[tuple[float, ...]]:
        """Return the learning curves on that rung."""
        return [m.curve for m in self.measured if m.curve and m.rung == self.curve_rung]

    def on(self, rung: int) -> str:
        """Say which rung numbers are of, where there is a ladder."""
        laddered = self.candidate.climbs or self.candidate.evaluation.rung
        return f"on {name_of(rung)}" if laddered else ""

    @property
    def above_chance(self) -> str:
        """Return how an architecture did beside random ones, where a verdict says it."""
        return "" if self.verdict is None else str(self.verdict.detail.get("above_chance", ""))

    def rungs(self) -> Iterator[tuple[int, list[Measured]]]:
        """Yield the scores on each rung, the cheapest first."""
        for rung, found in groupby(self.measured, key=lambda m: m.rung):
            yield rung, list(found)


def detail(store: Queries, prefix: str) -> Detail:
    """Read everything about the candidate whose id starts with `prefix`."""
    candidate = store.candidate(prefix)
    trained = store.trained_for(candidate.id)
    measured = store.measured(candidate.id)
    if trained and not any(m.curve for m in measured):
        measured = store.measured(trained) or measured
    run = store.run_of(candidate.id)
    return Detail(
        candidate,
        run,
        store.verdict(candidate.id),
        tuple(store.candidate(id) for id in store.aliases(candidate.id)),
        tuple(measured),
        None if trained == candidate.id else trained,
        tuple(asked_for(store, candidate)),
        tuple(noted_in(store, run, candidate.id)),
    )


def readable(candidate: Candidate, task: str) -> Program:
    """Return the program, with its genome, of a candidate that was judged on a task.

    `InputError` where it has none.
    """
    stored = candidate.program
    kind = kind_judged(task, stored.kind)
    genome = parse(stored.source, kind)
    if isinstance(genome, Genome):
        return Program(stored.kind, stored.source, stored.key, genome)
    # Late, for most programs are of the language, and their keys are known.
    from programs.load import read_program

    program = read_program(stored.source, kind)
    if isinstance(program, Fault):
        raise InputError(f"Candidate {candidate.id} is not a program of the language: {program}")
    return program


def as_dict(found: Detail) -> dict[str, Any]:
    """Return everything that is known of a candidate; its score is that on the dearest rung."""
    from programs.export.latex import export_latex  # late, for the screen has no use for it

    candidate, run = found.candidate, found.run
    evaluation, standing, origin = candidate.evaluation, candidate.standing, candidate.origin
    return {
        "id": candidate.id,
        "index": candidate.index,
        "run": run.id,
        "task": run.task,
        "kind": candidate.program.kind,
        "status": str(evaluation.status),
        "rung": name_of(standing.rung),
        "score": standing.score,
        "score_name": run.score_name,
        "stderr": standing.stderr,
        "by_seed": list(standing.by_seed),
        "metrics": dict(standing.metrics),
        "message": evaluation.message,
        "seconds": found.seconds,
        "device": evaluation.device,
        "tier": evaluation.tier,
        "checksum": evaluation.checksum,
        "key": candidate.program.key,
        "fingerprint": evaluation.fingerprint,
        "proposer": origin.proposer,
        "operator": origin.operator,
        "model": origin.model,
        "usage": dict(origin.usage),
        "parents": list(origin.parents),
        "rationale": origin.rationale,
        "seed": list(origin.seed),
        "duplicate_of": candidate.duplicate_of,
        "recalled": candidate.recalled,
        "rungs": [_judgement(each) for each in found.judged],
        "trained": found.trained or candidate.id,
        "aliases": [alias.id for alias in found.aliases],
        "calls": [call._asdict() for call in found.asked],
        "notes": [note._asdict() for note in found.notes],
        "told": told(found.asked),
        "verdict": None if found.verdict is None else found.verdict.sentence,
        "above_chance": found.above_chance,
        "scores": [
            {"rung": name_of(m.rung), "seed": m.seed, "score": m.score, "curve": list(m.curve)}
            for m in found.measured
        ],
        "source": candidate.program.source,
        "formula": _formula(found, export_unicode),
        "latex": _formula(found, export_latex),
    }


def _judgement(judged: Evaluation) -> dict[str, Any]:
    """Return how a candidate was judged on one rung."""
    return {
        "rung": name_of(judged.rung),
        "status": str(judged.status),
        "score": judged.score,
        "stderr": judged.stderr,
        "by_seed": list(judged.by_seed),
        "metrics": dict(judged.metrics),
        "message": judged.message,
        "seconds": judged.seconds,
        "checksum": judged.checksum,
    }


def as_screen(found: Detail, width: int = 80) -> RenderableType:
    """Compose the screen: facts first, then the program, its formula and its learning curves."""
    source = inert(found.candidate.program.source)
    parts: list[RenderableType] = [_facts(found), Text(""), tables.Source(source)]
    if formula := _formula(found, export_unicode):
        parts += [Text(""), tables.Formula(formula)]
    if found.curves:
        parts += [Text(""), *map(Text, plot(found.curves, width - 2, PLOT_HEIGHT))]
        seeds = f"training loss of {len(found.curves)} seeds {found.on(found.curve_rung)}".rstrip()
        seeds += ", from the first step to the last"
        scale = ", logarithmic" if logarithmic(found.curves) else ""
        parts.append(Text(f"  {seeds}{scale}", style="dim"))
    if found.aliases:
        parts += [Text(""), *_elsewhere(found.candidate, found.aliases)]
    return Group(*parts)


def _facts(found: Detail) -> Table:
    candidate, run = found.candidate, found.run
    evaluation, standing, origin = candidate.evaluation, candidate.standing, candidate.origin
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    facts = [
        ("candidate", f"{candidate.id}, number {candidate.index} of run {run.id} on {run.task}"),
        ("status", str(evaluation.status) + (" (recalled)" if candidate.recalled else "")),
        ("message", inert_line(evaluation.message)),
        ("score", f"{run.score_name}: higher is better" if run.score_name else ""),
        *((name_of(rung), _by_seed(scores)) for rung, scores in found.rungs()),
        *((name_of(c.rung), inert_line(c.message)) for c in candidate.climbs if c.score is None),
        (
            f"metrics {found.on(standing.rung)}".rstrip(),
            "  ".join(f"{name} {value:.4g}" for name, value in standing.metrics.items()),
        ),
        ("verdict", "" if found.verdict is None else found.verdict.sentence),
        ("by chance", found.above_chance),
        ("proposed by", inert_line(f"{origin.proposer} {origin.operator} {origin.model}")),
        ("why", "it filled in while models answered" if origin.fills_in else ""),
        ("why", inert_line(origin.rationale)),
        ("parents", "  ".join(origin.parents)),
        ("trained as", found.trained or ""),
        ("fingerprint", evaluation.fingerprint),
        ("key", candidate.program.key),
        ("data", evaluation.checksum),
        ("cost", _cost(found)),
        *(("asked", _call(call)) for call in found.asked),
        *(("told", inert_line(note)) for note in told(found.asked)),
        *(("noted of it", _note(note)) for note in found.notes),
    ]
    for name, value in facts:
        if value:
            table.add_row(name, Text(value))
    return table


def _by_seed(scores: Sequence[Measured]) -> str:
    values = [m.score for m in scores]
    mean = sum(values) / len(values)
    error = None
    if len(values) > 1:
        variance = sum((v - mean) ** 2 for v in values) / (len(values) - 1)
        error = (variance / len(values)) ** 0.5
    each = "  ".join(fixed(value) for value in values)
    return f"{tables.score_text(mean, error)}   by seed {each}"


def _cost(found: Detail) -> str:
    evaluation, usage = found.candidate.evaluation, found.candidate.origin.usage
    parts = [f"{found.seconds:.2f} s on {evaluation.device}, isolation {evaluation.tier}"]
    if usage.get("calls"):
        tokens = usage.get("prompt_tokens", 0.0) + usage.get("completion_tokens", 0.0)
        parts.append(f"${usage.get('usd', 0.0):.4f} for {tokens:.0f} tokens")
    return "; ".join(parts)


def _call(call: Asked) -> str:
    """Write a call to a model in a line."""
    became = f"; {inert_line(call.error)}" if call.error else ""
    tokens = f"{call.prompt_tokens:,} + {call.completion_tokens:,} tokens"
    return f"{inert_line(call.purpose)}: {tokens}, {call.seconds:.1f} s, ${call.usd:.4f}{became}"


def _note(note: Noted) -> str:
    became = " (refuted since)" if note.refuted else ""
    return f"{inert_line(note.text)} · by {inert_line(note.model)} at place {note.place}{became}"


def _elsewhere(candidate: Candidate, aliases: Sequence[Candidate]) -> Iterator[RenderableType]:
    """Yield how the same behaviour was written elsewhere, other texts before equal ones."""
    yield Text(f"The same behaviour written elsewhere ({len(aliases)}):", style="dim")
    apart = sorted(aliases, key=lambda alias: alias.program.key == candidate.program.key)
    for alias in apart[:MOST_ALIASES]:
        line = f"  {alias.id[:8]}  {tables.one_line(alias.program.source)}"
        yield Text(line, no_wrap=True, overflow="ellipsis")


def _formula(found: Detail, write: Any) -> str | None:
    """Return the program's equations, or `None` where it has none."""
    try:
        return write(readable(found.candidate, found.run.task))
    except (CambrianError, ValueError, KeyError):
        return None
