"""ShinkaEvolve again, with an evaluator written by hand: its fastest way that we found."""

from __future__ import annotations

from bench.peers.adapters.shinka import BY_HAND, Shinka

PEER = Shinka(
    name="Shinka (by hand)",
    evaluator=BY_HAND,
    note="the evaluator imports nothing of Shinka's; else the same",
)
