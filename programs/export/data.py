"""A program as plain data, for programs of other people in other languages."""

from __future__ import annotations

import json
from typing import Any

from programs.genome import Function, Genome
from programs.program import Program


def export_json(program: Program) -> str:
    """Return kind, source, key and genome as JSON; the genome of free-form Python is null."""
    genome = None if program.genome is None else _genome(program.genome)
    content = {
        "kind": program.kind,
        "key": program.key,
        "source": program.source,
        "genome": genome,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _genome(genome: Genome) -> dict[str, Any]:
    return {"doc": genome.doc, "functions": [_function(f) for f in genome.functions]}


def _function(function: Function) -> dict[str, Any]:
    body = [{"target": s.target, "op": s.op, "args": list(s.args)} for s in function.body]
    return {
        "name": function.name,
        "params": list(function.params),
        "body": body,
        "returns": list(function.returns),
    }
