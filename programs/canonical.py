"""The normal form under which programs that differ only in how they are written meet.

Helpers are written out, dead code goes, constants fold, common subexpressions merge, the arguments
of commutative ops are ordered, attributes that say what their default says become it, names
disappear. The *structural key* is the hash of that form
(Chen et al. 2023, appendix I; the order of independent statements does not count).

Ops with weights need more than hashing upwards from the inputs: `linear(x) + linear(x)` holds two
maps, `h + h` with `h = linear(x)` one. Each such node therefore also gets the hash of how its value
is used, down from the outputs, and the key covers every node. The two together, its *path*, name
its weights whatever the order in which they were written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from programs.check import reached
from programs.errors import Fault
from programs.genome import Argument, Function, Genome, Statement
from programs.inline import Flat, inline
from programs.interpret import fold
from programs.kind import Kind

KEY_LENGTH = 24


@dataclass(slots=True)
class Node:
    """A value in normal form: its hash, what it is made of, and the weights it uses, if any."""

    digest: bytes
    label: bytes = b""
    args: tuple[Node, ...] = ()
    weights: str = ""
    commutative: bool = False
    path: bytes = b""


def structural_key(genome: Genome, kind: Kind) -> str:
    """Return the key of a checked genome: 24 hex digits."""
    name, flat = kind.name.encode(), written_out(genome)
    if not kind.weighted:
        return _digest(b"program", name, *_hashed(flat.function, kind)).hex()
    graph = _graph(flat, kind)
    paths = sorted(n.path for n in graph.made.values())
    return _digest(b"program", name, *[o.digest for o in graph.outputs], *paths).hex()


def text_key(kind: str, source: str) -> str:
    """Return the key of a text that is not a program of the language."""
    return _digest(b"text", kind.encode(), source.encode("utf-8", "replace")).hex()


def weight_paths(flat: Flat, kind: Kind) -> Mapping[str, str]:
    """Name the weights of each statement that has its own by its canonical path.

    Statements whose weights never reach the result are left out; those that are mirror images of
    each other are told apart by a number.
    """
    return _graph(flat, kind).weight_paths


def written_out(genome: Genome) -> Flat:
    """Return the flat form of a checked genome."""
    flat = inline(genome)
    assert not isinstance(flat, Fault)
    return flat


class _Digests(dict[Argument, bytes]):
    """The hashes of a program's names; a constant's is made when it is met."""

    def __missing__(self, arg: Argument) -> bytes:
        if isinstance(arg, str):
            raise KeyError(arg)
        digest = self[arg] = _constant(arg)
        return digest


def _hashed(function: Function, kind: Kind) -> list[bytes]:
    """Hash the result and the live new states of a program without weights.

    Equal hashes are one value there, so that hashing up from the inputs is all there is to do.
    """
    states = kind.entry.states(function)
    # What is dead is hashed for nothing where only the states' places hang on what is live.
    needed = reached(function, states) if states else set[Argument]()
    digests = _Digests(_given_to(function, kind, needed))
    digest_of, commutative = digests.__getitem__, kind.commutative
    numbers: dict[Argument, float] = {}
    for statement in function.body:
        target, op, args = statement.target, statement.op, statement.args
        if states and target not in needed:
            continue
        if not args or type(args[0]) is not str or args[0] in numbers:
            folded = _folded(op, args, numbers, kind)
            if folded is not None:
                numbers[target], digests[target] = folded, _constant(folded)
                continue
        if op in commutative:
            digests[target] = _computed(op, *sorted(map(digest_of, args)))
        else:
            digests[target] = _computed(op, *map(digest_of, args))
    return [digests[arg] for arg in _owed(function, states, needed)]


def _folded(
    op: str, args: Sequence[Argument], numbers: Mapping[Argument, float], kind: Kind
) -> float | None:
    """Compute an op on numbers; `None` where an argument is none."""
    known = []
    for arg in args:
        value = numbers.get(arg) if isinstance(arg, str) else arg
        if value is None:
            return None
        known.append(value)
    return _computed_number(kind, op, *known)


@lru_cache(maxsize=1024)
def _computed_number(kind: Kind, op: str, *values: float) -> float | None:
    return fold(kind.ops[op], kind, values)


def _given_to(function: Function, kind: Kind, needed: set[Argument]) -> dict[Argument, bytes]:
    """Hash the inputs and the live states, which are known by their places."""
    entry, place = kind.entry, 0
    found: dict[Argument, bytes] = {}
    for name in function.params:
        if name in entry.inputs:
            found[name] = _given("input", name)
        elif name in needed:
            found[name] = _given("state", place)
            place += 1
    return found


def _owed(function: Function, states: Sequence[str], needed: set[Argument]) -> list[Argument]:
    """Return the result and the new values of the live states."""
    new = zip(states, function.returns[1:], strict=True)
    return [function.returns[0], *[value for state, value in new if state in needed]]


class _Nodes(dict[Argument, Node]):
    """The nodes of a program's names; a constant's is made when it is met."""

    def __missing__(self, arg: Argument) -> Node:
        if isinstance(arg, str):
            raise KeyError(arg)
        node = self[arg] = Node(_constant(arg))
        return node


def _graph(flat: Flat, kind: Kind) -> _Graph:
    """Return the graph of a program with weights, which may be known already."""
    return kind.graphs.of(flat.function, lambda _: _Graph(flat, kind))  # type: ignore[return-value]


class _Graph:
    """The nodes of a program with weights, each value once."""

    def __init__(self, flat: Flat, kind: Kind) -> None:
        self.flat = flat
        self.kind = kind
        self.made: dict[bytes, Node] = {}
        self.nodes = _Nodes()
        self.outputs = self.built()
        self.find_paths(self.outputs)

    def built(self) -> list[Node]:
        """Build the graph; return the nodes of the result and of the live new states."""
        function, nodes = self.flat.function, self.nodes
        states = self.kind.entry.states(function)
        needed = reached(function, states)
        given = _given_to(function, self.kind, needed)
        nodes.update({name: Node(digest) for name, digest in given.items()})
        for statement in function.body:
            if statement.target in needed:
                nodes[statement.target] = self.applied(statement)
        return [nodes[arg] for arg in _owed(function, states, needed)]

    def applied(self, statement: Statement) -> Node:
        op, nodes = self.kind.ops[statement.op], self.nodes
        args = [nodes[a] for a in op.plain(statement.args)]
        digests = [a.digest for a in args]
        if op.commutative:
            digests.sort()
        digest = _computed(op.name, *digests)
        label = op.name.encode()
        weights = ""
        if op.weighted:
            weights = self.flat.twins.get(statement.target, statement.target)
        # Equal hashes are one value only if the arguments are the same values, weights included.
        where = sorted(id(a) for a in args) if op.commutative else [id(a) for a in args]
        identity = f"{label} {where} {weights}".encode()
        if identity not in self.made:
            self.made[identity] = Node(digest, label, tuple(args), weights, op.commutative)
        return self.made[identity]

    @cached_property
    def weight_paths(self) -> Mapping[str, str]:
        """Return what names the weights of each statement."""
        shared: dict[str, list[bytes]] = {}
        for node in self.made.values():
            if node.weights:
                shared.setdefault(node.weights, []).append(node.path)
        paths: dict[str, str] = {}
        seen: dict[str, int] = {}
        for statement in self.flat.function.body:
            if statement.target in shared:
                path = _digest(*sorted(shared[statement.target])).hex()[:12]
                seen[path] = seen.get(path, 0) + 1
                paths[statement.target] = f"{statement.op}_{path}_{seen[path]}"
        return paths

    def find_paths(self, outputs: Sequence[Node]) -> None:
        """Hash every node as a value together with all uses of it and of its weights."""
        nodes = list(self.made.values())
        uses: dict[int, list[bytes]] = {id(n): [] for n in (*nodes, *self.nodes.values())}
        for place, output in enumerate(outputs):
            uses.setdefault(id(output), []).append(_digest(b"output", str(place).encode()))
        for node in reversed(nodes):
            node.path = _digest(node.digest, *sorted(uses[id(node)]))
            for place, arg in enumerate(node.args):
                side = b"any" if node.commutative else str(place).encode()
                uses.setdefault(id(arg), []).append(_digest(b"use", side, node.path))
        sharing: dict[str, list[bytes]] = {}
        for node in nodes:
            if node.weights:
                sharing.setdefault(node.weights, []).append(node.path)
        for node in nodes:
            parts = [a.path or a.digest for a in node.args]
            if node.commutative:
                parts.sort()
            together = sorted(sharing[node.weights]) if node.weights else []
            node.path = _digest(node.path, b"from", *parts, b"with", *together)


@lru_cache(maxsize=8192)
def _constant(value: float) -> bytes:
    return _digest(b"constant", repr(value + 0.0).encode())


@lru_cache(maxsize=1024)
def _given(sort: str, which: str | int) -> bytes:
    """Hash what is not computed; every program has the same few."""
    return _digest(sort.encode(), str(which).encode())


@lru_cache(maxsize=8192)
def _computed(op: str, *args: bytes) -> bytes:
    """Hash what an op gives; most of a child is its parent's."""
    return _digest(b"op", op.encode(), *args)


def _digest(*parts: bytes) -> bytes:
    return hashlib.blake2b(b"\0".join(parts), digest_size=KEY_LENGTH // 2).digest()
