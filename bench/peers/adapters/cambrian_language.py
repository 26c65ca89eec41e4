"""Cambrian again, with programs of its own language, which need no process of their own."""

from __future__ import annotations

from bench.peers import programs
from bench.peers.adapters.cambrian import Cambrian

PEER = Cambrian(
    name="Cambrian (language)",
    program=programs.plain,
    note="the same constants as programs of the language, which our interpreter runs",
)
