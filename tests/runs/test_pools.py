"""Ctrl-C does not wait for what is being judged: the sandbox is closed under it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import Any, cast

import pytest

from runs.pools import judging_in
from sandbox.base import Sandbox


class Slow:
    """A sandbox whose only job lasts until it is closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.begun = threading.Event()

    def run(self, _: Any) -> bool:
        self.begun.set()
        return self.closed.wait(60.0)

    def close(self) -> None:
        self.closed.set()


def test_what_is_raised_ends_what_threads_wait_for() -> None:
    slow, began = Slow(), time.monotonic()
    jobs: list[Future[bool]] = []

    def interrupted() -> None:
        with judging_in(cast(Sandbox, slow), 2) as pool:
            jobs.extend(pool.submit(slow.run, None) for _ in range(5))
            assert slow.begun.wait(10.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - began < 30.0
    assert slow.closed.is_set()
    assert sum(job.cancelled() for job in jobs) >= 3, "what had not begun never will"


def test_a_pool_that_ends_well_leaves_the_sandbox_open() -> None:
    slow = Slow()
    with judging_in(cast(Sandbox, slow), 2) as pool:
        assert list(pool.map(abs, [-1, 2])) == [1, 2]
    assert not slow.closed.is_set()
