"""Four ways to watch a run: a live screen, lines for a journal, JSON for scripts, nothing.

All of them write to stderr: stdout is for results.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress

from rich.console import Console

from evaluators.candidate import Candidate, Status
from evaluators.levels import name_of
from programs.errors import InputError
from runs import tables
from runs.ascent import ascent_of
from runs.inert import inert
from runs.paint import Painter
from runs.progress import Display, Progress, Silent
from runs.record import now
from runs.screen import picture

REFRESH = 0.25
"""Seconds between two pictures at least."""

SHARE = 0.015
"""The part of one core that drawing may take."""

SUMMARY_EVERY = 60.0


class LiveScreen:
    """Redraw what changed, at most four times a second and ever more rarely the dearer it is.

    `cost` is the processor time that all drawing took.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.painter = Painter(console)
        self.due = 0.0
        self.cost = 0.0

    def start(self, progress: Progress) -> None:
        """Begin drawing."""
        self._draw(progress)

    def show(self, candidate: Candidate, progress: Progress) -> None:
        """Take in one more candidate; the next tick shows it."""

    def tick(self, progress: Progress) -> None:
        """Redraw when it is time."""
        if time.monotonic() >= self.due:
            self._draw(progress)

    def stop(self, progress: Progress) -> None:
        """Leave the last picture on the screen."""
        self._draw(progress)
        self.painter.close()

    def _draw(self, progress: Progress) -> None:
        began = time.thread_time()
        width, height = self.console.size
        self.painter.paint(picture(progress, width, height))
        took = time.thread_time() - began
        self.cost += took
        self.due = time.monotonic() + max(REFRESH, took / SHARE)


class Lines:
    """Print a line for every event that matters, and a summary every minute."""

    def __init__(self) -> None:
        self.best: tuple[int, float] | None = None
        self.said = 0.0
        self.told = 0
        self.stopping = ""

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
        """Say what is new at once, and where the run stands every minute."""
        self._tell(progress)
        if time.monotonic() - self.said >= SUMMARY_EVERY:
            self._say(f"{tables.counts(progress)} · {tables.pace(progress)}")

    def stop(self, progress: Progress) -> None:
        """Say where it ended."""
        self._tell(progress)
        state = f"{progress.ended}: " if progress.ended else ""
        self._say(state + tables.counts(progress))
        self._say(tables.ladder(ascent_of(progress)))

    def _tell(self, progress: Progress) -> None:
        for news in progress.news[self.told :]:
            self._say(news)
        self.told = len(progress.news)
        if progress.stopping != self.stopping:
            self.stopping = progress.stopping
            self._say(f"{self.stopping}: finishing what is in flight, a second signal drops it")

    def _say(self, text: str) -> None:
        self.said = time.monotonic()
        _print(f"{time.strftime('%H:%M:%S')} {inert(text)}")


class JsonLines:
    """Print one JSON object per event: start, candidate, message, stop."""

    def __init__(self) -> None:
        self.told = 0

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
                "fill_in": candidate.origin.fills_in,
                "message": evaluation.message,
                "seconds": evaluation.seconds,
            }
        )

    def tick(self, progress: Progress) -> None:
        """Print what is new beside the candidates."""
        for news in progress.news[self.told :]:
            self._print({"event": "message", "run": progress.run, "message": news})
        self.told = len(progress.news)

    def stop(self, progress: Progress) -> None:
        """Print the counts."""
        self.tick(progress)
        self._print(
            {
                "event": "stop",
                "run": progress.run,
                "state": progress.ended,
                "tried": progress.tried,
                "trained": progress.trained,
                "duplicates": progress.duplicates,
                "collisions": progress.collisions,
                "rejected": progress.rejected,
                "fill_ins": progress.filled_in,
                "usd": progress.usd,
                "news": progress.news,
                "best": None if progress.best is None else progress.best.standing.score,
                **ascent_of(progress).as_json(),
            }
        )

    def _print(self, value: dict[str, object]) -> None:
        _print(json.dumps(value | {"time": now()}))


def _print(text: str) -> None:
    # Nobody may be reading any more, or the disk of the log be full: the run goes on.
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


def display_named(name: str | None, console: Console) -> Display:
    """Return a display by name; by default the live screen on a terminal, else lines.

    Colours may be forced where there is no terminal, which makes nothing of it a screen.
    """
    screen = sys.stderr.isatty() and not console.is_dumb_terminal
    chosen = name or ("live" if screen else "plain")
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
