"""Every way out that we know: open without a cage (else it would prove nothing), shut in each."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox import MIB, Ending, Job, Limits, Payload, ProcessSandbox
from tests.attacks.intrude import INTRUSIONS
from tests.attacks.surroundings import Surroundings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is made of Linux")

LIMITS = Limits(seconds=5.0, memory=256 * MIB, result=MIB, output=MIB)

# What the limits or the system stop even without a cage, so that nothing can be proved there.
NEEDS_ROOT = {
    *("read_the_passwords", "send_raw_packets", "become_root", "mount", "new_mount_namespace"),
    *("change_the_root", "enter_the_namespace_of_another", "load_a_kernel_program", "open_a_tree"),
    *(
        "steal_a_descriptor",
        "read_the_kernels_log",
        "rename_the_machine",
        "trace",
        "write_into_another",
    ),
    "read_the_memory_of_the_parent",
    *("read_the_memory_of_another", "change_package_code", "handle_faults", "ring_of_system_calls"),
}
DEPENDS_ON_THE_SYSTEM = {
    "call_as_another_processor",
    "call_as_x32",
    "ring_of_system_calls",
    "run_a_setuid_program",
}


def attack(name: str, bait: dict[str, Any]) -> Job:
    return Job("tests.attacks.intrude:run", Payload({"attack": name, "bait": bait}), LIMITS)


@pytest.mark.parametrize("name", INTRUSIONS)
def test_it_works_without_a_cage(name: str, unprotected: ProcessSandbox, bait: dict[str, Any]):
    if name in NEEDS_ROOT and os.geteuid():
        pytest.skip("an ordinary user cannot do it anyway")
    outcome = unprotected.run(attack(name, bait))
    if name in DEPENDS_ON_THE_SYSTEM and outcome.ending is not Ending.FINISHED:
        pytest.skip(f"this system does not offer it: {outcome.message}")
    assert outcome.ending is Ending.FINISHED, outcome.message
    assert outcome.result is not None
    assert outcome.result.data["won"]


@pytest.mark.parametrize("name", INTRUSIONS)
def test_it_is_stopped(
    caged: ProcessSandbox, name: str, bait: dict[str, Any], surroundings: Surroundings
):
    if name.startswith("call_as") and platform.machine() != "x86_64":
        pytest.skip("these calls are x86's")
    before = surroundings.files(Path(bait["folder"]))
    outcome = caged.run(attack(name, bait))
    assert outcome.ending in (Ending.FAILED, Ending.CRASHED), outcome.result
    assert outcome.message
    assert surroundings.files(Path(bait["folder"])) == before
    surroundings.check(caged)
