"""The fixed parts of an exported optimiser: the class, and what joins it to the program."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from programs.export.scalars import Scalars
from programs.render import number


@dataclass(frozen=True, slots=True)
class Shape:
    """Which of the fixed parts a program calls for.

    `matrix`: tensors are seen as matrices. `rounds`: the functions that answer what one step asks
    of the whole model, in order. `foreach`: there is a function on whole lists.
    """

    name: str
    lr: float
    states: tuple[str, ...]
    scalars: Scalars
    matrix: bool
    rounds: tuple[str, ...]
    foreach: bool

    @property
    def counts(self) -> bool:
        """Tell whether steps must be counted."""
        return "step" in self.scalars.inputs

    @property
    def total(self) -> bool:
        """Tell whether the program asks for the number of steps in all."""
        return "total" in self.scalars.inputs

    @property
    def helpers(self) -> set[str]:
        """Return the helper functions that the fixed parts call."""
        wanted = {
            "matrix": self.matrix,
            "together": self.rounds,
            "beside": self.scalars.names,
            "by_type": self.foreach,
        }
        return {*self.rounds, *(name for name, is_wanted in wanted.items() if is_wanted)}


def reading(states: Sequence[str]) -> str:
    """Say what the names in an optimiser's program mean."""
    text = "`w` is a weight tensor and `g` its gradient"
    if states:
        are = "is a state that starts" if len(states) == 1 else "are states that start"
        text += f"; {', '.join(f'`{s}`' for s in states)} {are} at zero"
    text += ". The first value returned is subtracted from `w`"
    return text + (", the others are the new states." if states else ".")


def optimizer(shape: Shape) -> str:
    """Return the class."""
    parts = [_constructor(shape), _counter(shape), _step(shape), _shared(shape), _tensors(shape)]
    body = "\n".join(textwrap.indent(p.strip("\n"), "    ") + "\n" for p in parts if p)
    total = "\n        total_steps: steps in all, which the program's plan depends on"
    foreach = "\n        foreach: update whole lists of tensors at once, which is the default"
    return (
        f"class {shape.name}(torch.optim.Optimizer):\n"
        f'    """{shape.name}, with the usage of any PyTorch optimiser.\n'
        "\n"
        "    Args:\n"
        "        params: parameters, or dicts that define parameter groups\n"
        "        lr: learning rate"
        f"{total if shape.total else ''}{foreach if shape.foreach else ''}\n"
        "        capturable: never wait for the device, so that steps fit into a CUDA graph\n"
        '    """\n'
        "\n"
        f"{body}"
    )


def _constructor(shape: Shape) -> str:
    total = "total_steps, " if shape.total else ""
    check = (
        "if not total_steps >= 1:\n"
        '        raise ValueError(f"expected total_steps of at least 1, found {total_steps}")\n    '
    )
    names = ["lr", *(["total_steps"] if shape.total else [])]
    names += [*(["foreach"] if shape.foreach else []), "capturable"]
    stored = ", ".join(f"{n}={n}" for n in names)
    foreach = "foreach=None, " if shape.foreach else ""
    return f"""
def __init__(self, params, lr={number(shape.lr)}, *, {total}{foreach}capturable=False):
    if not lr >= 0:
        raise ValueError(f"expected a learning rate of 0 or more, found {{lr}}")
    {check if shape.total else ""}super().__init__(params, dict({stored}))
"""


def _counter(shape: Shape) -> str:
    if not shape.counts:
        return ""
    return '''
def add_param_group(self, param_group):
    super().add_param_group(param_group)
    group = self.param_groups[-1]
    group.setdefault("step", torch.zeros((), dtype=torch.float64))
    self._place_counter(group)

def __setstate__(self, state):
    super().__setstate__(state)
    for group in self.param_groups:
        self._place_counter(group)

def _place_counter(self, group):
    """Keep the count of steps where it can be read without waiting for the device."""
    device = group["params"][0].device if group["capturable"] else "cpu"
    group["step"] = group["step"].to(device)
'''


def _step(shape: Shape) -> str:
    lines = ["for group in self.param_groups:", "    shared = self._shared(group)"]
    if shape.rounds:
        lines.insert(0, "updates = []")
    each = _called("apply(*tensors, shared)", "tensors in self._tensors(group)", shape)
    if shape.foreach:
        whole = ", *beside(shared, lists[0][0])" if shape.scalars.names else ""
        call = _called(f"update_foreach_(*lists{whole})", "lists in by_type(tensors)", shape)
        each = [line.replace("tensors in self._tensors(group)", "row in tensors") for line in each]
        each = [line.replace("*tensors", "*row") for line in each]
        lines.append("    tensors = self._tensors(group)")
        # A default of None, as PyTorch's own optimisers have it, means on.
        lines.append('    if group["foreach"] is not False:')
        lines += [f"    {line}" for line in call]
        lines += ["    else:", *(f"    {line}" for line in each)]
    else:
        lines += each
    if shape.rounds:
        lines += ["if updates:", f"    together(updates, {_tuple(shape.rounds)})"]
    work = textwrap.indent("\n".join(lines), "    ")
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


