"""Cut Python text into programs: each a function named as the kind asks, with what it needs."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from programs.kind import Kind


@dataclass(frozen=True, slots=True)
class Text:
    """The functions of a program, and the `whole` with what they need to run as Python."""

    source: str
    whole: str = ""


def programs_in(text: str, kind: Kind) -> Iterator[Text]:
    """Cut a text into programs: each ends with the body of a function named as the kind asks."""
    lines = textwrap.dedent(text.replace("\t", "    ")).split("\n")
    lines = [re.sub(r"^(?:>>>|\.\.\.) ?", "", line) for line in lines]
    entries = (kind.entry.name, *_FREE_ENTRIES.get(kind.name, ()))
    heads = [_HEAD.match(line) for line in lines]
    alone = sum(head is not None and head[1] in entries for head in heads) == 1
    module = _module("\n".join(lines)) if alone else ""
    imports = "".join(
        f"{line}\n" for line in lines if re.match(r"import \w|from \w\S* import", line)
    )
    kept: list[str] = []
    place = 0
    while place < len(lines):
        head = heads[place]
        if head is None:
            kept += [lines[place]] if re.match(r'\s*"""[^"]*"""\s*$', lines[place]) else []
            place += 1
            continue
        end = _end_of(lines, place)
        kept += lines[place:end]
        if head[1] in entries:
            source = "\n".join(kept).rstrip() + "\n"
            yield Text(source, module or imports + source)
            kept = []
        place = end
    if not module and any(line.startswith("def ") for line in kept):
        yield Text("\n".join(kept).rstrip() + "\n")


_HEAD = re.compile(r"(?:async )?def\s+(\w+)")
_FREE_ENTRIES = {"architecture": ("build",)}
"""Functions by which free-form programs are known, beside the language's own."""

_KEPT = (
    *(ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign),
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
)


def _module(text: str) -> str:
    """Return a text that is Python without what it would do when imported; else nothing."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    lines: list[str | None] = [*text.split("\n")]
    for node in tree.body:
        docstring = node is tree.body[0] and ast.get_docstring(tree) is not None
        if not isinstance(node, _KEPT) and not docstring:
            end = node.end_lineno or node.lineno
            lines[node.lineno - 1 : end] = [None] * (end - node.lineno + 1)
    return "\n".join(line for line in lines if line is not None).strip() + "\n"


def _end_of(lines: list[str], start: int) -> int:
    """Return the line after a function: the first that is not indented once its body began."""
    depth = 0
    for place in range(start, len(lines)):
        line = lines[place]
        outside = line.strip() and not line[0].isspace() and depth == 0 and place > start
        if outside and not line.startswith("#"):
            return place
        code = line.partition("#")[0]
        depth = max(depth + sum(code.count(c) for c in "([{") - sum(map(code.count, ")]}")), 0)
    return len(lines)
