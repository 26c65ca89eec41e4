"""How an exported optimiser counts steps: for each parameter those that it took part in.

The count of a group serves all parameters that took part in each of its steps, so that what comes
of it is computed once. A parameter that comes late or misses a step has a count of its own from
then on. Counts are tensors: what was captured or compiled goes on with them.
"""

from __future__ import annotations

from programs.export.shape import Shape


def counting(shape: Shape) -> str:
    """Return the methods that count steps and keep counts."""
    return _METHODS if shape.counts else ""


def placed(shape: Shape) -> list[str]:
    """Return the lines that give a new group its count."""
    if not shape.counts:
        return []
    return [
        "group = self.param_groups[-1]",
        'group["step"] = torch.zeros((), dtype=torch.float64)',
        "self._place_counts(group)",
    ]


def begun(shape: Shape) -> list[str]:
    """Return the lines that find out whether who comes now comes late."""
    if not shape.counts:
        return []
    lines = ['begun = any(self.state.get(p) for p in group["params"])']
    # States that start at zero do so at the first step, also where they were cleared. Where there
    # are none, files of old hold a count and no state beside it.
    again = ["if not begun:", '    group["step"].zero_()']
    return [*lines, *(again if shape.states else [])]


_METHODS = '''
def state_dict(self):
    """Return the state, in it for each parameter the count of its steps."""
    saved = super().state_dict()
    for group in saved["param_groups"]:
        for key in group["params"]:
            state = saved["state"].get(key)
            if state and state.get("step") is None:
                saved["state"][key] = {**state, "step": group["step"]}
    return saved

def __setstate__(self, state):
    super().__setstate__(state)
    for group in self.param_groups:
        self._place_counts(group)

def _place_counts(self, group):
    """Keep counts of steps where they can be read without waiting for the device.

    A parameter has a count of its own where it is not that of its group, else `None`.
    """
    devices = [p.device for p in group["params"] if group["capturable"]]
    device = devices[0] if devices else "cpu"
    group["step"] = torch.as_tensor(group.get("step", 0), dtype=torch.float64, device=device)
    for state in filter(None, map(self.state.get, group["params"])):
        own = state.get("step")
        own = None if own is None else own.to(group["step"])
        state["step"] = None if own == group["step"] else own

def _steps(self, group, tensors):
    """Count the step, and return which one it is for each of the parameters that take it.

    One that misses it, having no gradient, counts its own steps from then on.
    """
    if not tensors:
        return []
    idle = [p for p in group["params"] if p.grad is None]
    for state in filter(None, map(self.state.get, idle)):
        if state.get("step") is None:
            state["step"] = group["step"].clone()
    group["step"] += 1
    steps = [self.state[row[0]].get("step") for row in tensors]
    own = [step for step in steps if step is not None]
    if own:
        torch._foreach_add_(own, 1)
    if group["capturable"] or torch.compiler.is_compiling():
        return [group["step"] if step is None else step for step in steps]
    number = float(group["step"])
    return [number if step is None else float(step) for step in steps]
'''
