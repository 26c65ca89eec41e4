"""The pieces every screen is made of: sparkline, leaderboard, program.

Each function returns one rich renderable or a string; none prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from evaluators.decimals import fixed, signed
from evaluators.levels import name_of
from runs.columns import Column, table
from runs.inert import inert, inert_line

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

    from runs.ascent import Ascent
    from runs.progress import Progress
    from runs.record import Row

BARS = "▁▂▃▄▅▆▇█"

_RANKED = {"id", "task", "rung", "score", "gain", "size", "proposer", "source"}
"""What a line of the leaderboard shows anyway."""


def sparkline(values: Sequence[float], width: int) -> str:
    """Draw a curve in one line of `width` block characters, lowest to highest."""
    if not values:
        return ""
    points = [values[i * len(values) // width] for i in range(width)]
    points = list(values) if len(values) <= width else [*points[:-1], values[-1]]
    low, high = min(points), max(points)
    if high == low:
        return BARS[0] * len(points)
    return "".join(BARS[round((p - low) / (high - low) * (len(BARS) - 1))] for p in points)


def clock(seconds: float) -> str:
    """Write a duration as m:ss or h:mm:ss."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def score_text(score: float | None, stderr: float | None) -> str:
    """Write a score with its standard error."""
    if score is None:
        return "–"
    return fixed(score) if stderr is None else f"{fixed(score)} ± {stderr:.4f}"


def one_line(source: str) -> str:
    """Write a program in one inert line: what it returns, then how that is made."""
    lines = _lines(source.partition("):\n")[2])
    if not lines or not lines[-1].startswith("return "):
        return "; ".join(_lines(source))
    *body, last = lines
    result = last.removeprefix("return ")
    return f"{result}  where {'; '.join(body)}" if body else result


def _lines(source: str) -> list[str]:
    """Return the lines with anything in them, inert."""
    return [inert_line(line) for line in source.splitlines() if line.strip()]


def ranking(rows: Sequence[Row], width: int) -> Table:
    """Lay out the leaderboard of the database in `width` characters."""
    mixed = len({row.rung for row in rows}) > 1
    several = len({row.kind for row in rows}) > 1
    # What the rows are sorted by has a column, if it has none already.
    more = [name for name in (rows[0].keys if rows else ()) if name not in _RANKED]
    scores = [
        score_text(row.score, row.stderr) + (f" {name_of(row.rung)}" if mixed else "")
        for row in rows
    ]
    gains = ["" if row.baseline is None else signed(row.score - row.baseline) for row in rows]
    kinds = [Column("kind", [row.kind for row in rows], 4)] if several else []
    keys = [
        Column(
            name.removeprefix("metrics."), [_cell(row.keys[name]) for row in rows], 7, right=True
        )
        for name in more
    ]
    return table(
        [
            Column("id", [row.id[:6] for row in rows], 9),
            Column("task", [plain(task_name(row.task)) for row in rows], 3),
            *kinds,
            Column("score ± s.e.", scores, 8, right=True),
            Column("over start", gains, 2, right=True),
            *keys,
            Column("size", [str(row.size) for row in rows], 6, right=True),
            Column("proposer", [plain(row.proposer) for row in rows], 1),
            Column("program", [plain(one_line(row.source)) for row in rows], 5, stretches=True),
        ],
        width,
    )


def task_name(task: str) -> str:
    """Return what people call a task: a file by its name, without the folders."""
    return task.rpartition("/")[2]


def _cell(value: object) -> Text:
    if isinstance(value, float):
        return plain(f"{value:.4g}")
    return plain("" if value is None else inert_line(str(value)))


def counts(progress: Progress) -> str:
    """Write what was tried and what became of it."""
    parts = [f"tried {progress.tried}", f"trained {progress.trained}"]
    if progress.recalled:
        parts.append(f"recalled {progress.recalled}")
    parts += [f"duplicates {progress.duplicates}", f"rejected {progress.rejected}"]
    if progress.collisions:
        parts.append(f"collisions {progress.collisions}")
    if progress.filled_in:
        parts.append(f"fill-ins {progress.filled_in}")
    if progress.usd > 0:
        parts.append(f"${progress.usd:.4f}")
    return " · ".join(parts)


def ladder(ascent: Ascent) -> str:
    """Write how many programs each stage judged, and how well the rungs agree."""
    text = " → ".join(f"{stage.name} {stage.judged}" for stage in ascent.stages)
    for each in ascent.agreements:
        low, high = each.interval
        text += (
            f" · {each.low} and {each.high} agree {each.spearman:.2f} "
            f"({low:.2f} to {high:.2f}, {each.programs} programs)"
        )
    return text


def pace(progress: Progress) -> str:
    """Write speed and time left."""
    left = progress.seconds_left
    ending = "" if left is None else f" · {clock(left)} left"
    return f"{progress.per_minute:.0f} evaluations/min{ending}"


def without_score(progress: Progress, count: int = 4) -> str:
    """Write why candidates got no score, the commonest reasons first."""
    return " · ".join(f"{reason} {n}" for reason, n in progress.reasons.most_common(count))


@dataclass(frozen=True, slots=True)
class Formula:
    """A program's equations, where the terminal has their characters."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines; question marks in place of most signs would tell nothing."""
        try:
            self.text.encode(options.encoding)
        except UnicodeEncodeError:
            yield Text(
                "  This terminal has no signs for the formula: see `--as latex`.", style="dim"
            )
            return
        for line in self.text.splitlines():
            yield Text(f"  {line}")


@dataclass(frozen=True, slots=True)
class Source:
    """A program's source, highlighted where there is colour."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the text; the highlighter takes longer to start than all the rest of a screen."""
        if console.color_system is None or console.no_color:
            yield Text(self.text.rstrip())
            return
        from rich.syntax import Syntax

        yield Syntax(
            self.text.rstrip(),
            "python",
            theme="ansi_dark",
            background_color="default",
            word_wrap=True,
        )


def plain(text: str) -> Text:
    """Wrap text so that no bracket in it is read as markup and no escape code acts."""
    return Text(inert(text))
