"""Apply a model's search/replace blocks to a program."""

from __future__ import annotations

import re

from agent.reply import Flawed, Offer, Reading, Worth, read_reply
from programs.errors import Fault
from programs.kind import Kind
from programs.load import read_program

_BLOCK = re.compile(
    r"^<{5,} ?SEARCH[ \t]*\n(.*?)^={5,}[ \t]*\n(.*?)^>{5,} ?REPLACE", re.DOTALL | re.MULTILINE
)


def read_edits(source: str, text: str, kind: Kind, cut_off: bool = False) -> Reading:
    """Return the edited program, or the whole program that the reply gives instead."""
    blocks = _BLOCK.findall(text.replace("\r\n", "\n"))
    if not blocks:
        return read_reply(text, kind, cut_off)
    edited = source
    for search, replacement in blocks:
        found = _replaced(edited, search, replacement)
        if found is None:
            lines = search.strip("\n")
            missing = Fault(f"these lines of a SEARCH block are not in the program:\n{lines}")
            return Reading(Worth.OUTSIDE, (), (Flawed(edited, missing),))
        edited = found
    rationale = " ".join(text[: text.index("<<<<<")].replace("```", "").split())[:300]
    program = read_program(edited, kind)
    if isinstance(program, Fault):
        return Reading(Worth.OUTSIDE, (), (Flawed(edited, program, rationale),))
    return Reading(Worth.PROGRAM, (Offer(program, rationale),))


def _replaced(source: str, search: str, replacement: str) -> str | None:
    """Replace the first place where the lines stand, whatever their common indentation."""
    lines, wanted = source.split("\n"), search.strip("\n").split("\n")
    bare = [line.strip() for line in wanted]
    if not any(bare):
        return None
    for place in range(len(lines) - len(wanted) + 1):
        there = lines[place : place + len(wanted)]
        if [line.strip() for line in there] == bare:
            shift = _indent(there[0]) - _indent(wanted[0])
            new = [_shifted(line, shift) for line in replacement.rstrip("\n").split("\n")]
            new = new if replacement.strip() else []
            return "\n".join([*lines[:place], *new, *lines[place + len(wanted) :]])
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _shifted(line: str, by: int) -> str:
    return " " * max(_indent(line) + by, 0) + line.lstrip() if line.strip() else ""
