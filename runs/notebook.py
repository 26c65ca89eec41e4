"""Runs in a notebook: a run is its leaderboard, a program its formula.

    from runs.notebook import open_run

    run = open_run("4b1d")       # the table of its best programs
    run[0]                       # the best one: its formula, or its source where it has none

Nothing is kept open: a run is read when it is asked for, and read again by another `open_run`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import overload

from evaluators.decimals import signed
from programs.errors import CambrianError
from programs.export.latex import export_latex
from programs.load import read_program
from programs.program import Program
from runs import tables
from runs.inert import inert
from runs.judged import kind_judged
from runs.record import Row, RunRecord
from runs.store import Store

_HEADINGS = ("id", "score ± s.e.", "over start", "size", "proposer", "program")
_CODE = "<pre style='text-align: left'><code>{}</code></pre>"


@dataclass(frozen=True)
class Found(Sequence["FoundProgram"]):
    """A run and its best programs, best first; a notebook shows it as a table."""

    record: RunRecord
    programs: tuple[FoundProgram, ...]

    def __len__(self) -> int:
        """Count the programs."""
        return len(self.programs)

    @overload
    def __getitem__(self, index: int) -> FoundProgram: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[FoundProgram]: ...

    def __getitem__(self, index: int | slice) -> FoundProgram | Sequence[FoundProgram]:
        """Return a program by its place."""
        return self.programs[index]

    def __repr__(self) -> str:
        """Write the run in a line."""
        return inert(f"run {self.record.id} on {self.record.task}: {len(self)} programs")

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th style='text-align: left; white-space: nowrap'>{h}</th>" for h in _HEADINGS
        )
        rows = "".join(_row(program.row) for program in self.programs)
        run = self.record
        told = f"run {run.id} on {run.task}: {run.condition}, {run.evaluations} evaluations"
        return (
            f"<table><caption>{_text(told)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


@dataclass(frozen=True)
class FoundProgram:
    """A program of a run; a notebook shows its formula, or its source where it has none."""

    row: Row

    @property
    def source(self) -> str:
        """Return the program's text, as it was written."""
        return self.row.source

    def __repr__(self) -> str:
        """Write the program with its score."""
        score = tables.score_text(self.row.score, self.row.stderr)
        return f"{self.row.id[:8]}  {score}\n{inert(self.source)}"

    def _repr_latex_(self) -> str | None:
        read = read_program(self.source, kind_judged(self.row.task, self.row.kind))
        if not isinstance(read, Program):
            return None
        try:
            return f"$$\n{export_latex(read).strip()}\n$$".replace("align*}", "aligned}")
        except CambrianError:
            return None

    def _repr_html_(self) -> str | None:
        # A notebook prefers HTML to LaTeX, so there is none where there is a formula.
        return None if self._repr_latex_() else _CODE.format(_text(self.source))


def open_run(run: str, db: str | Path = "cambrian.db", limit: int = 20) -> Found:
    """Read a run and at most `limit` of its best programs, of distinct behaviour.

    `run` is the beginning of its id; `InputError` where the database or the run is missing.
    """
    with Store.open(Path(db), create=False) as store:
        record = store.run(run)
        rows = store.top(run=record.id, limit=limit)
    return Found(record, tuple(map(FoundProgram, rows)))


def _row(row: Row) -> str:
    over = "" if row.baseline is None else signed(row.score - row.baseline)
    score = tables.score_text(row.score, row.stderr)
    cells = (row.id[:8], score, over, row.size, row.proposer)
    style = "text-align: left; white-space: nowrap"
    told = "".join(f"<td style='{style}'>{_text(str(cell))}</td>" for cell in cells)
    program = f"<code>{_text(tables.one_line(row.source))}</code>"
    return f"<tr>{told}<td style='text-align: left'>{program}</td></tr>"


def _text(text: str) -> str:
    """Return text that is only text in a page: nothing in it acts, nor is it a formula."""
    return escape(inert(text)).replace("$", "&#36;")