def _called(call: str, each: str, shape: Shape) -> list[str]:
    """Write the loop that updates everything, or that collects updates for `together`."""
    if shape.rounds:
        return [f"    updates += [{call} for {each}]"]
    return [f"    for {each}:", f"        {call}"]


def _shared(shape: Shape) -> str:
    scalars = shape.scalars
    given = {"lr": 'group["lr"]', "step": 'group["step"]', "total": 'group["total_steps"]'}
    lines = ['group["step"] += 1'] if shape.counts else []
    lines += [f"{n} = {given[n]}" for n in scalars.inputs]
    # A number that lives in a tensor is read here, once, unless that would make the host wait.
    waits = 'if not (group["capturable"] or torch.compiler.is_compiling()):'
    if scalars.plain:
        read = [n for n in scalars.inputs if n != "total"]
        if read:
            lines += [waits, *(f"    {n} = float({n})" for n in read)]
        lines += [*scalars.lines, f"return {_tuple(scalars.parameters)}"]
    else:
        lines += [f"{n} = as_tensor({n}, step)" for n in scalars.inputs if n != "step"]
        lines += [*scalars.lines, f"shared = {_tuple(scalars.parameters)}", waits]
        lines += ["    shared = tuple(float(x) for x in shared)", "return shared"]
    doc = "Count the step and compute" if shape.counts else "Return"
    return _function("_shared(self, group)", f"{doc} what all tensors of a group share.", lines)


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _tensors(shape: Shape) -> str:
    states = _tuple([f'"{s}"' for s in shape.states])
    fill = f"""\
        state = self.state[p]
        if not state:
            for name in {states}:
                state[name] = torch.zeros_like(p, memory_format=torch.preserve_format)
"""
    fill = fill if shape.states else ""
    held = _tuple([f'state["{s}"]' for s in shape.states])
    return f'''
def _tensors(self, group):
    """Return weight, gradient and states of each parameter that has a gradient."""
    found = []
    for p in group["params"]:
        if p.grad is None:
            continue
        if p.grad.is_sparse or p.is_complex():
            raise RuntimeError("{shape.name} needs dense, real gradients; found others")
{fill}        found.append((p, p.grad, {held}))
    return found
'''


def update(shape: Shape, body: Sequence[str]) -> str:
    """Return the program itself as a function on tensors."""
    params = ", ".join(("w", "g", *shape.states, *shape.scalars.parameters))
    returned = "what to subtract from `w`" + (", then the new states" if shape.states else "")
    return _function(f"update({params})", f"Return {returned}.", body)


def update_foreach(shape: Shape, body: Sequence[str]) -> str:
    """Return the program as a function that changes whole lists."""
    params = ", ".join(("w", "g", *shape.states, *shape.scalars.parameters))
    ending = ["yield"] if shape.rounds else []
    doc = "Do the same to whole lists, in place."
    return _function(f"update_foreach_({params})", doc, [*body, *ending])


def _function(signature: str, doc: str, body: Sequence[str]) -> str:
    return f'def {signature}:\n    """{doc}"""\n' + textwrap.indent("\n".join(body), "    ")


def apply(shape: Shape) -> str:
    """Return the function that changes one weight and its states as `update` says."""
    seen = "matrix({})" if shape.matrix else "{}"
    tensors = [seen.format("w"), seen.format("g")]
    if shape.states:
        tensors.append("*map(matrix, states)" if shape.matrix else "*states")
    if shape.scalars.names:
        tensors.append("*beside(shared, w)")
    call = f"{'yield from ' if shape.rounds else ''}update({', '.join(tensors)})"
    target = "delta, *new" if shape.states else "delta"
    own_shape = ".reshape(w.shape)" if shape.matrix else ""
    lines = [f"{target} = {call}", f"w.sub_(delta{own_shape})"]
    if shape.states:
        lines += ["for state, value in zip(states, new):", f"    state.copy_(value{own_shape})"]
    if shape.rounds:
        lines.append("yield")
    doc = "Change one weight and its states in place."
    return _function("apply(w, g, states, shared)", doc, lines)
