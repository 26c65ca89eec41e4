"""The code that a score depends on, as one hash: scores of an older harness are never recalled.

That is the training harness, the vocabularies of all kinds, what turns a program's text into
arithmetic, and what turns predictions into a score. It is hashed as text: a change of a comment
costs a training that could have been recalled, which is cheaper than a wrong score.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]

PARTS = (
    "evaluators/harness",
    "evaluators/bodies.py",
    "evaluators/data/splits.py",
    "evaluators/evaluator.py",
    "evaluators/fitting.py",
    "evaluators/freeform.py",
    "evaluators/graph.py",
    "evaluators/operations.py",
    "evaluators/schedules.py",
    "evaluators/scores.py",
    "evaluators/supervised.py",
    "programs/kinds",
    "programs/arguments.py",
    "programs/beyond_ascii.py",
    "programs/calls.py",
    "programs/canonical.py",
    "programs/check.py",
    "programs/copies.py",
    "programs/dialect.py",
    "programs/exactness.py",
    "programs/foreign.py",
    "programs/foreign_layers.py",
    "programs/forms.py",
    "programs/freeform.py",
    "programs/genome.py",
    "programs/given.py",
    "programs/hints.py",
    "programs/imports.py",
    "programs/inline.py",
    "programs/interpret.py",
    "programs/kind.py",
    "programs/layers.py",
    "programs/layout.py",
    "programs/load.py",
    "programs/logic.py",
    "programs/lower.py",
    "programs/named.py",
    "programs/numbers.py",
    "programs/parameters.py",
    "programs/parse.py",
    "programs/preamble.py",
    "programs/quick_numpy.py",
    "programs/ranges.py",
    "programs/readable.py",
    "programs/recall.py",
    "programs/recent.py",
    "programs/sharing.py",
    "programs/sorts.py",
    "programs/spec.py",
    "programs/spellings.py",
    "programs/tidy.py",
    "programs/unreturned.py",
    "programs/written.py",
)
"""Files, and folders with all that is in them."""


@cache
def code_hash(harness: str) -> str:
    """Hash the sources behind every score, and the module of a harness of one's own.

    `harness` is "package.module:function". They are read once in a process.
    """
    found = [file for part in PARTS for file in _files(ROOT / part)]
    return hash_of({*found, *_module(harness)})


def hash_of(files: Iterable[Path]) -> str:
    """Hash files by their names and texts, whatever their order."""
    digest = hashlib.blake2b(digest_size=8)
    for name, text in sorted((file.name, file.read_bytes()) for file in files):
        digest.update(f"{name} {len(text)} ".encode() + text)
    return digest.hexdigest()


def _files(part: Path) -> list[Path]:
    return [part] if part.is_file() else list(part.rglob("*.py"))


def _module(harness: str) -> list[Path]:
    """Return the file of the harness's module, which need not be one of ours."""
    spec = importlib.util.find_spec(harness.partition(":")[0])
    return [Path(spec.origin)] if spec and spec.origin else []
