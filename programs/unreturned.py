"""What to say of a function that returns too few or too many values for its parameters.

Every parameter that is no input is a state, and so is one that was meant for a number or for an
input of another name.
"""

from __future__ import annotations

from collections.abc import Sequence

from programs.errors import Fault
from programs.genome import Function, base_of

OTHER_NAMES = {
    **dict.fromkeys(("t", "iteration", "global_step", "current_step"), "step"),
    **dict.fromkeys(("T", "total_steps", "max_step", "max_steps", "num_steps", "n_steps"), "total"),
    **dict.fromkeys(("total_iters", "max_iters", "num_training_steps"), "total"),
    **dict.fromkeys(("eta", "learning_rate"), "lr"),
    "epsilon": "eps",
}
"""What others call the inputs and constants."""


def unreturned(
    name: str, inputs: Sequence[str], states: Sequence[str], function: Function
) -> Fault:
    """Return the fault of a function whose returns do not fit its states."""
    owed = ", ".join(["the result", *(f"the new `{s}`" for s in states)])
    said = f"`{name}` must return {1 + len(states)} values ({owed}), found {len(function.returns)}"
    given = {base_of(r) for r in function.returns[1:] if isinstance(r, str)}
    lost = [s for s in states if s not in given]
    if len(lost) != 1 + len(states) - len(function.returns):
        return Fault(said)
    free = [n for n in inputs if n not in function.params]
    meant = {s: OTHER_NAMES[s] for s in lost if OTHER_NAMES.get(s) in free}
    if meant:
        shown = [meant.get(p, p) for p in function.params]
        words = "; ".join(f"`{s}` is taken for a state: write `{n}`" for s, n in meant.items())
        return Fault(f"{said}; {words}", nearest=f"def {name}({', '.join(shown)})")
    if all(len(s) == 1 for s in states):
        return Fault(said)  # a state in all likelihood: its new value was forgotten
    *others, last = [f"`{n}`" for n in inputs]
    return Fault(
        f"{said}; `{lost[0]}` is taken for a state, as is every parameter but "
        f"{', '.join(others)} and {last}: a number is written in the body, `{lost[0]} = 0.01`"
    )
