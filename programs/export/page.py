"""Lines of list operations as they are written: assignments, and sums in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from programs.export.linear import Term, is_one, minus
from programs.export.names import Names, python_name
from programs.export.parts import Ask, Line
from programs.export.spell import Operand
from programs.genome import Statement, is_anonymous

CALL = "torch._foreach_"


class Page:
    """The lines of a function so far; `readers` tells what a nested value becomes a part of."""

    def __init__(self, names: Names, readers: Mapping[str, str], helpers: set[str]) -> None:
        self.names = names
        self.readers = readers
        self.helpers = helpers
        self.lines: list[Line] = []

    def write(self, line: str) -> None:
        """Write a line."""
        self.lines.append(line)

    def bind(self, name: str, text: str) -> str:
        """Write an assignment to a new name; a nested value takes that of what it becomes."""
        fresh = self._fresh(name)
        self.write(f"{fresh} = {text}")
        return fresh

    def ask(self, asked: str) -> str:
        """Ask for the norm over the whole model of a list, and return its name."""
        norm = self._fresh("norm")
        self.lines.append(Ask(norm, asked))
        return norm

    def _fresh(self, name: str) -> str:
        while is_anonymous(name) and name in self.readers:
            name = self.readers[name]
        own = "x1" if is_anonymous(name) else python_name(name)
        fresh = (
            own if own not in self.names.bound else self.names.numbered(own.rstrip("0123456789"))
        )
        self.names.bound[fresh] += 1
        return fresh

    def scale(self, into: str, scale: Operand) -> None:
        """Write `into *= scale`."""
        if not is_one(scale):
            self.write(f"{CALL}mul_({into}, {scale.text})")

    def add(self, into: str, term: Term, lists: list[str]) -> None:
        """Write `into += term`, in one operation where its scale is a number."""
        scale = term.scale
        if not lists or (len(lists) == 1 and is_one(scale)):
            self.write(f"{CALL}add_({into}, {lists[0] if lists else scale.text})")
            return
        if len(lists) == 1 and is_one(minus(scale)):
            self.write(f"{CALL}sub_({into}, {lists[0]})")
            return
        op = "add" if len(lists) == 1 else "addcmul" if term.sign == "*" else "addcdiv"
        given = ", ".join((into, *lists))
        if scale.literal:
            keyword = "alpha" if op == "add" else "value"
            last = "" if is_one(scale) else f", {keyword}={scale.text}"
            self.write(f"{CALL}{op}_({given}{last})")
        else:
            self.helpers.add(f"{op}_")
            self.write(f"{op}_({given}, {scale.text})")


def readers_of(body: Iterable[Statement]) -> dict[str, str]:
    """Return for each nested value the one that it is nested in."""
    return {n: s.target for s in body for n in s.names() if is_anonymous(n)}
