"""How an exported optimiser takes a parameter group: what a group may set, and what it may not.

PyTorch keeps any key of a group: a name, the mark of a scheduler. A number that PyTorch's own
optimisers read from there would be kept as well, and never be read.
"""

from __future__ import annotations

from collections.abc import Sequence


def add_param_group(name: str, settings: Sequence[str], after: Sequence[str] = ()) -> str:
    """Return the method of a class that refuses what it would not read; `after` ends it."""
    quoted = [f"`{setting}`" for setting in settings]
    own = " or ".join([", ".join(quoted[:-1]), quoted[-1]])
    last = "".join(f"\n    {line}" for line in after)
    return f"""
def add_param_group(self, param_group):
    fixed = ("weight_decay", "betas", "eps", "momentum", "dampening", "nesterov", "alpha", "rho")
    for name in (*fixed, "amsgrad", "maximize"):
        if name in param_group:
            raise ValueError(
                f"expected a group's own {own}, found `{{name}}`: "
                "the other numbers of {name} are written into its update"
            )
    super().add_param_group(param_group){last}
"""
