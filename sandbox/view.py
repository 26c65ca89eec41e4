"""Which files a candidate may see: what Python needs to import, and nothing else.

Seen are the folders of packages on `sys.path`, the standard library, the system's shared libraries
and a few devices. A source tree on the path (an editable installation) is seen package by package,
since databases and keys may lie beside the packages. Data sets that packages carry are left out: a
candidate could look the held-out labels up there.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
_PACKAGES = ("site-packages", "dist-packages")
_CARRIED = (
    *("sklearn/datasets/data", "sklearn/datasets/descr", "sklearn/datasets/images"),
    *("sklearn/datasets/tests", "statsmodels/datasets/*/*.csv", "vega_datasets/_data"),
    *("bokeh/sampledata/_data", "nltk_data"),
)


@dataclass(frozen=True, slots=True)
class View:
    """Paths to read, of which none lies beneath another, and paths beneath them to leave out."""

    shown: tuple[Path, ...]
    masked: tuple[Path, ...]

    def pieces(self) -> Iterator[Path]:
        """Yield what is shown in pieces that hold nothing masked."""
        for path in self.shown:
            yield from _around(path, [hidden for hidden in self.masked if path in hidden.parents])


def here() -> View:
    """Return what this very interpreter needs."""
    entries = [path for entry in sys.path if entry and (path := Path(entry)).exists()]
    shown = _outermost([*_system(), *(part for entry in entries for part in _importable(entry))])
    return View(shown, tuple(_hidden(shown, entries)))


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
    """Yield carried data sets, and folders of packages that are shown but not on the path."""
    used = {entry.resolve() for entry in entries}
    for entry in used:
        for pattern in _CARRIED:
            yield from entry.glob(pattern)
    for path in map(Path.resolve, shown):
        found = [*path.glob("python3*/*-packages"), *path.glob("*-packages")]
        yield from (folder for folder in found if folder.resolve() not in used)


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
