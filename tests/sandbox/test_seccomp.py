"""The filters are run here on a small model of the kernel's machine, for both processors."""

from __future__ import annotations

import struct

import pytest

from sandbox import seccomp
from sandbox.seccomp import ABSENT, ALLOW, DEVICE, KILL, PATHS, PURE, REFUSE, compile_filter
from sandbox.syscalls import MACHINES, NUMBERS, Machine, number

PROFILES = {"pure": PURE, "paths": PATHS, "device": DEVICE}
AT_CWD, NONBLOCK, CLOSE_ON_EXEC = -100 & (2**64 - 1), 0o4000, 0o2000000
READ_ONLY, WRITE_ONLY, READ_WRITE, CREATE, TRUNCATE, TEMPORARY = 0, 1, 2, 0o100, 0o1000, 0o20200002


def verdict(code: bytes, machine: Machine, name: str | int, *args: int, audit: int = 0) -> int:
    """Run a filter as the kernel would."""
    nr = name if isinstance(name, int) else number(name, machine)
    assert nr is not None
    words = (*args, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=IIQ6Q", nr, audit or machine.audit, 0, *words)
    steps = [struct.unpack("=HBBI", code[at : at + 8]) for at in range(0, len(code), 8)]
    at = loaded = 0
    while True:
        operation, then, otherwise, value = steps[at]
        at += 1
        match operation:
            case 0x06:
                return value
            case 0x20:
                (loaded,) = struct.unpack_from("=I", data, value)
            case 0x15:
                at += then if loaded == value else otherwise
            case 0x45:
                at += then if loaded & value else otherwise
            case 0x35:
                at += then if loaded >= value else otherwise
            case _:
                raise AssertionError(f"unknown operation {operation:#x}")


@pytest.fixture(params=MACHINES.values(), ids=list(MACHINES))
def machine(request: pytest.FixtureRequest) -> Machine:
    return request.param


@pytest.fixture(params=PROFILES.values(), ids=list(PROFILES))
def profile(request: pytest.FixtureRequest) -> seccomp.Profile:
    return request.param


def test_only_what_is_listed_is_allowed(machine: Machine, profile: seccomp.Profile):
    code = compile_filter(profile, machine)
    listed = {number(name, machine) for name in profile}
    for nr in range(600):
        answer = verdict(code, machine, nr)
        assert answer in (ALLOW, REFUSE, ABSENT)
        if answer == ALLOW:
            assert nr in listed


def test_other_processors_are_refused(machine: Machine, profile: seccomp.Profile):
    code = compile_filter(profile, machine)
    assert verdict(code, machine, "getpid", audit=0x40000003) == KILL
    assert verdict(code, machine, 0x40000000 | 39) == REFUSE
    assert verdict(code, machine, 2**32 - 1) == REFUSE
    assert verdict(code, machine, "clone3") == verdict(code, machine, "openat2") == ABSENT


def test_files_are_opened_for_reading_only(machine: Machine):
    code = compile_filter(PATHS, machine)
    for flags in (READ_ONLY, NONBLOCK, CLOSE_ON_EXEC):
        assert verdict(code, machine, "openat", AT_CWD, 1, flags) == ALLOW
    for flags in (WRITE_ONLY, READ_WRITE, 3, CREATE, TRUNCATE, TEMPORARY, CREATE | READ_WRITE):
        assert verdict(code, machine, "openat", AT_CWD, 1, flags) == REFUSE
    assert verdict(compile_filter(PURE, machine), machine, "openat", AT_CWD, 1, 0) == REFUSE


@pytest.mark.parametrize("name", ["clone", "unshare", "setns", "mount", "memfd_create", "seccomp"])
def test_doors(machine: Machine, name: str):
    for profile in (PURE, PATHS):
        assert verdict(compile_filter(profile, machine), machine, name, 0x10900) == REFUSE


def test_arguments_that_send_signals_or_reach_others(machine: Machine):
    code = compile_filter(PURE, machine)
    assert verdict(code, machine, "fcntl", 1, 3) == ALLOW
    assert verdict(code, machine, "fcntl", 1, 8, 1) == REFUSE
    assert verdict(code, machine, "ioctl", 0, 0x5401) == ALLOW
    assert verdict(code, machine, "ioctl", 0, 0x5412) == REFUSE
    assert verdict(code, machine, "prlimit64", 0, 7) == ALLOW
    assert verdict(code, machine, "prlimit64", 99, 7) == REFUSE


def test_a_gpu_job_may_start_threads_but_no_process(machine: Machine):
    code = compile_filter(DEVICE, machine)
    assert verdict(code, machine, "clone", 0x3D0F00) == ALLOW
    assert verdict(code, machine, "clone", 0x01200011) == REFUSE


def test_the_table_has_no_number_twice(machine: Machine):
    numbers = [code for name in NUMBERS if (code := number(name, machine)) is not None]
    assert len(numbers) == len(set(numbers))
