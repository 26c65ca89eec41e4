"""Which files a candidate may see: what Python needs to import, and nothing else.

Seen are the folders of packages on `sys.path`, the standard library, the system's shared libraries
and a few devices. A source tree on the path (an editable installation) is seen package by package,
since databases and keys may lie beside the packages. Left out is where a candidate could look the
answers up: data sets that packages carry, our own tasks and generators of data, and the text of the
last of the standard library's modules, which language models are judged on. Python imports those
from what it has compiled of them.
"""

from __future__ import annotations

import importlib.util
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
_PACKAGES = ("site-packages", "dist-packages")
_CARRIED = (
    *("sklearn/datasets/data", "sklearn/datasets/descr", "sklearn/datasets/images"),
    *("sklearn/datasets/tests", "statsmodels/datasets/*/*.csv", "vega_datasets/_data"),
    *("bokeh/sampledata/_data", "nltk_data", "evaluators/data", "evaluators/tasks"),
)
_JUDGED_SHARE = 0.1
"""The part of the standard library's text, from its end, that language models are judged on."""


@dataclass(frozen=True, slots=True)
class View:
    """Paths to read, of which none lies beneath another, and paths beneath them to leave out."""

    shown: tuple[Path, ...]
    masked: tuple[Path, ...]

    def pieces(self) -> Iterator[Path]:
        """Yield what is shown in pieces that hold nothing masked."""
        for path in self.shown:
            yield from _around(path, [hidden for hidden in self.masked if path in hidden.parents])

    def folders(self) -> Iterator[Path]:
        """Yield the folders that are shown in pieces, whose lists of names imports need."""
        yield from {
            folder
            for hidden in self.masked
            for folder in hidden.parents
            if any(folder.is_relative_to(path) for path in self.shown)
        }


def here() -> View:
    """Return what this very interpreter needs."""
    entries = [path for entry in sys.path if entry and (path := Path(entry)).exists()]
    shown = _outermost([*_system(), *(part for entry in entries for part in _importable(entry))])
    return View(shown, _outermost([*_hidden(shown, entries), *judged_modules()]))


def _system() -> Iterator[Path]:
    folders = [*_LIBRARIES, *os.environ.get("LD_LIBRARY_PATH", "").split(":")]
    folders += [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    for folder in (*folders, "/etc/ld.so.cache"):
        if folder.startswith("/") and os.path.exists(folder):
            yield Path(folder)
    yield from Path(sys.base_prefix, "lib").glob("*.so*")  # libpython of a home-made Python


def _importable(entry: Path) -> Iterator[Path]:
    if entry.name in _PACKAGES or not entry.is_dir() or entry.is_relative_to(sys.base_prefix):
        yield entry
        return
    for path in entry.iterdir():
        package = path.is_dir() and (path / "__init__.py").is_file()
        if package or path.suffix in (".py", ".so") or path.name.endswith((".dist-info", ".pth")):
            yield path


def _hidden(shown: Iterable[Path], entries: Iterable[Path]) -> Iterator[Path]:
    """Yield carried data sets, and what belongs to other Pythons or to none."""
    used = {entry.resolve() for entry in entries}
    for entry in used:
        for pattern in _CARRIED:
            yield from entry.glob(pattern)
    used.update(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))
    for path in map(Path.resolve, shown):
        for folder in path.glob("python3*"):
            if not any(place.is_relative_to(folder) for place in used):
                yield folder
        found = [*path.glob("python3*/*-packages"), *path.glob("*-packages")]
        yield from (folder for folder in found if folder.resolve() not in used)


def judged_modules() -> Iterator[Path]:
    """Yield the modules with the last of the library's text, where Python has them compiled."""
    files = sorted(Path(sysconfig.get_path("stdlib")).resolve().glob("*.py"))
    ends = list(accumulate(path.stat().st_size + 1 for path in files))
    for path, end in zip(files, ends, strict=True):
        if end > (1 - _JUDGED_SHARE) * ends[-1] and _is_compiled(path):
            yield path


def _is_compiled(source: Path) -> bool:
    """Tell whether an import of this file reads what is compiled, and not the text."""
    try:
        with open(importlib.util.cache_from_source(str(source)), "rb") as file:
            head = file.read(16)
    except (OSError, NotImplementedError):
        return False
    found = source.stat()
    stamp = (0, int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF)
    return head[:4] == importlib.util.MAGIC_NUMBER and head[4:] == struct.pack("<3I", *stamp)


def _outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return real paths, in order, without those that lie beneath another."""
    kept: list[Path] = []
    for path in sorted({path.resolve() for path in paths}):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return tuple(kept)


def links() -> Iterator[Path]:
    """Yield paths by which programs reach what is shown although they are symbolic links."""
    for path in (*_LIBRARIES, *sys.path):
        if os.path.realpath(path) != os.path.normpath(path) and os.path.isdir(path):
            yield Path(path)


def _around(path: Path, hidden: list[Path]) -> Iterator[Path]:
    if not hidden:
        yield path
        return
    for child in path.iterdir():
        below = [place for place in hidden if child in place.parents]
        if child not in hidden and not child.is_symlink():  # what it points to has its own place
            yield from _around(child, below)
