"""A toy on which the luckiest programs of the other toy are the unluckiest."""

from __future__ import annotations

from collections.abc import Mapping

from evaluators.task import Measurement, Trial
from sandbox.base import Payload
from tests.toy import Toy


class Far(Toy):
    name = "far-toy"
    checksum = "far"

    def measure(self, result: Payload, trial: Trial) -> Measurement:
        data: Mapping[str, float] = {**result.data, "luck": 1 - result.data["luck"]}
        return super().measure(Payload(data), trial)


TASK = Far()
