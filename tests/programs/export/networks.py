"""Networks as files, and the networks built from the same programs, with the same weights."""

from __future__ import annotations

import copy
import sys
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from programs.export.architecture import export_architecture
from programs.genome import Genome
from programs.kinds.architecture import KIND
from programs.kinds.networks.build import Network, build
from programs.load import read_program
from programs.program import Program
from programs.spec import Spec

SPECS = (
    Spec("sequence", (8, 8), 3, causal=True),
    Spec("sequence", (8, 8), 3),
    Spec("image", (8, 8, 8), 3),
    Spec("vector", (8,), 3),
)


def program(source: str) -> Program:
    found = read_program(source, KIND)
    assert isinstance(found, Program), found
    return found


def genome(made: Program) -> Genome:
    assert made.genome is not None
    return made.genome


def exported(made: Program, spec: Spec) -> Any:
    """Return the module that the file is, where pickle finds it again."""
    module = ModuleType(f"exported_{made.key}_{spec.input}_{spec.causal}")
    sys.modules[module.__name__] = module
    text = export_architecture(made, spec=spec)
    exec(compile(text, module.__name__, "exec"), vars(module))
    return module


def twins(made: Program, spec: Spec) -> tuple[Network, nn.Module]:
    """Return the built network and the exported one, with the same weights."""
    torch.manual_seed(1)
    built = build(genome(made), spec)
    assert isinstance(built, Network)
    ours = exported(made, spec).Network()
    copy_weights(built, ours, torch.randn(3, *spec.shape))
    return built, ours


def copy_weights(built: Network, ours: nn.Module, x: Tensor) -> None:
    """Give each layer of the exported network the weights of the call that it is."""
    ran: list[nn.Module] = []
    own = [m for m in ours.modules() if m._parameters]
    hooks = [m.register_forward_pre_hook(lambda m, _: ran.append(m)) for m in own]
    before = copy.deepcopy(ours.state_dict())
    ours(x)
    ours.load_state_dict(before)  # batch statistics
    for hook in hooks:
        hook.remove()
    paths = [c.path for c in built.recipe.calls if c.path]
    assert len(ran) == len(paths)
    for layer, path in zip(ran, paths, strict=True):
        wanted = built.weights[path].state_dict()
        missing = set(layer.state_dict()) ^ set(wanted)
        assert not missing, missing
        layer.load_state_dict(wanted)


def answers(network: nn.Module, x: Tensor) -> list[Tensor]:
    """Return output, gradient of the input and the size of all weights' gradients."""
    x = x.clone().requires_grad_()
    y = network(x)
    y.square().sum().backward()
    assert x.grad is not None
    sizes = [p.grad.square().sum() for p in network.parameters() if p.grad is not None]
    return [y.detach(), x.grad, torch.stack(sizes).sum() if sizes else torch.zeros(())]


def assert_same(built: nn.Module, ours: nn.Module, x: Tensor) -> None:
    for found, wanted in zip(answers(ours, x), answers(built, x), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
