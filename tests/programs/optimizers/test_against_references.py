"""Library programs that torch does not have agree with slow, obvious references over 50 steps."""

from __future__ import annotations

import numpy as np
import pytest

from programs.load import library
from tests.programs.optimizers import references, test_against_torch
from tests.programs.optimizers.playback import SHAPES, played, problem

REFERENCES = [
    "adabelief",
    "adafactor",
    "add_sign",
    "cautious_adamw",
    "cautious_lion",
    "fadam",
    "grams",
    "lamb",
    "lars",
    "lion",
    "lion_raw",
    "lookahead",
    "lookahead_adam",
    "muon",
    "muon_with_adamw",
    "noisy_sgd",
    "norm_loss",
    "power_sign",
    "schedule_free_adamw",
    "schedule_free_sgd",
    "shampoo",
    "sign_sgd",
    "signum",
    "soap",
    "yogi",
]

LR = 0.01


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", REFERENCES)
def test_it_takes_the_steps_of_its_reference(name: str, shape: tuple[int, ...]) -> None:
    w, gradients = problem(shape)
    moved = getattr(references, name)(w, gradients, LR) - w
    reach = np.abs(moved).max()
    assert reach > 1e-6
    np.testing.assert_allclose(
        played(name, w, gradients, LR) - w, moved, rtol=1e-6, atol=1e-6 * float(reach)
    )


def test_every_program_of_the_library_is_held_against_something() -> None:
    assert set(library("optimizer")) == {*REFERENCES, *test_against_torch.TORCH}
