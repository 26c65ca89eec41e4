"""The picture of a run: curve, figures, leaders, proposers, jobs in flight, in so many lines.

Everything is composed for a width and a height in characters, from 80 × 24 upwards; what does not
fit is left out from the bottom of each part, never the part itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from evaluators.candidate import Candidate, Evaluation
from evaluators.decimals import signed
from runs import tables
from runs.ascent import ascent_of
from runs.curve import braille
from runs.inert import inert_line
from runs.progress import Progress, Tally

WIDE = 130
"""Characters from which proposers and jobs stand side by side."""

LABEL = 10
"""Characters for the numbers beside the curve."""

_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179)
"""Student's t for a 95 % interval with 1, 2, … degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many lines each part gets; `gap` says whether blank lines part them."""

    curve: int
    leaders: int
    proposers: int
    flights: int
    gap: bool


def picture(progress: Progress, width: int, height: int) -> list[Text]:
    """Compose the lines of a screen of `width` × `height` characters."""
    news = _news(progress)
    room = _room(progress, width, height - 4 - len(news))
    gap = [Text()] if room.gap else []
    proposers = _proposers(progress, room.proposers, 26 if width >= WIDE else 16)
    flights = _flights(progress, room.flights)
    if width >= WIDE:
        lower = _beside(proposers, flights, width // 2)
    else:
        lower = [*proposers, *gap, *flights]
    parts = [_title(progress, width), *_curve(progress, width, room.curve), *_figures(progress)]
    lines = [*parts, *gap, *_leaders(progress, room.leaders), *gap, *lower, *news]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines[: height - 1]


def _room(progress: Progress, width: int, spare: int) -> Room:
    """Share `spare` lines among the parts, three of them for headings."""
    gap = spare >= 40
    spare -= 5 if gap else 3
    tallies, flights = max(len(progress.tallies), 1), max(len(progress.flights), 1)
    least = max(spare // 6, 2)
    if width >= WIDE:
        spare += 1
        proposers = flights = min(max(tallies, flights), 2 * least)
        used = proposers
    else:
        proposers, flights = min(tallies, least), min(flights, least)
        used = proposers + flights
    curve = min(max((spare - used) // 3, 3), 16)
    return Room(curve, max(spare - used - curve, 1), proposers, flights, gap)


def _title(progress: Progress, width: int) -> Text:
    config = progress.config
    state = progress.ended or ("stopping" if progress.stopping else "running")
    left = Text.assemble(
        (config.task.rpartition("/")[2], "bold"), f"  run {progress.run}  {progress.score_name}"
    )
    right = Text.assemble(
        (state, _COLOURS.get(state, "green")), f" {tables.clock(progress.seconds)}"
    )
    left.truncate(max(width - right.cell_len - 2, 10), overflow="ellipsis")
    rule = "─" * (width - left.cell_len - right.cell_len - 2)
    return Text.assemble(left, " ", (rule, "dim"), " ", right)


_COLOURS = {"stopping": "yellow", "stopped": "yellow", "failed": "bold red", "dead": "bold red"}


def _curve(progress: Progress, width: int, height: int) -> list[Text]:
    """Draw the best score so far against the number of scores, with the ends of its range."""
    if not progress.curve:
        return [Text("waiting for the first score", style="dim")] + [Text()] * (height - 1)
    labels = [""] * height
    # A level curve lies on the lowest line.
    labels[0], labels[-1] = (f"{progress.curve[end]:.4g}" for end in (-1, 0))
    labels[0] = "" if labels[0] == labels[-1] else labels[0]
    drawn = braille(progress.curve, width - LABEL - 1, height)
    return [
        Text.assemble((f"{label:>{LABEL}} ", "bold" if label else "dim"), (line, "green"))
        for label, line in zip(labels, drawn, strict=True)
    ]


def _figures(progress: Progress) -> list[Text]:
    config = progress.config
    of = "" if config.evals is None else f" of {config.evals}"
    parts = [f"{progress.evaluations}{of} evaluations"]
    parts += [f"{progress.recalled} of them recalled"] if progress.recalled else []
    parts += [f"{progress.duplicates} duplicates", f"{progress.rejected} rejected"]
    parts += [f"{progress.collisions} collisions"] if progress.collisions else []
    stages = (
        [tables.ladder(ascent_of(progress, agreeing=False))] if len(progress.by_rung) > 1 else []
    )
    return [Text(" · ".join(parts)), Text(" · ".join([*_pace(progress), *stages]), style="dim")]


def _pace(progress: Progress) -> list[str]:
    parts = []
    if progress.config.models or progress.usd:
        parts.append(f"{money(progress.usd_last)} last")
        parts.append(f"{money(progress.usd)} of {money(progress.config.dollars)}")
    parts.append(f"{progress.per_minute:.0f} evaluations/min")
    left = progress.seconds_left
    return parts if left is None or progress.ended else [*parts, f"{tables.clock(left)} left"]


def money(usd: float) -> str:
    """Write dollars with cents, and the first digits of what is less than a dime."""
    return f"${usd:.2f}" if usd >= 0.0995 or usd == 0 else f"${usd:.2g}"


# -- the leaders ---------------------------------------------------------------------------------


def _leaders(progress: Progress, count: int) -> list[Text]:
    """List the Pareto front of score and size, then the next best; an arrow marks the pick."""
    heading = f"  {'best':6}  {'score ± s.e.':>18}  {'gain':>8}  {'size':>4}  program"
    # By id: of a run that is read anew the same candidate may be there more than once.
    pick = None if progress.pick is None else progress.pick.id
    rows = [Text(heading, style="dim")]
    rows += [_leader(progress, each, each.id == pick) for each in chosen(progress, count)]
    return rows


def chosen(progress: Progress, count: int) -> list[Candidate]:
    """Return the `count` candidates to list, best first: the front, the pick, the next best."""
    pick = [] if progress.pick is None else [progress.pick]
    wanted = {c.id: c for c in [*pick, *progress.front, *progress.leaders]}
    listed = list(wanted.values())[:count]
    return sorted(listed, key=lambda c: c.rank)


def _leader(progress: Progress, candidate: Candidate, pick: bool) -> Text:
    standing = candidate.standing
    start = None if progress.first is None else progress.first.on(standing.rung)
    gain = ""
    if start is not None and start.score is not None and standing.score is not None:
        gain = signed(standing.score - start.score)
    on_front = any(candidate.id == each.id for each in progress.front)
    return Text.assemble(
        ("▸ " if pick else "  ", "bold green"),
        (candidate.id[:6], "cyan" if on_front else "dim cyan"),
        (f"  {tables.score_text(standing.score, standing.stderr):>18}", "bold" if pick else ""),
        (f"  {gain:>8}", "green"),
        f"  {progress.sizes.get(candidate.id, 0):>4}  ",
        (tables.one_line(candidate.program.source), "" if on_front else "dim"),
    )


def interval_text(evaluation: Evaluation) -> str:
    """Write a score with half of its 95 % interval over seeds."""
    if evaluation.score is None or evaluation.stderr is None:
        return tables.score_text(evaluation.score, None)
    freedom = len(evaluation.by_seed) - 1
    quantile = _T95[freedom - 1] if freedom <= len(_T95) else 2.0
    return tables.score_text(evaluation.score, quantile * evaluation.stderr)


# -- proposers, jobs, news -----------------------------------------------------------------------


def _proposers(progress: Progress, count: int, width: int) -> list[Text]:
    next_ = "  next" if progress.chances else ""
    heading = f"  {'proposer':{width}}  tried   kept  share{next_}  {'cost':>6}  no score because"
    rows = [Text(heading, style="dim")]
    tallies = sorted(progress.tallies.items(), key=lambda item: -item[1].tried)
    rows += [_proposer(progress, name, tally, width) for name, tally in tallies[:count]]
    return rows + [Text()] * (count + 1 - len(rows))


def _proposer(progress: Progress, name: str, tally: Tally, width: int) -> Text:
    why = [f"{reason} {n}" for reason, n in tally.reasons.most_common(3)]
    why += [f"duplicate {tally.duplicates}"] if tally.duplicates else []
    cost = money(tally.usd) if tally.usd else ""
    named = Text(name)
    named.truncate(width, overflow="ellipsis", pad=True)
    chance = f"{progress.chances[name]:.0%}" if name in progress.chances else ""
    next_ = f"  {chance:>4}" if progress.chances else ""
    counts = f"  {tally.tried:>5}  {tally.kept:>5}  {progress.share(tally):>4.0%}"
    figures = f"{counts}{next_}  {cost:>6}  "
    return Text.assemble("  ", named, figures, (" · ".join(why), "dim"))


def _flights(progress: Progress, count: int) -> list[Text]:
    waiting = len(progress.flights) - count
    more = f"  (and {waiting} more)" if waiting > 0 else ""
    rows = [
        Text(f"  {'in flight':10}  rung  {'device':7}  seconds  proposed by{more}", style="dim")
    ]
    for flight in progress.flights[:count]:
        passed = max(progress.seconds - flight.since, 0.0)
        figures = f"{flight.rung:>4}  {flight.device:7}  {passed:>7.0f}  {flight.how}"
        rows.append(Text.assemble("  ", (f"{flight.id[:6]:10}", "cyan"), "  ", figures))
    return rows + [Text()] * (count + 1 - len(rows))


def _beside(left: Sequence[Text], right: Sequence[Text], width: int) -> list[Text]:
    rows = []
    for one, other in zip(left, right, strict=True):
        one.truncate(width - 2, overflow="ellipsis", pad=True)
        rows.append(Text.assemble(one, "  ", other))
    return rows


def _news(progress: Progress) -> list[Text]:
    news = progress.news[-2:]
    if progress.stopping and not progress.ended:
        news = [*news[-1:], f"{progress.stopping}: finishing what is in flight, Ctrl-C drops it"]
    return [Text(inert_line(text), style="yellow") for text in news]
