"""Find a plug-in: one file with one constant, looked up by name, by path or by entry point.

Listing reads docstrings with `ast` and imports nothing, so that `--help` stays quick.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from programs.errors import InputError, closest


@dataclass(frozen=True, slots=True)
class Plugins:
    """All plug-ins of one sort.

    `sort` is the word people use ("task"), `package` the folder of the built-in ones, `constant`
    what each file defines; installed ones register under the entry-point group `cambrian.<sort>s`.
    """

    sort: str
    package: str
    constant: str

    def names(self) -> dict[str, str]:
        """Return the built-in names with the first line of each file's docstring."""
        return dict(_built_in(self.package, self.constant))

    def find(self, name: str) -> Any:
        """Return the constant of the plug-in called `name`; `InputError` names the nearest."""
        if name.endswith(".py"):
            return self._from_file(Path(name))
        if name in _files(self.package):
            # Whether it is a plug-in shows once it is there: reading all files takes far longer.
            module = importlib.import_module(f"{self.package}.{name.replace('-', '_')}")
            if hasattr(module, self.constant):
                return getattr(module, self.constant)
        from importlib import metadata  # late, for the built-in ones do without

        installed = {e.name: e for e in metadata.entry_points(group=f"cambrian.{self.sort}s")}
        if name in installed:
            return installed[name].load()
        known = [*self.names(), *installed]
        hint = closest(name, known)
        ask = f" Did you mean `{hint}`?" if hint else ""
        there = ", ".join(known)
        raise InputError(
            f"There is no {self.sort} `{name}`.{ask} There is: {there}; or a path to a .py file."
        )

    def _from_file(self, path: Path) -> Any:
        if not path.is_file():
            raise InputError(f"There is no {self.sort} file {path}.")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            own = isinstance(error, InputError)  # a sentence of ours already
            seen = str(error) if own else f"{type(error).__name__}: {error}"
            raise InputError(f"The {self.sort} file {path} fails to load: {seen}") from error
        if not hasattr(module, self.constant):
            raise InputError(f"The {self.sort} file {path} defines no constant `{self.constant}`.")
        return getattr(module, self.constant)


def constants_in(source: str) -> frozenset[str]:
    """Return the names that a text binds at its top level; none where it is no Python."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    return frozenset(name for node in body for name in _bound_by(node))


@cache
def _built_in(package: str, constant: str) -> dict[str, str]:
    texts = {name: file.read_text("utf-8") for name, file in _files(package).items()}
    return {name: _summary(t) for name, t in texts.items() if constant in constants_in(t)}


@cache
def _files(package: str) -> dict[str, Path]:
    """Return the files of a package by the names that plug-ins in them have."""
    # `importlib.resources` would do, and takes longer to import than the file does to read.
    module = importlib.import_module(package)
    files = [f for folder in module.__path__ for f in Path(folder).glob("*.py")]
    return {f.stem.replace("_", "-"): f for f in sorted(files, key=lambda f: f.name)}


def _summary(source: str) -> str:
    return (ast.get_docstring(ast.parse(source)) or "").split("\n")[0]


def _bound_by(node: ast.stmt) -> list[str]:
    targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
    return [target.id for target in targets if isinstance(target, ast.Name)]
