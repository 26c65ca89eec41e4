"""The normal form under which programs that differ only in how they are written meet.

Dead code goes, constants fold, common subexpressions merge, the arguments of commutative ops are
ordered, names disappear. The *structural key* is the hash of that form (Chen et al. 2023,
appendix I; the order of independent statements does not count).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from programs.check import live
from programs.genome import Argument, Function, Genome
from programs.interpret import fold
from programs.kind import Kind

KEY_LENGTH = 24


@dataclass(frozen=True, slots=True)
class Node:
    """A value in normal form: a constant, an input, or an op applied to nodes given by hash."""

    digest: bytes
    constant: float | None = None


def structural_key(genome: Genome, kind: Kind) -> str:
    """Return the key of a checked genome: 24 hex digits."""
    return _digest(b"program", kind.name.encode(), *_outputs(live(genome.main, kind), kind)).hex()


def text_key(kind: str, source: str) -> str:
    """Return the key of a text that is not a program of the language."""
    return _digest(b"text", kind.encode(), source.encode("utf-8", "replace")).hex()


def _outputs(function: Function, kind: Kind) -> list[bytes]:
    inputs = kind.entry.inputs
    states = kind.entry.states(function)
    nodes = {p: Node(_digest(b"input", p.encode())) for p in function.params if p in inputs}
    for place, state in enumerate(states):
        nodes[state] = Node(_digest(b"state", str(place).encode()))
    for statement in function.body:
        args = [_node(a, nodes) for a in statement.args]
        nodes[statement.target] = _applied(kind, statement.op, args)
    return [_node(r, nodes).digest for r in function.returns]


def _node(arg: Argument, nodes: dict[str, Node]) -> Node:
    return nodes[arg] if isinstance(arg, str) else _constant(arg)


def _constant(value: float) -> Node:
    return Node(_digest(b"constant", repr(value + 0.0).encode()), value)


def _applied(kind: Kind, name: str, args: list[Node]) -> Node:
    values = [a.constant for a in args if a.constant is not None]
    if len(values) == len(args):
        folded = fold(kind.ops[name], kind, values)
        if folded is not None:
            return _constant(folded)
    digests = [a.digest for a in args]
    if kind.ops[name].commutative:
        digests.sort()
    return Node(_digest(b"op", name.encode(), *digests))


def _digest(*parts: bytes) -> bytes:
    return hashlib.blake2b(b"\0".join(parts), digest_size=KEY_LENGTH // 2).digest()
