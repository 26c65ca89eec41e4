"""Small networks with every weight stacked over replicas, trained together as one.

Families: `mlp`, `conv` (1-D and 2-D), `gru`, `transformer`. Each is written directly in batched
form: batched matrix products, and convolutions with one group per replica.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evaluators.harness.models.base import Model
from evaluators.harness.models.conv import conv
from evaluators.harness.models.gru import gru
from evaluators.harness.models.mlp import mlp
from evaluators.harness.models.transformer import transformer

FAMILIES: Mapping[str, Callable[..., Model]] = {
    "mlp": mlp,
    "conv": conv,
    "gru": gru,
    "transformer": transformer,
}


def build(settings: Mapping[str, Any]) -> Model:
    """Make the model that a task's `Network` describes: its family and that family's settings."""
    rest = {name: value for name, value in settings.items() if name != "family"}
    return FAMILIES[settings["family"]](**rest)


__all__ = ["FAMILIES", "Model", "build", "conv", "gru", "mlp", "transformer"]
