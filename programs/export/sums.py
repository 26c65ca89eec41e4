"""Sums as list operations: into a list in place, or as a list of their own.

A product is rounded before it is added, as one tensor's `update` does it, unless the sum cannot
cancel: what two roundings leave of `v - square(g)` is then nothing, and not the first's error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from programs.export.linear import ONE, Linear, Term, is_one, minus, plus
from programs.export.page import CALL, Page
from programs.export.spell import Operand
from programs.genome import Statement

Ready = tuple[Term, list[str]]
"""A term, and the lists that hold its factors."""


class Sums:
    """Write sums on a page; `list_of` computes a value and returns the name of its list.

    `is_own` tells whether a value was made for one reader, who may do with its list as it likes.
    """

    def __init__(
        self,
        linear: Linear,
        page: Page,
        list_of: Callable[[str], str],
        is_own: Callable[[str], bool],
    ) -> None:
        self.linear = linear
        self.page = page
        self.list_of = list_of
        self.is_own = is_own

    def accumulate(
        self, into: str, scale: Operand, terms: Iterable[Term], statement: Statement | None = None
    ) -> None:
        """Write `into = scale * into + terms`, in place."""
        ready = self._ready(terms)
        if statement and not self.linear.cannot_cancel(statement):
            ready = [self._rounded(*r) for r in ready]
        if statement and self.is_plain_average(statement) and len(ready) == 1:
            (term, lists), share = ready[0], self.linear.scalar(statement.args[2])
            # What is averaged may hold the target itself, which changes the shares.
            kept = share is not None and scale == plus(ONE, minus(share))
            if kept and term.scale == share and len(lists) == 1:
                self.page.write(f"{CALL}lerp_({into}, {lists[0]}, {term.scale.text})")
                return
        self.page.scale(into, scale)
        for term, lists in ready:
            self.page.add(into, term, lists)

    def fresh(self, statement: Statement, terms: Iterable[Term]) -> str:
        """Write a sum as a new list, or in one that nothing else reads; return its name."""
        (term, lists), *rest = sorted(self._ready(terms), key=self._cost_of_starting)
        if not self.linear.cannot_cancel(statement):
            rest = [self._rounded(*r) for r in rest]
        name = statement.target
        if (
            is_one(term.scale)
            and rest
            and all(self._is_plain(*r) for r in ((term, lists), rest[0]))
        ):
            (other, others), *rest = rest
            op = "add" if is_one(other.scale) or not others else "sub"
            given = others[0] if others else other.scale.text
            made = self.page.bind(name, f"{CALL}{op}({lists[0]}, {given})")
        else:
            made = self._started(name, term, lists)
        for term, lists in rest:
            self.page.add(made, term, lists)
        return made

    def average(self, statement: Statement) -> str | None:
        """Write an average by a share that may be anything, if it is one of lists."""
        share = self.linear.scalar(statement.args[2])
        if share is None or not self.linear.analysis.is_uniform(statement):
            return None
        if any(self.linear.scalar(a) is not None for a in statement.args[:2]):
            return None
        a, b = (self.list_of(str(x)) for x in statement.args[:2])
        made = self.page.bind(statement.target, f"{CALL}sub({b}, {a})")
        self.page.scale(made, share)
        self.page.write(f"{CALL}add_({made}, {a})")
        return made

    def is_plain_average(self, statement: Statement) -> bool:
        """Tell whether `_foreach_lerp` says it all."""
        if statement.op != "lerp" or isinstance(statement.args[2], str):
            return False
        if not self.linear.analysis.is_uniform(statement):
            return False
        return all(self.linear.scalar(a) is None for a in statement.args[:2])

    def _ready(self, terms: Iterable[Term]) -> list[Ready]:
        """Compute the lists that terms are made of."""
        return [(t, [self.list_of(f) for f in t.factors]) for t in terms]

    def _rounded(self, term: Term, lists: list[str]) -> Ready:
        """Compute a product as a list, so that it is rounded before it is added."""
        if not lists or (len(lists) == 1 and _is_sign(term.scale)):
            return term, lists
        return replace(term, scale=ONE), [self._started(".", term, lists)]

    def _is_plain(self, term: Term, lists: list[str]) -> bool:
        """Tell whether a term is a number, or a list that others read too."""
        if not lists:
            return True
        return len(lists) == 1 and _is_sign(term.scale) and not self.is_own(term.factors[0])

    def _cost_of_starting(self, ready: Ready) -> int:
        """Prefer to add to a list that is free, then to one that is made anyway."""
        term, lists = ready
        if not lists:
            return 3
        if self.is_own(term.factors[0]):
            return 0
        return 2 if len(lists) == 1 and is_one(term.scale) else 1

    def _started(self, name: str, term: Term, lists: list[str]) -> str:
        """Write a term as the list to which others are added."""
        first, *second = lists
        op = "mul" if term.sign == "*" else "div"
        if self.is_own(term.factors[0]):
            if second:
                self.page.write(f"{CALL}{op}_({first}, {second[0]})")
            self.page.scale(first, term.scale)
            return first
        if not second:
            return self.page.bind(name, f"{CALL}mul({first}, {term.scale.text})")
        made = self.page.bind(name, f"{CALL}{op}({first}, {second[0]})")
        self.page.scale(made, term.scale)
        return made


def _is_sign(scale: Operand) -> bool:
    return is_one(scale) or is_one(minus(scale))
