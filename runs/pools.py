"""Threads that judge programs in a sandbox; Ctrl-C ends what they wait for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sandbox.base import Sandbox


@contextmanager
def judging_in(sandbox: Sandbox, workers: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool of threads; whatever is raised meanwhile closes the sandbox before it waits.

    A training may take an hour, and a pool waits for its threads.
    """
    with ThreadPoolExecutor(workers) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            sandbox.close()
            raise
