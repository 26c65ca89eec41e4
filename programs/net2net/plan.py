"""How every weight of a new network comes about so that it computes what the old one does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from programs.check import Typed, check
from programs.errors import Fault
from programs.genome import Genome
from programs.kind import Kind
from programs.kinds.networks.features import Feature
from programs.kinds.networks.plan import Call, Recipe, recipe_of
from programs.net2net.align import INPUT, ZEROED, Alignment, align
from programs.net2net.follow import Copies, Layout, Take, even, followed, taken, unchanged


@dataclass(frozen=True, slots=True)
class Inheritance:
    """The weights of one call: those of an old call, entry by entry."""

    path: str
    takes: Mapping[str, tuple[Take, ...]]


@dataclass(slots=True)
class Plan:
    """What to do with the weights at each path of the new network; the rest keep their start."""

    inherited: dict[str, Inheritance] = field(default_factory=dict)
    identities: dict[str, Call] = field(default_factory=dict)
    zeros: dict[str, tuple[str, ...]] = field(default_factory=dict)


def plan(old: Genome, new: Genome, kind: Kind) -> Plan | Fault:
    """Say how the new network can begin as the old one, for a kind with settled inputs."""
    before, after = check(old, kind), check(new, kind)
    if isinstance(before, Fault):
        return before
    if isinstance(after, Fault):
        return after
    return planned(before, recipe_of(before), after)


def planned(old: Typed, source: Recipe, new: Typed) -> Plan | Fault:
    """Say the same of checked programs; `source` is how the old network is built."""
    return _Planning(old, source, new).plan()


class _Planning:
    """Two networks side by side."""

    def __init__(self, old: Typed, source: Recipe, new: Typed) -> None:
        self.old, self.new = old, new
        self.source, self.recipe = source, recipe_of(new)
        self.sources = {c.target: c for c in self.source.calls}
        width = self.recipe.given.width
        self.copies: dict[str, Copies] = {INPUT: even(width, width)}
        self.done = Plan()

    def plan(self) -> Plan | Fault:
        found = align(self.recipe, self.source)
        if isinstance(found, Fault):
            return found
        for call in self.recipe.calls:
            fault = self.place(call, found)
            if fault is not None:
                return fault
        if not unchanged(self.copies[self.recipe.result]) or self.recipe.gives != self.source.gives:
            return Fault("the result itself would change its width")
        done = self.done
        if done.inherited.keys() & (done.identities.keys() | done.zeros.keys()):
            return Fault("a layer that several places share would be idle in one of them")
        if done.identities.keys() & done.zeros.keys():
            return Fault("a layer that several places share would give zero in only one of them")
        return done

    def place(self, call: Call, found: Alignment) -> Fault | None:
        """Settle what a call gives and where its weights come from."""
        if call.target in found.zeros:
            self.done.zeros[call.path] = ZEROED[call.layer.name]
        elif call.target in found.continued:
            return self.continued(call, self.sources[found.continued[call.target]])
        elif call.target in found.same:
            if call.target in found.identities:
                if not self.can_be_identity(call):
                    return Fault(f"`{call.layer.name}` is no identity here")
                self.done.identities[call.path] = call
            wanted = found.same[call.target]
            through = (v for v in call.values if isinstance(v, str) and found.same.get(v) == wanted)
            self.copies[call.target] = self.copies[next(through)]
        return None

    def continued(self, call: Call, before: Call) -> Fault | None:
        layout = self.layout(call, before)
        out = followed(layout)
        if isinstance(out, Fault):
            return out
        self.copies[call.target] = out
        if not call.path:
            return None
        old, new = self.source.weights[before.path], self.recipe.weights[call.path]
        takes = taken(layout, out, old, new)
        if isinstance(takes, Fault):
            return takes
        wanted = Inheritance(before.path, takes)
        if self.done.inherited.setdefault(call.path, wanted) != wanted:
            return Fault("a weight that several places share would become two different ones")
        return None

    def layout(self, call: Call, before: Call) -> Layout:
        gives, gave = self.new.types[call.target], self.old.types[before.target]
        assert isinstance(gives, Feature)
        assert isinstance(gave, Feature)
        inputs = [self.copies[v] if isinstance(v, str) else None for v in call.values]
        types = [self.old.types[v] if isinstance(v, str) else None for v in before.values]
        return Layout(
            call, inputs, [t if isinstance(t, Feature) else None for t in types], gave, gives
        )

    def can_be_identity(self, call: Call) -> bool:
        given = self.new.types[str(call.values[0])]
        odd = call.facts.get("kernel", 1) % 2 == 1 or bool(call.facts.get("causal"))
        return odd and given == self.new.types[call.target]
