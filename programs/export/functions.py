"""The torch functions of the architecture vocabulary as text, each with those it calls.

They are read from the files that the builder runs, so that an exported network computes with the
very same code. Nothing is imported for it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from importlib import resources

_FOLDER = resources.files("programs.kinds.networks") / "functions"


@cache
def known_functions() -> dict[str, str]:
    """Return the source of every function by name."""
    found: dict[str, str] = {}
    for file in sorted(_FOLDER.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".py"):
            continue
        text = file.read_text("utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef):
                found[node.name] = ast.get_source_segment(text, node) or ""
    return found


def functions_for(texts: Iterable[str]) -> list[str]:
    """Return the sources of the functions that some code calls, a callee before its caller."""
    known, met, placed = known_functions(), set[str](), list[str]()

    def place(text: str) -> None:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Name) and node.id in known and node.id not in met:
                met.add(node.id)
                place(known[node.id])
                placed.append(known[node.id])

    for text in texts:
        place(text)
    return placed
