"""The commands that a document shows, and the files that it writes first.

    ```console              what follows `$ ` is run, line by line; a `\\` goes on with the line
    $ cambrian top digits
    ```

    <!-- slow: asks a model -->               above a block: the quick tests only ask whether the
                                              command line would take its commands, for this reason

    ```python               a block that begins so is a file, there before the next command
    # my_task.py
    ```

Whatever stands in the text as `cambrian …` must be a command as well; there, what is left out may
be missing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import click

from runs.cli import cambrian

FENCE = re.compile(
    r"(?:<!-- slow: (?P<why>[^>]+) -->\n)?^```(?P<sort>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
INLINE = re.compile(r"`(cambrian [a-z][^`]*)`")
FILE = re.compile(r"# (?P<name>[\w.]+)\n")


@dataclass(frozen=True)
class Shown:
    """A command, or with `text` a file; `why` says why a command is not for quick tests."""

    line: str
    text: str = ""
    why: str = ""


def shown(document: str) -> Iterator[Shown]:
    """Yield the commands and files of a document, in order."""
    for fence in FENCE.finditer(document):
        body, why = fence["body"], fence["why"] or ""
        if fence["sort"] == "console":
            lines = body.replace("\\\n", " ").splitlines()
            yield from (Shown(line[2:], why=why) for line in lines if line.startswith("$ "))
        elif (name := FILE.match(body)) is not None:
            yield Shown(name["name"], text=body)


def unmarked(document: str) -> list[str]:
    """Return the lines with commands that stand in no console block."""
    outside = FENCE.sub("", document)
    lines = [line for line in outside.splitlines() if re.match(r"\s*\$? ?cambrian ", line)]
    for fence in FENCE.finditer(document):
        if fence["sort"] != "console":
            body = fence["body"].splitlines()
            lines += [line for line in body if re.match(r"\$? ?cambrian ", line)]
    return lines


def mentioned(document: str) -> list[str]:
    """Return the commands within the text."""
    return INLINE.findall(FENCE.sub("", document))


def words_of(line: str) -> list[str]:
    """Split a command into words, up to a comment, a pipe or a redirection."""
    words = shlex.split(line, comments=True)
    ends = [i for i, word in enumerate(words) if word in ("|", ">", "&&")]
    return words[: ends[0]] if ends else words


def demand_command(line: str, whole: bool = True) -> None:
    """Raise click's error where the command line would not take it; nothing is run."""
    _, *words = words_of(line)
    place: click.Command = cambrian
    while isinstance(place, click.Group) and words and not words[0].startswith("-"):
        _, found, words = place.resolve_command(click.Context(place, resilient_parsing=True), words)
        if found is None:
            raise click.UsageError(f"there is no such command: {line}")
        place = found
    if isinstance(place, click.Group):
        assert not words or words == ["--help"], line
        return
    words = [word for word in words if word not in ("…", "FILE…", "--help")]
    try:
        place.make_context(place.name, words, parent=click.Context(cambrian)).close()
    except click.MissingParameter:
        if whole:
            raise
