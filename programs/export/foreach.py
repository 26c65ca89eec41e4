"""The fast half of an exported optimiser: `update_foreach_`, on whole lists and in place.

Values that are read once are computed where they are read, so that products meet PyTorch's fused
operations (`linear.py`, `sums.py`). What lists do not offer is said for one tensor after the other
(`singles.py`). A state is overwritten as soon as nothing reads its old value; where something still
does, the new value waits in a list of its own until the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from programs.export.analysis import Analysis
from programs.export.linear import ONE, Linear, Term, minus, plus
from programs.export.names import Names, python_name
from programs.export.page import CALL, Page, readers_of
from programs.export.parts import Line
from programs.export.scalars import Scalars
from programs.export.singles import SingleTensors
from programs.export.spell import Operand, Speller, literal
from programs.export.sums import Sums
from programs.genome import Argument, Statement, base_of
from programs.ranges import INPUTS, Range, range_of, ranges_of
from programs.render import number

USUAL = {**INPUTS, "lr": Range(0.0, 1.0)}
LARGEST_SHARE = 0.5
"""Of the weights that a step takes away beside its other term, at usual learning rates."""


def foreach_lines(analysis: Analysis, scalars: Scalars, helpers: set[str]) -> list[Line]:
    """Return the lines of the function's body."""
    writer = _Writer(analysis, scalars, helpers)
    writer.keep_exchanged_states()
    for statement in writer.body:
        writer.meet(statement)
    writer.finish()
    return writer.page.lines


