"""A free-form program as one Python file: its own text, and around it a class of PyTorch's sort.

The text goes in as it is, so the file does what the program does, and what it imports is imported.
A network gets a function beside its `build`, which says what `build` asks of a task.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping

from programs.errors import InputError
from programs.export.evidence import Evidence
from programs.export.groups import add_param_group
from programs.export.header import FOUND, MARK, body_of
from programs.export.names import class_name
from programs.freeform import documentation
from programs.parse import names_in
from programs.program import Program
from programs.spec import Spec

_READING = {
    "tensor": "What `update` returns first is subtracted from the weight `w`; the rest are the new "
    "states, which start at zero. `step` is 1, 2, …",
    "model": "The deltas that `update` returns are subtracted from the parameters. `step` is 1, 2, "
    "…",
    "module": "`{made}({given})` returns the module, from what the read-in gives to what the "
    "read-out takes: no layer for the inputs themselves and none for the outputs.",
    "schedule": "`step` is 0, 1, …, `total` - 1. What the program returns is the factor on the "
    "base learning rate at that step.",
}

_HEAD = '''class {name}(torch.optim.Optimizer):
    """{name}: `update` on {what}.

    Args:
        params: parameters, or groups of them
        lr: learning rate; schedulers change it as usual
        total_steps: steps in all, for programs that look at it
    """

    def __init__(self, params, lr={lr:.4g}, total_steps=1000):
        super().__init__(params, dict(lr=lr, total_steps=total_steps))
{group}
    @torch.no_grad()
    def step(self, closure=None):
        """Take one step; `closure`, if given, computes the loss anew."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._step(group)
        return loss

    def _step(self, group):
        {body}'''

_LOADING = '''

    def load_state_dict(self, state_dict):
        """Load a state; named tuples in what `init` made are kept as they are."""
        saved = {key: dict(state) for key, state in state_dict["state"].items()}
        models = {key: state.pop("model") for key, state in saved.items() if "model" in state}
        super().load_state_dict({**state_dict, "state": saved})
        keys = [key for group in state_dict["param_groups"] for key in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        for key, p in zip(keys, params):
            if key in models:
                self.state[p]["model"] = self._placed(models[key], p)

    def _placed(self, x, p):
        """Copy what a model's state is made of to the device of a parameter."""
        if isinstance(x, torch.Tensor):
            return x.to(p.device, copy=True)
        if isinstance(x, dict):
            return type(x)((k, self._placed(v, p)) for k, v in x.items())
        if isinstance(x, tuple) and hasattr(x, "_fields"):
            return type(x)(*(self._placed(v, p) for v in x))
        if isinstance(x, (list, tuple)):
            return type(x)(self._placed(v, p) for v in x)
        return copy.deepcopy(x)'''

_EACH = """taken = inspect.signature(update).parameters
        for p in group["params"]:
            if p.grad is None:
                continue
            given = {"w": p.detach().clone(), "g": p.grad.clone(), "lr": float(group["lr"])}
            bare = [n for n, x in taken.items() if x.default is inspect.Parameter.empty]
            names = [n for n in bare if n not in (*given, "step", "total")]
            state = self.state[p]
            if not state:
                state["step"] = 0
                state.update({name: torch.zeros_like(p) for name in names})
            state["step"] += 1
            given.update(step=state["step"], total=group["total_steps"])
            given = {name: given[name] for name in given if name in taken}
            found = update(**given, **{name: state[name] for name in names})
            delta, *new = found if isinstance(found, (tuple, list)) else (found,)
            state.update(zip(names, new))
            p.sub_(delta.to(p.dtype))"""

_WHOLE = """params = [p for p in group["params"] if p.requires_grad]
        if not params:
            return
        kept = self.state[params[0]]
        own = [p.detach().clone() for p in params]
        grads = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in params]
        if not kept:
            kept.update(step=0, model=init([p.clone() for p in own]))
        kept["step"] += 1
        given = (kept["model"], float(group["lr"]), kept["step"], group["total_steps"])
        deltas, kept["model"] = update(own, grads, *given)
        for p, delta in zip(params, deltas):
            p.sub_(delta.to(p.dtype))"""

_SCHEDULE = '''class {name}(torch.optim.lr_scheduler.LRScheduler):
    """{name}: each group's base learning rate times `schedule(step, total)`.

    Args:
        optimizer: whose learning rates are set
        total_steps: steps in all; call `step` after each step of the optimiser
        last_epoch: the last step done when training resumes, else -1
    """

    def __init__(self, optimizer, total_steps, last_epoch=-1):
        self.total_steps = total_steps
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """Return the learning rate of each parameter group at this step."""
        step = min(self.last_epoch, self.total_steps - 1)
        scale = float(schedule(step=step, total=self.total_steps))
        return [base_lr * scale for base_lr in self.base_lrs]'''


_GIVEN = ("input", "shape", "outputs", "causal")
"""What a task says to `build`: the fields of its spec."""

_NETWORK = '''def {name}({params}):
    """Return the network for an input of {shape} without the batch.

    Args:
        input: "sequence", "image" or "vector"
        shape: of what comes in, without the batch: [length, width], [channels, height, width] or
            [width]
        outputs: how many numbers the task asks for in the end
        causal: whether no position of a sequence may see a later one
    """
    from types import SimpleNamespace

    spec = SimpleNamespace(input=input, shape=tuple(shape), outputs=outputs, causal=causal)
    return build(spec)'''


def export_freeform(
    program: Program,
    evidence: Evidence | Mapping[str, str] | None = None,
    name: str | None = None,
    spec: Spec | None = None,
) -> str:
    """Return the text of a Python file: an optimiser, a scheduler or a network.

    A network is made for a task's `spec` where nothing else is asked of the file.
    """
    if program.form not in _READING:
        raise InputError("expected a free-form program")
    known = Evidence.of(evidence)
    if program.form == "module":
        return _network(program, known, spec)
    called = class_name(program, name)
    if program.form == "schedule":
        wrapper = _SCHEDULE.format(name=called)
    else:
        body, what = (_EACH, "each") if program.form == "tensor" else (_WHOLE, "whole groups")
        what = "each parameter" if what == "each" else what
        group = textwrap.indent(add_param_group(called, ("lr", "total_steps")), "    ")
        wrapper = _HEAD.format(name=called, lr=known.lr, what=what, group=group, body=body)
        wrapper += _LOADING if program.form == "model" else ""
    imports, wrapper = _imported(program.source, wrapper)
    return f"{_header(program, known)}\n\n{imports}\n\n{body_of(program.source)}\n\n\n{wrapper}\n"


def _imported(source: str, wrapper: str) -> tuple[str, str]:
    """Return the imports of a wrapper, and the wrapper with names that the program leaves alone."""
    lines = []
    bound = _bound(source)
    for module in ("copy", "inspect", "torch"):
        if not re.search(rf"\b{module}\.", wrapper):
            continue
        name = module
        while name in bound:
            name = f"_{name}"
        wrapper = re.sub(rf"(?<![\w.]){module}\.", f"{name}.", wrapper)
        lines.append(f"import {module}" + (f" as {name}" if name != module else ""))
    return "\n".join(lines).replace("import torch", "\nimport torch").lstrip(), wrapper


def _bound(source: str) -> set[str]:
    """Return the names that a text binds for itself, but for modules under their own name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Import):
            found |= {a.asname for a in node.names if a.asname and a.asname != a.name}
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name for a in node.names}
    return found


def _network(program: Program, evidence: Evidence, spec: Spec | None) -> str:
    taken = {*names_in(program.source), *_read(program.source)}
    name = next(n for n in ("network", "network_for", "exported_network") if n not in taken)
    params = [p if spec is None else f"{p}={getattr(spec, p)!r}" for p in _GIVEN]
    shape = "any `shape` it can take" if spec is None else f"`shape` {list(spec.shape)}"
    made = _NETWORK.format(name=name, params=", ".join(params), shape=shape)
    given = ", ".join(_GIVEN) if spec is None else ""
    header = _header(program, evidence, made=name, given=given)
    return f"{header}\n\n{body_of(program.source)}\n\n\n{made}\n"


def _read(source: str) -> Iterator[str]:
    """Yield the names that a text reads or binds."""
    return (n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name))


def _header(program: Program, evidence: Evidence, **named: str) -> str:
    lines = [documentation(program.source) or f"{FOUND[program.kind]}."]
    lines += ["", *textwrap.wrap(_READING[program.form].format(**named), 88)]
    if evidence.lines:
        lines += ["", "Evidence:", "", *(f"    {line}" for line in evidence.lines)]
    lines += ["", f"{MARK} Needs PyTorch, and what the program itself imports."]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{text}\n"""'
