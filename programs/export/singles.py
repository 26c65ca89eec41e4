"""What PyTorch offers for one tensor only, said for lists: `[torch.mean(a) for a in g]`.

These are the ops that look beyond single elements, those that meet tensors of other shapes than
w's, and a few on elements.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from string import ascii_lowercase

from programs.export.counts import written
from programs.export.linear import ONE, Linear, Term
from programs.export.listops import chain_of
from programs.export.page import Page
from programs.export.spell import ATOM, Operand, Speller
from programs.genome import Argument, Statement, is_anonymous

_LIKE = "\0"
"""Stands for a tensor beside which numbers are put, until it is known which there are."""


class SingleTensors:
    """Write statements for one tensor after the other.

    `linear` knows what waits to be computed, as does `pending`; `list_of` computes a value and
    returns the name of its list.
    """

    def __init__(
        self,
        linear: Linear,
        page: Page,
        pending: dict[str, Statement],
        list_of: Callable[[str], str],
    ) -> None:
        self.linear = linear
        self.analysis = linear.analysis
        self.page = page
        self.pending = pending
        self.list_of = list_of
        self.starts, self.keys = self.analysis.starts(), self.analysis.keys()
        self.values: dict[str, Operand] = {}

    def chain(self, statement: Statement) -> tuple[Argument, list[str]] | None:
        """Return the list operations that follow each other, if there are such."""
        found = chain_of(statement, self.analysis) if self.analysis.is_uniform(statement) else None
        return None if found is None or self.linear.scalar(found[0]) is not None else found

    def listed(self, statement: Statement) -> str:
        """Return the list of a statement's values."""
        made = _Comprehension(self.page)
        value = self._value(statement, made)
        self.values[statement.target] = value
        text = value.text
        # A list may be changed in place, which must not change another one's tensors.
        if value.tensor and self._is_view(statement):
            text = f"{value.within(ATOM)}.clone()"
        return made.over(text)

    def clipped(self, asked: str, limit: Argument, norm: str) -> str:
        """Return a list clipped by its norm over the whole model, each tensor at its own limit."""
        made = _Comprehension(self.page)
        tensor = made.element(asked, Operand(""))
        return made.over(f"{tensor.text} * shrinkage({self._operand(limit, made).text}, {norm})")

    def _is_view(self, statement: Statement) -> bool:
        same = statement.op == "abs" and self.analysis.range(statement.args[0]).nonnegative
        return same or statement.op == "transpose"

    def _value(self, statement: Statement, made: _Comprehension) -> Operand:
        """Write a statement; what is nested in it goes into the same expression."""
        known = self.analysis.range(statement.target)
        if statement.op == "noise":
            x, key = statement.args
            tensor = self._operand(x, made).text
            row = self.keys[key] if key in self.keys else self._operand(key, made).text
            start = self.starts[self.analysis.shape(statement.args[0])]
            place = made.element(start, Operand("", tensor=False, number=True))
            self.page.helpers |= {"noise", "scrambled", "share", "whole"}
            return Operand(f"noise({tensor}, {row}, {place.text})", range=known)
        args = [self._operand(a, made) for a in statement.args]
        return written(made.spell, statement.op, args, known)

    def _operand(self, arg: Argument, made: _Comprehension) -> Operand:
        known = self.linear.scalar(arg)
        if known is not None:
            return known
        assert isinstance(arg, str)
        waiting = self.linear.lazy.get(arg)
        if waiting and is_anonymous(arg) and self._is_for_one(waiting):
            del self.linear.lazy[arg], self.pending[arg]
            return self._value(waiting, made)
        listed = self.list_of(arg)
        return made.element(
            listed, self.values.get(arg, Operand("", range=self.analysis.range(arg)))
        )

    def _is_for_one(self, statement: Statement) -> bool:
        """Tell whether no operation on lists says it."""
        opaque = self.linear.of(statement) == [Term(ONE, (statement.target,))]
        return opaque and self.chain(statement) is None


class _Comprehension:
    """A list comprehension on its way: the lists that it runs over, and their elements."""

    def __init__(self, page: Page) -> None:
        self.names = page.names
        self.spell = Speller(_LIKE, page.helpers)
        self.elements: dict[str, Operand] = {}

    def element(self, of: str, like: Operand) -> Operand:
        """Return the element of a list; `like` says what is known of it."""
        if of not in self.elements:
            taken = (*self.names.bound, *(e.text for e in self.elements.values()))
            letter = next((x for x in ascii_lowercase if x not in taken), None)
            letter = letter or self.names.numbered("x")
            self.elements[of] = replace(like, text=letter, binds=ATOM)
        return self.elements[of]

    def over(self, text: str) -> str:
        """Return the comprehension that has `text` for each element."""
        if _LIKE in text:
            tensors = (e for e in self.elements.values() if e.tensor)
            like = next(tensors, None) or self.element("w", Operand(""))
            text = text.replace(_LIKE, like.text)
        letters = ", ".join(e.text for e in self.elements.values())
        lists = ", ".join(self.elements)
        return f"[{text} for {letters} in {lists if len(self.elements) == 1 else f'zip({lists})'}]"