class _Writer:
    """Write list operations; `lists` maps the values computed so far to their names."""

    def __init__(self, analysis: Analysis, scalars: Scalars, helpers: set[str]) -> None:
        self.analysis = analysis
        self.helpers = helpers
        self.body = [s for s in analysis.function.body if s.target not in analysis.scalars]
        self.uses = analysis.function.uses()
        self.outputs = dict(zip(analysis.states, analysis.function.returns[1:], strict=True))
        inputs = [p for p in analysis.function.params if p not in analysis.scalars]
        self.lists = {p: python_name(p) for p in inputs}
        bound = [*self.lists.values(), *scalars.parameters, *analysis.starts().values()]
        self.page = Page(Names(bound), readers_of(self.body), helpers)
        self.singles = {
            n: Operand(t, tensor=False, range=analysis.range(n)) for n, t in scalars.names.items()
        }
        self.lazy: dict[str, Statement] = {}
        self.pending = {s.target: s for s in self.body}
        self.linear = Linear(analysis, self.scalar, self.lazy)
        self.flat = Linear(analysis, self._usual, self.lazy).flat
        self.usual = ranges_of(analysis.function, analysis.states, analysis.scalars, USUAL)
        self.sums = Sums(self.linear, self.page, self._list, self._is_own)
        self.single = SingleTensors(self.linear, self.page, self.pending, self._list)
        self.copies: list[tuple[str, str]] = []
        self.stored: set[str] = set()

    def scalar(self, arg: Argument) -> Operand | None:
        """Return a value of one element as text, or `None` for a list."""
        return self.singles.get(arg) if isinstance(arg, str) else literal(arg)

    def _usual(self, arg: Argument) -> Operand | None:
        """Return a value of one element as text, with the range that it has at usual rates."""
        known = self.scalar(arg)
        return known and replace(known, range=range_of(arg, self.usual))

    def keep_exchanged_states(self) -> None:
        """Copy an input that becomes the new value of another state, before anything changes."""
        for state, new in self.outputs.items():
            if isinstance(new, str) and new in self.lists and new != state:
                kept = self.page.bind(
                    f"old_{base_of(new)}", f"[x.clone() for x in {self.lists[new]}]"
                )
                self.copies.append((self.lists[state], kept))
            if new == state or new in self.lists:
                self.stored.add(state)

    def meet(self, statement: Statement) -> None:
        """Compute a statement in its place, or leave it to its only reader."""
        name = statement.target
        if statement.op in ("global_norm", "clip_by_global_norm"):
            self._ask(statement)
        elif self.analysis.is_common(name):
            args = [self._single(a) for a in statement.args]
            text = Speller(next(a.text for a in args if a.tensor), self.helpers)(statement.op, args)
            self.singles[name] = Operand(
                self.page.bind(name, text[0]), range=self.analysis.range(name)
            )
            self.pending.pop(name)
        else:
            self.lazy[name] = statement
            if self.uses[name] > 1:
                self._compute(name)

    def finish(self) -> None:
        """Store what is left, change the weights, and let waiting values take their places."""
        for name in [s.target for s in self.body if s.target in self.lazy]:
            if name in self.lazy and name in self.outputs.values():
                self._compute(name)
        self._change_weights()
        for state, value in self.copies:
            self.page.write(f"{CALL}copy_({state}, {value})")

    def _single(self, arg: Argument) -> Operand:
        known = self.scalar(arg)
        assert known is not None
        return known

    def _ask(self, statement: Statement) -> None:
        """Exchange a list for the norm over the whole model."""
        name, tensor = statement.target, statement.args[0]
        assert isinstance(tensor, str)
        asked = self._list(tensor)
        norm = self.page.ask(asked)
        self.pending.pop(name)
        if statement.op == "global_norm":
            self.singles[name] = Operand(norm, range=self.analysis.range(name))
            return
        self.helpers |= {"divide", "shrinkage"}
        limit = self.scalar(statement.args[1])
        if limit is None:
            text = self.single.clipped(asked, statement.args[1], norm)
        else:
            factor = self.page.bind("factor", f"shrinkage({limit.text}, {norm})")
            text = f"{CALL}mul({asked}, {factor})"
        self.lists[name] = self.page.bind(name, text)
        self._store(name)

    def _list(self, name: str) -> str:
        """Return the list that holds a value, computing it first where need be."""
        if name not in self.lists:
            self._compute(name)
        return self.lists[name]

    def _compute(self, name: str) -> None:
        """Compute a value: into the state it becomes where that is free, else into a new list."""
        for state, new in self.outputs.items():
            if new == name and state not in self.stored and self._overwrite(state, name):
                break
        else:
            self._fresh(name)
        self._store(name)

    def _store(self, name: str) -> None:
        for state, new in self.outputs.items():
            if new == name and state not in self.stored:
                self.stored.add(state)
                self.copies.append((self.lists[state], self.lists[name]))

    def _overwrite(self, state: str, name: str) -> bool:
        """Turn the state's list into its new value, unless its old one is needed elsewhere."""
        statement = self.lazy[name]
        self._compute_early_readers(state, name)
        inside = self._inside(name)
        others = [s for n, s in self.pending.items() if n not in inside]
        if any(state in s.names() for s in others) or state in self.analysis.function.returns:
            return False
        terms = self.linear.of(statement)
        own = [t for t in terms if t.factors == (state,)]
        rest = [t for t in terms if t.factors != (state,)]
        if len(own) != 1 or any(state in t.factors for t in rest):
            return False
        self._take(name, terms)
        self.sums.accumulate(self.lists[state], own[0].scale, rest, statement)
        self.lists[name] = self.lists[state]
        self.stored.add(state)
        return True

    def _compute_early_readers(self, state: str, name: str) -> None:
        """Compute what comes earlier in the program and reads the state's old value."""
        inside = self._inside(name)
        earlier = [s.target for s in self.body]
        for reader in reversed(earlier[: earlier.index(name)]):
            read = {n for i in self._inside(reader) - inside for n in self.lazy[i].names()}
            if state in read and reader in self.lazy:
                self._compute(reader)

    def _inside(self, name: str) -> set[str]:
        """Return the waiting statements that are computed together with this one."""
        found, waiting = set(), [name]
        while waiting:
            here = waiting.pop()
            if here in self.lazy:
                found.add(here)
                waiting.extend(self.lazy[here].names())
        return found

    def _take(self, name: str, terms: Iterable[Term]) -> None:
        """Count a statement, and those that its terms absorb, as done."""
        kept = {n for t in terms for f in t.factors if f != name for n in self._inside(f)}
        for done in self._inside(name) - kept:
            del self.lazy[done], self.pending[done]

    def _fresh(self, name: str) -> None:
        """Compute a value into a new list, or into one that nothing else reads."""
        statement = self.lazy[name]
        terms = self.linear.of(statement)
        if terms == [Term(ONE, (name,))] or self.sums.is_plain_average(statement):
            self._take(name, [Term(ONE, tuple(statement.names()))])
            self.lists[name] = self._applied(statement)
            return
        self._take(name, terms)
        self.lists[name] = self.sums.fresh(statement, terms)

    def _is_own(self, name: str) -> bool:
        """Tell whether a list was made for one reader, who may do with it as it likes."""
        kept = (*self.analysis.function.params, *self.outputs.values())
        return self.uses[name] == 1 and name not in kept

    def _applied(self, statement: Statement) -> str:
        """Write an op that is not linear."""
        if self.sums.is_plain_average(statement):
            a, b, t = (self._list(x) if isinstance(x, str) else number(x) for x in statement.args)
            own = self._is_own(str(statement.args[0]))
            if own:
                self.page.write(f"{CALL}lerp_({a}, {b}, {t})")
                return a
            return self.page.bind(statement.target, f"{CALL}lerp({a}, {b}, {t})")
        average = self.sums.average(statement) if statement.op == "lerp" else None
        if average is not None:
            return average
        chain = self.single.chain(statement)
        if chain is None:
            return self.page.bind(statement.target, self.single.listed(statement))
        source, steps = chain
        assert isinstance(source, str)
        made = self._list(source)
        own = self._is_own(source)
        for step in steps:
            op, _, bound = step.partition(" ")
            given = f", {bound}" if bound else ""
            if own:
                self.page.write(f"{CALL}{op}_({made}{given})")
            else:
                made, own = self.page.bind(statement.target, f"{CALL}{op}({made}{given})"), True
        return made

    def _change_weights(self) -> None:
        """Subtract the update from the weights."""
        update = self.analysis.function.returns[0]
        shrunk = self._shrunk()
        if shrunk is not None:
            self.sums.accumulate(self.lists["w"], *shrunk)
            return
        term = self.linear.term(update)
        if "w" in term.factors:
            assert isinstance(update, str)
            self.page.write(f"{CALL}sub_({self.lists['w']}, {self._list(update)})")
            return
        self.sums.accumulate(self.lists["w"], ONE, [replace(term, scale=minus(term.scale))])

    def _shrunk(self) -> tuple[Operand, list[Term]] | None:
        """Split an update in a share of the weights, which is small, and another term at most.

        What the weights keep is then as large as they were: nothing cancels.
        """
        terms = self.flat(self.analysis.function.returns[0])
        own = [t.scale for t in terms if t.factors == ("w",)]
        rest = [replace(t, scale=minus(t.scale)) for t in terms if t.factors != ("w",)]
        if len(own) != 1 or len(rest) > 1 or any("w" in t.factors for t in rest):
            return None
        if not -LARGEST_SHARE <= own[0].range.low <= own[0].range.high <= LARGEST_SHARE:
            return None
        return plus(ONE, minus(own[0])), rest
