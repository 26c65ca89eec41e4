"""Apply a model's edits to a program: search/replace blocks, or the `-` and `+` lines of a diff.

Blocks are what is asked for; many models answer with a diff all the same.
"""

from __future__ import annotations

import re

from agent.reply import Flawed, Offer, Reading, read_reply
from agent.worth import Worth
from programs.errors import Fault
from programs.kind import Kind
from programs.load import read_program

_BLOCK = re.compile(
    r"^<{5,} ?SEARCH[ \t]*\n(.*?)^={5,}[ \t]*\n(.*?)^>{5,} ?REPLACE", re.DOTALL | re.MULTILINE
)

_DIFF = re.compile(r"^```(?:diff|patch)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def read_edits(source: str, text: str, kind: Kind, cut_off: bool = False) -> Reading:
    """Return the edited program, or the whole program that the reply gives instead."""
    text = text.replace("\r\n", "\n")
    blocks = _BLOCK.findall(text) or _hunks(text)
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
    rationale = " ".join(re.split(r"```|^<{5,}", text, flags=re.MULTILINE)[0].split())[:300]
    program = read_program(edited, kind)
    if isinstance(program, Fault):
        return Reading(Worth.OUTSIDE, (), (Flawed(edited, program, rationale),))
    return Reading(Worth.PROGRAM, (Offer(program, rationale),))


def _hunks(text: str) -> list[tuple[str, str]]:
    """Return what each run of lines in a fenced diff replaces, and by what.

    A line that goes after one that came begins another run, for models leave out what is between.
    """
    found: list[tuple[str, str]] = []
    for body in _DIFF.findall(text):
        old: list[str] = []
        new: list[str] = []
        before = ""
        for line in [*body.split("\n"), "@@"]:
            if line.startswith(("---", "+++")):
                continue
            if before == "+" and line[:1] == "-":
                found.append(("\n".join(old), "\n".join(new)))
                old, new = [], []
            before = line[:1]
            if line[:1] in ("-", " "):
                old.append(line[1:])
            if line[:1] in ("+", " "):
                new.append(line[1:])
            if line.startswith("@@") and old != new:
                found.append(("\n".join(old), "\n".join(new)))
            if line.startswith("@@"):
                old, new = [], []
    return found


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
