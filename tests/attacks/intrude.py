"""Run one attack as a job: the result says what it won; an attack that was stopped has none."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getmembers, isfunction
from types import ModuleType
from typing import Any

from sandbox.base import Payload
from tests.attacks import files, loopholes, network, processes


def attacks(module: ModuleType) -> dict[str, Callable[[dict[str, Any]], str]]:
    """Return the public functions that the module itself defines."""
    found = getmembers(module, isfunction)
    own = {name: f for name, f in found if f.__module__ == module.__name__}
    return {name: f for name, f in own.items() if name[0] != "_" and name != "call"}


INTRUSIONS = {
    name: attack
    for module in (files, network, processes, loopholes)
    for name, attack in attacks(module).items()
}


OPEN_ON_CARDS = {
    *("start_a_thread", "bomb_with_threads"),
    *("make_a_file_in_memory", "fill_the_scratch_folder"),
}
"""What a card's driver does itself. The folder is the job's own, small, and gone with it."""


def run(payload: Payload) -> Payload:
    """Attack what is named; several, one after another."""
    return Payload({"won": INTRUSIONS[payload.data["attack"]](payload.data["bait"])})
