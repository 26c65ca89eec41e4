"""The weights of a changed network, made from a trained one's; torch is imported late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from programs.errors import Fault
from programs.genome import Genome
from programs.net2net.follow import Take
from programs.net2net.plan import Inheritance, plan

if TYPE_CHECKING:
    from torch import Tensor

    from programs.kinds.networks.build import Network
    from programs.kinds.networks.plan import Call

State = dict[str, "Tensor"]


def inherited(module: Network, old: Genome, new: Genome) -> State | Fault:
    """Return a `state_dict` with which the network of `new` computes what `module` does.

    `module` is the network of `old`, trained or not. What the plan leaves open is drawn from
    torch's default generator, as at any start, so that new layers have something to learn from.
    """
    from programs.kinds.architecture import at
    from programs.kinds.networks.build import build
    from programs.spec import Spec

    given = module.recipe.given
    spec = Spec(given.sort, given.shape, 1, given.causal)  # type: ignore[arg-type]
    found = plan(old, new, at(spec))
    if isinstance(found, Fault):
        return found
    fresh = build(new, spec)
    assert not isinstance(fresh, Fault)
    trained = module.state_dict()
    like = next(iter(trained.values()), None)
    state = {n: t if like is None else t.to(like) for n, t in fresh.state_dict().items()}
    for path, source in found.inherited.items():
        state.update(_taken(path, source, trained))
    for path, call in found.identities.items():
        _make_identity(path, call, state)
    for path, names in found.zeros.items():
        for name in names:
            if _key(path, name) in state:
                state[_key(path, name)].zero_()
    return state


def _key(path: str, name: str) -> str:
    return f"weights.{path}.{name}"


def _taken(path: str, source: Inheritance, trained: State) -> State:
    made = {}
    for name, takes in source.takes.items():
        value = trained[_key(source.path, name)].clone()
        for take in takes:
            value = _along(value, take)
        made[_key(path, name)] = value
    return made


def _along(value: Tensor, take: Take) -> Tensor:
    import torch

    index = torch.tensor(take.index, device=value.device)
    value = value.index_select(take.axis, index)
    if take.shares is None:
        return value
    shape = [1] * value.dim()
    shape[take.axis] = -1
    return value / value.new_tensor(take.shares).view(shape)


def _make_identity(path: str, call: Call, state: State) -> None:
    """Set a layer's weights so that it gives back what it gets."""
    import torch

    weight, bias = state[_key(path, "weight")], state.get(_key(path, "bias"))
    if bias is not None:
        bias.zero_()
    match call.layer.name:
        case "scale":
            weight.fill_(1.0)
        case "bias" | "learned_positions":
            weight.zero_()
        case "linear" | "token_linear":
            weight.copy_(torch.eye(len(weight)))
        case _:
            _make_dirac(weight, bool(call.facts["causal"]))


def _make_dirac(weight: Tensor, causal: bool) -> None:
    """Let a convolution give back the middle of its window, or the end of a causal one."""
    inputs, kernel = weight.shape[1], weight.shape[-1]
    tap = kernel - 1 if causal else kernel // 2
    middle = (tap,) * (weight.dim() - 2)
    weight.zero_()
    for place in range(len(weight)):
        weight[(place, place % inputs, *middle)] = 1.0
