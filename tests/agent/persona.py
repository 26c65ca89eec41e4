"""A scripted model that answers each purpose in kind: programs, guesses, labels, notes, reasons.

What it says is a function of the request alone, so a run that asks it has one lineage; programs
come as the scripted set has them, good and bad, with constants of their own.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import numpy as np

from tests.agent.replies import GOOD, HOPELESS, REPAIRABLE
from tests.agent.server import Reply, Script

NOTES = {"notes": [{"feature": "uses sign", "effect": "helps", "programs": [0, 1], "text": "why"}]}


def persona(good: int = 4, after: tuple[float, float] = (0.0, 0.0)) -> Script:
    """Answer in kind, `after` so many seconds; `good` programs of the set for each bad one."""
    programs = (*GOOD * good, *REPAIRABLE, *HOPELESS)

    def say(body: dict[str, Any], seen: int) -> Reply:
        text = json.dumps(body["messages"])
        digest = hashlib.blake2b(f"{seen}{text}".encode(), digest_size=8).digest()
        rng = np.random.default_rng(int.from_bytes(digest, "big"))
        reply = _said(body, programs, rng)
        reply.after = float(rng.uniform(*after))
        return reply

    return say


def _said(
    body: dict[str, Any], programs: tuple[Reply | str, ...], rng: np.random.Generator
) -> Reply:
    asked = body["messages"][-1]["content"]
    if "Predict the performance" in asked:
        letters = re.findall(r"^Program ([A-Z]):", asked, re.MULTILINE)
        return Reply(("\n".join(f"{x}: ## {rng.uniform(-1, 1):.4f} ##" for x in letters),))
    if "Reply with 1 for yes or 0 for no" in asked:
        return Reply((str(rng.integers(2)),))
    if '{"notes"' in asked:
        return Reply((json.dumps(NOTES),))
    if "Write no program yet" in asked:
        return Reply(("They all follow the sign alone, so the size of the step never shrinks.",))
    if "programs that differ as much as possible" in asked:
        return Reply(("\n\n".join(_program(GOOD[:2], rng)[0] for _ in range(4)),))
    texts = tuple(_program(programs, rng) for _ in range(int(body.get("n") or 1)))
    return Reply(tuple(t for t, _ in texts), finish=texts[0][1])


def _program(programs: tuple[Reply | str, ...], rng: np.random.Generator) -> tuple[str, str]:
    """Draw a reply of the set, with other constants."""
    found = programs[rng.integers(len(programs))]
    text, finish = (found.texts[0], found.finish) if isinstance(found, Reply) else (found, "stop")
    return re.sub(r"0\.\d+", lambda _: f"{rng.uniform(0.01, 0.99):.4f}", text), finish
