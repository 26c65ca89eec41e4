"""What makes one doubt that an optimiser is meant as it is written: signs of three common mistakes.

return w - lr * m, m        the new weight; what comes first is subtracted from w
return -lr * m, m           the change to add
w.mul_(1 - 0.1 * lr)        a change of w that no later line reads
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import numpy as np

from programs.kinds.optimizer_probe import given
from programs.parse import syntax_tree
from programs.sharing import root_of_changes

_NEW_WEIGHT = (
    "the new weight seems to be returned, and what is returned first is subtracted from `w`: "
    "return `lr * m`, not `w - lr * m`"
)
_UPWARDS = (
    "the first step goes up the gradient, for what is returned first is subtracted from `w`: "
    "return `lr * m`, not `-lr * m`"
)
_UNREAD = (
    "`w` is changed and then not read: only what is returned first, which is subtracted from the "
    "weight, moves it"
)
_NEAR = 0.4
"""The share of elements near the weight; of the library's programs none has more than 0.01."""

_ALONG = 0.1
"""The share of elements with the gradient's sign; of the library's programs none has below 0.9."""


def _of_an_optimizer(source: str, outputs: np.ndarray) -> str:
    problem, first = given(), outputs[0]
    weights, gradients = problem.weights[0], problem.gradients[0]
    run = int(np.argmin(problem.rates[0]))
    near = np.abs(first[run] - weights[run]) < 0.5 * np.abs(weights[run])
    if near.mean() > _NEAR:
        return _NEW_WEIGHT
    # Where the gradient is small, a decay of the weight outweighs it.
    asked = (np.abs(gradients) >= np.median(np.abs(gradients))) & (first != 0)
    if asked.any() and (first * gradients > 0)[asked].mean() < _ALONG:
        return _UPWARDS
    return _UNREAD if _changes_unread(source, "w") else ""


DOUBTS: Mapping[str, Callable[[str, np.ndarray], str]] = {"optimizer": _of_an_optimizer}
"""What may be doubted of a kind's programs, by a text and its outputs on the probes."""


def _changes_unread(source: str, name: str) -> bool:
    """Tell whether the last line that changes `name` in `update` is the last that speaks of it."""
    tree = syntax_tree(source)
    defined = tree.body if isinstance(tree, ast.Module) else []
    for update in (d for d in defined if isinstance(d, ast.FunctionDef) and d.name == "update"):
        for line in reversed(update.body):
            if _changes(line, name):
                return True
            if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(line)):
                return False
    return False


def _changes(line: ast.stmt, name: str) -> bool:
    match line:
        case ast.Assign(targets=[ast.Name(id=target)]) | ast.AugAssign(target=ast.Name(id=target)):
            return target == name
        case ast.Expr(value=ast.Call() as call):
            return root_of_changes(call) == name
    return False
