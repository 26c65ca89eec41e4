"""Read many hostile texts and note whatever a parser must not do.

A text is read as a program of a kind. What comes back is a genome, which must then survive being
rendered, read again and keyed, or a fault with a place. Anything raised, executed, imported or
opened on the way, or more than `SECONDS` of processor time, is an offence.
"""

from __future__ import annotations

import resource
import sys
import time
import unicodedata  # noqa: F401  (Python imports it by itself at the first letter outside ASCII)
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from programs.canonical import structural_key
from programs.errors import Fault
from programs.fingerprint import behaviour
from programs.kind import Kind
from programs.load import builtin_kinds, kind_named, kind_of
from programs.parse import parse
from programs.render import render
from tests.programs.fuzz.hostile import executed
from tests.programs.fuzz.texts import GENERATORS

SECONDS = 2.0
"""Processor time that reading one text may take."""

RUN_SIZE = 60
"""Statements up to which a program that parsed is run on its probes as well."""

_SUSPECT = ("exec", "import", "open", "os.", "subprocess.", "socket.", "ctypes.", "shutil.")
_watched: list[list[str]] = []
_hooked: list[bool] = []


@dataclass(slots=True)
class Campaign:
    """What came of the texts; `offences` is empty where all is well."""

    texts: int = 0
    parsed: int = 0
    outcomes: Counter[tuple[str, bool]] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest: tuple[float, str] = (0.0, "")
    megabytes: float = 0.0
    offences: list[str] = field(default_factory=list)

    def table(self) -> str:
        """Return the counts, generator by generator."""
        lines = [
            f"{self.texts:,} texts, {self.parsed:,} parsed, {self.seconds:.0f} s processor time,",
            f"slowest {self.slowest[0]:.2f} s ({self.slowest[1]}), {self.megabytes:.0f} MB more",
        ]
        for make in GENERATORS:
            good, bad = (self.outcomes[make.__name__, well] for well in (True, False))
            lines.append(f"    {make.__name__:20} {good + bad:7,} texts {good:7,} parsed")
        return "\n".join(lines)


def campaign(count: int, seed: int = 0) -> Campaign:
    """Read `count` texts, spread over all kinds and generators."""
    found = Campaign()
    kinds = [kind_named(name) for name in builtin_kinds()]
    makers = list(GENERATORS)
    shares = np.array([GENERATORS[m] for m in makers])
    warm = np.random.default_rng(0)
    for kind in kinds:
        try_text(makers[0](kind, warm), kind, Campaign(), "warm-up")
    before = _peak()
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        make = makers[int(rng.choice(len(makers), p=shares / shares.sum()))]
        kind = kinds[int(rng.integers(len(kinds)))]
        label = f"{kind.name}, {make.__name__}, seed {seed}, text {number}"
        well = try_text(make(kind, rng), kind, found, label)
        found.outcomes[make.__name__, well] += 1
    found.megabytes = _peak() - before
    return found


def try_text(source: str, kind: Kind, found: Campaign, label: str) -> bool:
    """Read one text; note offences; tell whether it parsed."""
    found.texts += 1
    genome = None
    with _watch() as events:
        began = time.process_time()
        try:
            kind_of(source)
            genome = parse(source, kind)
        except Exception as error:
            found.offences.append(f"{label}: raised {error!r}: {source[:300]!r}")
        seconds = time.process_time() - began
    found.seconds += seconds
    found.slowest = max(found.slowest, (seconds, label))
    if seconds > SECONDS:
        found.offences.append(f"{label}: took {seconds:.1f} s: {source[:300]!r}")
    if events or executed():
        found.offences.append(f"{label}: did {events or 'something'}: {source[:300]!r}")
    if genome is None:
        return False
    if isinstance(genome, Fault):
        if not genome.message or genome.line is None or genome.column is None:
            found.offences.append(f"{label}: no place in {genome}: {source[:300]!r}")
        return False
    found.parsed += 1
    try:
        _survives(genome, kind)
    except Exception as error:
        found.offences.append(f"{label}: then raised {error!r}: {source[:300]!r}")
    return True


def _survives(genome, kind: Kind) -> None:
    """Render, read again, key and run what parsed."""
    text = render(genome, kind)
    text.encode("utf-8")
    again = parse(text, kind)
    if again != genome:
        raise AssertionError(f"rendered as {text[:300]!r}, it reads as {again}"[:600])
    structural_key(genome, kind)
    if genome.size <= RUN_SIZE:
        behaviour(genome, kind)


@contextmanager
def _watch() -> Iterator[list[str]]:
    """Collect what the interpreter reports as executed, imported or opened; warnings are errors."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    events: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _watched.append(events)
        try:
            yield events
        finally:
            _watched.pop()


def _hook(event: str, args: tuple[object, ...]) -> None:
    # Python looks for the file "<unknown>" itself, to quote a line with a syntax error.
    if _watched and event.startswith(_SUSPECT) and args[0] != "<unknown>":
        _watched[-1].append(f"{event} {args}"[:200])


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
