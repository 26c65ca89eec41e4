"""Hostile texts get a genome or a fault with a place: 2,000 here, 100,000 in `make fuzz`."""

from __future__ import annotations

import os

import pytest

from programs.load import kind_named
from tests.programs.fuzz.campaign import Campaign, campaign, try_text
from tests.programs.fuzz.hostile import EXPRESSIONS, HEADERS, STATEMENTS, TOPS

FULL = int(os.environ.get("CAMBRIAN_FUZZ", "0"))
"""How many texts to read; 0 means the small default."""

MEGABYTES = 400
"""By how much the process may grow at most, texts of 10 MB included."""


@pytest.mark.timeout(7200 if FULL else 120)
def test_hostile_texts_do_no_harm() -> None:
    found = campaign(FULL or 2_000, seed=int(os.environ.get("CAMBRIAN_FUZZ_SEED", "0")))
    print("\n" + found.table())
    assert not found.offences, "\n".join(found.offences[:20])
    assert found.parsed > found.texts / 50
    assert found.megabytes < MEGABYTES


def test_every_attack_is_tried_once() -> None:
    kind, found = kind_named("optimizer"), Campaign()
    body = "    x = sign(g)\n    return x\n"
    texts = [f"def update(w, g):\n    x = {e}\n    return x\n" for e in EXPRESSIONS]
    texts += [f"def update(w, g):\n    {s}\n{body}" for s in STATEMENTS]
    texts += [h.format(name="update", params="w, g") + "\n" + body for h in HEADERS]
    texts += [f"{t}\n\ndef update(w, g):\n{body}" for t in TOPS]
    for text in texts:
        try_text(text, kind, found, text)
    assert not found.offences, "\n".join(found.offences)
