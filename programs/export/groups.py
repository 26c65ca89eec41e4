"""How an exported optimiser takes a parameter group: what a group may set, and what it may not.

PyTorch keeps any key of a group: a name, the mark of a scheduler. A number that PyTorch's own
optimisers read from there would be kept as well, and never be read; what asks for nothing, as
`maximize=False`, is let pass. The group is copied, for whoever hands it over may go on using it.
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
    for name in ("weight_decay", "betas", "eps", "momentum", "nesterov", "maximize"):
        if param_group.get(name, False) is not False:
            raise ValueError(
                f"expected a group's own {own}, found `{{name}}`: "
                "the other numbers of {name} are written into its update"
            )
    super().add_param_group(dict(param_group)){last}
"""
