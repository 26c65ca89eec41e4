"""Programs labelled by hand: which do the same, and which only nearly.

The files in the folder named after a kind hold them as text a person can read:

    def update(w, g, m, lr):            the header of the programs below

    base   m = 0.9 * m + g; lr * m, m
    same   m = g + m * 0.9; lr * m, m
           # a sum in the other order
    near   m = 0.91 * m + g; lr * m, m
           # decay off by one percent

Statements end with `;` or the line, the last one is what is returned, and the comment says why the
program does the same as the base above it or does not. A program may carry a header of its own.
A pair that the fingerprint misjudges stays in the set under the word for its mistake: `split` for
one that should be the same, `merged` for one that should not, with the reason in the comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent

WORDS = {"same": True, "near": False, "split": True, "merged": False}
"""Whether programs under each word are equivalent to their base."""

MISJUDGED = ("split", "merged")

_ENTRY = re.compile(r"(base|same|near|split|merged) +(\S.*)")
_HEADER = re.compile(r"def \w+\(.*\):$")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sources of one kind, whether they are equivalent, why, and where the label stands."""

    kind: str
    group: str
    one: str
    other: str
    equivalent: bool
    why: str
    place: str
    misjudged: bool = False


@dataclass(slots=True)
class _Entry:
    """One labelled program as it stands in a file."""

    word: str
    header: str
    text: str
    line: int
    why: str = ""


def kinds() -> list[str]:
    """Return the kinds that have labelled programs."""
    return sorted(f.name for f in HERE.iterdir() if f.is_dir() and any(f.glob("*.txt")))


def labelled(kind: str) -> list[Pair]:
    """Return every hand-labelled pair of a kind."""
    return [pair for path in sorted((HERE / kind).glob("*.txt")) for pair in _pairs(path, kind)]


def _pairs(path: Path, kind: str) -> Iterator[Pair]:
    base = ""
    for entry in _entries(path):
        source = _source(entry.header, entry.text)
        if entry.word == "base":
            base = source
            continue
        place = f"{path.parent.name}/{path.name}:{entry.line}"
        if not entry.why or not base:
            raise ValueError(f"{place}: a label needs a base and a reason")
        equivalent, misjudged = WORDS[entry.word], entry.word in MISJUDGED
        yield Pair(kind, path.stem, base, source, equivalent, entry.why, place, misjudged)


def _entries(path: Path) -> Iterator[_Entry]:
    """Read a file line by line; a deeper indented line goes on with the entry above it."""
    header = ""
    current: _Entry | None = None
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = line.strip()
        if found := _ENTRY.match(line):
            if current:
                yield current
            current = _Entry(found[1], header, found[2], number)
        elif _HEADER.match(line):
            header = line
        elif current and line.startswith(" ") and text.startswith("#"):
            current.why = f"{current.why} {text[1:].strip()}".strip()
        elif current and line.startswith(" ") and text:
            current.text += "; " + text
        elif text and not text.startswith("#"):
            raise ValueError(f"{path.name}:{number}: cannot be read: {text}")
    if current:
        yield current


def _source(header: str, text: str) -> str:
    """Write an entry out as a program."""
    if text.startswith("def "):
        own, _, text = text.partition(":")
        header = own + ":"
    *lines, result = (part.strip() for part in text.split(";"))
    return "\n".join([header, *(f"    {line}" for line in lines if line), f"    return {result}\n"])
