"""How an exported optimiser takes a step: `step` and `apply`, between the class and the program.

A norm over the whole model is the work of all parameter groups together: `step` then collects what
there is to do, and `apply` runs the parts of the updates side by side.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from programs.export.parts import tuple_of
from programs.export.shape import Shape
from programs.kinds.shapes import ONE, Dims

_SIDES = {"r": "row[0].shape[0]", "c": "row[0].shape[1]"}
_ALL_OF_ONE = "row[0].numel()"


def step(shape: Shape) -> str:
    """Return the method `step`."""
    starts = [f"{name} = 0" for name in shape.starts.values()]
    before = [*starts, *(["rows, batches = [], []"] if shape.rounds else [])]
    before += ["copies = []"] if shape.rounds and shape.matrix else []
    loop = ["tensors = self._tensors(group)"]
    if shape.counts:
        loop += ["steps = self._steps(group, tensors)", *_seen(shape)]
        loop += [f"for step, together in by_step(steps, {_tensors(shape)}):"]
        work = ["shared = self._shared(group, step)", *_work(shape, "together")]
        loop += [*indented(work), *_copied(shape)]
    else:
        loop = ["shared = self._shared(group)", *loop]
        loop += [*_seen(shape), *_work(shape, _tensors(shape)), *_copied(shape)]
    after = ["if rows or batches:", "    apply(rows, batches)"] if shape.rounds else []
    after += ["    copy_back(copies)"] if shape.rounds and shape.matrix else []
    lines = [*before, "for group in self.param_groups:", *indented(loop), *after]
    work = "\n".join(indented(lines))
    return f'''
@torch.no_grad()
def step(self, closure=None):
    """Take one step; a `closure` computes the loss anew, which is returned."""
    loss = None
    if closure is not None:
        with torch.enable_grad():
            loss = closure()
{work}
    return loss
'''


def _seen(shape: Shape) -> list[str]:
    """See tensors as the program does: as matrices, their places in the noise beside them."""
    tensors = _tensors(shape)
    lines = [f"{tensors} = [[matrix(x) for x in row] for row in tensors]"] if shape.matrix else []
    if shape.starts:
        names = list(shape.starts.values())
        lines.append(f"for row in {tensors}:")
        more = f"append({names[0]})" if len(names) == 1 else f"extend({tuple_of(names)})"
        lines.append(f"    row.{more}")
        lines += [f"    {name} += {_size(dims)}" for dims, name in shape.starts.items()]
    return lines


def _tensors(shape: Shape) -> str:
    return "views" if shape.matrix else "tensors"


def _size(dims: Dims) -> str:
    """Write how many numbers of a shape belong to the weight that opens a row."""
    if set(dims) == {"r", "c"}:
        return _ALL_OF_ONE
    return " * ".join(_SIDES[d] for d in dims if d != ONE)


def _work(shape: Shape, tensors: str) -> list[str]:
    """Update tensors one by one, or as whole lists; or collect them where all must wait."""
    beside = ", *beside(shared, {})" if shape.scalars.parameters else ""
    row, lists = f"*row{beside.format('row[0]')}", f"*lists{beside.format('lists[0][0]')}"
    if shape.rounds:
        each = [f"rows += [({row}{'' if beside else ','}) for row in {tensors}]"]
        whole = [f"batches += [({lists}{'' if beside else ','}) for lists in by_type({tensors})]"]
    else:
        each = [f"for row in {tensors}:", f"    apply({row})"]
        whole = [f"for lists in by_type({tensors}):", f"    update_foreach_({lists})"]
    # The loop over single tensors is never faster on elements, and None, the default, means lists
    # there; what looks further wants more memory in lists, and follows PyTorch's own rule.
    asked = "if as_lists(group):" if shape.matrix else 'if group["foreach"] is not False:'
    return [
        asked,
        *indented(whole),
        "else:",
        *indented(each),
    ]


def _copied(shape: Shape) -> list[str]:
    if not shape.matrix:
        return []
    pairs = "zip(tensors, views)"
    return [f"copies += {pairs}" if shape.rounds else f"copy_back({pairs})"]


def apply(shape: Shape) -> str:
    """Return the function that changes weights and their states as `update` says."""
    if not shape.rounds:
        given = "w, g, *others" if len(shape.parameters) > 2 else "w, g"
        doc = "Change one weight and its states in place."
        return function(f"apply({given})", doc, _stored(shape, f"update({given})", "others"))
    lines = [f"each = [{part_name('update', 1)}(*row) for row in rows]"]
    whole = part_name("update_foreach_", 1)
    lines += [f"many = [{whole}(*lists) for lists in batches]"]
    for number in range(2, shape.rounds + 2):
        lines += _round(shape, number)
    doc = "Change weights and states in place: `rows` one by one, `batches` as whole lists."
    return function("apply(rows, batches)", doc, lines)


def _round(shape: Shape, number: int) -> list[str]:
    """Answer what all parts of one number ask, and run the parts that come next."""
    each, whole = part_name("update", number), part_name("update_foreach_", number)
    lines = ["given = answered([*each, *many])"]
    if number <= shape.rounds:
        lines += [f"each = [{each}(*kept) for kept in given[: len(rows)]]"]
        return [*lines, f"many = [{whole}(*kept) for kept in given[len(rows) :]]"]
    stored = _stored(shape, f"{each}(*kept)", "states")
    states = ", _, *states" if shape.states else ", *_"
    lines += [f"for (w{states}), kept in zip(rows, given):", *indented(stored)]
    return [*lines, "for kept in given[len(rows) :]:", f"    {whole}(*kept)"]


def _stored(shape: Shape, call: str, states: str) -> list[str]:
    if not shape.states:
        return [f"w.sub_({call})"]
    loop = [f"for state, value in zip({states}, new):", "    state.copy_(value)"]
    return [f"delta, *new = {call}", "w.sub_(delta)", *loop]


def part_name(name: str, number: int) -> str:
    """Name a part: `update_1`, `update_foreach_1_`."""
    return f"{name}{number}_" if name.endswith("_") else f"{name}_{number}"


def function(signature: str, doc: str, body: Sequence[str]) -> str:
    """Return a function's text."""
    return f'def {signature}:\n    """{doc}"""\n' + "\n".join(indented(body))


def indented(lines: Sequence[str]) -> list[str]:
    """Return the lines one level deeper."""
    return [textwrap.indent(line, "    ") for line in lines]
