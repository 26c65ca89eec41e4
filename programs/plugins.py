"""Find a plug-in: one file with one constant, looked up by name, by path or by entry point.

Listing reads docstrings with `ast` and imports nothing, so that `--help` stays quick.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from programs.errors import InputError, blamed, closest

MAX_CHARACTERS = 1 << 20


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
        hint = f"{name}.py" if Path(f"{name}.py").is_file() else closest(name, known)
        ask = f" Did you mean `{hint}`?" if hint else ""
        there = ", ".join(known)
        raise InputError(
            f"There is no {self.sort} `{name}`.{ask} There is: {there}; or a path to a .py file."
        )

    def _from_file(self, path: Path) -> Any:
        if not path.is_file():
            raise InputError(f"There is no {self.sort} file {path}.")
        self._demand_constant(path)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            own = isinstance(error, InputError)  # a sentence of ours already
            seen = str(error) if own else blamed(error, str(path))
            raise InputError(f"The {self.sort} file {path} fails to load: {seen}") from error
        if not hasattr(module, self.constant):
            raise InputError(f"The {self.sort} file {path} defines no constant `{self.constant}`.")
        return getattr(module, self.constant)

    def _demand_constant(self, path: Path) -> None:
        """Refuse a file whose text defines no such plug-in: importing it would run it."""
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read as text: {error}") from None
        if len(text) > MAX_CHARACTERS:
            size = f"{len(text):,} characters; at most {MAX_CHARACTERS:,} are read"
            raise InputError(f"The {self.sort} file {path} has {size}.")
        if self.constant in constants_in(text):
            return
        try:
            ast.parse(text, str(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise InputError(
                f"The {self.sort} file {path} fails to load: {blamed(error, str(path))}"
            ) from None
        raise InputError(f"The {self.sort} file {path} defines no constant `{self.constant}`.")


def constants_in(source: str) -> frozenset[str]:
    """Return the names that a text binds at its top level; none where it is no Python."""
    return _names_in(source) or frozenset()


def seems_to_define(source: str, constant: str) -> bool:
    """Tell whether a text defines a constant, or is too long or too faulty to tell and names it."""
    names = _names_in(source)
    if names is not None:
        return constant in names
    line = re.compile(rf"^{constant} *[:=]", re.MULTILINE)
    return line.search(source[:MAX_CHARACTERS]) is not None


def _names_in(source: str) -> frozenset[str] | None:
    """Return what a text binds, or `None` for one that cannot be read.

    No plug-in is longer than `MAX_CHARACTERS`: the syntax tree of a huge file fills the memory.
    """
    if len(source) > MAX_CHARACTERS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(source).body
        return frozenset(_bound_by(body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


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


def _bound_by(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind, those under an `if`, a `try` or a `with` included."""
    for node in body:
        match node:
            case ast.Assign(targets=targets):
                yield from (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (each.asname or each.name for each in names)
            case ast.If(body=first, orelse=second):
                yield from _bound_by([*first, *second])
            case ast.Try(body=first, handlers=handlers, orelse=second, finalbody=last):
                yield from _bound_by([*first, *second, *last])
                yield from (name for h in handlers for name in _bound_by(h.body))
            case ast.With(body=first):
                yield from _bound_by(first)
            case _:
                pass
