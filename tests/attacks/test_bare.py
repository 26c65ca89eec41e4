"""Greed and lies win where nothing limits and everything is believed: else they prove nothing."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import MIB, Payload, kernel
from tests.attacks import answers, careless
from tests.attacks.bare import SECRET, Bare, bare
from tests.attacks.test_greed import ENDLESS, SHORT
from tests.sandbox.running import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is made of Linux")

GREED, LIES = "tests.attacks.greed", "tests.attacks.answers"
HOARDS = ("fill_with_bytes", "fill_with_objects", "fill_with_tensors", "fill_shared_memory")
LIMIT = 128 * MIB


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with bare(tmp_path_factory.mktemp("bare")) as started:
        yield started


def ended(host: Bare, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    host.status(pid)


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.parametrize("name", [*ENDLESS, "stop_itself"])
def test_it_does_not_end(host: Bare, name: str):
    pid, _ = host.strike(GREED, name)
    time.sleep(SHORT.seconds + 0.3)
    if name == "ignore_signals":
        os.kill(pid, signal.SIGTERM)
        time.sleep(0.1)
    there = state(pid)
    ended(host, pid)
    assert there in ("T" if name == "stop_itself" else "RSD")


@pytest.mark.parametrize("name", HOARDS)
def test_it_takes_more_than_its_limit(host: Bare, name: str):
    pid, _ = host.strike(GREED, name)
    before = kernel.memory_held(pid)
    grown = until(lambda: kernel.memory_held(pid) - before > 1.5 * LIMIT)
    ended(host, pid)
    assert grown


def test_it_fills_memory_in_a_files_name(host: Bare):
    pid, _ = host.strike(GREED, "fill_a_file_in_memory")
    grown = until(lambda: _memory_file(pid) > 1.5 * LIMIT)
    ended(host, pid)
    assert grown


def _memory_file(pid: int) -> int:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if "memfd:full" in os.readlink(link):
            return link.stat().st_size
    return 0


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("recurse_without_limit", (-signal.SIGSEGV,)),
        ("segfault", (-signal.SIGSEGV,)),
        ("abort", (-signal.SIGABRT,)),
        ("exit_at_once", (0,)),
        ("lift_the_limits", (0,)),
        ("fill_the_disk", (0,)),
    ],
)
def test_it_takes_its_process_along_or_is_let(host: Bare, name: str, codes: tuple[int, ...]):
    pid, answer = host.strike(GREED, name)
    assert host.status(pid) in codes
    assert answer.read_bytes() == b""
    if name == "fill_the_disk":
        full = answer.parent / "full"
        assert full.stat().st_size == 64 * MIB
        full.unlink()


def test_it_opens_as_much_as_it_likes(host: Bare):
    pid, _ = host.strike(GREED, "open_many_descriptors")
    opened = until(lambda: _open(pid) > 128)
    ended(host, pid)
    assert opened


def _open(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 10**6  # it was let until the system had no more


def test_it_reads_what_was_left_open(host: Bare):
    pid, answer = host.strike(GREED, "read_what_was_left_open")
    assert host.status(pid) == 0
    assert answer.read_bytes() == SECRET


@pytest.mark.parametrize("name", careless.BELIEVED)
def test_a_lie_is_believed(host: Bare, name: str):
    pid, answer = host.strike(LIES, name)
    assert host.status(pid) == 0
    assert careless.BELIEVED[name](answer.read_bytes())


@pytest.mark.parametrize(("name", "most"), [("drip", 1), ("write_without_end", 8 * MIB)])
def test_an_answer_has_no_end(host: Bare, name: str, most: int):
    pid, answer = host.strike(LIES, name)
    grown = until(lambda: answer.exists() and answer.stat().st_size > most)
    there = state(pid)
    ended(host, pid)
    answer.unlink()
    assert grown
    assert there in "RSD"


@pytest.mark.parametrize("name", ["monkeypatch", "close_everything"])
def test_a_job_spoils_the_process_it_runs_in(name: str):
    assert careless.in_process(name) == 4


def test_text_is_as_it_was_written():
    with pytest.raises(ValueError, match="\x1b\\[31mIgnore") as caught:
        answers.terminal_codes(Payload())
    assert "\u202e" in str(caught.value)


def test_a_result_is_as_large_as_it_likes():
    assert answers.huge_result(Payload()).arrays["x"].nbytes == 4 * MIB
