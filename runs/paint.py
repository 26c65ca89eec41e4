"""Keep a picture of lines on a terminal, writing only the lines that changed.

The picture stands where the cursor was, so that what was printed before stays above it and the
last picture stays behind. One refresh is one write, which terminals that know how show at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console
from rich.text import Text

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
ERASE_RIGHT, ERASE_BELOW, CLEAR = "\x1b[K", "\x1b[J", "\x1b[2J\x1b[H"


class Painter:
    """A picture of at most `console.height - 1` lines; the cursor rests below it."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.shown: list[Text] = []
        self.size = console.size

    def paint(self, lines: Sequence[Text]) -> None:
        """Show these lines in the place of the last ones."""
        size = self.console.size
        start = HIDE
        if size != self.size:
            # The terminal has wrapped our lines in its own way: nothing is where it was.
            self.size, self.shown, start = size, [], HIDE + CLEAR
        fresh = list(lines)[: size.height - 1]
        changed = "".join(self._line(i, line) for i, line in enumerate(fresh))
        changed += self._shrink(len(fresh))
        self.shown = fresh
        if changed or start != HIDE:
            self._write(BEGIN + start + changed + END)

    def close(self) -> None:
        """Leave the picture and give the cursor back."""
        self._write(SHOW)

    def _line(self, place: int, line: Text) -> str:
        """Return what rewrites one line; a line below the last picture makes its own place."""
        there = len(self.shown)
        if place >= there:
            return self._rendered(line) + ERASE_RIGHT + "\r\n"
        if self.shown[place] == line:
            return ""
        # Lines that come anew are written last, so the cursor still rests below the old picture.
        up = there - place
        return f"\x1b[{up}A\r{self._rendered(line)}{ERASE_RIGHT}\r\x1b[{up}B"

    def _shrink(self, count: int) -> str:
        gone = len(self.shown) - count
        return f"\x1b[{gone}A\r{ERASE_BELOW}" if gone > 0 else ""

    def _rendered(self, line: Text) -> str:
        with self.console.capture() as captured:
            self.console.print(line, end="", no_wrap=True, overflow="crop", soft_wrap=True)
        return captured.get()

    def _write(self, text: str) -> None:
        # A terminal that has gone must not take the run with it.
        with suppress(OSError, ValueError):
            self.console.file.write(text)
            self.console.file.flush()
