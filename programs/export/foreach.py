"""The fast half of an exported optimiser: `update_foreach_`, on whole lists and in place.

Values that are read once are computed where they are read, so that sums of products meet PyTorch's
fused operations (`linear.py`). What those do not offer is said for one tensor after the other
(`singles.py`). A state is overwritten as soon as nothing reads its old value; where something still
does, the new value waits in a list of its own until the end.
"""

from __future__ import annotations

from collections.abc import Iterable

from programs.export.analysis import Analysis
from programs.export.linear import ONE, Linear, Term, is_one, minus, plus
from programs.export.names import Names, python_name
from programs.export.page import CALL, Page, readers_of
from programs.export.parts import Line
from programs.export.scalars import Scalars
from programs.export.singles import SingleTensors
from programs.export.spell import Operand, Speller, literal
from programs.genome import Argument, Statement, base_of
from programs.render import number


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
        self.single = SingleTensors(self.linear, self.page, self.pending, self._list)
        self.copies: list[tuple[str, str]] = []
        self.stored: set[str] = set()

    def scalar(self, arg: Argument) -> Operand | None:
        """Return a value of one element as text, or `None` for a list."""
        return self.singles.get(arg) if isinstance(arg, str) else literal(arg)

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
        if not own or any(state in t.factors for t in rest):
            return False
        self._take(name, terms)
        self._accumulate(state, own[0].scale, rest, statement)
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

    def _accumulate(
        self, target: str, scale: Operand, terms: Iterable[Term], statement: Statement | None = None
    ) -> None:
        """Write `target = scale * target + terms`, in place."""
        ready = [(t, [self._list(f) for f in t.factors]) for t in terms]
        into = self.lists[target]
        if statement and self._is_plain_average(statement) and len(ready) == 1:
            (term, lists), share = ready[0], self.linear.scalar(statement.args[2])
            # What is averaged may hold the target itself, which changes the shares.
            kept = share is not None and scale == plus(ONE, minus(share))
            if kept and term.scale == share and len(lists) == 1:
                self.page.write(f"{CALL}lerp_({into}, {lists[0]}, {term.scale.text})")
                return
        self.page.scale(into, scale)
        for term, lists in ready:
            self.page.add(into, term, lists)

    def _fresh(self, name: str) -> None:
        """Compute a value into a new list, or into one that nothing else reads."""
        statement = self.lazy[name]
        terms = self.linear.of(statement)
        if terms == [Term(ONE, (name,))] or self._is_plain_average(statement):
            self._take(name, [Term(ONE, tuple(statement.names()))])
            self.lists[name] = self._applied(statement)
            return
        self._take(name, terms)
        ready = [(t, [self._list(f) for f in t.factors]) for t in terms]
        ready.sort(key=self._cost_of_starting)
        (first, lists), *rest = ready
        made = self._started(name, first, lists)
        for term, more in rest:
            self.page.add(made, term, more)
        self.lists[name] = made

    def _is_plain_average(self, statement: Statement) -> bool:
        """Tell whether `_foreach_lerp` says it all."""
        if statement.op != "lerp" or isinstance(statement.args[2], str):
            return False
        if not self.analysis.is_uniform(statement):
            return False
        return all(self.scalar(a) is None for a in statement.args[:2])

    def _cost_of_starting(self, ready: tuple[Term, list[str]]) -> int:
        """Prefer to add to a list that is free, then to one that is made anyway."""
        term, lists = ready
        if not lists:
            return 3
        if self._is_own(term.factors[0]):
            return 0
        return 2 if len(lists) == 1 and is_one(term.scale) else 1

    def _started(self, name: str, term: Term, lists: list[str]) -> str:
        """Write a term as the list to which others are added."""
        first, *second = lists
        op = "mul" if term.sign == "*" else "div"
        if self._is_own(term.factors[0]):
            if second:
                self.page.write(f"{CALL}{op}_({first}, {second[0]})")
            self.page.scale(first, term.scale)
            return first
        if not second:
            return self.page.bind(name, f"{CALL}mul({first}, {term.scale.text})")
        made = self.page.bind(name, f"{CALL}{op}({first}, {second[0]})")
        self.page.scale(made, term.scale)
        return made

    def _is_own(self, name: str) -> bool:
        """Tell whether a list was made for one reader, who may do with it as it likes."""
        kept = (*self.analysis.function.params, *self.outputs.values())
        return self.uses[name] == 1 and name not in kept

    def _applied(self, statement: Statement) -> str:
        """Write an op that is not linear."""
        if self._is_plain_average(statement):
            a, b, t = (self._list(x) if isinstance(x, str) else number(x) for x in statement.args)
            own = self._is_own(str(statement.args[0]))
            if own:
                self.page.write(f"{CALL}lerp_({a}, {b}, {t})")
                return a
            return self.page.bind(statement.target, f"{CALL}lerp({a}, {b}, {t})")
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
        terms = self.linear(self.analysis.function.returns[0])
        terms = [Term(minus(t.scale), t.factors, t.sign) for t in terms]
        own = [t for t in terms if t.factors == ("w",)]
        rest = [t for t in terms if t.factors != ("w",)]
        if any("w" in t.factors for t in rest):
            update = self.analysis.function.returns[0]
            assert isinstance(update, str)
            self.page.write(f"{CALL}sub_({self.lists['w']}, {self._list(update)})")
            return
        scale = plus(ONE, own[0].scale) if own else ONE
        self._accumulate("w", scale, rest)
