"""Train a module that is no graph, in its own child: what comes back is its own word.

The recipe, the stem, the read-out and the audits are those of every architecture, and the judged
labels are not here. But the program's text runs beside all this, so it may train longer than it
should, or otherwise. Such scores are marked and ranked apart (`evaluators.candidate`).
"""

from __future__ import annotations

from evaluators.harness.architecture import trained
from evaluators.harness.freeform.module import built
from programs.spec import Spec
from sandbox.base import Payload


def train(payload: Payload) -> Payload:
    """Return what `evaluators.harness.architecture.train` does, of what `source` builds."""
    data = payload.data
    spec = Spec(**{**data["spec"], "shape": tuple(data["spec"]["shape"])})
    bodies = [built(data["source"], spec, seed) for seed in data["seeds"]]
    return trained(payload, bodies, mapped=False)
