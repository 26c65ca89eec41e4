"""Four ways to watch a run: a live screen, lines for a journal, JSON for scripts, nothing.

All of them write to stderr: stdout is for results.
"""

from __future__ import annotations

import json
import sys
import time

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from evaluators.candidate import Candidate, Status
from evaluators.levels import name_of
from programs.errors import InputError
from runs import tables
from runs.ascent import ascent_of
from runs.progress import Display, Progress, Silent

REFRESH = 0.25
SUMMARY_EVERY = 10.0
ROWS = 6


class LiveScreen:
    """Redraw one panel about four times a second."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.live = Live(console=console, auto_refresh=False)
        self.drawn = 0.0

    def start(self, progress: Progress) -> None:
        """Begin drawing."""
        self.live.start()
        self._draw(progress)

    def show(self, candidate: Candidate, progress: Progress) -> None:
        """Take in one more candidate; the next tick shows it."""

    def tick(self, progress: Progress) -> None:
        """Redraw when it is time."""
        if time.monotonic() - self.drawn >= REFRESH:
            self._draw(progress)

    def stop(self, progress: Progress) -> None:
        """Leave the last picture on the screen."""
        self._draw(progress)
        self.live.stop()

    def _draw(self, progress: Progress) -> None:
        self.drawn = time.monotonic()
        self.live.update(screen(progress, self.console.width), refresh=True)


def screen(progress: Progress, width: int) -> Panel:
    """Compose the panel: best so far, counts, leaders."""
    best, first = progress.best, progress.first
    headline = Text("waiting for the first result", style="dim")
    if best is not None and best.standing.score is not None:
        headline = Text.assemble("best ", (f"{best.standing.score:.4f}", "bold green"))
        start = None if first is None else first.on(best.standing.rung)
        if start is not None and start.score is not None:
            headline.append(f"  {progress.baseline} {start.score:.4f}  ")
        headline.append(tables.sparkline(progress.curve, max(10, width - 44)), style="green")
    lines = [
        headline,
        Text(tables.counts(progress), overflow="ellipsis", no_wrap=True),
        Text(tables.pace(progress), style="dim"),
        Text(tables.ladder(ascent_of(progress, agreeing=False)), style="dim", no_wrap=True),
    ]
    if progress.reasons:
        lines.append(Text("no score: " + tables.without_score(progress), style="dim", no_wrap=True))
    lines += [Text(news, style="yellow") for news in progress.news[-3:]]
    if progress.stopping:
        lines.append(Text(f"{progress.stopping}: finishing what is in flight", style="yellow"))
    table = tables.leaders(progress.leaders[:ROWS], first)
    title = f"{progress.config.task} · run {progress.run} · {progress.score_name}, higher is better"
    return Panel(Group(*lines, Text(""), table), title=title, title_align="left")


class Lines:
    """Print a line for every new best and a summary now and then."""

    def __init__(self) -> None:
        self.best: tuple[int, float] | None = None
        self.said = 0.0
        self.told = 0

    def start(self, progress: Progress) -> None:
        """Say what begins."""
        self._say(f"run {progress.run}: {progress.config.task}, {progress.config.workers} workers")

    def show(self, candidate: Candidate, progress: Progress) -> None:
        """Say when there is a new best."""
        now = candidate.climbs[-1] if candidate.climbs else candidate.evaluation
        if now.score is None or (self.best is not None and (now.rung, now.score) <= self.best):
            return
        self.best = now.rung, now.score
        how = f"{candidate.origin.proposer} {candidate.origin.operator}".strip()
        text = tables.score_text(now.score, now.stderr)
        rung = f"  on {name_of(now.rung)}" if progress.config.rungs > 1 else ""
        self._say(f"best {text}{rung}  {candidate.id[:6]}  {how}")

    def tick(self, progress: Progress) -> None:
        """Say what is new at once, and where the run stands every ten seconds."""
        self._tell(progress)
        if time.monotonic() - self.said >= SUMMARY_EVERY:
            self._say(f"{tables.counts(progress)} · {tables.pace(progress)}")

    def stop(self, progress: Progress) -> None:
        """Say where it ended."""
        self._tell(progress)
        self._say(tables.counts(progress))
        self._say(tables.ladder(ascent_of(progress)))

    def _tell(self, progress: Progress) -> None:
        for news in progress.news[self.told :]:
            self._say(news)
        self.told = len(progress.news)

    def _say(self, text: str) -> None:
        self.said = time.monotonic()
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


class JsonLines:
    """Print one JSON object per candidate."""

    def start(self, progress: Progress) -> None:
        """Print the run."""
        self._print({"event": "start", "run": progress.run, "task": progress.config.task})

    def show(self, candidate: Candidate, progress: Progress) -> None:
        """Print the candidate, or its latest climb."""
        climbed = bool(candidate.climbs)
        evaluation = candidate.climbs[-1] if climbed else candidate.evaluation
        self._print(
            {
                "event": "climb" if climbed else "candidate",
                "id": candidate.id,
                "index": candidate.index,
                "rung": name_of(evaluation.rung),
                "status": str(evaluation.status),
                "score": evaluation.score,
                "stderr": None if evaluation.status is Status.DUPLICATE else evaluation.stderr,
                "proposer": candidate.origin.proposer,
                "operator": candidate.origin.operator,
                "message": evaluation.message,
                "seconds": evaluation.seconds,
            }
        )

    def tick(self, progress: Progress) -> None:
        """Print nothing between candidates."""

    def stop(self, progress: Progress) -> None:
        """Print the counts."""
        self._print(
            {
                "event": "stop",
                "run": progress.run,
                "tried": progress.tried,
                "trained": progress.trained,
                "duplicates": progress.duplicates,
                "rejected": progress.rejected,
                "usd": progress.usd,
                "news": progress.news,
                "best": None if progress.best is None else progress.best.standing.score,
                **ascent_of(progress).as_json(),
            }
        )

    def _print(self, value: dict[str, object]) -> None:
        print(json.dumps(value), file=sys.stderr, flush=True)


def display_named(name: str | None, console: Console) -> Display:
    """Return a display by name; by default the live screen on a terminal, else lines."""
    chosen = name or ("live" if console.is_terminal else "plain")
    match chosen:
        case "live":
            return LiveScreen(console)
        case "plain":
            return Lines()
        case "json":
            return JsonLines()
        case "none":
            return Silent()
    raise InputError(f"There is no display `{chosen}`: it is live, plain, json or none.")
