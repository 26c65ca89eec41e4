"""Cambrian again, as it is without a model: evolution proposes, and the stub is never asked."""

from __future__ import annotations

from bench.peers.adapters.cambrian import Cambrian

PEER = Cambrian(
    name="Cambrian (breeding)",
    proposer="evolution",
    note="evolution proposes programs of the language; no model is asked",
)
