"""How strongly this machine can isolate: four tiers, the best that proves itself is taken.

    namespaces   a machine of its own, Landlock where there is one, a filter of system calls
    landlock     Landlock and the filter
    strict       the filter alone, which then opens no file at all
    process      limits only: enough for programs of our own language, which our interpreter runs

A tier works when a zygote could set it up and its self-test saw every door shut. A weaker one is
never taken without saying so: the tier in force is printed, and stored with every evaluation.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from programs.errors import InputError, SandboxUnavailable
from sandbox.forkserver import ForkServer, TierUnavailableError
from sandbox.selftest import CARDED

_SETTINGS = Path("/proc/sys")
_PROBE_SECONDS = 30.0
_CAGED = "no other process, thread, file to write, socket or signal"

PROMISES = {
    "namespaces": (
        f"Each job runs in a fresh process of an isolated system without network: {_CAGED}; it "
        "sees read-only what Python imports, and neither your files nor bundled data sets."
    ),
    "landlock": (
        f"Each job runs in a fresh process behind Landlock and a filter of system calls: {_CAGED}; "
        "it can read what Python imports and learn that other files exist, not what is in them."
    ),
    "strict": (
        f"Each job runs in a fresh process behind a filter of system calls: {_CAGED}, and no file "
        "to read either, so nothing can be imported late."
    ),
    "process": (
        "Each job runs in a fresh process with an empty environment and limits on time, memory and "
        "output; files and the network are not isolated, so only programs in our own language may "
        "run."
    ),
    "unsafe": (
        "NOT ISOLATED: programs that nobody has read can do all that you can do, and forge their "
        "results; never rank these beside others."
    ),
    "memory": "Nothing is isolated: jobs run in this very process, for tests.",
}
SAFE = ("namespaces", "landlock", "strict")
"""The tiers that may run code nobody has read, best first."""

CHOICES = ("auto", *SAFE, "process")


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a tier works here, else why not and what to install or allow."""

    tier: str
    works: bool
    why: str = ""
    remedy: str = ""


def promise(tier: str) -> str:
    """Return the sentence that says what `tier` gives."""
    return PROMISES[tier]


def choose(asked: str) -> str:
    """Return the tier that was asked for, or with "auto" the best that works, else "process"."""
    if asked not in CHOICES:
        raise InputError(f"expected an isolation tier of {', '.join(CHOICES)}, saw `{asked}`")
    if asked != "auto":
        return asked
    return next((tier for tier in SAFE if probe(tier).works), "process")


def refusal(tier: str, device: str) -> str:
    """Return why code that nobody has read may not run on `device` at `tier`; "" where it may."""
    if tier == "unsafe" or (tier in SAFE and device == "cpu") or tier in CARDED:
        return ""
    if tier in SAFE:
        return f"On `{device}`, code that nobody has read runs at tier namespaces only, not {tier}"
    return (
        f"Code that nobody has read is refused at tier {tier}, which isolates neither files nor "
        "the network. `cambrian doctor` says what a safe tier needs here; programs in our own "
        "language do run"
    )


def survey() -> Iterator[Finding]:
    """Try every tier that may run untrusted code, best first."""
    yield from (probe(tier) for tier in SAFE)


@functools.cache
def probe(tier: str) -> Finding:
    """Start a bare zygote of `tier` and let it prove itself; asked once per process."""
    if sys.platform != "linux":
        return Finding(tier, False, "this is not Linux", "run Cambrian on Linux, or in a Linux VM")
    server = ForkServer((), tier)
    try:
        server.await_ready(_PROBE_SECONDS)
    except TierUnavailableError as error:
        return Finding(tier, False, error.why, _remedy(tier, error.why))
    except SandboxUnavailable as error:
        return Finding(tier, False, str(error))
    finally:
        server.kill()
    return Finding(tier, True)


def _remedy(tier: str, why: str) -> str:
    if "Python's own files" in why:
        return "install Python and this environment where every user can read them, not in /root"
    if tier == "namespaces":
        return next(_closed_switches(), _CONTAINER)
    if tier == "landlock":
        return "boot with `lsm=landlock,…` on the kernel command line (Linux 5.13 or newer)"
    return "use 64-bit x86 or ARM Linux 5.9 or newer, and allow seccomp in the container"


_CONTAINER = (
    "in a container, allow user namespaces: `docker run --security-opt seccomp=unconfined "
    "--security-opt systempaths=unconfined`, or use rootless podman; needs Linux 5.12 or newer"
)


def _closed_switches() -> Iterator[str]:
    """Yield the system settings that forbid user namespaces, with the command that allows them."""
    for name, shut, open_ in (
        ("user.max_user_namespaces", "0", "10000"),
        ("kernel.unprivileged_userns_clone", "0", "1"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ):
        setting = _SETTINGS.joinpath(*name.split("."))
        if setting.is_file() and setting.read_text().strip() == shut:
            yield f"as root: `sysctl {name}={open_}`"
