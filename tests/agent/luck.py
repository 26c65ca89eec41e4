"""The toy task, judged without parsing: its children here are threads, which must not parse."""

from __future__ import annotations

import hashlib
import time

from sandbox.base import Payload
from tests.toy import Toy


class Luck(Toy):
    name = "luck"
    harness = "tests.agent.luck:judge"


def judge(payload: Payload) -> Payload:
    """Score a program by the hash of its source."""
    time.sleep(float(payload.data["pause"]))
    digest = hashlib.blake2b(str(payload.data["source"]).encode(), digest_size=4).digest()
    luck = int.from_bytes(digest, "big") / 2**32
    return Payload({"luck": luck, "mood": luck})


TASK = Luck()
