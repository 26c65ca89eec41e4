"""A display that also tells an experiment tracker, whose troubles are never the run's.

What fails is said in one line, and the tracker is left alone from then on.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from evaluators.candidate import Candidate
from evaluators.levels import name_of
from runs.config import RunConfig
from runs.inert import inert_line
from runs.progress import Display, Progress, Tally, proposer_of
from runs.trackers import Setting, Tracker


class Tracked:
    """Show a run on `display` and tell `tracker`; `say` prints what comes after the display's end.

    `known` candidates were recorded, and told, in earlier sittings.
    """

    def __init__(
        self, display: Display, tracker: Tracker, say: Callable[[str], None], known: int = 0
    ) -> None:
        self.display, self.tracker, self.say, self.known = display, tracker, say, known
        self.trouble = ""

    def start(self, progress: Progress) -> None:
        """Open the run with its settings, then begin to show it."""
        settings = {"run": progress.run, **hyperparameters(progress.config)}
        self._tell(lambda: self.tracker.begin(progress.run, settings), progress)
        self.display.start(progress)

    def show(self, candidate: Candidate, progress: Progress) -> None:
        """Tell a candidate's numbers."""
        if progress.tried > self.known:
            self._tell(
                lambda: self.tracker.numbers(numbers(candidate, progress), progress.tried), progress
            )
        self.display.show(candidate, progress)

    def tick(self, progress: Progress) -> None:
        """Refresh the display."""
        self.display.tick(progress)

    def stop(self, progress: Progress) -> None:
        """Tell the winner's source, and end the display before the tracker."""
        best = progress.best
        if best is not None:
            self._tell(
                lambda: self.tracker.text("winner", best.program.source, progress.tried), progress
            )
        self.display.stop(progress)
        if not self.trouble:
            self._tell(self.tracker.end, None)

    def _tell(self, call: Callable[[], None], progress: Progress | None) -> None:
        """Call the tracker, unless it failed before."""
        if self.trouble:
            return
        try:
            call()
        except Exception as error:
            # Whatever a tracker raises, it is no reason to lose a search.
            why = inert_line(str(error)) or type(error).__name__
            self.trouble = f"tracking ended, the run goes on: {why}"
            if progress is None:
                self.say(self.trouble)
            else:
                progress.news.append(self.trouble)


def hyperparameters(config: RunConfig) -> dict[str, Setting]:
    """Return a run's settings as trackers take them: numbers, truths and texts."""
    given = config.model_dump(mode="json", exclude_none=True)
    return {k: v if isinstance(v, Setting) else json.dumps(v) for k, v in given.items()}


def numbers(candidate: Candidate, progress: Progress) -> dict[str, float]:
    """Return what a candidate, or its latest climb, brought: its score, the best, the counts."""
    found: dict[str, float] = {}
    judged = candidate.climbs[-1] if candidate.climbs else candidate.evaluation
    if judged.score is not None:
        found[f"score/{name_of(judged.rung)}"] = judged.score
    best = None if progress.best is None else progress.best.standing
    if best is not None and best.score is not None:
        found[f"best/{name_of(best.rung)}"] = best.score
    found["evaluations"] = progress.evaluations
    found["duplicates"] = progress.duplicates
    found["collisions"] = progress.collisions
    found["rejected"] = progress.rejected
    found["dollars"] = progress.usd
    name = proposer_of(candidate)
    return found | _tally(name, progress.tallies.get(name, Tally()))


def _tally(name: str, tally: Tally) -> dict[str, float]:
    counts = {"tried": tally.tried, "kept": tally.kept, "duplicates": tally.duplicates}
    return {f"{name}/{k}": v for k, v in (counts | {"dollars": tally.usd}).items()}
