"""Library programs agree with torch's own optimisers over 50 steps, where torch has them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import optim

from tests.programs.optimizers.playback import SHAPES, Reference, played, problem, with_torch

LR = 0.01

TORCH: dict[str, Reference] = {
    "sgd": with_torch(lambda p: optim.SGD(p, lr=LR)),
    "momentum": with_torch(lambda p: optim.SGD(p, lr=LR, momentum=0.9)),
    "nesterov": with_torch(lambda p: optim.SGD(p, lr=LR, momentum=0.9, nesterov=True)),
    "adam": with_torch(lambda p: optim.Adam(p, lr=LR)),
    "adamw": with_torch(lambda p: optim.AdamW(p, lr=LR, weight_decay=0.01)),
    "amsgrad": with_torch(lambda p: optim.Adam(p, lr=LR, amsgrad=True)),
    "nadam": with_torch(lambda p: optim.NAdam(p, lr=LR)),
    "radam": with_torch(lambda p: optim.RAdam(p, lr=LR)),
    "rmsprop": with_torch(lambda p: optim.RMSprop(p, lr=LR)),
    "adagrad": with_torch(lambda p: optim.Adagrad(p, lr=LR)),
    "adadelta": with_torch(lambda p: optim.Adadelta(p, lr=LR)),
    "adamax": with_torch(lambda p: optim.Adamax(p, lr=LR)),
    "rprop": with_torch(lambda p: optim.Rprop(p, lr=LR)),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", TORCH)
def test_it_takes_the_steps_that_torch_takes(name: str, shape: tuple[int, ...]) -> None:
    w, gradients = problem(shape)
    np.testing.assert_allclose(
        played(name, w, gradients, LR), TORCH[name](w, gradients, LR), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("shape", [(5,), (4, 3), ()], ids=str)
def test_adafactor_is_torch_s_on_vectors_and_matrices(shape: tuple[int, ...]) -> None:
    # torch factors the last two dimensions of a longer shape; the language sees a matrix.
    w, gradients = problem(shape)
    reference = with_torch(lambda p: optim.Adafactor(p, lr=LR, eps=(1e-30, 1e-3)))
    np.testing.assert_allclose(
        played("adafactor", w, gradients, LR), reference(w, gradients, LR), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (6, 6)], ids=str)
def test_muon_is_torch_s_at_full_precision(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    w, gradients = problem(shape)
    reference = with_torch(lambda p: optim.Muon(p, lr=LR, weight_decay=0.0))
    np.testing.assert_allclose(
        played("muon", w, gradients, LR), reference(w, gradients, LR), rtol=1e-6, atol=1e-6
    )
