"""A task whose scores follow from what programs are made of, so that they can be foreseen.

Its children are threads, which must not parse: what a program is made of is read off its text.
"""

from __future__ import annotations

import hashlib
import re

from sandbox.base import Payload
from tests.toy import Toy

WORTH = {"sign(": 0.35, "rms(": 0.2, "tanh(": 0.15, "sqrt(": -0.2, "square(": -0.1, "abs(": 0.05}


class Traits(Toy):
    name = "traits"
    harness = "tests.agent.traits:judge"


def worth(source: str) -> float:
    """Return what a program's functions come to, its first constant, and a little luck."""
    text = source.strip()
    digest = hashlib.blake2b(text.encode(), digest_size=4).digest()
    luck = int.from_bytes(digest, "big") / 2**32
    constants = [float(c) for c in re.findall(r"\d\.\d+", text)] or [0.0]
    made = sum(value * (function in text) for function, value in WORTH.items())
    return made - 0.3 * constants[0] - 0.01 * text.count("\n") + 0.02 * luck


def judge(payload: Payload) -> Payload:
    """Score a program by its traits."""
    found = worth(str(payload.data["source"]))
    return Payload({"luck": found, "mood": found})


TASK = Traits()
